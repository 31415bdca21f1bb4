package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Direct answers the plain requests that SDKs send on a connection loop of its
// own, and hands every other connection to net/http: it is the listener that
// an http.Server serves.
//
// A plain request is a POST of an AWS JSON operation, or of a signed form, in HTTP/1.1 with a
// Content-Length, no other framing, nothing conditional, and a body that fits
// the buffer (plain.go). The first byte that is not of that kind makes the
// connection net/http's, with all its bytes, for good: Direct never guesses
// and never answers an error of HTTP itself. What it saves is net/http's
// second goroutine, buffers and header maps: about half the CPU of a request.
//
// A request that takes long, a long poll, is watched: when its client goes away
// its context ends (watch.go).
type Direct struct {
	TLS    *tls.Config                    // what is spoken below HTTP; nil: nothing. Set before Run
	Shaken func(with net.Addr, err error) // told of every handshake; may be nil. Set before Run

	listener net.Listener
	handler  http.Handler
	idle     time.Duration

	toHTTP chan net.Conn
	done   chan struct{} // closed by Shutdown and Close
	stop1  sync.Once
	conns  sync.WaitGroup

	openMu  sync.Mutex           // guards open, closing
	open    map[*directConn]bool // true: between two requests
	closing bool
}

// NewDirect serves the connections of l with h, and closes those idle for that
// long. Run accepts them.
func NewDirect(l net.Listener, h http.Handler, idle time.Duration) *Direct {
	return &Direct{
		listener: l, handler: h, idle: idle,
		toHTTP: make(chan net.Conn), done: make(chan struct{}), open: map[*directConn]bool{},
	}
}

// Run accepts connections until Close or Shutdown, and returns when its own
// have ended. An error is the listener's.
func (d *Direct) Run() error {
	defer d.conns.Wait()
	defer d.Close()
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			select {
			case <-d.done:
				return nil
			default:
			}
			if t, ok := err.(interface{ Temporary() bool }); ok && t.Temporary() { //nolint:errorlint // as net/http does
				time.Sleep(5 * time.Millisecond) // out of file descriptors: let some close
				continue
			}
			return err
		}
		c := &directConn{direct: d, raw: conn, conn: conn}
		d.conns.Go(c.serve)
	}
}

