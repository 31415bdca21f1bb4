package destination

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
)

func allow(t *testing.T, list ...string) outbound.Allowed {
	t.Helper()
	a, err := outbound.ParseAllowed(list)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnEndpointThatCanNeverBeCalledIsRefusedWhenItIsWritten(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.com/*?a=*": "", "https://example.com:8443": "", "http://example.com/": "begin with https://", "ftp://x/": "begin with https://",
		"https:///x": "no host", "https://u:p@example.com/": "user or password", "https://*.example.com/": "not of the host", "https://example.com:*/": "",
		"https://169.254.169.254/latest": "never called", "https://127.0.0.1/": "--http-targets-allow", "https://[::1]/": "--http-targets-allow",
		"https://example.com/#a": "fragment", "example.com": "begin with https://", "https://a b/": "not a URL",
		"https://example.com:99999/": "port", "https://example.com:0/": "port", "https://example.com/../x": "leads elsewhere", "https://example.com/a/%2E%2e/x": "leads elsewhere",
		"https://example.com/a..b/.c/..d": "", "https://2130706433/": "looks like a number", "https://0x7f000001/": "looks like a number", "https://0251.0376.0251.0376/": "looks like a number",
		"https://127.1/": "looks like a number", "https://0x7f.0.0.0x1./": "looks like a number", "https://example.0x/": "looks like a number", "https://x.1e4/": "", "https://10.in-addr.arpa/": "",
		"https://169.254.169.254./": "looks like a number",
	} {
		err := (&Options{Allowed: allow(t)}).CheckURL(text)
		if text == "https://example.com:*/" { // a port of x is no URL
			want = "not a URL"
		}
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := (&Options{Allowed: allow(t, "loopback")}).CheckURL("http://127.0.0.1:9/"); err != nil {
		t.Error(err)
	}
}

// The name is resolved when it is dialled, so it does not matter what it meant
// when it was written.
func TestANameThatLeadsInsideIsNotCalled(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e, "10.0.0.0/8")
	url := strings.Replace(e.URL, "127.0.0.1", "localhost", 1)
	if err := f.CheckURL(url); err != nil {
		t.Fatal(err)
	}
	a := f.Attempt(t.Context(), f.make(destination.Basic, basic, destination.Settings{Endpoint: url}))
	if !errors.Is(a.Err, delivery.ErrRefused) || !errors.Is(a.Err, outbound.ErrForbidden) || !strings.Contains(a.Err.Error(), "--http-targets-allow") {
		t.Errorf("%+v", a)
	}
	token := destination.Credentials{Name: "id", Secret: "s", TokenURL: url + "/token", TokenMethod: "POST"}
	if _, err := f.Fetch(t.Context(), token); !errors.Is(err, outbound.ErrForbidden) {
		t.Error(err)
	}
	if e.calls() != 0 || e.tokens != 0 {
		t.Error("somebody was called")
	}
}

func TestARedirectInsideIsNotFollowedAndAProxyNotUsed(t *testing.T) {
	proxy := httptest.NewServer(nil)
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	f := start(t, newEndpoint(t), "none")
	a := f.Attempt(t.Context(), f.make(destination.Basic, basic, destination.Settings{Endpoint: proxy.URL}))
	if !errors.Is(a.Err, outbound.ErrForbidden) {
		t.Errorf("%+v", a)
	}
}

func FuzzNoURLMakesTheCheckPanic(f *testing.F) {
	f.Add("https://example.com/*?a=*")
	f.Add("https://*@[::1%25x]:9/")
	f.Fuzz(func(t *testing.T, text string) {
		_ = (&Options{}).CheckURL(text)
		_, _ = fill(text, []string{"a", ".."})
	})
}
