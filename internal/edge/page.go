package edge

import (
	"net/http"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// Page is a POST that is no AWS operation, of somebody who may do what an
// operation does: in strict mode it is signed for the operation's service.
type Page struct {
	Service, Operation string                                     // "events", "PutEvents"
	Resource           func(c *wire.Call, r *http.Request) string // "*" where nil
	Asks               bool                                       // Serve asks itself whether the caller may
	Serve              func(c *wire.Call, r *http.Request, b []byte) ([]byte, error)
	Data               bool // it is about what flows, not how it is set up
}

// signed serves a page. Its answers are JSON, and its errors those of AWS JSON.
func (h *Handler) signed(p Page) http.Handler {
	service := &wire.Service{Name: p.Service, JSONVersion: "1.1"}
	entry := h.table.operation(p.Service, p.Operation)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{h: h, w: w, r: r, id: w.Header()["X-Amzn-Requestid"][0], began: h.now()}
		defer x.forgetBodies()
		x.route = route{protocol: protocolJSON, service: service, operation: p.Operation, page: true, data: p.Data}
		out, err := x.page(p, entry)
		if err = x.audit(x.made, err); err != nil {
			x.fail(err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(append(out, '\n'))
	})
}

func (x *exchange) page(p Page, e *entry) ([]byte, error) {
	if err := x.setBaseURL(); err != nil {
		return nil, err
	}
	if x.r.Method != http.MethodPost {
		return nil, &wire.Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed, Message: "It must be a POST, not a " + x.r.Method + "."}
	}
	sent, err := x.readBody()
	if err != nil {
		return nil, err
	}
	call, err := x.call(sent)
	if err != nil {
		return nil, err
	}
	if err := x.throttle(call, e); err != nil {
		return nil, err
	}
	call.Rights = x.h.rights(p.Service, p.Operation)
	if err := x.mayPage(p, call); err != nil {
		return nil, err
	}
	body, err := x.gunzip(sent)
	if err != nil {
		return nil, err
	}
	return p.Serve(call, x.r, body)
}

func (x *exchange) mayPage(p Page, call *wire.Call) error {
	if p.Asks {
		return nil
	}
	resource := "*"
	if p.Resource != nil {
		resource = p.Resource(call, x.r)
	}
	return call.Authorize(x.r.Context(), resource)
}

// rights are those of a service's operation; nil of what is none.
func (h *Handler) rights(service, operation string) *wire.Rights {
	for _, s := range h.options.Services {
		if op := s.Operations[operation]; op != nil && s.Name == service {
			return &op.Rights
		}
	}
	return nil
}

// open is the handler of a path that anybody may ask for, or nil. A web page may
// too, and by any name of ours: the handler believes nobody without proof.
func (h *Handler) open(r *http.Request) http.Handler {
	if len(h.options.Open) == 0 || len(r.Header["X-Amz-Target"]) > 0 {
		return nil
	}
	for below, handler := range h.options.Open {
		if strings.HasPrefix(r.URL.Path, below) {
			return handler
		}
	}
	return nil
}
