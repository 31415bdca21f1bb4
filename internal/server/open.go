package server

import (
	"context"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
)

// Limits of a connection. None of them ends an answer: a long poll may take its
// time, and so may a backup.
const (
	readHeaderFor = 10 * time.Second
	readFor       = 2 * time.Minute // headers and body; also bounds how long a request may run unless it says otherwise
	idleFor       = 3 * time.Minute
	writeFor      = 5 * time.Minute // from the end of the headers to that of the answer; streams set their own
	maxHeader     = 64 << 10
)

func (c *Config) loadCredentials() (*access.Credentials, error) {
	switch {
	case c.Auth != AuthStrict:
		return nil, nil
	case c.Credentials == "":
		return new(access.Credentials), nil // the directory has some, or we do not start
	}
	return access.LoadCredentials(c.Credentials)
}

// open takes the port, builds the services on the running store, and serves.
func (r *Running) open(ctx context.Context, addr *net.TCPAddr, keys *access.Credentials) error {
	listener, err := bind(addr)
	if err != nil {
		return err
	}
	r.listener, r.Addr = listener, listener.Addr().(*net.TCPAddr)
	r.URL = urlOf(r.Addr, &r.config.TLS)
	secured, err := r.secure(ctx)
	if err != nil {
		return err
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registerBuild(registry, r.config.Version, r.config.Durability)
	registerStore(registry, r.store, r.commits)
	r.registerTLS(registry)
	spans, err := r.traces(ctx)
	if err != nil {
		return err
	}
	registerSpans(registry, spans)
	if spans != nil {
		r.tracer = spans.Tracer()
	}
	who, err := r.identities(ctx, keys)
	if err != nil {
		return err
	}
	r.keys = keys
	r.decider = r.newDecider(who.directory)
	// What waits in the outbox is sent as soon as there is one, and asks them.
	if err := r.loadPolicies(ctx); err != nil {
		return err
	}
	services, err := r.services(ctx, who, keys, registry)
	if err != nil {
		return err
	}
	if err := r.config.Limits.Throttles.Check(services); err != nil {
		return err
	}
	proxies, only := r.proxies()
	r.decider.Serve(services)
	handler := edge.New(edge.Options{
		Services:    services,
		Version:     r.config.Version,
		Region:      r.config.Region,
		ExternalURL: r.config.ExternalURL,
		MaxBody:     r.config.MaxBody,
		MaxBodies:   r.config.Limits.Bodies,
		Throttles:   r.config.Limits.Throttles,
		Credentials: keys,
		Sessions:    r.sessions,
		Unsigned:    unsigned,
		Known:       who.known,
		Used:        who.used,
		Audit:       r.recordCalls(),
		Decide:      r.decider.Question(),
		Origins:     r.config.Origins,
		CheckHost:   keys == nil && r.Addr.IP.IsLoopback(),
		TLS:         secured != nil,
		Still:       r.still(),
		Proxies:     proxies,
		ProxiesOnly: only,
		Health:      r.health,
		Admin:       map[string]http.Handler{BackupPath: http.HandlerFunc(r.backup), RotatePath: http.HandlerFunc(r.rotate), TailPath: r.tails, ReplayPath: r.replays, AccessResetPath: http.HandlerFunc(r.resetAccess)},
		Pages:       pages(r.ingest),
		Open:        r.openPages(),
		Links:       links,
		Reads: map[string]http.Handler{TrailPath: http.HandlerFunc(r.findTrail), TrailPath + "/": http.HandlerFunc(r.showTrail),
			AuditPath: http.HandlerFunc(r.findAudit), VerifyAuditPath: http.HandlerFunc(r.checkAudit),
			AccessCheckPath: http.HandlerFunc(r.checkAccess), AccessExplainPath: http.HandlerFunc(r.explainAccess)},
		Pprof:   r.config.Pprof,
		Tracer:  r.tracer,
		Metrics: registry,
		Logger:  r.log,
	})
	r.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderFor,
		ReadTimeout:       readFor,
		WriteTimeout:      writeFor,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(httpLog{r.log}, "", 0),
	}
	r.direct = edge.NewDirect(r.limitConnections(listener, registry), handler, idleFor)
	r.direct.TLS, r.direct.Shaken = secured, r.shaken
	r.http.ConnContext = r.direct.ConnContext
	r.start("connections", func(context.Context) error { return r.direct.Run() })
	r.start("http", func(context.Context) error { return r.http.Serve(r.direct) })
	return nil
}
