package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// exchange is one request and its answer.
type exchange struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	id      string
	began   time.Time
	route   route
	link    *Link // that the request follows; nil: none
	baseURL string
	source  string // the client's address, with baseURL
	secure  bool   // it came over TLS, with baseURL
	wrote   bool
	held    int64 // bytes of its body that count among the handler's
	caller  access.Identity
	made    *wire.Call // of the request, once it is known who calls
	audited bool       // the audit log was told
}

// buffers are answers in the making. What grew large is left to the collector.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

const maxPooled = 256 << 10

// serve runs the operation that the request is for.
func (x *exchange) serve() {
	call, body, err := x.prepare()
	if err != nil {
		x.fail(x.audit(call, err))
		return
	}
	buffer := buffers.Get().(*[]byte)
	out, err := x.run(x.route.entry.operation, call, body, (*buffer)[:0])
	if x.h.options.Audit != nil && (err != nil || !x.route.entry.data) {
		err = x.audit(call, err)
	}
	if err != nil {
		x.fail(err)
	} else {
		x.succeed(out)
	}
	if call.Span != nil {
		x.record(call, err)
	}
	if cap(out) > cap(*buffer) && cap(out) <= maxPooled {
		*buffer = out
	}
	buffers.Put(buffer)
}

// prepare reads the request as far as the operation's own body. A signature
// covers the body as it was sent, the operation reads what it stands for.
func (x *exchange) prepare() (*wire.Call, []byte, error) {
	sent, err := x.readBody()
	if err != nil {
		return nil, nil, err
	}
	body, err := x.gunzip(sent)
	if err != nil {
		return nil, nil, err
	}
	if x.link == nil {
		if x.link = x.h.posted(x.r, body); x.link != nil {
			x.name()
		}
	}
	if err := x.h.table.find(x.r, body, x.baseURL, &x.route); err != nil {
		return nil, nil, err
	}
	call, err := x.call(sent)
	if err == nil && x.route.entry == nil {
		err = x.route.unknown()
	}
	if err == nil {
		err = x.throttle(call, x.route.entry)
	}
	if err == nil { // of an operation, that is: serve records it
		call.Span = x.h.options.Tracer.Begin(call.Trace, x.began)
	}
	return call, body, err
}

func (x *exchange) run(op *wire.Operation, call *wire.Call, body, dst []byte) ([]byte, error) {
	if x.route.protocol == protocolJSON {
		return op.JSON(x.r.Context(), call, body, dst)
	}
	return op.Query(x.r.Context(), call, x.route.form, dst)
}

// call is what the service gets to know of the request, after authentication.
func (x *exchange) call(body []byte) (*wire.Call, error) {
	id, region, err := x.authenticate(body, x.route.service.Name)
	if err != nil {
		return nil, err
	}
	x.caller = id
	x.made = &wire.Call{
		Trace:     x.trace(),
		RequestID: x.id,
		Service:   x.route.service.Name,
		Operation: x.route.operation,
		Account:   id.Account,
		Region:    region,
		Principal: id.Principal,
		AccessKey: id.AccessKey,
		SourceIP:  x.source,
		BaseURL:   x.baseURL,
		Secure:    x.secure,
		Caller:    &x.caller,
		CallerID:  x.caller.UserID(),
		Decide:    x.decide(),
		Header:    x.r.Header,
	}
	if x.route.entry != nil {
		x.made.Rights = &x.route.entry.operation.Rights
	}
	return x.made, nil
}

// decide is who decides what the caller may do. Of those who follow a link, or
// bring another proof than a signature, the operation does.
func (x *exchange) decide() func(ctx context.Context, c *wire.Call, action, resource string) error {
	if x.link != nil || x.unsigned() {
		return nil
	}
	return x.h.options.Decide
}

// sourceIP is an address without its port.
func sourceIP(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		addr = addr[:i]
	}
	return strings.Trim(addr, "[]")
}

func (x *exchange) succeed(out []byte) {
	x.route.entry.ok(time.Since(x.began))
	if x.h.log.Enabled(x.r.Context(), slog.LevelDebug) {
		x.logDone("ok")
	}
	x.write(http.StatusOK, out)
}

func (x *exchange) logDone(code string) {
	x.h.log.Debug("request", "request_id", x.id, "service", x.route.serviceName(), "operation", x.route.operation,
		"code", code, "took", time.Since(x.began))
}

// known turns whatever went wrong into what the client is told.
func (x *exchange) known(err error) *wire.Error {
	var e *wire.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, store.ErrClosed):
		return &wire.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable,
			Message: "Carillon is shutting down. Nothing was changed; try again."}
	case errors.Is(err, store.ErrFailed):
		// The store has said why in the log, once.
		return &wire.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable,
			Message: "Carillon cannot write to its disk and acknowledges nothing any more. Whether this request took effect shows when it runs again."}
	case x.r.Context().Err() != nil && errors.Is(err, context.Cause(x.r.Context())):
		// The client is gone and reads no answer; this is for the metrics.
		return &wire.Error{Code: "ClientClosedRequest", Status: 499, Message: "The client went away."}
	}
	x.h.log.Error("internal failure", "request_id", x.id, "service", x.route.serviceName(), "operation", x.route.operation, "error", err)
	return internalFailure()
}

func internalFailure() *wire.Error {
	return &wire.Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// recoverPanic keeps the server alive.
func (x *exchange) recoverPanic() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http's own sentinel, compared as it does
		panic(p)
	}
	x.h.log.Error("panic in a request", "request_id", x.id, "service", x.route.serviceName(), "operation", x.route.operation,
		"panic", p, "stack", string(debug.Stack()))
	if x.wrote {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	x.fail(x.audit(x.made, internalFailure())) // it may have done something before
}
