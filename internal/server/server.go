// Package server is the assembly: it builds every part of a Carillon, starts
// what runs for long, and stops it again.
//
// It owns the order of things. Starting: the store is opened (which takes the
// data directory's lock), its writer runs, the port is taken, the services are
// built on top, and last the front door opens. Stopping is the same backwards,
// with one step before: parked long polls are let go and accepted requests are
// finished, for as long as the drain lasts.
//
// It refuses to listen where strangers can reach it while everybody is
// accepted, unless told so.
//
// Invariants:
//
//  1. Every long-lived goroutine is a part in the list of Running, and Stop
//     returns only after all of them have.
//  2. When the store fails, the node stops: nothing is acknowledged on a log
//     that cannot be trusted.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/cloudtrail"
	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trace"
)

// Running is a Carillon that serves.
type Running struct {
	URL  string       // "http://127.0.0.1:4566", or https: what a client on this machine calls
	Addr *net.TCPAddr // as bound

	config      Config
	log         *slog.Logger
	store       *store.Store
	commits     *commits
	listener    net.Listener
	http        *http.Server
	direct      *edge.Direct
	parts       []*part
	tails       *tails
	replays     *replays
	ingest      *ingest.Service
	audits      *cloudtrail.Recorder
	certificate certificate.Source       // nil: plain HTTP
	authorities *certificate.Authorities // of client certificates; nil: nobody is asked for one
	handshakes  *prometheus.CounterVec
	public      map[string]http.Handler // pages for subscribers, by path
	keys        *access.Credentials     // of the credentials file; nil in dev mode
	decider     *access.Decider
	sessions    *access.Sessions
	draining    atomic.Bool
	failed      chan error // the first part that ended by itself

	tracer  *trace.Tracer // nil: nobody records spans
	stop    sync.Once
	stopErr error
}

// part is something that runs for long.
type part struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Run starts a Carillon, serves until ctx ends or a part of it fails, and stops
// it in order. The error is what made it fail; nil after an orderly end.
func Run(ctx context.Context, c Config) error {
	r, err := Start(ctx, c)
	if err != nil {
		return err
	}
	return r.wait(ctx)
}

// wait is the rest of Run.
func (r *Running) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		r.log.Info("stopping", "drain_timeout", r.config.DrainFor)
		return r.Stop()
	case err := <-r.failed:
		r.log.Error("stopping after a failure", "error", err)
		stopErr := r.Stop()
		if cause := r.store.Err(); cause != nil {
			return cause // the others only felt it
		}
		if stopErr != nil {
			r.log.Error("stopped in disorder", "error", stopErr)
		}
		return err
	}
}

// Start returns a Carillon that serves already. ctx bounds the start only; end
// it with Stop.
func Start(ctx context.Context, c Config) (*Running, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	addr, err := c.listenAddr()
	if err != nil {
		return nil, err
	}
	keys, err := c.loadCredentials()
	if err != nil {
		return nil, err
	}
	encryption, err := c.Encryption.unlock(ctx)
	if err != nil {
		return nil, err
	}
	r := &Running{config: c, log: c.Logger, commits: newCommits(), tails: newTails(), failed: make(chan error, 1)}
	if err := r.openStore(encryption); err != nil {
		return nil, err
	}
	if c.HeapRoom > 0 {
		r.start("heap", func(ctx context.Context) error { return keepHeapRoom(ctx, c.HeapRoom) })
	}
	if err := r.open(ctx, addr, keys); err != nil {
		stopErr := r.Stop()
		if cause := r.store.Err(); cause != nil {
			return nil, cause // the others only felt it
		}
		return nil, errors.Join(err, stopErr)
	}
	r.banner()
	return r, nil
}

func (r *Running) openStore(e *store.Encryption) (err error) {
	dir := r.config.Data
	if r.config.Durability == store.Memory {
		dir = "data" // there is nothing else in that file system
	} else if err := refuseForeign(dir); err != nil {
		return err
	}
	r.store, err = store.Open(dir, store.Options{
		Durability:   r.config.Durability,
		SyncInterval: r.config.SyncInterval,
		Logger:       r.log,
		Committed:    r.commits.committed,
		Encryption:   e,
	})
	if err != nil {
		return err
	}
	r.start("store", r.store.Run)
	return nil
}

// start runs a part until Stop. A part that ends before is a failure.
func (r *Running) start(name string, run func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &part{name: name, cancel: cancel, done: make(chan struct{})}
	r.parts = append(r.parts, p)
	go func() {
		defer close(p.done)
		p.err = run(ctx)
		if ctx.Err() != nil || r.draining.Load() && p.err == nil {
			return
		}
		err := p.err
		if err == nil {
			err = fmt.Errorf("%s ended unexpectedly", name)
		}
		select {
		case r.failed <- err:
		default:
		}
	}()
}

// bind takes the port.
func bind(addr *net.TCPAddr) (net.Listener, error) {
	l, err := net.ListenTCP("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen %s: another program uses this port: stop it, or choose another with --listen", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen %s: no permission to use this port: choose one above 1023 with --listen", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen %s: this machine does not have that address", addr)
	case err != nil:
		return nil, fmt.Errorf("listen %s: %w", addr, err)
	}
	return l, nil
}

// urlOf is how a client on this machine reaches addr.
func urlOf(addr *net.TCPAddr, t *TLS) string {
	host, scheme := addr.IP.String(), "http://"
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	if t.On() {
		scheme = "https://"
	}
	if t.Mode == TLSACME { // the certificate has no other name
		host = t.Domains[0]
	}
	return scheme + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// Stop finishes what was accepted and ends. Its error is that of the first
// call, also for the later ones.
func (r *Running) Stop() error {
	r.stop.Do(func() { r.stopErr = r.shutDown() })
	return r.stopErr
}

func (r *Running) shutDown() error {
	r.draining.Store(true)
	r.tails.stop()
	if r.http != nil {
		r.drain()
	} else if r.listener != nil {
		_ = r.listener.Close() // never served
	}
	var errs []error
	for i := len(r.parts) - 1; i >= 0; i-- {
		p := r.parts[i]
		p.cancel()
		<-p.done
		if p.err != nil && !errors.Is(p.err, http.ErrServerClosed) {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, p.err))
		}
	}
	if err := r.store.Close(); err != nil {
		errs = append(errs, err)
	}
	err := errors.Join(errs...)
	if err == nil && r.http != nil {
		r.log.Info("stopped")
	}
	return err
}

// releaseEvery is how often a drain lets parked calls go: a request that was
// accepted late may park after the first time.
const releaseEvery = 10 * time.Millisecond

// drain closes the front door and waits for the requests inside.
func (r *Running) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), r.config.DrainFor)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- errors.Join(r.http.Shutdown(ctx), r.direct.Shutdown(ctx)) }()
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	for {
		r.store.Shard(0).ReleaseParked()
		select {
		case err := <-done:
			if err != nil {
				r.log.Warn("requests in flight were cut off", "drain_timeout", r.config.DrainFor)
				_ = r.http.Close()
			}
			return
		case <-tick.C:
		}
	}
}

// health is what probes are told.
func (r *Running) health() error {
	if r.draining.Load() {
		return errors.New("shutting down")
	}
	return r.store.Err()
}

// Shard is the store's shard, for tests that look behind the API.
func (r *Running) Shard() *store.Shard { return r.store.Shard(0) }

// httpLog takes net/http's own lines.
type httpLog struct{ log *slog.Logger }

func (l httpLog) Write(b []byte) (int, error) {
	l.log.Debug("http", "message", strings.TrimSpace(string(b)))
	return len(b), nil
}
