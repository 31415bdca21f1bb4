package destination

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/trace"
)

// message is a call that can be made.
type message struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

// fixed headers are of every call; the first may be set otherwise.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-headers
const (
	contentType = "application/json; charset=utf-8"
	userAgent   = "Amazon/EventBridge/ApiDestinations"
	ranged      = "bytes=0-1048575"
	encodings   = "gzip,deflate"
)

// removed are headers that nobody may set: "Headers EventBridge removes from
// requests to API destinations", in the same place.
var removed = []string{
	"A-Im", "Accept-Charset", "Accept-Datetime", "Accept-Encoding", "Cache-Control", "Connection", "Content-Encoding",
	"Content-Length", "Content-Md5", "Date", "Expect", "Forwarded", "From", "Host", "Http2-Settings", "If-Match",
	"If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Max-Forwards", "Origin", "Pragma",
	"Proxy-Authorization", "Range", "Referer", "Te", "Trailer", "Transfer-Encoding", "User-Agent", "Upgrade", "Via", "Warning",
}

// newMessage is the call that d asks for, without its authorization. What the
// target has is "merged with any InvocationParameters specified on the
// Connection, with any values from the Connection taking precedence":
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html
func newMessage(to *called, by destination.Credentials, d *delivery.Delivery) (*message, error) {
	target, err := bus.ReadHTTP(d.Params)
	if err != nil {
		return nil, err
	}
	s := &to.destination.Settings
	m := &message{method: s.Method, header: http.Header{"Content-Type": {contentType}}}
	if m.url, err = fill(s.Endpoint, target.Path); err != nil {
		return nil, err
	}
	var all destination.Parameters
	if by.Invocation != nil {
		all = *by.Invocation
	}
	m.addQuery(target.Query, all.Query)
	m.addTrace(d.Trace)
	if err := m.addHeaders(target.Headers, all.Headers); err != nil {
		return nil, err
	}
	if m.method == http.MethodGet || m.method == http.MethodHead || m.method == http.MethodOptions {
		m.header.Del("Content-Type")
		return m, nil // a body means nothing there, and is refused by some (ADR 23)
	}
	m.body, err = withParameters(d.Body, all.Body)
	return m, err
}

// fill puts values into the wildcards of an endpoint, in order. A value stays
// within its part of the path: what would end the part is escaped.
func fill(endpoint string, values []string) (*url.URL, error) {
	if want := strings.Count(endpoint, "*"); len(values) != want {
		return nil, fmt.Errorf("the endpoint has %d wildcards, and the target %d path parameters", want, len(values))
	}
	var b strings.Builder
	escape := url.PathEscape
	for rest := endpoint; rest != ""; rest = rest[1:] {
		switch rest[0] {
		case '*':
			b.WriteString(escape(values[0]))
			values = values[1:]
			continue
		case '?':
			escape = url.QueryEscape
		}
		b.WriteByte(rest[0])
	}
	u, err := url.Parse(b.String())
	if err != nil {
		return nil, errors.New("the endpoint is not a URL")
	}
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if part == "." || part == ".." {
			return nil, errors.New("a path parameter makes a part of the path . or .., which would lead elsewhere")
		}
	}
	return u, nil
}

func (m *message) addQuery(target map[string]string, connection []destination.Parameter) {
	if len(target)+len(connection) == 0 {
		return
	}
	q := m.url.Query()
	for k, v := range target {
		q.Set(k, v)
	}
	for _, p := range connection {
		q.Set(p.Key, string(p.Value))
	}
	m.url.RawQuery = q.Encode()
}

// addTrace hands on the trace that the delivery is in, in X-Ray's words and in
// W3C's.
func (m *message) addTrace(header string) {
	at, ok := trace.ParseXRay(header)
	if header = trace.Public(header); !ok || !headerValue(header) {
		return
	}
	m.header.Set("X-Amzn-Trace-Id", header)
	if parent := at.Traceparent(); parent != "" {
		m.header.Set("Traceparent", parent)
		if at.State != "" {
			m.header.Set("Tracestate", at.State)
		}
	}
}

func (m *message) addHeaders(target map[string]string, connection []destination.Parameter) error {
	for k, v := range target {
		m.header.Set(k, v)
	}
	for _, p := range connection {
		m.header.Set(p.Key, string(p.Value))
	}
	for _, name := range removed {
		m.header.Del(name)
	}
	m.header.Set("User-Agent", userAgent)
	m.header.Set("Range", ranged)
	m.header.Set("Accept-Encoding", encodings)
	for name, values := range m.header {
		if !IsHeader(name) {
			return fmt.Errorf("%q is not the name of a header", name)
		}
		if !headerValue(values[0]) {
			return fmt.Errorf("the value of header %s has characters that no header has", name)
		}
	}
	return nil
}

// IsHeader tells whether a header may have that name.
func IsHeader(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && (r > 126 || !strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

func headerValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// authorize adds a user and password, or an API key.
func (m *message) authorize(method destination.Method, by destination.Credentials) {
	switch method {
	case destination.Basic:
		pair := by.Name + ":" + string(by.Secret)
		m.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case destination.APIKey:
		m.header.Set(by.Name, string(by.Secret))
	}
}

func (m *message) bearer(token destination.Secret) {
	m.header.Set("Authorization", "Bearer "+string(token))
}

func (m *message) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, m.method, m.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return nil, outbound.WithoutURL(err)
	}
	r.Header = m.header.Clone()
	return r, nil
}

// withParameters is a body with the connection's parameters in it, in place of
// what it has there. All else stays as it is spelled.
func withParameters(body []byte, parameters []destination.Parameter) ([]byte, error) {
	if len(parameters) == 0 {
		return body, nil
	}
	notObject := errors.New("the connection has body parameters, and the body is not a JSON object")
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, notObject
	}
	out := []byte{'{'}
	add := func(key string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		k, _ := json.Marshal(key) // a string always is JSON
		out = append(append(append(out, k...), ':'), value...)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, notObject
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, notObject
		}
		if !slices.ContainsFunc(parameters, func(p destination.Parameter) bool { return p.Key == key }) {
			add(key.(string), value)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, notObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, notObject
	}
	for _, p := range parameters {
		v, _ := json.Marshal(string(p.Value))
		add(p.Key, v)
	}
	return append(out, '}'), nil
}
