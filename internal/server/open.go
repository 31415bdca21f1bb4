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
	r.URL = urlOf(r.Addr)

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registerBuild(registry, r.config.Version, r.config.Durability)
	registerStore(registry, r.store, r.commits)
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
	decider := access.NewDecider(r.config.Policy, time.Now)
	services, err := r.services(ctx, who, keys, registry)
	if err != nil {
		return err
	}
	handler := edge.New(edge.Options{
		Services:    services,
		Version:     r.config.Version,
		Region:      r.config.Region,
		ExternalURL: r.config.ExternalURL,
		MaxBody:     r.config.MaxBody,
		Credentials: keys,
		Known:       who.known,
		Used:        who.used,
		Decide:      decider.Question(),
		Audit:       r.recordCalls(),
		Origins:     r.config.Origins,
		CheckHost:   keys == nil && r.Addr.IP.IsLoopback(),
		Health:      r.health,
		Admin:       map[string]http.Handler{BackupPath: http.HandlerFunc(r.backup), TailPath: r.tails, ReplayPath: r.replays},
		Pages:       pages(r.ingest),
		Open:        r.openPages(),
		Links:       links,
		Reads: map[string]http.Handler{TrailPath: http.HandlerFunc(r.findTrail), TrailPath + "/": http.HandlerFunc(r.showTrail),
			AuditPath: http.HandlerFunc(r.findAudit), VerifyAuditPath: http.HandlerFunc(r.checkAudit)},
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
	r.direct = edge.NewDirect(listener, handler, idleFor)
	r.start("connections", func(context.Context) error { return r.direct.Run() })
	r.start("http", func(context.Context) error { return r.http.Serve(r.direct) })
	return nil
}
