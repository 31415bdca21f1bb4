package server

import (
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/edge"
)

// Limits bound what clients may ask of this process. Its zero value has the
// defaults, and throttles nobody.
type Limits struct {
	Bodies      int64 // bytes of large bodies in memory at one time; edge.DefaultMaxBodies where zero
	Connections int   // at one time; edge.DefaultMaxConnections where zero
	PerAddress  int   // of those from one address; zero: all
	Throttles   edge.Throttles
}

const maxConnections = 1_000_000

func (l Limits) withDefaults() Limits {
	if l.Bodies == 0 {
		l.Bodies = edge.DefaultMaxBodies
	}
	if l.Connections == 0 {
		l.Connections = edge.DefaultMaxConnections
	}
	return l
}

func (l *Limits) check() error {
	switch {
	case l.Bodies < 1<<20:
		return fmt.Errorf("max-bodies %d: want at least 1 MiB", l.Bodies)
	case l.Connections < 1 || l.Connections > maxConnections:
		return fmt.Errorf("max-connections %d: want 1 to %d", l.Connections, maxConnections)
	case l.PerAddress < 0 || l.PerAddress > maxConnections:
		return fmt.Errorf("max-connections-per-address %d: want 1 to %d", l.PerAddress, maxConnections)
	}
	return nil
}

// ownFiles is what the store, targets and logs may have open besides the
// connections of clients. A store that gets no file for its log stops the node.
const ownFiles = 1500

// limitConnections leaves room for our own files, whatever was set.
func (r *Running) limitConnections(l net.Listener, registry *prometheus.Registry) net.Listener {
	most := r.config.Limits.Connections
	if files, ok := openFiles(); ok && uint64(most)+ownFiles > files {
		most = max(1, int(files)/2, int(files)-ownFiles)
		r.log.Warn("fewer connections than max-connections says: the process may not have that many files open (ulimit -n)",
			"max_connections", most, "wanted", r.config.Limits.Connections, "files", files)
	}
	return edge.Connections{Most: most, PerAddress: r.config.Limits.PerAddress, Metrics: registry, Logger: r.log}.Limit(l)
}
