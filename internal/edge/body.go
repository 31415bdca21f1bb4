package edge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// trusted is how much memory a Content-Length is given before its bytes are there.
const trusted = 64 << 10

// readBody reads the request's body as it was sent.
func (x *exchange) readBody() ([]byte, error) {
	r, limit := x.r, x.h.options.MaxBody
	switch {
	case r.ContentLength == 0:
		return nil, nil
	case r.ContentLength > limit:
		return nil, tooLarge(limit)
	case r.ContentLength > 0 && r.ContentLength <= trusted:
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, incompleteBody(err)
	}
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(trusted)
	}
	n, err := b.ReadFrom(&holding{x, io.LimitReader(r.Body, limit+1)})
	if n > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), incompleteBody(err)
}

// holding is a reader of what is kept in memory as long as the request lasts. All
// requests together may keep so much; small bodies are not counted, since the
// number of connections bounds them.
type holding struct {
	x    *exchange
	from io.Reader
}

func (h *holding) Read(p []byte) (int, error) {
	n, err := h.from.Read(p)
	h.x.held += int64(n)
	if handler := h.x.h; handler.bodies.Add(int64(n)) > handler.options.MaxBodies {
		return n, errNoRoom
	}
	return n, err
}

// holdingBody is the body of a request that somebody else reads.
type holdingBody struct {
	io.Reader
	io.Closer
}

// errNoRoom has clients try again, which 503 makes all SDKs do.
var errNoRoom = &wire.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable,
	Message: "Carillon is busy with other large requests. Nothing was changed; try again."}

// forgetBodies gives back what holding has counted.
func (x *exchange) forgetBodies() {
	if x.held > 0 {
		x.h.bodies.Add(-x.held)
	}
}

// closeBehindChunks ends the connection after a request in chunks. If there was a
// Content-Length, too, somebody on the way may have believed that, and what follows
// here would be a part of the body there: a server must close then (RFC 9112, 6.1).
// net/http does not, and does not tell; no AWS client sends chunks to us.
func (x *exchange) closeBehindChunks() { x.w.Header()["Connection"] = []string{"close"} }

// maxHeaderFields is more than any client sends, and bounds what a header costs
// beyond its bytes. AWS's load balancers have the same limit:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const maxHeaderFields = 100

// tooManyHeaders refuses a request with more header fields than there may be. What
// Direct serves has fewer in any case.
func (x *exchange) tooManyHeaders() bool {
	if _, direct := x.w.(*answer); direct {
		return false
	}
	n := 0
	for _, values := range x.r.Header {
		n += len(values)
	}
	if n <= maxHeaderFields {
		return false
	}
	x.w.Header()["Connection"] = []string{"close"}
	x.fail(&wire.Error{Code: "RequestHeaderFieldsTooLarge", Status: http.StatusRequestHeaderFieldsTooLarge,
		Message: fmt.Sprintf("The request has %d header fields; the limit is %d.", n, maxHeaderFields)})
	return true
}

// gunzip is the body that a compressed one stands for. Signatures cover the
// compressed one, so it comes after authentication.
func (x *exchange) gunzip(body []byte) ([]byte, error) {
	encoding := x.r.Header["Content-Encoding"]
	if len(encoding) == 0 || encoding[0] == "" || encoding[0] == "identity" {
		return body, nil
	}
	if len(encoding) > 1 || !strings.EqualFold(encoding[0], "gzip") {
		return nil, &wire.Error{Code: "UnsupportedMediaType", Status: http.StatusUnsupportedMediaType,
			Message: fmt.Sprintf("Content-Encoding %.64q is not supported; send the body as it is, or with gzip.", strings.Join(encoding, ","))}
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, notGzip()
	}
	limit := x.h.options.MaxBody
	var b bytes.Buffer
	n, err := b.ReadFrom(&holding{x, io.LimitReader(z, limit+1)})
	switch {
	case n > limit:
		return nil, tooLarge(limit)
	case err == errNoRoom: //nolint:errorlint // holding's own, unwrapped
		return nil, err
	case err != nil:
		return nil, notGzip()
	}
	return b.Bytes(), nil
}

func notGzip() error {
	return &wire.Error{Code: "SerializationException", Message: "Content-Encoding is gzip, but the body is not a whole gzip stream."}
}

func tooLarge(limit int64) error {
	return &wire.Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge,
		Message: fmt.Sprintf("The request body is larger than the limit of %d bytes.", limit)}
}

func incompleteBody(err error) error {
	if err == nil {
		return nil
	}
	if err == errNoRoom { //nolint:errorlint // holding's own, unwrapped
		return err
	}
	message := "The request body ended before the number of bytes that Content-Length promised."
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		message = "The request body could not be read."
	}
	return &wire.Error{Code: "IncompleteBody", Message: message}
}
