package edge

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// script is a connection whose client says what it has to say in pieces, and ends.
type script struct {
	says   []byte
	pieces int // bytes each
	heard  bytes.Buffer
	closed chan struct{}
}

func newScript(says []byte, pieces int) *script {
	return &script{says: says, pieces: max(1, pieces), closed: make(chan struct{}, 1)}
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.says) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.says[:min(len(s.says), s.pieces)])
	s.says = s.says[n:]
	return n, nil
}
func (s *script) Write(p []byte) (int, error) { return s.heard.Write(p) }
func (s *script) Close() error {
	select {
	case s.closed <- struct{}{}:
	default:
	}
	return nil
}
func (s *script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// scripts is a listener of scripts.
type scripts struct {
	next chan net.Conn
	done chan struct{}
}

func newScripts() *scripts { return &scripts{make(chan net.Conn), make(chan struct{})} }

func (l *scripts) Accept() (net.Conn, error) {
	select {
	case c := <-l.next:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *scripts) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}
func (l *scripts) Addr() net.Addr { return &net.TCPAddr{} }

// mirror answers with all that it sees of a request, so that two servers which see
// the same answer the same. What did not arrive whole is marked.
var mirror = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		w.Header().Set("X-Cut", "1")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var fields []string
	for name, values := range r.Header {
		if name != "Connection" { // hop by hop: net/http keeps it where it is keep-alive, too
			fields = append(fields, fmt.Sprintf("%s=%q", name, values))
		}
	}
	slices.Sort(fields)
	fmt.Fprintf(w, "%s %q %q %v %q", r.Method, r.RequestURI, r.Host, fields, body)
})

// seen are the answers that a server gives to bytes, without those to a request
// that was cut off.
func seen(t *testing.T, to chan<- net.Conn, says []byte, pieces int) (answers []string) {
	t.Helper()
	s := newScript(slices.Clone(says), pieces)
	to <- s
	<-s.closed
	method := "POST"
	in := bufio.NewReader(&s.heard)
	for {
		r, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(r.Body)
		if r.Header.Get("X-Cut") != "" || err != nil || r.StatusCode == http.StatusContinue {
			continue
		}
		if r.StatusCode >= 400 {
			body = nil // its words may differ, and its being refused may not
		}
		answers = append(answers, fmt.Sprintf("%d %s", r.StatusCode/100, body))
	}
}

// FuzzDirectSeesTheRequestsThatNetHTTPSees: the same bytes, to Direct with net/http
// behind it and to net/http alone, are the same requests with the same answers,
// however they come in pieces.
func FuzzDirectSeesTheRequestsThatNetHTTPSees(f *testing.F) {
	for _, raw := range []string{
		plainRequest, plainRequest + plainRequest, plainRequest + "GET / HTTP/1.1\r\nHost: h\r\n\r\n" + plainRequest, plainRequest[:40], plainRequest[:len(plainRequest)-1],
		strings.Replace(plainRequest, "x-custom: 1", "Transfer-Encoding: chunked", 1) + "0\r\n\r\n" + plainRequest,
		strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 1) + plainRequest,
		strings.Replace(plainRequest, "x-custom: 1", "Content-Length: 4", 1), strings.Replace(plainRequest, "x-custom: 1", "Content-Length: 5", 1), strings.Replace(plainRequest, "Content-Length: 4", "Content-Length: 04", 1), strings.Replace(plainRequest, "Content-Length: 4", "Content-Length: +4", 1),
		strings.Replace(plainRequest, "x-custom: 1", "x-custom: 1\r\n folded", 1), strings.Replace(plainRequest, "x-custom: 1", "x-custom : 1", 1), strings.Replace(plainRequest, "x-custom: 1", "x\x00: 1", 1), strings.Replace(plainRequest, "x-custom: 1", "x: \rA: 1", 1),
		strings.ReplaceAll(plainRequest, "\r\n", "\n"), strings.Replace(plainRequest, "Host: h:1", "Host: h:1\r\nHost: i", 1), strings.Replace(plainRequest, "Host: h:1", "Host: a b", 1), strings.Replace(plainRequest, "x-custom: 1", "Connection: close", 1) + plainRequest, strings.Replace(plainRequest, "x-custom: 1", "Expect: 100-continue", 1),
		strings.Replace(plainRequest, "X-Amz-Target: A.B", "authorization: x\r\ncontent-type: application/x-www-form-urlencoded", 1), strings.Replace(plainRequest, "HTTP/1.1", "HTTP/1.0", 1), strings.Replace(plainRequest, "POST /", "POST http://h:1/", 1), "\r\n" + plainRequest, plainRequest + "\r\n" + plainRequest,
	} {
		f.Add([]byte(raw), 7)
		f.Add([]byte(raw), 1<<16)
	}
	quiet := log.New(io.Discard, "", 0)
	front, alone := newScripts(), newScripts()
	d := NewDirect(front, mirror, time.Minute)
	behind, only := &http.Server{Handler: mirror, ErrorLog: quiet}, &http.Server{Handler: mirror, ErrorLog: quiet}
	ended := make(chan error, 3)
	go func() { ended <- d.Run() }()
	go func() { ended <- behind.Serve(d) }()
	go func() { ended <- only.Serve(alone) }()
	f.Cleanup(func() {
		_ = d.Shutdown(context.Background())
		_ = behind.Close()
		_ = only.Close()
		for range 3 {
			<-ended
		}
	})
	f.Fuzz(func(t *testing.T, b []byte, pieces int) {
		if len(b) > 1<<17 {
			return
		}
		if len(b) > 1<<10 {
			pieces = max(pieces, len(b)/64)
		}
		got, want := seen(t, front.next, b, pieces), seen(t, alone.next, b, pieces)
		// Bytes that end within a request are refused or not answered at all.
		if n := min(len(got), len(want)); slices.Equal(got[:n], want[:n]) && len(got)+len(want) == 2*n+1 && slices.Concat(got[n:], want[n:])[0] == "4 " {
			return
		}
		if !slices.Equal(got, want) {
			t.Fatalf("with Direct\n%q\nwithout\n%q", got, want)
		}
	})
}