// Accept implements net.Listener for what net/http has to serve.
func (d *Direct) Accept() (net.Conn, error) {
	select {
	case conn := <-d.toHTTP:
		return conn, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (d *Direct) Addr() net.Addr { return d.listener.Addr() }

// Close implements net.Listener: nothing new is accepted, and connections end
// with the request they are at.
func (d *Direct) Close() error {
	var err error
	d.stop1.Do(func() {
		close(d.done)
		err = d.listener.Close()
		d.openMu.Lock()
		defer d.openMu.Unlock()
		d.closing = true
		for c, idle := range d.open {
			if idle {
				c.cut()
			}
		}
	})
	return err
}

// Shutdown closes and waits for the requests under way. When ctx ends it cuts
// them off.
func (d *Direct) Shutdown(ctx context.Context) error {
	err := d.Close()
	ended := make(chan struct{})
	go func() {
		d.conns.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return err
	case <-ctx.Done():
	}
	d.openMu.Lock()
	for c := range d.open {
		_ = c.raw.Close()
	}
	d.openMu.Unlock()
	return errors.Join(err, ctx.Err())
}

// directConn is one connection.
type directConn struct {
	direct   *Direct
	raw      net.Conn // the socket
	conn     net.Conn // the same, or TLS over it
	buf      []byte
	have     int // bytes of buf that were read
	request  *http.Request
	body     bytes.Reader
	plain    plain
	answer   answer
	deadline time.Time
	writeBy  time.Time          // the deadline of writes
	cancel   context.CancelFunc // of the context of all its requests
	begun    bool               // a request has come in part: deadline is that of the whole
	idle     bool
	used     bool // a request was answered
	empty    int  // bytes of empty lines that were skipped before a request
	handed   bool
}

const (
	smallBuffer = 4 << 10  // what an idle connection costs
	largeBuffer = 64 << 10 // the largest plain request, headers and body
)

func (c *directConn) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.cancel = cancel
	defer c.leave()
	c.buf = make([]byte, smallBuffer)
	c.request = (&http.Request{
		Method: http.MethodPost, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		RemoteAddr: c.conn.RemoteAddr().String(), RequestURI: "/", Header: http.Header{},
	}).WithContext(ctx)
	c.answer.header, c.empty = http.Header{}, mostEmpty
	if c.direct.TLS != nil && !c.secure() {
		return
	}
	for c.one() {
	}
}

// one serves one request; false ends the connection.
func (c *directConn) one() bool {
	size, verdict := 0, incomplete
	for {
		c.skipEmptyLines()
		if size, verdict = c.plain.parse(c.buf[:c.have]); verdict == incomplete && size > largeBuffer {
			verdict = notPlain
		}
		switch verdict {
		case notPlain:
			c.handOver()
			return false
		case complete:
			return c.run(size)
		}
		if !c.read(size) {
			return false
		}
	}
}

// skipEmptyLines lets a client end a body with a line end that does not belong to
// it, as net/http does: up to four bytes behind each request.
func (c *directConn) skipEmptyLines() {
	n := 0
	for n < c.have && c.empty < mostEmpty && (c.buf[n] == '\r' || c.buf[n] == '\n') {
		n++
		c.empty++
	}
	if n > 0 {
		c.have = copy(c.buf, c.buf[n:c.have])
	}
	if c.have > 0 {
		c.empty = mostEmpty // the request has begun
	}
}

const mostEmpty = 4

// read reads more; size is how long the request is, as far as known.
func (c *directConn) read(size int) bool {
	if want := max(size, c.have+1); want > len(c.buf) {
		if c.have >= largeBuffer {
			c.handOver()
			return false
		}
		grown := make([]byte, min(largeBuffer, max(want, 2*len(c.buf))))
		copy(grown, c.buf[:c.have])
		c.buf = grown
	}
	if !c.wait() {
		return false
	}
	n, err := c.conn.Read(c.buf[c.have:])
	c.mark(false)
	c.have += n
	return err == nil || n > 0
}

// requestFor bounds how long a client may take over one request, however it
// trickles in.
const requestFor = 30 * time.Second

// wait sets the deadline of the next read, and marks the connection as one that
// Close may cut if it is between requests.
func (c *directConn) wait() bool {
	now := time.Now()
	idle := c.direct.idle
	if !c.used { // nobody keeps a connection for later that was never good for anything
		idle = min(idle, requestFor)
	}
	switch {
	case c.have > 0 && !c.begun:
		c.begun = true
		c.deadline = now.Add(requestFor)
		_ = c.conn.SetReadDeadline(c.deadline)
	case c.have == 0 && c.deadline.Sub(now) < idle-time.Second:
		c.deadline = now.Add(idle)
		_ = c.conn.SetReadDeadline(c.deadline)
	}
	return c.mark(c.have == 0)
}

// mark says whether the connection is between two requests; false when it is
// and the server is closing.
func (c *directConn) mark(idle bool) bool {
	if idle == c.idle {
		return true
	}
	d := c.direct
	d.openMu.Lock()
	defer d.openMu.Unlock()
	if idle && d.closing {
		return false
	}
	c.idle = idle
	d.open[c] = idle
	return true
}

// cut ends a connection that is idle. With TLS its own goroutine does, since
// that says goodbye, which may take a while.
func (c *directConn) cut() {
	if c.direct.TLS == nil {
		_ = c.raw.Close()
		return
	}
	_ = c.raw.SetReadDeadline(longAgo)
}

func (c *directConn) leave() {
	c.direct.openMu.Lock()
	delete(c.direct.open, c)
	c.direct.openMu.Unlock()
	if !c.handed {
		_ = c.conn.Close()
	}
}

// handOver gives the connection to net/http with what was read of it.
func (c *directConn) handOver() {
	_ = c.conn.SetDeadline(time.Time{})
	again := replayed{Conn: c.conn, first: c.buf[:c.have]}
	if c.request.TLS != nil {
		c.give(&replayedTLS{again, *c.request.TLS})
		return
	}
	c.give(&again)
}

// replayed is a connection whose first bytes were read already.
type replayed struct {
	net.Conn
	first []byte
	stray bool // without TLS, where it is spoken
}

func (r *replayed) Read(p []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(p, r.first)
		if r.first = r.first[n:]; len(r.first) == 0 {
			r.first = nil
		}
		return n, nil
	}
	return r.Conn.Read(p)
}

