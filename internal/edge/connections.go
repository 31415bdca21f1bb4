package edge

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DefaultMaxConnections is far above what clients of one machine keep open, and
// within what a process may have of files.
const DefaultMaxConnections = 10_000

// Connections limits how many connections there are. One too many is closed as
// soon as it is accepted: a client that is told so at once tries again, or another
// node, while one that is let wait in the system's backlog only sees that nothing
// happens. So do those who look whether the server is well.
type Connections struct {
	Most       int // at one time
	PerAddress int // of those, from one address (of IPv6, from one /64); 0: as many as there may be
	Metrics    *prometheus.Registry
	Logger     *slog.Logger
}

// Limit returns l with these limits.
func (c Connections) Limit(l net.Listener) net.Listener {
	open := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_connections", Help: "Connections of clients that are open.",
	})
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_connections_refused_total",
		Help: "Connections closed unread, since there were --max-connections (all), or --max-connections-per-address of one client (address).",
	}, []string{"limit"})
	c.Metrics.MustRegister(open, refused)
	return &limited{
		Listener: l, limits: c, open: open, byAddress: map[string]int{},
		full: refused.WithLabelValues("all"), tooMany: refused.WithLabelValues("address"),
	}
}

// limited is a listener that counts.
type limited struct {
	net.Listener
	limits        Connections
	open          prometheus.Gauge
	full, tooMany prometheus.Counter
	warnedAt      time.Time // only Accept has it

	connsMu   sync.Mutex // guards conns, byAddress
	conns     int
	byAddress map[string]int // empty without a limit for each
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := ""
		if l.limits.PerAddress > 0 {
			address = addressKey(sourceIP(conn.RemoteAddr().String()))
		}
		if over := l.enter(address); over != nil {
			over.Inc()
			l.warn(conn.RemoteAddr(), over == l.full)
			_ = conn.Close()
			continue
		}
		l.open.Inc()
		return &counted{Conn: conn, listener: l, address: address}, nil
	}
}

// enter counts a connection in, or answers the limit that it is over.
func (l *limited) enter(address string) prometheus.Counter {
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	switch {
	case l.conns >= l.limits.Most:
		return l.full
	case address != "" && l.byAddress[address] >= l.limits.PerAddress:
		return l.tooMany
	}
	l.conns++
	if address != "" {
		l.byAddress[address]++
	}
	return nil
}

func (l *limited) leave(address string) {
	l.open.Dec()
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	l.conns--
	if address == "" {
		return
	}
	if l.byAddress[address]--; l.byAddress[address] == 0 {
		delete(l.byAddress, address)
	}
}

// warnEvery keeps an attack out of the log.
const warnEvery = time.Minute

func (l *limited) warn(from net.Addr, all bool) {
	now := time.Now()
	if now.Sub(l.warnedAt) < warnEvery {
		return
	}
	l.warnedAt = now
	if all {
		l.limits.Logger.Warn("connections are refused: there are as many as --max-connections lets", "limit", l.limits.Most, "from", from)
		return
	}
	l.limits.Logger.Warn("connections of one address are refused: it has as many as --max-connections-per-address lets", "limit", l.limits.PerAddress, "from", from)
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	listener *limited
	address  string
	closed   atomic.Bool
}

// CloseWrite is for net/http: see replayed.
func (c *counted) CloseWrite() error { return closeWrite(c.Conn) }

// Close implements net.Conn.
func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.listener.leave(c.address)
	}
	return c.Conn.Close()
}
