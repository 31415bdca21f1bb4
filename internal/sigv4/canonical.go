package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// sign is the signature that s should carry, over r with this path and body hash.
func (s *Signed) sign(r *http.Request, path string, hash [2 * sha256.Size]byte, key [sha256.Size]byte) [sha256.Size]byte {
	var room [1024]byte
	request := s.appendCanonical(room[:0], r, path, hash)
	sum := sha256.Sum256(request)

	text := append(room[:0], algorithm...)
	text = append(text, '\n')
	text = s.at.AppendFormat(text, stampFormat)
	text = append(text, '\n')
	text = append(text, s.date...)
	text = append(text, '/')
	text = append(text, s.Region...)
	text = append(text, '/')
	text = append(text, s.Service...)
	text = append(text, "/"+terminator+"\n"...)
	text = hex.AppendEncode(text, sum[:])
	return hmacSHA256(key[:], text)
}

// appendCanonical appends the canonical request.
func (s *Signed) appendCanonical(b []byte, r *http.Request, path string, hash [2 * sha256.Size]byte) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, path)
	b = append(b, '\n')
	b = appendQuery(b, r.URL.RawQuery)
	b = append(b, '\n')
	for rest := s.headers; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, ";")
		b = appendHeader(b, r, name)
	}
	b = append(b, '\n')
	b = append(b, s.headers...)
	b = append(b, '\n')
	return append(b, hash[:]...)
}

// appendHeader appends "name:value\n"; several values are joined by commas.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	b = append(b, name...)
	b = append(b, ':')
	switch name {
	// What net/http takes out of the header and keeps beside it.
	case "host":
		b = append(b, r.Host...)
	case "content-length":
		if r.ContentLength >= 0 {
			b = strconv.AppendInt(b, r.ContentLength, 10)
		}
	case "transfer-encoding":
		b = append(b, strings.Join(r.TransferEncoding, ",")...)
	default:
		for i, value := range headerValues(r.Header, name) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCollapsed(b, value)
		}
	}
	return append(b, '\n')
}

// headerValues finds a lower-case name in h. The usual ones cost no allocation.
func headerValues(h http.Header, name string) []string {
	switch name {
	case "x-amz-date":
		return h["X-Amz-Date"]
	case "x-amz-target":
		return h["X-Amz-Target"]
	case "content-type":
		return h["Content-Type"]
	case "x-amz-security-token":
		return h["X-Amz-Security-Token"]
	case "x-amz-content-sha256":
		return h["X-Amz-Content-Sha256"]
	case "x-amzn-query-mode":
		return h["X-Amzn-Query-Mode"]
	case "amz-sdk-invocation-id":
		return h["Amz-Sdk-Invocation-Id"]
	case "amz-sdk-request":
		return h["Amz-Sdk-Request"]
	}
	return h[textproto.CanonicalMIMEHeaderKey(name)]
}

// appendCollapsed appends s without surrounding space, runs of spaces as one.
func appendCollapsed(b []byte, s string) []byte {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "  ") {
		return append(b, s...)
	}
	space := false
	for i := range len(s) {
		if s[i] == ' ' && space {
			continue
		}
		space = s[i] == ' '
		b = append(b, s[i])
	}
	return b
}

// appendPath encodes the path as it was sent once more: every service but S3
// encodes twice.
func appendPath(b []byte, path string) []byte {
	if path == "" {
		return append(b, '/')
	}
	for i := range len(path) {
		if path[i] == '/' {
			b = append(b, '/')
			continue
		}
		b = appendEscaped(b, path[i])
	}
	return b
}

// normalizePath drops empty and "." segments and applies "..", as RFC 3986 and
// AWS have it. A trailing slash stays.
func normalizePath(path string) string {
	if path == "" || path == "/" {
		return "/"
	}
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path, "/")
	for _, s := range segments {
		switch s {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, s)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if last := segments[len(segments)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		out += "/"
	}
	return out
}

// appendQuery appends the parameters but the signature: decoded, encoded AWS's
// way, sorted by name and then by value.
func appendQuery(b []byte, raw string) []byte {
	if raw == "" {
		return b
	}
	type pair struct{ name, value string }
	var room [16]pair
	pairs := room[:0]
	for raw != "" {
		var p string
		p, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(p, "=")
		if p == "" || name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, pair{recode(name), recode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// recode undoes the sender's escaping of a query part and applies AWS's.
func recode(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && unreserved(s[i])
	}
	if plain {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, "%20"...)
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = appendEscaped(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = appendEscaped(out, c)
		}
	}
	return string(out)
}

func appendEscaped(b []byte, c byte) []byte {
	const upper = "0123456789ABCDEF"
	if unreserved(c) {
		return append(b, c)
	}
	return append(b, '%', upper[c>>4], upper[c&15])
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