// CloseWrite is what net/http does first with a client that has not read its answer
// and still sends: a connection that is closed at once takes the answer with it.
func (r *replayed) CloseWrite() error { return closeWrite(r.Conn) }

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// run has the handler answer the request in the first size bytes of buf.
func (c *directConn) run(size int) (more bool) {
	r := c.request
	c.plain.fill(r)
	c.body.Reset(c.buf[size-int(r.ContentLength) : size])
	r.Body = io.NopCloser(&c.body)
	c.answer.reset()
	c.begun, c.used, c.empty = false, true, 0
	watch := c.watch()
	ok := c.handle()
	early := watch.end()
	if !ok {
		return false
	}
	c.patience()
	_, err := c.conn.Write(c.answer.bytes())
	c.have = copy(c.buf, c.buf[size:c.have])
	c.have += copy(c.buf[c.have:], early)
	if c.have == 0 && len(c.buf) > smallBuffer && size <= smallBuffer {
		c.buf = make([]byte, smallBuffer)
	}
	c.answer.shrink()
	return err == nil && !c.answer.closes()
}

// answerFor bounds how long a client may take nothing of an answer: it holds the
// answer, its connection and the goroutine.
const answerFor = time.Minute

// patience sets the deadline of a write, of one in many: setting it costs more
// than looking at the time.
func (c *directConn) patience() {
	if now := time.Now(); c.writeBy.Sub(now) < answerFor/2 {
		c.writeBy = now.Add(answerFor)
		_ = c.conn.SetWriteDeadline(c.writeBy)
	}
}

// handle is false where the handler wants the connection to end without an
// answer.
func (c *directConn) handle() (ok bool) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http's sentinel
			panic(p)
		}
	}()
	c.direct.handler.ServeHTTP(&c.answer, c.request)
	return true
}

// answer is an http.ResponseWriter that gathers the whole answer.
type answer struct {
	header http.Header
	status int
	body   []byte
	out    []byte
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

func (a *answer) reset() {
	clear(a.header)
	a.status, a.body = 0, a.body[:0]
}

func (a *answer) shrink() {
	if cap(a.body) > maxPooled {
		a.body, a.out = nil, nil
	}
}

func (a *answer) closes() bool {
	v := a.header["Connection"]
	return len(v) > 0 && v[0] == "close"
}

// bytes is the answer as it goes out.
func (a *answer) bytes() []byte {
	a.WriteHeader(http.StatusOK)
	b := append(a.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(a.status)...)
	for name, values := range a.header {
		if name == "Content-Length" || name == "Date" {
			continue
		}
		for _, v := range values {
			b = append(b, "\r\n"...)
			b = append(b, name...)
			b = append(b, ": "...)
			b = appendHeaderValue(b, v)
		}
	}
	b = append(b, "\r\nDate: "...)
	b = append(b, httpDate(time.Now())...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(a.body)), 10)
	b = append(b, "\r\n\r\n"...)
	a.out = append(b, a.body...)
	return a.out
}

// appendHeaderValue keeps a value from ending its line.
func appendHeaderValue(b []byte, v string) []byte {
	for i := range len(v) {
		if c := v[i]; c == '\r' || c == '\n' {
			b = append(b, ' ')
		} else {
			b = append(b, c)
		}
	}
	return b
}

// httpDate is the Date header, made once a second.
func httpDate(now time.Time) string {
	second := now.Unix()
	if d := lastDate.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &dateText{second, now.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}

type dateText struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dateText]
