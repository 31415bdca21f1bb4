package edge

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// secured is a certificate for 127.0.0.1, and a client that believes it.
func secured(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"http/1.1", "h2", "acme-tls/1"}}, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

func servingTLS(t testing.TB, h http.Handler) (*Direct, string, *tls.Config) {
	t.Helper()
	server, client := secured(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, addr := servingOn(t, l, h, server)
	return d, addr, client
}

// withTLS says in the answer whether the handler knew that the request was secure.
var withTLS = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s tls=%v ", r.Method, r.Proto, r.TLS != nil && r.TLS.HandshakeComplete)
	echo(w, r)
})

func TestEveryRequestOverTLSIsKnownToBeSecure(t *testing.T) {
	_, addr, client := servingTLS(t, withTLS)
	for name, c := range map[string]struct {
		raw  string
		want []string
	}{
		"plain for the loop":   {plainRequest + plainRequest, []string{"POST HTTP/1.1 tls=true", "POST HTTP/1.1 tls=true"}},
		"for net/http":         {"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + plainRequest, []string{"GET HTTP/1.1 tls=true", "POST HTTP/1.1 tls=true"}},
		"first one, then both": {plainRequest + "GET / HTTP/1.1\r\nHost: h\r\n\r\n" + plainRequest, []string{"POST HTTP/1.1 tls=true", "GET HTTP/1.1 tls=true", "POST HTTP/1.1 tls=true"}},
		"large": {strings.Replace(plainRequest, "Content-Length: 4\r\n\r\nbody", "Content-Length: 60000\r\n\r\n"+strings.Repeat("x", 60000), 1) + plainRequest,
			[]string{"POST HTTP/1.1 tls=true", "POST HTTP/1.1 tls=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := tls.Dial("tcp", addr, client)
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range converse(t, conn, c.raw, len(c.want)) {
				if !strings.Contains(got, c.want[i]) {
					t.Errorf("answer %d: %.200s; want %s", i, got, c.want[i])
				}
			}
		})
	}
}

func TestWhoSpeaksOnlyHTTP2IsServedAndWhoSpeaksBothGetsHTTP1(t *testing.T) {
	_, addr, client := servingTLS(t, withTLS)
	for protos, want := range map[string]string{"h2": "HTTP/2.0 tls=true", "h2,http/1.1": "HTTP/1.1 tls=true", "http/1.1": "HTTP/1.1 tls=true"} {
		config := client.Clone()
		config.NextProtos = strings.Split(protos, ",")
		web := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
		if protos == "http/1.1" {
			web.Transport.(*http.Transport).ForceAttemptHTTP2 = false
		}
		if protos == "h2" {
			p := new(http.Protocols)
			p.SetHTTP2(true)
			web.Transport.(*http.Transport).Protocols = p
		}
		resp, err := web.Get("https://" + addr)
		if err != nil {
			t.Fatal(protos, err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		web.CloseIdleConnections()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v; want %s", protos, body, err, want)
		}
	}
}

func TestALongPollOverHTTP2EndsWithItsClient(t *testing.T) {
	h, began, ended := waiting()
	_, addr, client := servingTLS(t, h)
	client.NextProtos = []string{"h2"}
	p := new(http.Protocols)
	p.SetHTTP2(true)
	transport := &http.Transport{TLSClientConfig: client, Protocols: p}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	r, _ := http.NewRequestWithContext(ctx, "POST", "https://"+addr, strings.NewReader("{}"))
	if _, err := transport.RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// waiting is a long poll that ends with its client.
func waiting() (h http.Handler, began chan struct{}, ended chan error) {
	began, ended = make(chan struct{}), make(chan error, 1)
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}), began, ended
}

const pollRequest = "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: A.ReceiveMessage\r\nContent-Length: 2\r\n\r\n{}"

func TestALongPollOverTLSEndsWithItsClient(t *testing.T) {
	h, began, ended := waiting()
	_, addr, client := servingTLS(t, h)
	conn, err := tls.Dial("tcp", addr, client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, pollRequest); err != nil {
		t.Fatal(err)
	}
	<-began
	_ = conn.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAConnectionOverTLSOutlivesAWatchedLongPoll(t *testing.T) {
	server, client := secured(t)
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := &pipes{conn: make(chan net.Conn, 1)}
		l.conn <- ours
		d := NewDirect(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * watchAfter) // so that it is watched
			_, _ = io.WriteString(w, "done")
		}), time.Hour)
		d.TLS = server
		ended := make(chan error, 1)
		go func() { ended <- d.Run() }()
		for i, got := range converse(t, tls.Client(theirs, client), pollRequest+pollRequest+pollRequest, 3) {
			if !strings.Contains(got, "done") {
				t.Errorf("answer %d: %s", i, got)
			}
		}
		d.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestPlainHTTPWhereTLSIsSpokenIsToldSo(t *testing.T) {
	h := New(Options{TLS: true})
	_, addr, _ := servingTLS(t, h)
	for raw, want := range map[string][]string{
		plainRequest: {"400 close=true", `"__type":"InvalidSecurity"`, "https://h:1"},
		"GET /health HTTP/1.1\r\nHost: carillon:4566\r\n\r\n": {"400 close=true", "<Code>InvalidSecurity</Code>", "https://carillon:4566"},
	} {
		got := talk(t, addr, raw, 1)[0]
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%q: no %s in %s", raw, part, got)
			}
		}
	}
}

