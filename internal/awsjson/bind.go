package awsjson

import (
	"bytes"
	"context"

	"github.com/carillon-events/carillon/internal/wire"
)

// Bind makes an operation's JSON entry: decode the body, run, append the
// answer to dst. decode is false for a body that is null, which like an empty
// body stands for a structure without members.
func Bind[I, O any](
	decode func(*Decoder, *I) bool,
	run wire.Method[I, O],
	encode func([]byte, *O) []byte,
) func(ctx context.Context, c *wire.Call, body, dst []byte) ([]byte, error) {
	// One allocation holds both, since neither can live on the stack.
	type frame struct {
		in      I
		decoder Decoder
	}
	return func(ctx context.Context, c *wire.Call, body, dst []byte) ([]byte, error) {
		if len(body) < 64 && len(bytes.TrimSpace(body)) == 0 {
			body = []byte("{}")
		}
		f := new(frame)
		f.decoder.Reset(body)
		decode(&f.decoder, &f.in)
		if err := f.decoder.Finish(); err != nil {
			return dst, err
		}
		out, err := run(ctx, c, &f.in)
		if err != nil {
			return dst, err
		}
		if out == nil {
			out = new(O)
		}
		return encode(dst, out), nil
	}
}
