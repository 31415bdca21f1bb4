// Package edge is the HTTP front door: one handler for every service on one
// port.
//
// It owns the order of a request's first steps: who may talk to us at all
// (origin and host), the request id, the size of the body, which service and
// operation is meant, whose signature it is, and, when the operation has
// answered, the shape of the answer or of the error. It refuses web pages that
// nobody invited, bodies above the limit, requests that no service claims, and
// in strict mode whatever is not signed.
//
// Invariants:
//
//  1. Every answer carries x-amzn-RequestId, and every error has the shape of
//     the protocol that was spoken.
//  2. A panic below is one InternalFailure and one logged stack; the server lives.
//  3. A request body is read into memory of its own that is never written again:
//     decoded strings point into it.
//  4. What a client may choose (host, region, operation) never grows a table
//     without a bound.
package edge

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/sigv4"
	"github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/wire"
)

// DefaultMaxBody lets the largest legal requests pass: 1 MiB of messages, of
// which JSON escaping (\u00XX) may make six, and what stands around them.
const DefaultMaxBody = 10 << 20

// DefaultMaxBodies is what large bodies may take of memory together: a few hundred
// requests of the largest legal size at one time.
const DefaultMaxBodies = 256 << 20

// DefaultRegion is the region of requests that name none.
const DefaultRegion = "us-east-1"

// Options is what a Handler is made of.
type Options struct {
	Services []*wire.Service
	Version  string // of the binary, for /health

	Region      string // of requests that name none; DefaultRegion where empty
	ExternalURL string // what clients call us by; the request's own host where empty
	MaxBody     int64  // bytes, also after gunzip; DefaultMaxBody where 0
	MaxBodies   int64  // bytes of all that are being read or worked on, but for small ones; DefaultMaxBodies where 0
	Throttles   Throttles

	Credentials *access.Credentials // nil is dev mode: every key is somebody
	Sessions    *access.Sessions    // who has temporary credentials; nil: there are none
	Unsigned    map[string]bool     // operations that bring another proof than a signature: "sts:AssumeRoleWithWebIdentity"

	// Known is whose a key is in dev mode, if IAM made it; nil: there are none.
	Known func(accessKey string) (access.Identity, bool)
	// Used is told of every request whose signature was verified; nil: nobody is.
	Used func(accessKey, service, region string)

	// Still tells whether a client certificate of an open connection is believed yet;
	// nil: it is.
	Still func(chains [][]*x509.Certificate, now time.Time) bool

	Decide func(ctx context.Context, c *wire.Call, action, resource string) error

	// Audit is told of every request to an operation or an administrative page that is
	// about to be answered; if it fails, that is the answer. nil: nobody is told.
	Audit func(ctx context.Context, a *wire.Answered) error

	Origins   []string // web origins that may call us besides our own; "*" is all of them
	CheckHost bool     // refuse host names that a web page could have made point at us

	TLS         bool    // the port speaks TLS, and plain HTTP is refused
	Proxies     Proxies // whose X-Forwarded-For and X-Forwarded-Proto are believed
	ProxiesOnly bool    // refuse what comes without TLS, and not from one of them

	Health func() error            // nil error: well
	Admin  map[string]http.Handler // by path, POST only; action carillon:<Name of AdminAction>
	Pages  map[string]Page         // by path; of all that lies below it if that ends with a slash
	Open   map[string]http.Handler // by path that ends with a slash; they find out themselves who calls
	Links  map[string]Link         // by operation
	Reads  map[string]http.Handler // likewise, GET only, for what changes nothing; a path that ends in / is all below it
	Pprof  bool

	Tracer *trace.Tracer // records what requests do with messages; nil: nobody does

	Metrics *prometheus.Registry // a new one where nil
	Logger  *slog.Logger         // slog.Default() where nil
	Now     func() time.Time     // time.Now where nil
}

// Handler answers every request to Carillon's port.
type Handler struct {
	options  Options
	log      *slog.Logger
	now      func() time.Time
	table    table
	verifier *sigv4.Verifier
	origins  origins
	pages    map[string]http.Handler
	metrics  *metrics

	throttler *throttler   // nil: nobody is limited
	bodies    atomic.Int64 // bytes of large bodies that are in memory

	lastHost atomic.Pointer[knownHost] // most requests come with the same one
}

// New returns a Handler. It starts nothing.
func New(o Options) *Handler {
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxBodies <= 0 {
		o.MaxBodies = DefaultMaxBodies
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	h := &Handler{
		options:  o,
		log:      o.Logger,
		now:      o.Now,
		verifier: sigv4.NewVerifier(o.Now),
		origins:  newOrigins(o.Origins, o.ExternalURL),
		metrics:  newMetrics(o.Metrics),
	}
	h.throttler = newThrottler(o.Throttles, h.now(), o.Metrics)
	h.table = newTable(o.Services, h.metrics, &o.Throttles)
	h.pages = h.newPages()
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{h: h, w: w, r: r, id: newRequestID(), began: time.Now()}
	x.route.protocol = spoken(r)
	w.Header()["X-Amzn-Requestid"] = []string{x.id}
	h.metrics.inFlight.Inc()
	defer h.metrics.inFlight.Dec()
	defer x.recoverPanic()
	defer x.forgetBodies()
	if len(r.TransferEncoding) > 0 {
		x.closeBehindChunks()
	}
	if x.tooManyHeaders() || x.refusePlain() || x.pastProxies() {
		return
	}
	if page := h.open(r); page != nil {
		x.wrote = true
		body := holdingBody{&holding{x, r.Body}, r.Body}
		r = r.WithContext(r.Context()) // net/http looks at its own what to do with the rest of the body
		r.Body = body
		page.ServeHTTP(w, r)
		return
	}
	if x.link = h.followed(r); x.link != nil {
		x.follow()
		return
	}
	if !x.admit() {
		return
	}
	if page := h.page(r); page != nil {
		x.wrote = true // the page's own affair from here on
		page.ServeHTTP(w, r)
		return
	}
	x.serve()
}