func TestAnAuthoritysLookForItsChallengeIsNotARequest(t *testing.T) {
	_, addr, client := servingTLS(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was served") }))
	client.NextProtos = []string{"acme-tls/1"}
	conn, err := tls.Dial("tcp", addr, client)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, plainRequest)
	if b, _ := io.ReadAll(conn); len(b) > 0 {
		t.Errorf("answered %q", b)
	}
}

func TestClosingCutsHandshakesAndSaysGoodbyeToIdleConnections(t *testing.T) {
	d, addr, client := servingTLS(t, echo)
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	idle, err := tls.Dial("tcp", addr, client)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if _, err := io.WriteString(idle, plainRequest); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(idle), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := d.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	_ = idle.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, idle); err != nil { // EOF, since there was a goodbye
		t.Error(err)
	}
}

func FuzzWhatComesBeforeAHandshakeBreaksNothing(f *testing.F) {
	server, _ := secured(f)
	f.Add([]byte(plainRequest))
	f.Add([]byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 0})
	f.Add([]byte{128, 0, 'G'})
	f.Fuzz(func(t *testing.T, b []byte) {
		here, there := net.Pipe()
		d := &Direct{TLS: server, toHTTP: make(chan net.Conn, 1), done: make(chan struct{}), open: map[*directConn]bool{}, handler: echo, idle: time.Minute}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			(&directConn{direct: d, raw: there, conn: there}).serve()
		}()
		go func() { _, _ = io.Copy(io.Discard, here) }()
		_, _ = io.Copy(here, bytes.NewReader(b))
		_ = here.Close()
		<-ended
		select {
		case conn := <-d.toHTTP:
			_ = conn.Close()
		default:
		}
	})
}

// BenchmarkServeTLS is BenchmarkServe over TLS, and what HTTP/2 costs with the
// client of Go's SDK on the other side.
func BenchmarkServeTLS(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = io.ReadFull(r.Body, body)
		_, _ = w.Write(body[:100])
	})
	body := strings.Repeat("x", 1024)
	raw := []byte("POST / HTTP/1.1\r\nHost: h:1\r\nX-Amz-Target: A.B\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 1024\r\n\r\n" + body)
	run := func(b *testing.B, dial func() (net.Conn, error)) {
		b.SetParallelism(8)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			conn, err := dial()
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
	_, plain := serving(b, handler)
	_, addr, client := servingTLS(b, handler)
	b.Run("plain direct", func(b *testing.B) {
		run(b, func() (net.Conn, error) { return net.Dial("tcp", plain) })
	})
	b.Run("direct", func(b *testing.B) {
		run(b, func() (net.Conn, error) { return tls.Dial("tcp", addr, client) })
	})
	b.Run("net-http", func(b *testing.B) {
		s := httptest.NewUnstartedServer(handler)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		defer s.Close()
		run(b, func() (net.Conn, error) { return tls.Dial("tcp", s.Listener.Addr().String(), client) })
	})
	for _, proto := range []string{"http/1.1", "h2"} {
		b.Run("Go's client "+proto, func(b *testing.B) {
			p := new(http.Protocols)
			p.SetHTTP1(proto == "http/1.1")
			p.SetHTTP2(proto == "h2")
			config := client.Clone()
			config.NextProtos = []string{proto}
			transport := &http.Transport{TLSClientConfig: config, Protocols: p, MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			b.SetParallelism(8)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequestWithContext(b.Context(), "POST", "https://"+addr, strings.NewReader(body))
					r.Header["X-Amz-Target"] = []string{"A.B"}
					resp, err := transport.RoundTrip(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
		})
	}
}
