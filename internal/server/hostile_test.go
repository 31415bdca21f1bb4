package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// Whatever comes over a connection is answered as the sender's mistake, in bounded
// time and memory; nothing is changed by it; and the connection is closed, or what
// follows on it is answered as itself. The tables are beside this file, one for
// each protocol: hostilehttp_test.go, hostilejson_test.go, hostilequery_test.go,
// hostilepages_test.go.

// attack is one request, as bytes.
type attack struct {
	name, raw string
	// cut: the bytes are all there is. The server may also close without an
	// answer, since nobody can be told much who has not finished a request.
	cut bool
	// harmless: HTTP lets a server take the request for what it says. It may be
	// answered, but must not be taken for two.
	harmless bool
	// closes: nothing that follows may be answered.
	closes bool
}

// marker is what follows an attack on its connection: a request whose answer
// nothing else has, as Direct takes it and as net/http does.
const (
	marker = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 28\r\n\r\n" + `{"QueueNamePrefix":"marker"}`
	last   = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 28\r\n\r\n" + `{"QueueNamePrefix":"marker"}`
	// smuggled is a request that an attack hides where it must not be seen.
	smuggled = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\nContent-Length: 24\r\n\r\n" + `{"QueueName":"smuggled"}`
)

const (
	longest   = 15 * time.Second // for one, on a machine that is busy with other things
	mostBytes = 512 << 20        // of the heap, for all of them
)

// withstand has all attacks made on a server. fewest is how many there must be.
func withstand(t *testing.T, r *server.Running, fewest int, attacks []attack) {
	t.Helper()
	if len(attacks) < fewest {
		t.Errorf("there are only %d attacks", len(attacks))
	}
	if status, answer := post(t, r.URL, `{"QueueName":"marker"}`, "X-Amz-Target", "AmazonSQS.CreateQueue"); status != 200 {
		t.Fatal(status, answer)
	}
	before := digest(t, r)
	var memory, after runtime.MemStats
	runtime.ReadMemStats(&memory)
	names := map[string]bool{}
	for _, a := range attacks {
		if names[a.name] {
			t.Errorf("there are two attacks with the name %q", a.name)
		}
		names[a.name] = true
		began := time.Now()
		if err := a.on(r); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		if took := time.Since(began); took > longest {
			t.Errorf("%s: it took %s", a.name, took)
		}
	}
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapSys) - int64(memory.HeapSys); held > mostBytes {
		t.Errorf("it took %d MiB", held>>20)
	}
	if digest(t, r) != before {
		t.Error("something was changed")
	}
	t.Logf("%d attacks", len(attacks))
}

// digest is of everything that is stored.
func digest(t *testing.T, r *server.Running) (sum [sha256.Size]byte) {
	t.Helper()
	h := sha256.New()
	if err := r.Shard().View(func(v *store.View) error {
		return v.Scan([]byte{0}, bytes.Repeat([]byte{0xff}, 8), func(key, value []byte) bool {
			if ofAudit(key) {
				return true
			}
			fmt.Fprintf(h, "%d %q %d %q\n", len(key), key, len(value), value)
			return true
		})
	}); err != nil {
		t.Fatal(err)
	}
	h.Sum(sum[:0])
	return sum
}

// ofAudit tells whether a key changes since calls that were refused are recorded:
// the audit log's own, its timer, and the head of the store's log.
func ofAudit(key []byte) bool {
	switch key[0] {
	case store.SpaceAudit, store.SpaceLogHead:
		return true
	case store.SpaceTimer:
		return len(key) == 1+8+1 && timer.Kind(key[9]) == timer.AuditSweep
	}
	return false
}

// on makes the attack and reads what comes of it.
func (a *attack) on(r *server.Running) error {
	conn, err := net.DialTCP("tcp", nil, r.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(longest))
	written := make(chan struct{})
	go func() {
		defer close(written)
		raw := a.raw
		if !a.cut {
			raw += marker + last
		}
		if _, err := io.WriteString(conn, raw); err == nil && a.cut {
			_ = conn.CloseWrite()
		}
	}()
	err = a.judge(conn)
	_ = conn.Close() // whatever is not written yet is not wanted
	<-written
	return err
}

func (a *attack) judge(conn net.Conn) error {
	in := bufio.NewReader(conn)
	method, _, _ := strings.Cut(a.raw, " ")
	status, _, err := next(in, method)
	switch {
	case err != nil && a.cut && !errors.Is(err, errTimeout):
		return nil
	case err != nil:
		return fmt.Errorf("no answer: %w", err)
	case status == http.StatusNotImplemented && strings.Contains(a.raw, "Transfer-Encoding"), status == http.StatusHTTPVersionNotSupported:
		// HTTP's own words for what the sender asks too much of (RFC 9112, 6.1; 9110, 15.6.6).
	case !a.harmless && status < 400, status > 499:
		return fmt.Errorf("it is answered with %d", status)
	}
	if a.cut {
		return nil
	}
	for i := range 2 {
		status, body, err := next(in, http.MethodPost)
		if i == 0 && err != nil && !errors.Is(err, errTimeout) {
			return nil // closed
		}
		if a.closes {
			return fmt.Errorf("the connection stays: %d %.200q", status, body)
		}
		if err != nil || status != 200 || !strings.Contains(body, "/marker\"]") {
			return fmt.Errorf("what follows is answered with %d %.200q, %v", status, body, err)
		}
	}
	if status, body, err := next(in, http.MethodPost); err == nil {
		return fmt.Errorf("there is an answer too many: %d %.200q", status, body)
	}
	return nil
}

var errTimeout = errors.New("the server neither answers nor closes")

// next reads an answer.
func next(in *bufio.Reader, method string) (status int, body string, err error) {
	for status < 200 { // 100 Continue is none
		var resp *http.Response
		if resp, err = http.ReadResponse(in, &http.Request{Method: method}); err == nil {
			var text []byte
			text, err = io.ReadAll(io.LimitReader(resp.Body, 128<<10))
			status, body = resp.StatusCode, string(text)
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			err = errTimeout
		}
		if err != nil {
			return 0, "", err
		}
	}
	if len(body) > 64<<10 {
		err = fmt.Errorf("an answer of %d bytes", len(body))
	}
	return status, body, err
}

// request is a whole request. head is its lines, without the last empty one.
func request(head, body string) string {
	return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
