package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

const twoAnswers = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-Other-Thing: 12\r\n\r\nhello" +
	"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"

func TestAnswersAreReadHoweverTheBytesArrive(t *testing.T) {
	readers := map[string]io.Reader{
		"at once":   strings.NewReader(twoAnswers),
		"one byte":  iotest.OneByteReader(strings.NewReader(twoAnswers)),
		"by halves": iotest.HalfReader(strings.NewReader(twoAnswers)),
	}
	for name, from := range readers {
		a := newAnswers(from)
		a.buf = a.buf[:16] // so that it has to grow
		first, err := a.next()
		if err != nil || first.status != 200 || string(first.body) != "hello" || first.close {
			t.Errorf("%s: first answer %d %q close=%v, %v", name, first.status, first.body, first.close, err)
		}
		second, err := a.next()
		if err != nil || second.status != 400 || string(second.body) != "abc0123456789" || !second.close {
			t.Errorf("%s: second answer %d %q close=%v, %v", name, second.status, second.body, second.close, err)
		}
		if _, err := a.next(); err != io.EOF {
			t.Errorf("%s: after the last answer %v, want EOF", name, err)
		}
	}
}

func TestABrokenAnswerIsAnErrorAndNotAResult(t *testing.T) {
	for _, text := range []string{
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
	} {
		if got, err := newAnswers(strings.NewReader(text)).next(); err == nil || err == io.EOF {
			t.Errorf("%q was read as %d %q, %v", text, got.status, got.body, err)
		}
	}
}

func TestWhatNetHTTPAnswersIsUnderstood(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000) // beyond what net/http measures by itself: chunked
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, long)
	}))
	defer s.Close()
	target, err := ParseTarget(s.URL, "us-east-1", "key", "secret")
	if err != nil {
		t.Fatal(err)
	}
	c := &conn{target: target}
	defer c.close()
	for range 3 {
		got, err := c.do(t.Context(), newRequest(target, sqsOperation("SendMessage")), []byte("{}"))
		if err != nil || got.status != 200 || string(got.body) != long {
			t.Fatalf("%d, %d bytes, %v", got.status, len(got.body), err)
		}
	}
}

func FuzzAnswersNeverPanic(f *testing.F) {
	f.Add(twoAnswers)
	f.Fuzz(func(t *testing.T, text string) {
		a := newAnswers(iotest.HalfReader(strings.NewReader(text)))
		for range 4 {
			if got, err := a.next(); err == nil && len(got.body) > len(text) {
				t.Errorf("a body of %d bytes out of %d", len(got.body), len(text))
			}
		}
	})
}
