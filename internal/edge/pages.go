package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/carillon-events/carillon/internal/wire"
)

// AdminService is the service's name in the scope of a signature and in the
// action of an administrative request: "carillon:Backup".
const AdminService = "carillon"

const pprofPath = "/debug/pprof/"

// newPages are the paths that are no AWS operation.
func (h *Handler) newPages() map[string]http.Handler {
	pages := map[string]http.Handler{
		"/health":             http.HandlerFunc(h.health),
		"/_localstack/health": http.HandlerFunc(h.health),
		"/metrics":            promhttp.HandlerFor(h.options.Metrics, promhttp.HandlerOpts{}),
	}
	if h.options.Pprof {
		for name, page := range map[string]http.HandlerFunc{
			"": pprof.Index, "cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
		} {
			pages[pprofPath+name] = h.nearby(page)
		}
	}
	for path, next := range h.options.Admin {
		pages[path] = h.guard(adminAction(path), next, http.MethodPost)
	}
	for path, next := range h.options.Reads {
		pages[path] = h.guard(adminAction(strings.TrimSuffix(path, "/")), next, http.MethodGet, http.MethodHead)
	}
	for path, page := range h.options.Pages {
		pages[path] = h.signed(page)
	}
	return pages
}

// nearby keeps profiles from strangers where callers must sign, which the tools
// for profiles cannot: they show the command line, with what stands in it, and
// take a processor for as long as somebody says.
func (h *Handler) nearby(next http.Handler) http.Handler {
	if h.options.Credentials == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := h.options.Proxies.client(r)
		client, ok := parseHop(text)
		unknown := len(r.Header["X-Forwarded-For"]) > 0 && h.options.Proxies.None() // a proxy that nobody has told us of
		if !ok || !client.IsLoopback() || unknown {
			http.Error(w, "With --auth strict, profiles are for this machine only: reach it by ssh -L, or kubectl port-forward.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page is the page that the request is for, or nil. The header of an AWS
// request goes before the path, as everywhere in the routing order.
func (h *Handler) page(r *http.Request) http.Handler {
	path := r.URL.Path
	if len(path) < 2 || len(r.Header["X-Amz-Target"]) > 0 {
		return nil
	}
	if p := h.pages[path]; p != nil {
		return p
	}
	for below := range h.options.Pages { // a few
		if strings.HasSuffix(below, "/") && strings.HasPrefix(path, below) {
			return h.pages[below]
		}
	}
	if h.options.Pprof && strings.HasPrefix(path, pprofPath) {
		return h.pages[pprofPath]
	}
	for prefix := range h.options.Reads {
		if strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix) {
			return h.pages[prefix]
		}
	}
	return nil
}

// adminAction makes "Backup" of "/_carillon/backup".
func adminAction(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return strings.ToUpper(name[:1]) + name[1:]
}

// guard lets next run for a request of somebody who may, with one of the methods.
func (h *Handler) guard(operation string, next http.Handler, methods ...string) http.Handler {
	service := &wire.Service{Name: AdminService, JSONVersion: "1.1"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{h: h, w: w, r: r, id: w.Header()["X-Amzn-Requestid"][0], began: h.now()}
		defer x.forgetBodies()
		x.route = route{protocol: protocolJSON, service: service, operation: operation, page: true}
		if err := x.setBaseURL(); err != nil {
			x.fail(err)
			return
		}
		if !slices.Contains(methods, r.Method) {
			x.fail(&wire.Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed, Message: "It must be a " + methods[0] + ", not a " + r.Method + "."})
			return
		}
		body, err := x.readBody()
		var call *wire.Call
		if err == nil {
			call, err = x.call(body)
		}
		if err == nil {
			err = call.Authorize(r.Context(), "*")
		}
		// It is recorded that somebody may, before a stream begins that has no end.
		if err = x.audit(call, err); err != nil {
			x.fail(err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, call))
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

type callKey struct{}

// CallOf is the call that an administrative request is: who makes it, of which
// account and region.
func CallOf(r *http.Request) *wire.Call { return r.Context().Value(callKey{}).(*wire.Call) }

type healthAnswer struct {
	Status   string            `json:"status"`
	Error    string            `json:"error,omitempty"`
	Version  string            `json:"version"`
	Services map[string]string `json:"services"`
}

// health answers probes: 200 while requests are served, 503 otherwise.
func (h *Handler) health(w http.ResponseWriter, r *http.Request) {
	answer := healthAnswer{Status: "ok", Version: h.options.Version, Services: map[string]string{}}
	state, status := "available", http.StatusOK
	if h.options.Health != nil {
		if err := h.options.Health(); err != nil {
			answer.Status, answer.Error = "unavailable", err.Error()
			state, status = "error", http.StatusServiceUnavailable
		}
	}
	for _, s := range h.options.Services {
		answer.Services[s.Name] = state
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("health answer does not encode: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(text, '\n'))
	}
}
