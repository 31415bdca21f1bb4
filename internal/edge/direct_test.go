package edge

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// echo answers with what it saw of the request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.Header()["X-Amzn-Requestid"] = []string{"id"}
	if r.Header.Get("X-Fail") != "" {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}
	fmt.Fprintf(w, "%s %s %s %d %v %v\n", r.Method, r.URL.RequestURI(), r.Host, r.ContentLength, err, strings.Repeat(string(body), 1+len(r.Header.Get("X-Repeat"))))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(w, "%s=%q\n", name, r.Header[name])
	}
})

// serving is a server with Direct in front of it, which stops with the test.
func serving(t testing.TB, h http.Handler) (*Direct, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servingOn(t, l, h, nil)
}

func servingOn(t testing.TB, l net.Listener, h http.Handler, secured *tls.Config) (*Direct, string) {
	d := NewDirect(l, h, time.Minute)
	d.TLS = secured
	s := &http.Server{Handler: h, ConnContext: d.ConnContext, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan error, 2)
	go func() { ended <- d.Run() }()
	go func() { ended <- s.Serve(d) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		_ = s.Shutdown(ctx)
		<-ended
		<-ended
	})
	return d, l.Addr().String()
}

const plainRequest = "POST / HTTP/1.1\r\nHost: h:1\r\nX-Amz-Target: A.B\r\nx-custom: 1\r\nX-Custom:  2 \r\nContent-Length: 4\r\n\r\nbody"

// talk sends raw bytes over one connection and reads n answers.
func talk(t *testing.T, addr, raw string, n int) []string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return converse(t, conn, raw, n)
}

func converse(t *testing.T, conn net.Conn, raw string, n int) []string {
	t.Helper()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { // in pieces, as a network may deliver them
		for len(raw) > 0 {
			k := min(len(raw), 700)
			if _, err := io.WriteString(conn, raw[:k]); err != nil {
				return
			}
			raw = raw[k:]
		}
	}()
	var answers []string
	in := bufio.NewReader(conn)
	for range n {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", len(answers)+1, err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Get("Date") == "" && r.StatusCode == http.StatusOK {
			t.Error("an answer without a Date")
		}
		answers = append(answers, fmt.Sprintf("%d close=%v %s\n%s", r.StatusCode, r.Close, r.Header.Get("X-Amzn-Requestid"), body))
	}
	return answers
}

func TestDirectAnswersAsNetHTTPDoes(t *testing.T) {
	_, direct := serving(t, echo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: echo}
	go func() { _ = s.Serve(l) }()
	defer s.Close()

	large := strings.Repeat("x", 30_000)
	for name, c := range map[string]struct {
		raw string
		n   int
	}{
		"one":                 {plainRequest, 1},
		"two in one packet":   {plainRequest + plainRequest, 2},
		"large":               {strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(large), large), 1) + plainRequest, 2},
		"too large to buffer": {strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", 4*len(large), strings.Repeat(large, 4)), 1) + plainRequest, 2},
		"large answer":        {strings.Replace(plainRequest, "x-custom: 1", "X-Repeat: "+large[:3000], 1) + plainRequest, 2},
		"closes":              {strings.Replace(plainRequest, "x-custom: 1", "X-Fail: 1", 1), 1},
		"a signed form":       {strings.Replace(plainRequest, "X-Amz-Target: A.B", "Authorization: x\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8", 1), 1},
		"a form":              {strings.Replace(plainRequest, "X-Amz-Target: A.B", "Content-Type: application/x-www-form-urlencoded", 1), 1},
		"empty body":          {strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", "Content-Length: 0\r\n\r\n", 1), 1},
		"chunked":             {plainRequest + strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 1) + plainRequest, 3},
		"get":                 {"GET /health?x=1 HTTP/1.1\r\nHost: h\r\n\r\n" + plainRequest, 2},
		"two lengths":         {strings.Replace(plainRequest, "x-custom: 1", "Content-Length: 5", 1), 1},
		"length and chunked":  {strings.Replace(strings.TrimSuffix(plainRequest, "body"), "x-custom: 1", "Transfer-Encoding: chunked", 1) + "0\r\n\r\n", 1},
		"two hosts":           {strings.Replace(plainRequest, "x-custom: 1", "Host: other", 1), 1},
		"no host":             {strings.Replace(plainRequest, "Host: h:1\r\n", "", 1), 1},
		"folded line":         {strings.Replace(plainRequest, "x-custom: 1", "x-custom: 1\r\n folded", 1), 1},
		"space before colon":  {strings.Replace(plainRequest, "x-custom: 1", "x-custom : 1", 1), 1},
		"control character":   {strings.Replace(plainRequest, "x-custom: 1", "x-custom: \x01", 1), 1},
		"bare line feed":      {strings.Replace(plainRequest, "x-custom: 1\r\n", "x-custom: 1\nx-b: 2\r\n", 1), 1},
		"signed length":       {strings.Replace(plainRequest, "Content-Length: 4", "Content-Length: +4", 1), 1},
		"connection close":    {strings.Replace(plainRequest, "x-custom: 1", "Connection: close", 1), 1},
		"HTTP/1.0":            {strings.Replace(plainRequest, "HTTP/1.1", "HTTP/1.0", 1), 1},
		"absolute form":       {strings.Replace(plainRequest, "POST / ", "POST http://h:1/ ", 1), 1},
		"lower case names":    {strings.ToLower(plainRequest[len(requestLine):]), 0},
		"long poll":           {strings.Replace(plainRequest, "A.B", "A.ReceiveMessage", 1), 1},
	} {
		t.Run(name, func(t *testing.T) {
			raw := c.raw
			if c.n == 0 {
				raw, c.n = requestLine+raw, 1
			}
			got, want := talk(t, direct, raw, c.n), talk(t, l.Addr().String(), raw, c.n)
			if !slices.Equal(got, want) {
				t.Errorf("direct answers\n%q\nnet/http\n%q", got, want)
			}
		})
	}
}

