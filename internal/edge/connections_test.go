package edge_test

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/edge"
)

// comers is a listener whose clients are addresses.
type comers struct{ next []*comer }

type comer struct {
	net.Conn
	from   string
	closed int
}

func (c *comer) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.from))
}
func (c *comer) Close() error { c.closed++; return nil }

func (l *comers) Accept() (net.Conn, error) {
	if len(l.next) == 0 {
		return nil, io.EOF
	}
	c := l.next[0]
	l.next = l.next[1:]
	return c, nil
}
func (l *comers) Close() error   { return nil }
func (l *comers) Addr() net.Addr { return nil }

func TestAConnectionTooManyIsClosedAndOneThatEndsMakesRoom(t *testing.T) {
	var log strings.Builder
	registry := prometheus.NewRegistry()
	source := &comers{}
	l := edge.Connections{Most: 3, PerAddress: 2, Metrics: registry, Logger: slog.New(slog.NewTextHandler(&log, nil))}.Limit(source)
	// come has clients come; the answer is the first that is let in, or nil.
	come := func(from ...string) net.Conn {
		for _, f := range from {
			source.next = append(source.next, &comer{from: f})
		}
		all := source.next
		conn, err := l.Accept()
		if err != nil {
			for _, c := range all {
				if c.closed != 1 {
					t.Errorf("%s was closed %d times", c.from, c.closed)
				}
			}
			return nil
		}
		return conn
	}
	a, b := come("10.0.0.1:1"), come("10.0.0.1:2")
	if a == nil || b == nil {
		t.Fatal("two of one address are too many")
	}
	if come("10.0.0.1:3") != nil {
		t.Fatal("three of one address are let in")
	}
	if got := come("10.0.0.1:3", "10.0.0.2:1"); got == nil || got.RemoteAddr().String() != "10.0.0.2:1" {
		t.Fatalf("the next one gets %v", got)
	}
	if come("10.0.0.3:1") != nil {
		t.Fatal("four are let in")
	}
	for range 2 { // as net/http may do
		_ = a.Close()
	}
	six := come("[2001:db8::1]:1")
	if six == nil {
		t.Fatal("a connection that ended makes no room")
	}
	_ = b.Close()
	if come("[2001:db8::2]:1") == nil {
		t.Fatal("a second of a network is refused")
	}
	_ = six.Close()
	if come("[2001:db8::3]:1") == nil || come("[2001:db8::4]:1") != nil {
		t.Error("addresses of one network are several")
	}
	_, h := front(t, edge.Options{Metrics: registry})
	ask(h, get("/metrics")).want(t, 200, "carillon_connections 3", `carillon_connections_refused_total{limit="address"} 2`, `carillon_connections_refused_total{limit="all"} 2`)
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}
