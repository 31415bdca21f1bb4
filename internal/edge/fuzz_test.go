package edge_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/edge"
)

func FuzzWhateverIsAskedIsAnsweredWithARequestID(f *testing.F) {
	f.Add("POST", "/", "", sendTarget, "", "", "", "{}")
	f.Add("GET", "/000000000000/q", "Action=SendMessage", "", "", "", "", "")
	f.Add("POST", "/", "", "", "application/x-www-form-urlencoded", "gzip", "http://x", "Action=X&Version=2012-11-05")
	f.Add("OPTIONS", "/%zz", "X-Amz-Credential=%2F%2F", "", "", "", "null", "")
	_, h := front(f, edge.Options{CheckHost: true, MaxBody: 1 << 16})
	f.Fuzz(func(t *testing.T, method, path, query, target, kind, encoding, origin, body string) {
		if len(body) > 1<<17 {
			return
		}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Host = "127.0.0.1:4566"
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		for name, value := range map[string]string{"X-Amz-Target": target, "Content-Type": kind, "Content-Encoding": encoding, "Origin": origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		a := ask(h, r)
		if a.header.Get("x-amzn-RequestId") == "" || a.status < 200 || a.status >= 500 && a.status != 501 {
			t.Fatalf("status %d, header %v: %s", a.status, a.header, a.body)
		}
	})
}
