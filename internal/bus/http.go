package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/transform"
)

// HTTP is what a target that is called over HTTP gets of a rule besides the
// body. A value that is a JSON path stands for what the event has there:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html#dynamic-path-parameters
//
// It is also the JSON of delivery.Delivery.Params, where values are values.
type HTTP struct {
	Path    []string          `json:"path,omitempty"` // for the wildcards of the address, in order
	Headers map[string]string `json:"headers,omitempty"`
	Query   map[string]string `json:"query,omitempty"`
}

// maxHTTP bounds what a delivery carries besides its body, in bytes.
const maxHTTP = 64 << 10

// ReadHTTP is the HTTP of a delivery's Params.
func ReadHTTP(params []byte) (h HTTP, err error) {
	if len(params) == 0 {
		return HTTP{}, nil
	}
	if err := json.Unmarshal(params, &h); err != nil {
		return HTTP{}, fmt.Errorf("HTTP parameters of a delivery: %w", err)
	}
	return h, nil
}

func (h *HTTP) params() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if len(b) > maxHTTP {
		return nil, fmt.Errorf("the HTTP parameters have %d bytes, and at most %d are sent", len(b), maxHTTP)
	}
	return b, nil
}

// compiledHTTP is an HTTP with its paths read once for all events.
type compiledHTTP struct {
	HTTP
	paths  map[string]*transform.Transform // by the value that is the path
	static []byte                          // the params, if there are none
}

// isPath tells whether a value is a JSON path. It is all of the value or none:
// "SELECT * FROM $.detail" is a text.
func isPath(value string) bool { return value == "$" || strings.HasPrefix(value, "$.") }

// Check refuses what cannot be a target's; the error says which value.
func (h *HTTP) Check() error {
	_, err := h.compile()
	return err
}

func (h *HTTP) compile() (*compiledHTTP, error) {
	if h == nil {
		return nil, nil
	}
	c := &compiledHTTP{HTTP: *h, paths: map[string]*transform.Transform{}}
	for value := range h.values {
		if !isPath(value) || c.paths[value] != nil {
			continue
		}
		t, err := transform.Compile(transform.Spec{InputPath: &value})
		if err != nil {
			return nil, fmt.Errorf("%q is not a JSON path", value)
		}
		c.paths[value] = t
	}
	params, err := h.params()
	if len(c.paths) == 0 {
		c.static = params
	}
	return c, err
}

// values are all values, in no order.
func (h *HTTP) values(yield func(string) bool) {
	for _, v := range h.Path {
		if !yield(v) {
			return
		}
	}
	for _, m := range []map[string]string{h.Headers, h.Query} {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

var errNoPathValue = errors.New("the event has nothing for a path parameter")

// of is what goes with a delivery of an event. A header or query parameter that
// the event has nothing for is left out; the address cannot do without its parts.
func (c *compiledHTTP) of(event []byte) ([]byte, error) {
	if c.static != nil {
		return c.static, nil
	}
	out := HTTP{Path: slices.Clone(c.Path)}
	for i, v := range c.Path {
		text, ok := c.value(v, event)
		if !ok || text == "" {
			return nil, fmt.Errorf("%w (%s)", errNoPathValue, v)
		}
		out.Path[i] = text
	}
	out.Headers, out.Query = c.all(c.Headers, event), c.all(c.Query, event)
	return out.params()
}

func (c *compiledHTTP) all(m map[string]string, event []byte) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		if text, ok := c.value(v, event); ok {
			out[k] = text
		}
	}
	return out
}

// value is what a value says for an event: a string's text, and the JSON of all
// else.
func (c *compiledHTTP) value(v string, event []byte) (string, bool) {
	t := c.paths[v]
	if t == nil {
		return v, true
	}
	return textAt(t, event)
}