func TestShutdownFinishesTheRequestAndCutsIdleConnections(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(w, "done")
	})
	d, addr := serving(t, slow)
	idle, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	answered := make(chan []string)
	go func() { answered <- talk(t, addr, plainRequest, 1) }()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- d.Shutdown(context.Background()) }()
	if _, err := idle.Read(make([]byte, 1)); err == nil {
		t.Error("an idle connection was left open")
	}
	close(leave)
	if got := <-answered; !strings.Contains(got[0], "done") {
		t.Errorf("answer %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// pipes is a listener of one connection, in memory.
type pipes struct {
	conn chan net.Conn
	once sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.conn; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.conn) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestAClientThatTakesNoAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := &pipes{conn: make(chan net.Conn, 1)}
		l.conn <- ours
		d := NewDirect(l, echo, time.Hour)
		ended := make(chan error, 1)
		go func() { ended <- d.Run() }()
		began := time.Now()
		if _, err := io.WriteString(theirs, plainRequest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(answerFor + time.Second)
		if n, err := theirs.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes are still there after %s", n, time.Since(began))
		}
		theirs.Close()
		d.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestALongPollEndsWhenItsClientGoesAndKeepsWhatCameEarly(t *testing.T) {
	entered, leave, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	_, addr := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "A.ReceiveMessage" {
			_, _ = io.WriteString(w, "next")
			return
		}
		entered <- struct{}{}
		select {
		case <-leave:
			_, _ = io.WriteString(w, "message")
		case <-r.Context().Done():
			close(gone)
		}
	}))
	poll := strings.Replace(plainRequest, "A.B", "A.ReceiveMessage", 1)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	read := func() string {
		t.Helper()
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		return string(body)
	}
	for range 3 {
		// The next request comes while this one waits, in pieces.
		for _, raw := range []string{poll, plainRequest[:7], plainRequest[7:]} {
			if _, err := io.WriteString(conn, raw); err != nil {
				t.Fatal(err)
			}
		}
		<-entered
		leave <- struct{}{}
		if got := read() + " " + read(); got != "message next" {
			t.Fatalf("answers %q", got)
		}
	}
	if _, err := io.WriteString(conn, poll); err != nil {
		t.Fatal(err)
	}
	<-entered
	conn.Close()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("a long poll outlives its client")
	}
}

// FuzzPlain: what Direct takes for a request is what net/http takes it for.
func FuzzPlain(f *testing.F) {
	f.Add([]byte(plainRequest))
	f.Add([]byte(requestLine + "host: a\r\nx-amz-target: T.O\r\ncontent-length: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p plain
		size, v := p.parse(b)
		if v != complete {
			return
		}
		got := &http.Request{Header: http.Header{}}
		p.fill(got)
		want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:size])))
		if err != nil {
			t.Fatalf("net/http refuses it: %v", err)
		}
		body, err := io.ReadAll(want.Body)
		if err != nil || string(body) != string(b[size-int(got.ContentLength):size]) {
			t.Fatalf("body %q, %v", body, err)
		}
		want.Header.Del("Connection") // hop by hop; net/http keeps it where it is keep-alive, too
		got.Header.Del("Connection")
		if got.Host != want.Host || !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
			t.Fatalf("got %q %v, want %q %v", got.Host, got.Header, want.Host, want.Header)
		}
	})
}

func BenchmarkServe(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = io.ReadFull(r.Body, body)
		_, _ = w.Write(body[:100])
	})
	raw := []byte("POST / HTTP/1.1\r\nHost: h:1\r\nX-Amz-Target: A.B\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", 1024))
	run := func(b *testing.B, addr string) {
		b.SetParallelism(8)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			answer := make([]byte, 4096)
			for pb.Next() {
				if _, err := conn.Write(raw); err != nil {
					b.Error(err)
				}
				if _, err := conn.Read(answer); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.Run("direct", func(b *testing.B) {
		_, addr := serving(b, handler)
		run(b, addr)
	})
	b.Run("net-http", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		s := &http.Server{Handler: handler}
		go func() { _ = s.Serve(l) }()
		defer s.Close()
		run(b, l.Addr().String())
	})
}

func TestAConnectionThatNeverAsksIsClosedBeforeOneThatDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			says string
			kept bool
		}{{"", false}, {plainRequest, true}, {plainRequest[:20], false}} {
			ours, theirs := net.Pipe()
			l := &pipes{conn: make(chan net.Conn, 1)}
			l.conn <- ours
			d := NewDirect(l, echo, time.Hour)
			ended := make(chan error, 1)
			go func() { ended <- d.Run() }()
			closed := make(chan struct{})
			go func() {
				defer close(closed)
				_, _ = io.Copy(io.Discard, theirs)
			}()
			if _, err := io.WriteString(theirs, c.says); err != nil {
				t.Fatal(err)
			}
			time.Sleep(requestFor + time.Second)
			select {
			case <-closed:
				if c.kept {
					t.Errorf("%q: closed", c.says)
				}
			default:
				if !c.kept {
					t.Errorf("%q: kept", c.says)
				}
			}
			theirs.Close()
			d.Close()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			<-closed
		}
	})
}
