package edge

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/wire"
)

// trace is where in a trace the caller is.
func (x *exchange) trace() trace.Context {
	parent, xray := first(x.r.Header, "Traceparent"), first(x.r.Header, "X-Amzn-Trace-Id")
	if parent == "" && xray == "" {
		return trace.Context{}
	}
	// A list may come as several headers, which mean the same as one.
	return trace.FromRequest(parent, strings.Join(x.r.Header["Tracestate"], ","), xray)
}

func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// record ends the span of a call, if the operation has made something of it.
func (x *exchange) record(c *wire.Call, err error) {
	s := c.Span
	if s.Name == "" {
		return
	}
	s.End = time.Now()
	s.Set("aws.request_id", c.RequestID)
	s.Set("server.address", hostOf(c.BaseURL))
	if err != nil {
		s.Error, s.Message = internalFailure().Code, err.Error()
		var e *wire.Error
		if errors.As(err, &e) {
			s.Error, s.Message = e.Code, e.Message
		}
	}
	x.h.options.Tracer.Record(s)
}

// hostOf is the host of a base URL, without its port.
func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return sourceIP(host)
}
