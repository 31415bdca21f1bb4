package edge_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/edge"
)

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABodyAboveTheLimitIsRefused(t *testing.T) {
	s, h := front(t, edge.Options{MaxBody: 1 << 20})
	for _, known := range []bool{true, false} {
		for size, status := range map[int]int{1 << 20: 200, 1<<20 + 1: 413, 100 << 10: 200, 10: 200} {
			r := post(sendTarget, strings.Repeat("x", size))
			if !known {
				r.ContentLength = -1
			}
			a := ask(h, r)
			a.want(t, status)
			if status == 413 && !strings.Contains(a.body, "RequestEntityTooLarge") {
				t.Errorf("%d bytes: %s", size, a.body)
			}
			if status == 200 && len(s.body) != size {
				t.Errorf("the operation read %d of %d bytes", len(s.body), size)
			}
		}
	}
}

func TestTheDefaultLimitLetsTheLargestLegalRequestPass(t *testing.T) {
	s, h := front(t, edge.Options{})
	body := `{"MessageBody":"` + strings.Repeat(`\u0009`, 1<<20) + `"}`
	ask(h, post(sendTarget, body)).want(t, 200)
	if s.body != body {
		t.Errorf("the operation read %d of %d bytes", len(s.body), len(body))
	}
}

func TestACompressedBodyIsUnpackedWithinTheLimit(t *testing.T) {
	s, h := front(t, edge.Options{MaxBody: 1 << 20})
	ask(h, post(sendTarget, zipped(t, `{"a":1}`), "Content-Encoding", "gzip")).want(t, 200)
	if s.body != `{"a":1}` {
		t.Errorf("the operation read %q", s.body)
	}
	r := form("/", zipped(t, "Action=SendMessage&Version=2012-11-05&MessageBody=m"))
	r.Header.Set("Content-Encoding", "gzip")
	ask(h, r).want(t, 200)
	if s.form.Get("MessageBody") != "m" {
		t.Errorf("the operation read %v", s.form)
	}
	bomb := zipped(t, strings.Repeat("0", 50<<20))
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	ask(h, post(sendTarget, bomb, "Content-Encoding", "gzip")).want(t, 413, "RequestEntityTooLarge")
	ask(h, post(sendTarget, "no gzip", "Content-Encoding", "gzip")).want(t, 400, "SerializationException")
	whole := zipped(t, "{}")
	ask(h, post(sendTarget, whole[:len(whole)-3], "Content-Encoding", "gzip")).want(t, 400, "SerializationException")
	ask(h, post(sendTarget, "{}", "Content-Encoding", "br")).want(t, 415, "br")
}

func TestAFormWithAMillionParametersIsRefused(t *testing.T) {
	_, h := front(t, edge.Options{})
	ask(h, form("/", strings.Repeat("a=&", 1<<20))).want(t, 404, "MalformedQueryString")
}

// dial speaks HTTP by hand to a real server over the handler.
func dial(t *testing.T, h http.Handler) (net.Conn, *bufio.Reader) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestAClientThatWaitsForContinueIsToldToGoOn(t *testing.T) {
	_, h := front(t, edge.Options{})
	conn, in := dial(t, h)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", sendTarget)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "{}")
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Date") == "" || resp.ContentLength != 4 {
		t.Fatal(resp, err)
	}
}

func TestAClientThatWaitsWithTooLargeABodyIsToldNotToSendIt(t *testing.T) {
	_, h := front(t, edge.Options{MaxBody: 10})
	conn, in := dial(t, h)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n", sendTarget)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 413 || !resp.Close {
		t.Fatal(resp, err)
	}
}

func TestABodyThatEndsEarlyRunsNothing(t *testing.T) {
	s, h := front(t, edge.Options{})
	conn, in := dial(t, h)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Length: 20\r\n\r\n{}", sendTarget)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 400 {
		t.Fatal(resp, err)
	}
	if s.call != nil {
		t.Error("the operation ran")
	}
}

func TestALargeAnswerHasItsLength(t *testing.T) {
	s, h := front(t, edge.Options{})
	s.do = func() ([]byte, error) { return bytes.Repeat([]byte("x"), 1<<20), nil }
	conn, in := dial(t, h)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Length: 2\r\n\r\n{}", sendTarget)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.ContentLength != 1<<20 {
		t.Fatal(resp, err)
	}
}

func TestLargeBodiesTogetherMayTakeSoMuchMemory(t *testing.T) {
	s, h := front(t, edge.Options{MaxBodies: 300 << 10})
	large := strings.Repeat("x", 200<<10)
	ask(h, post(sendTarget, large)).want(t, 200)
	s.do = func() ([]byte, error) { // while one is worked on
		s.do = nil
		ask(h, post(sendTarget, large)).want(t, 503, "ServiceUnavailable")
		ask(h, post(sendTarget, zipped(t, large), "Content-Encoding", "gzip")).want(t, 503, "ServiceUnavailable")
		ask(h, post(sendTarget, "{}")).want(t, 200)
		return nil, nil
	}
	ask(h, post(sendTarget, large)).want(t, 200)
	ask(h, post(sendTarget, large)).want(t, 200) // what was held is given back
	ask(h, post(sendTarget, zipped(t, large), "Content-Encoding", "gzip")).want(t, 200)
	ask(h, post(sendTarget, large)).want(t, 200)
}

func TestMoreHeaderFieldsThanAnybodySendsAreRefused(t *testing.T) {
	_, h := front(t, edge.Options{})
	for n, status := range map[int]int{90: 200, 99: 200, 100: 431, 5000: 431} {
		r := post(sendTarget, "{}") // which has one
		for i := range n {
			r.Header.Add(fmt.Sprintf("X-%d", i/2), "v")
		}
		a := ask(h, r)
		a.want(t, status)
		if status == 431 && a.header.Get("Connection") != "close" {
			t.Error("the connection stays")
		}
	}
}
