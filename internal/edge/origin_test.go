package edge_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/edge"
)

func TestAPageThatNobodyInvitedCannotCall(t *testing.T) {
	for name, set := range map[string]func(r *http.Request){
		"foreign origin":        func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") },
		"another port":          func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:3000") },
		"sandboxed frame":       func(r *http.Request) { r.Header.Set("Origin", "null") },
		"an extension":          func(r *http.Request) { r.Header.Set("Origin", "chrome-extension://127.0.0.1:4566") },
		"image, form or link":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another localhost":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"rebound name":          func(r *http.Request) { r.Host = "evil.example.com:4566" },
		"rebound and same name": func(r *http.Request) { r.Host = "evil.example.com"; r.Header.Set("Origin", "http://evil.example.com") },
	} {
		s, h := front(t, edge.Options{CheckHost: true})
		for _, r := range []*http.Request{post(sendTarget, "{}"), get("/?Action=SendMessage&Version=2012-11-05")} {
			set(r)
			ask(h, r).want(t, 403, "AccessDenied")
			if s.call != nil {
				t.Errorf("%s: the operation ran", name)
			}
		}
	}
}

func TestToolsAndOurOwnPagesMayCall(t *testing.T) {
	for name, set := range map[string]func(r *http.Request){
		"no browser": func(*http.Request) {},
		"our own page": func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:4566")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		},
		"typed by the user":      func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") },
		"localhost":              func(r *http.Request) { r.Host = "localhost:4566" },
		"IPv6":                   func(r *http.Request) { r.Host = "[::1]:4566" },
		"a container's name":     func(r *http.Request) { r.Host = "carillon:4566" },
		"a name of AWS":          func(r *http.Request) { r.Host = "sqs.us-east-1.amazonaws.com" },
		"a name below localhost": func(r *http.Request) { r.Host = "sqs.us-east-1.localhost:4566" },
		"the external name":      func(r *http.Request) { r.Host = "events.example.com" },
	} {
		_, h := front(t, edge.Options{CheckHost: true, ExternalURL: "https://events.example.com"})
		r := post(sendTarget, "{}")
		set(r)
		if a := ask(h, r); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestAnAllowedOriginMayCallAndReadTheAnswer(t *testing.T) {
	for _, allowed := range []string{"https://console.example.com", "*"} {
		_, h := front(t, edge.Options{Origins: []string{allowed}})
		r := post(sendTarget, "{}", "Origin", "https://console.example.com")
		a := ask(h, r)
		a.want(t, 200)
		if a.header.Get("Access-Control-Allow-Origin") != "https://console.example.com" || a.header.Get("Vary") != "Origin" ||
			!strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "x-amzn-RequestId") {
			t.Errorf("headers %v", a.header)
		}
	}
}

func TestAPreflightIsAnsweredForAllowedOriginsOnly(t *testing.T) {
	s, h := front(t, edge.Options{Origins: []string{"https://console.example.com"}})
	preflight := func(origin string) answer {
		r := httptest.NewRequest("OPTIONS", "/", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-amz-date,x-amz-target")
		r.Header.Set("Access-Control-Request-Private-Network", "true")
		return ask(h, r)
	}
	a := preflight("https://console.example.com")
	a.want(t, 204)
	for name, part := range map[string]string{
		"Access-Control-Allow-Origin": "https://console.example.com", "Access-Control-Allow-Methods": "POST",
		"Access-Control-Allow-Headers": "x-amz-target", "Access-Control-Allow-Private-Network": "true", "Access-Control-Max-Age": "600",
	} {
		if !strings.Contains(a.header.Get(name), part) {
			t.Errorf("%s: %q", name, a.header.Get(name))
		}
	}
	a = preflight("https://evil.example.com")
	a.want(t, 403)
	if a.header.Get("Access-Control-Allow-Origin") != "" || s.call != nil {
		t.Errorf("a foreign preflight got %v", a.header)
	}
}

func TestALinkToAHarmlessPageMayStandAnywhere(t *testing.T) {
	_, h := front(t, edge.Options{})
	for path, status := range map[string]int{"/health": 200, "/metrics": 200, "/": 403} {
		r := get(path)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		ask(h, r).want(t, status)
	}
}
