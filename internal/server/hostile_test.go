package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/server"
)

// Whatever comes to the doors that are not AWS's is answered as the sender's
// mistake, at once, and costs no memory to speak of.
func TestHostileRequestsAreTheSendersMistakeAndCostLittle(t *testing.T) {
	r := start(t, quick())
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"hush","bus":true}`)
	deep := func(open string) string { return strings.Repeat(open, (1<<20)/len(open)) }
	bomb := zipped(t, strings.Repeat(" ", 200<<20))
	cloud := func(more string) string { return `{"specversion":"1.0","id":"1","source":"s","type":"t"` + more + `}` }
	const trail = server.TrailPath
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for _, c := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"two slashes before a path", "POST", "//_carillon/backup", "", 404},
		{"two slashes in a path", "GET", "/_carillon//trail", "", 404},
		{"a dot behind a path", "POST", "/_carillon/backup.", "", 404},
		{"a slash behind a path", "POST", "/_carillon/backup/", "", 404},
		{"a backup by GET", "GET", "/_carillon/backup", "", 405},
		{"out of a page by dots", "POST", "/ingest/../_carillon/backup", "", 404},
		{"out of a page by escaped dots", "GET", trail + "/..%2f..%2fbackup", "", 404},
		{"a zero in an id", "GET", trail + "/%00", "", 404},
		{"an endless id", "GET", trail + "/" + strings.Repeat("a", 30_000), "", 404},
		{"a query that is none", "GET", trail + "?limit=1&%zz", "", 400},
		{"a deep pattern", "GET", trail + "?pattern=" + strings.Repeat(`%7B%22a%22:`, 3000), "", 400},
		{"a token of somebody's making", "GET", trail + "?token=00", "", 400},
		{"a zero in a bus", "POST", ingest.CloudEventsPath + "%00", cloud(""), 404},
		{"a bus with a slash", "POST", ingest.CloudEventsPath + "default%2f", cloud(""), 404},
		{"deep lists", "POST", ingest.CloudEventsPath + "default", cloud(`,"data":` + deep("[")), 413},
		{"less deep lists", "POST", ingest.CloudEventsPath + "default", cloud(`,"data":` + strings.Repeat("[", 400_000) + strings.Repeat("]", 400_000)), 400},
		{"deep objects", "POST", ingest.CloudEventsPath + "default", cloud(`,"data":` + strings.Repeat(`{"a":`, 150_000) + "1" + strings.Repeat("}", 150_000)), 400},
		{"bytes that are no UTF-8", "POST", ingest.CloudEventsPath + "default", cloud(",\"x\":\"\xff\""), 400},
		{"very many attributes", "POST", ingest.CloudEventsPath + "default", cloud(strings.Repeat(`,"a":1`, 100_000)), 200},
		{"more than there may be", "POST", ingest.CloudEventsPath + "default", cloud(`,"data":"` + strings.Repeat("x", 2<<20) + `"`), 413},
		{"a bomb", "POST", ingest.CloudEventsPath + "default", bomb, 413},
		{"a deep webhook", "POST", ingest.HookPath + hookSource, strings.Repeat(`{"a":`, 150_000) + "1" + strings.Repeat("}", 150_000), 400},
		{"a webhook of an open list", "POST", ingest.HookPath + hookSource, strings.Repeat("[", 1<<20), 400},
		{"a webhook of nothing", "POST", ingest.HookPath + hookSource, "", 400},
		{"a webhook's address by GET", "GET", ingest.HookPath + hookSource, "", 405},
		{"a deep operator's request", "POST", ingest.PutWebhookPath, deep("["), 400},
		{"a deep replay", "POST", "/_carillon/replay", strings.Repeat("[", 200_000), 400},
	} {
		req, err := http.NewRequest(c.method, r.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(c.name, err)
		}
		switch {
		case c.name == "a bomb":
			req.Header.Set("Content-Encoding", "gzip")
			fallthrough
		case strings.HasPrefix(c.path, ingest.CloudEventsPath):
			req.Header.Set("Content-Type", "application/cloudevents+json")
		case strings.HasPrefix(c.path, ingest.HookPath):
			req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(signature("hush", c.body)))
		}
		if status := ask(t, c.name, req); status != c.status {
			t.Errorf("%s: %d, want %d", c.name, status, c.status)
		}
	}
	runtime.ReadMemStats(&after)
	if took := time.Since(began); took > 20*time.Second { // 0.3 s on a quiet machine
		t.Errorf("it took %s", took)
	}
	if held := int64(after.HeapSys) - int64(before.HeapSys); held > 512<<20 {
		t.Errorf("it took %d MiB", held>>20)
	}
}

// ask sends a request and returns the status. That the server gives up a body
// half-way is no error.
func ask(t *testing.T, name string, req *http.Request) int {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(name, err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(io.LimitReader(resp.Body, 128<<10)); err != nil || len(answer) > 64<<10 {
		t.Errorf("%s: an answer of %d bytes, %v", name, len(answer), err)
	}
	return resp.StatusCode
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
