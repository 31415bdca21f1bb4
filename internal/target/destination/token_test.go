package destination

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
)

func oauth(e *endpoint) destination.Credentials {
	return destination.Credentials{Name: "id", Secret: "shh", TokenURL: e.URL + "/token", TokenMethod: "POST"}
}

func TestATokenIsFetchedOnceAndKeptOverARestart(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.OAuth, oauth(e), destination.Settings{Endpoint: e.URL, PerSecond: 1e6})
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			if a := f.Attempt(t.Context(), d); a.Err != nil {
				t.Error(a.Err)
			}
		})
	}
	done.Wait()
	f.store.Restart()
	f.open(e)
	f.Attempt(t.Context(), d)
	if r, _ := e.last(t); e.tokens != 1 || r.Header.Get("Authorization") != "Bearer token-1" {
		t.Errorf("%d tokens, %q", e.tokens, r.Header.Get("Authorization"))
	}
}

func TestATokenIsReplacedBeforeItsEndAndWhenItIsRefused(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	now := time.Now()
	f.now = func() time.Time { return now }
	d := f.make(destination.OAuth, oauth(e), destination.Settings{Endpoint: e.URL, PerSecond: 1e6})
	for i, step := range []struct {
		later  time.Duration
		tokens int
	}{{0, 1}, {58 * time.Minute, 1}, {time.Minute + time.Second, 2}} {
		now = now.Add(step.later)
		if a := f.Attempt(t.Context(), d); a.Err != nil || e.tokens != step.tokens {
			t.Errorf("step %d: %v, %d tokens", i, a.Err, e.tokens)
		}
	}
	now = now.Add(againAfter)
	e.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-3" {
			w.WriteHeader(401)
		}
	}
	if a := f.Attempt(t.Context(), d); a.Err != nil || e.tokens != 3 {
		t.Errorf("%v, %d tokens: a stale token costs no attempt", a.Err, e.tokens)
	}
	e.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	for range 3 {
		if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || a.Says != "HTTP 401" {
			t.Errorf("%+v", a)
		}
	}
	if e.tokens != 3 {
		t.Errorf("%d tokens: one that was just had is not asked for again", e.tokens)
	}
}

func TestATokenThatCannotBeHadDeauthorizesUntilItCan(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	now := time.Now()
	f.now = func() time.Time { return now }
	d := f.make(destination.OAuth, oauth(e), destination.Settings{Endpoint: e.URL, PerSecond: 1e6})
	asked := 0
	e.askToken = func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		w.WriteHeader(503)
		return false
	}
	for range 3 {
		if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || a.Says != "no OAuth token" {
			t.Errorf("%+v", a)
		}
	}
	if c := f.connection(d); asked != 1 || c.State != destination.Deauthorized || !strings.Contains(c.Reason, "HTTP 503") {
		t.Errorf("asked %d times, %+v", asked, c)
	}
	e.askToken = nil
	now = now.Add(againAfter)
	if a := f.Attempt(t.Context(), d); a.Err != nil || f.connection(d).State != destination.Authorized {
		t.Errorf("%v, %+v", a.Err, f.connection(d))
	}
}

func TestATokenRequestHasTheClientAndItsParameters(t *testing.T) {
	for method, want := range map[string]string{
		"POST": "form=client_id=id&client_secret=shh&grant_type=client_credentials&scope=a+b query=x=1 header=h",
		"PUT":  "form=client_id=id&client_secret=shh&grant_type=client_credentials&scope=a+b query=x=1 header=h",
		"GET":  "form= query=client_id=id&client_secret=shh&grant_type=client_credentials&scope=a+b&x=1 header=h",
		"JSON": `form={"client_id":"id","client_secret":"shh","grant_type":"client_credentials","scope":"a b"} query=x=1 header=h`,
	} {
		t.Run(method, func(t *testing.T) {
			e := newEndpoint(t)
			f := start(t, e)
			by := oauth(e)
			by.TokenMethod = method
			by.Token = &destination.Parameters{
				Headers: []destination.Parameter{{Key: "X-H", Value: "h"}}, Query: []destination.Parameter{{Key: "x", Value: "1"}},
				Body: []destination.Parameter{{Key: "scope", Value: "a b"}},
			}
			if method == "JSON" {
				by.TokenMethod = "POST"
				by.Token.Headers = append(by.Token.Headers, destination.Parameter{Key: "content-type", Value: "application/json"})
			}
			e.askToken = func(_ http.ResponseWriter, r *http.Request) bool {
				body := make([]byte, 1000)
				n, _ := r.Body.Read(body)
				if got := fmt.Sprintf("form=%s query=%s header=%s", body[:n], r.URL.RawQuery, r.Header.Get("X-H")); got != want || r.Method != by.TokenMethod {
					t.Errorf("%s %s\nwant %s", r.Method, got, want)
				}
				return true
			}
			if _, err := f.Fetch(t.Context(), by); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnAnswerWithoutAUsableTokenIsSaidToBeOne(t *testing.T) {
	now := time.Now()
	for body, want := range map[string]string{
		``: "no access_token", `[]`: "no access_token", `{"access_token":""}`: "no access_token",
		`{"access_token":"a\nb"}`: "no header has",
	} {
		if _, err := readToken([]byte(body), now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	for body, life := range map[string]time.Duration{
		`{"access_token":"a"}`: -1, `{"access_token":"a","expires_in":"100"}`: 90 * time.Second,
		`{"access_token":"a","expires_in":3600}`: 59 * time.Minute, `{"access_token":"a","expires_in":1e300}`: maxLife - time.Minute,
		`{"access_token":"a","expires_in":-5}`: -1,
	} {
		token, err := readToken([]byte(body), now)
		if err != nil || life < 0 && !token.RefreshAt.IsZero() || life >= 0 && token.RefreshAt.Sub(now) != life {
			t.Errorf("%s: %s, %v", body, token.RefreshAt.Sub(now), err)
		}
	}
}
