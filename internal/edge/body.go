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
	n, err := b.ReadFrom(io.LimitReader(r.Body, limit+1))
	if n > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), incompleteBody(err)
}

// gunzip is the body that a compressed one stands for. Signatures cover the
// compressed one, so it comes after authentication.
func (h *Handler) gunzip(r *http.Request, body []byte) ([]byte, error) {
	encoding := r.Header["Content-Encoding"]
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
	limit := h.options.MaxBody
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(z, limit+1))
	switch {
	case n > limit:
		return nil, tooLarge(limit)
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
	message := "The request body ended before the number of bytes that Content-Length promised."
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		message = "The request body could not be read."
	}
	return &wire.Error{Code: "IncompleteBody", Message: message}
}
