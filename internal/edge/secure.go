package edge

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/carillon-events/carillon/internal/wire"
)

// With TLS the connection loop reads from a *tls.Conn in place of the socket, and
// is the same otherwise. Three kinds of connections go elsewhere: HTTP/2 to
// net/http; plain HTTP, too, where it gets one answer (refusePlain); and one on
// which a certificate authority only looks for its challenge has no requests.

// handshakeFor bounds how long a client may take to begin and finish a handshake.
const handshakeFor = 10 * time.Second

// recordHandshake is the first byte of every TLS connection (RFC 8446, 5.1).
const recordHandshake = 22

// secure begins TLS. It is false where the connection is not the loop's.
func (c *directConn) secure() bool {
	_ = c.raw.SetDeadline(time.Now().Add(handshakeFor))
	if !c.mark(true) { // closing a server need not wait for handshakes
		return false
	}
	n, err := c.raw.Read(c.buf)
	if err != nil || n == 0 {
		return false
	}
	first := c.buf[:n:n]
	if first[0] != recordHandshake {
		c.refuse(first)
		return false
	}
	conn := tls.Server(&replayed{Conn: c.raw, first: append([]byte(nil), first...)}, c.direct.TLS)
	err = conn.Handshake()
	if c.direct.Shaken != nil {
		c.direct.Shaken(c.raw.RemoteAddr(), err)
	}
	if err != nil {
		c.alerted()
		return false
	}
	c.mark(false) // from here on Close leaves it alone, until it is idle
	_ = c.raw.SetDeadline(time.Time{})
	c.conn = conn
	state := conn.ConnectionState()
	switch state.NegotiatedProtocol {
	case "", "http/1.1":
		c.request.TLS = &state
		return true
	case "h2":
		c.give(conn)
	}
	return false
}

// alertFor is how long a client has to read why its handshake failed.
const alertFor = 500 * time.Millisecond

// alerted leaves a client the time to read the alert that ended its handshake. With
// TLS 1.3 it may have sent its first request already, and closing on bytes that
// nobody has read would reset the connection, alert and all.
func (c *directConn) alerted() {
	_ = c.raw.SetDeadline(time.Now().Add(alertFor))
	if closeWrite(c.raw) == nil {
		_, _ = io.CopyN(io.Discard, c.raw, 64<<10)
	}
}

// refuse has net/http read a request that was sent without TLS, so that it gets
// an answer that its client understands.
func (c *directConn) refuse(first []byte) {
	if first[0] < 'A' || first[0] > 'Z' { // no method of HTTP
		return
	}
	c.mark(false)
	_ = c.raw.SetDeadline(time.Time{})
	c.give(&replayed{Conn: c.raw, first: first, stray: true})
}

// give makes the connection net/http's.
func (c *directConn) give(conn net.Conn) {
	select {
	case c.direct.toHTTP <- conn:
		c.handed = true
	case <-c.direct.done:
	}
}

// replayedTLS is a replayed connection of which net/http finds out that it is
// secure.
type replayedTLS struct {
	replayed
	state tls.ConnectionState
}

// ConnectionState is what net/http looks for.
func (r *replayedTLS) ConnectionState() tls.ConnectionState { return r.state }

type strayKey struct{}

// ConnContext is for the http.Server that serves Direct.
func (d *Direct) ConnContext(ctx context.Context, conn net.Conn) context.Context {
	if r, ok := conn.(*replayed); ok && r.stray {
		return context.WithValue(ctx, strayKey{}, true)
	}
	return ctx
}

// refusePlain answers a request that came without TLS to where it is spoken. It
// was readable by others already; that is why nothing is done with it.
//
// The error is SQS's: "The request was not made over HTTPS or did not use SigV4
// for signing."
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func (x *exchange) refusePlain() bool {
	if !x.h.options.TLS || x.r.TLS != nil || x.r.Context().Value(strayKey{}) == nil {
		return false
	}
	where := "https://" + x.r.Host
	if !validHost(x.r.Host) {
		where = "https://"
	}
	x.w.Header()["Connection"] = []string{"close"}
	x.fail(&wire.Error{Code: "InvalidSecurity", Status: http.StatusBadRequest,
		Message: "This port speaks HTTPS, and the request came over plain HTTP. Use " + where + "."})
	return true
}
