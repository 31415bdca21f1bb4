package edge

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
)

// plain reads the requests that Direct serves. It accepts less than HTTP
// allows, on purpose: what it does not know, net/http reads.
type plain struct {
	headers []header
	values  []string
	length  int
	host    string
	target  string
	url     url.URL
}

type header struct{ name, value string }

type verdict int

const (
	incomplete verdict = iota
	complete
	notPlain
)

const requestLine = "POST / HTTP/1.1\r\n"

// maxPlainHeaders is more than any SDK sends.
const maxPlainHeaders = 40

// parse looks at the bytes of one request. size is how long it is, as far as
// can be said; with complete, that many bytes are the request.
func (p *plain) parse(b []byte) (size int, v verdict) {
	line := b[:min(len(b), len(requestLine))]
	if string(line) != requestLine[:len(line)] {
		return 0, notPlain
	}
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if bareLineFeed(b) { // which may be the header's end already
			return 0, notPlain
		}
		return 0, incomplete
	}
	// One string for the block: the header's values are parts of it.
	if !p.read(string(b[len(requestLine) : end+2])) {
		return 0, notPlain
	}
	size = end + 4 + p.length
	if len(b) < size {
		return size, incomplete
	}
	return size, complete
}

// read reads the lines of the header block.
func (p *plain) read(block string) bool {
	p.headers, p.length, p.host, p.target = p.headers[:0], -1, "", ""
	form, signed := false, false // the older protocol, which topics speak
	for block != "" {
		line, rest, _ := strings.Cut(block, "\r\n")
		block = rest
		name, value, ok := strings.Cut(line, ":")
		if !ok || len(p.headers) == maxPlainHeaders || !isToken(name) {
			return false
		}
		value = strings.Trim(value, " \t")
		if !isText(value) {
			return false
		}
		name = canonical(name)
		switch name {
		case "Host":
			if p.host != "" || !validHost(value) { // of others net/http knows which are an error
				return false
			}
			p.host = value
			continue // net/http keeps it out of the header, too
		case "Content-Length":
			if p.length >= 0 || !p.setLength(value) {
				return false
			}
		case "Transfer-Encoding", "Expect", "Upgrade", "Trailer", "Te", "Proxy-Connection":
			return false
		case "Connection":
			if !strings.EqualFold(value, "keep-alive") {
				return false
			}
		case "X-Amz-Target":
			p.target = value
		case "Content-Type":
			form = strings.HasPrefix(value, "application/x-www-form-urlencoded")
		case "Authorization":
			signed = true
		}
		p.headers = append(p.headers, header{name, value})
	}
	return p.length >= 0 && p.host != "" && (p.target != "" || form && signed)
}

// bareLineFeed tells whether a line ends without a carriage return.
func bareLineFeed(b []byte) bool {
	for at := 0; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return false
		}
		if at += n; at == 0 || b[at-1] != '\r' {
			return true
		}
		at++
	}
}

// setLength takes digits only, and no more than a buffer holds.
func (p *plain) setLength(s string) bool {
	if s == "" || len(s) > 6 {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = 10*n + int(s[i]-'0')
	}
	p.length = n
	return n < largeBuffer
}

// fill makes r the request that was parsed.
func (p *plain) fill(r *http.Request) {
	clear(r.Header)
	if cap(p.values) < len(p.headers) {
		p.values = make([]string, maxPlainHeaders)
	}
	for i, h := range p.headers {
		if old, ok := r.Header[h.name]; ok {
			r.Header[h.name] = append(old, h.value)
			continue
		}
		p.values[:cap(p.values)][i] = h.value
		r.Header[h.name] = p.values[:cap(p.values)][i : i+1 : i+1]
	}
	p.url = url.URL{Path: "/"}
	r.URL, r.Host, r.ContentLength, r.Form, r.PostForm = &p.url, p.host, int64(p.length), nil, nil
}

// canonical is net/http's spelling of a header's name.
func canonical(name string) string {
	// The usual ones without an allocation, as SDKs spell them.
	switch name {
	case "Host", "host":
		return "Host"
	case "Content-Length", "content-length":
		return "Content-Length"
	case "Content-Type", "content-type":
		return "Content-Type"
	case "X-Amz-Target", "x-amz-target":
		return "X-Amz-Target"
	case "X-Amz-Date", "x-amz-date":
		return "X-Amz-Date"
	case "Authorization", "authorization":
		return "Authorization"
	case "User-Agent", "user-agent":
		return "User-Agent"
	case "X-Amz-Security-Token", "x-amz-security-token":
		return "X-Amz-Security-Token"
	case "X-Amz-User-Agent", "x-amz-user-agent":
		return "X-Amz-User-Agent"
	case "Amz-Sdk-Invocation-Id", "amz-sdk-invocation-id":
		return "Amz-Sdk-Invocation-Id"
	case "Amz-Sdk-Request", "amz-sdk-request":
		return "Amz-Sdk-Request"
	}
	return http.CanonicalHeaderKey(name)
}

// isToken is the grammar of a header's name (RFC 9110, 5.6.2), without the
// characters that nobody uses.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// isText admits what a header's value is made of in practice.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}
