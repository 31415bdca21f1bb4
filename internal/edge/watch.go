package edge

import (
	"strings"
	"sync/atomic"
	"time"
)

// watchAfter is how long a request may take before somebody looks whether its
// client is still there. Most never get that old.
const watchAfter = 20 * time.Millisecond

// watch looks after one request that may wait.
type watch struct {
	conn  *directConn
	timer *time.Timer
	done  chan struct{} // closed when nothing reads the connection any more
	first [1]byte       // of the next request, if it came early
	n     int

	ending atomic.Bool
}

var longAgo = time.Unix(1, 0)

// watch is nil for an operation that does not wait.
func (c *directConn) watch() *watch {
	if !strings.HasSuffix(c.plain.target, ".ReceiveMessage") {
		return nil
	}
	w := &watch{conn: c, done: make(chan struct{})}
	w.timer = time.AfterFunc(watchAfter, w.run)
	return w
}

// run reads until something comes: the next request, the end of the
// connection, or, from end, a deadline in the past.
func (w *watch) run() {
	defer close(w.done)
	var err error
	if w.n, err = w.conn.conn.Read(w.first[:]); err != nil {
		// While end waits this is its deadline.
		if !w.ending.Load() {
			w.conn.cancel()
		}
	}
}

// end stops watching and returns what was read early.
func (w *watch) end() []byte {
	if w == nil || w.timer.Stop() {
		return nil
	}
	c := w.conn
	w.ending.Store(true)
	_ = c.conn.SetReadDeadline(longAgo)
	<-w.done
	c.deadline = time.Time{} // wait sets the next one
	_ = c.conn.SetReadDeadline(c.deadline)
	return w.first[:w.n]
}
