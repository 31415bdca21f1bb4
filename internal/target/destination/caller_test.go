package destination

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

// endpoint is a server that is called, with a token endpoint at /token.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	got    []*http.Request
	bodies []string
	answer func(w http.ResponseWriter, r *http.Request) // nil: 200

	tokens   int // given
	askToken func(w http.ResponseWriter, r *http.Request) bool
}

func newEndpoint(t *testing.T) *endpoint {
	e := new(endpoint)
	e.Server = httptest.NewTLSServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	if strings.HasPrefix(r.URL.Path, "/token") {
		if e.askToken != nil && !e.askToken(w, r) {
			return
		}
		e.tokens++
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":3600}`, e.tokens)
		return
	}
	e.got, e.bodies = append(e.got, r), append(e.bodies, string(body))
	if e.answer != nil {
		e.answer(w, r)
	}
}

func (e *endpoint) last(t *testing.T) (*http.Request, string) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.got) == 0 {
		t.Fatal("nobody called")
	}
	return e.got[len(e.got)-1], e.bodies[len(e.bodies)-1]
}

func (e *endpoint) calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.got)
}

// fixture is a Caller over a store in memory.
type fixture struct {
	*Caller
	t     *testing.T
	store *storetest.Store
	log   bytes.Buffer
	made  int
}

func start(t *testing.T, e *endpoint, allow ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, store: storetest.Open(t)}
	f.open(e, allow...)
	return f
}

func (f *fixture) open(e *endpoint, allow ...string) {
	f.t.Helper()
	if allow == nil {
		allow = []string{"loopback"}
	}
	allowed, err := outbound.ParseAllowed(allow)
	if err != nil {
		f.t.Fatal(err)
	}
	box, err := seal.New(seal.Master{1}, "connections")
	if err != nil {
		f.t.Fatal(err)
	}
	o := Options{
		Shard: f.store.Shard, Core: destination.New(destination.DefaultLimits), Box: box, Allowed: allowed,
		Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	if e != nil {
		o.Roots = x509.NewCertPool()
		o.Roots.AddCert(e.Certificate())
	}
	f.Caller = New(o)
	f.t.Cleanup(f.Caller.Close)
}

// make makes a connection and an API destination, and returns its delivery.
func (f *fixture) make(method destination.Method, by destination.Credentials, s destination.Settings) *delivery.Delivery {
	f.t.Helper()
	f.made++
	n := destination.Name{Account: "111122223333", Region: "eu-west-1", Name: fmt.Sprintf("d%d", f.made)}
	sealed, err := f.Box.Seal(by.Text(), destination.Owner(n, "c1"))
	if err != nil {
		f.t.Fatal(err)
	}
	d := &delivery.Delivery{Body: []byte(`{"id":"e1","n":1.50}`), Trace: "Root=1-5759e988-bd862e3fe1be46a994272793"}
	err = f.store.Update(f.t.Context(), func(tx *store.Tx) error {
		c, err := f.Core.CreateConnection(tx, n, "c1", "", destination.Right{Method: method, Shown: by.Shown(), Sealed: sealed})
		if err != nil {
			return err
		}
		if s.Connection = c.ARN(); s.Method == "" {
			s.Method = "POST"
		}
		made, err := f.Core.Create(tx, n, "d1", s)
		d.Target = made.ARN()
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) connection(d *delivery.Delivery) (c destination.Connection) {
	f.t.Helper()
	n, _ := destination.ReadARN(d.Target)
	err := f.store.View(func(v *store.View) (err error) {
		c, err = destination.GetConnection(v, n)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

var basic = destination.Credentials{Name: "user", Secret: "pass-word"}

func TestACallIsAsAWSDocumentsIt(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL + "/hook?a=1"})
	if a := f.Attempt(t.Context(), d); a.Err != nil || a.Says != "HTTP 200" {
		t.Fatalf("%+v", a)
	}
	r, body := e.last(t)
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Amazon/EventBridge/ApiDestinations",
		"Range": "bytes=0-1048575", "Accept-Encoding": "gzip,deflate", "Authorization": "Basic dXNlcjpwYXNzLXdvcmQ=",
		"X-Amzn-Trace-Id": d.Trace, "Content-Length": "20",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Method != "POST" || r.URL.RequestURI() != "/hook?a=1" || body != string(d.Body) {
		t.Errorf("%s %s %s", r.Method, r.URL, body)
	}
}

func TestParametersOfTheConnectionTakePrecedenceOverTheTargets(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	by := destination.Credentials{Name: "X-Key", Secret: "k1", Invocation: &destination.Parameters{
		Headers: []destination.Parameter{{Key: "X-Both", Value: "connection"}, {Key: "Host", Value: "evil"}, {Key: "content-type", Value: "text/plain"}},
		Query:   []destination.Parameter{{Key: "both", Value: "connection"}},
		Body:    []destination.Parameter{{Key: "n", Value: "2"}, {Key: "extra", Value: `"`, Secret: true}},
	}}
	d := f.make(destination.APIKey, by, destination.Settings{Endpoint: e.URL + "/a/*/b/*?q=*&own=1", Method: "PUT"})
	d.Params, _ = json.Marshal(bus.HTTP{
		Path:    []string{"x/../y?z", "ä b", "1&2"},
		Headers: map[string]string{"X-Both": "target", "x-key": "stolen", "User-Agent": "me", "X-Mine": "m"},
		Query:   map[string]string{"both": "target", "mine": "m"},
	})
	if a := f.Attempt(t.Context(), d); a.Err != nil {
		t.Fatal(a.Err)
	}
	r, body := e.last(t)
	if got := r.URL.EscapedPath(); got != "/a/x%2F..%2Fy%3Fz/b/%C3%A4%20b" {
		t.Errorf("path %s", got)
	}
	q := r.URL.Query()
	if q.Get("q") != "1&2" || q.Get("own") != "1" || q.Get("both") != "connection" || q.Get("mine") != "m" {
		t.Errorf("query %s", r.URL.RawQuery)
	}
	if h := r.Header; h.Get("X-Both") != "connection" || h.Get("X-Key") != "k1" || h.Get("X-Mine") != "m" ||
		h.Get("User-Agent") != userAgent || h.Get("Content-Type") != "text/plain" || r.Host == "evil" {
		t.Errorf("%v %s", r.Header, r.Host)
	}
	if want := `{"id":"e1","n":"2","extra":"\""}`; body != want || r.Method != "PUT" {
		t.Errorf("%s, want %s", body, want)
	}
}

func TestWhatMakesNoCallIsRefusedForGood(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	for name, c := range map[string]struct {
		endpoint, body string
		params         bus.HTTP
		by             destination.Parameters
		want           string
	}{
		"too few path parameters": {endpoint: "/*", want: "1 wildcards, and the target 0"},
		"a path that leads up":    {endpoint: "/a/*", params: bus.HTTP{Path: []string{".."}}, want: "lead elsewhere"},
		"half of it is written":   {endpoint: "/a/.*", params: bus.HTTP{Path: []string{"."}}, want: "lead elsewhere"},
		"a header of two lines":   {endpoint: "/", params: bus.HTTP{Headers: map[string]string{"X": "a\r\nY: b"}}, want: "header X"},
		"no object for the body's parameters": {endpoint: "/", body: "[1]", by: destination.Parameters{Body: []destination.Parameter{{Key: "a"}}},
			want: "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			by := basic
			by.Invocation = &c.by
			d := f.make(destination.Basic, by, destination.Settings{Endpoint: e.URL + c.endpoint})
			if d.Params, _ = json.Marshal(c.params); c.body != "" {
				d.Body = []byte(c.body)
			}
			a := f.Attempt(t.Context(), d)
			if !errors.Is(a.Err, delivery.ErrUnfit) || !strings.Contains(a.Err.Error(), c.want) {
				t.Errorf("%v, want %s", a.Err, c.want)
			}
		})
	}
	if e.calls() != 0 {
		t.Error("somebody was called")
	}
}

func TestTheCodeOfAnAnswerDecidesWhetherItIsTriedAgain(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL, PerSecond: 1e6})
	for _, c := range []struct {
		status int
		after  string
		want   error
		wait   time.Duration
	}{
		{200, "", nil, 0}, {204, "7", nil, 0}, {299, "", nil, 0},
		{301, "", delivery.ErrRefused, 0}, {302, "", delivery.ErrRefused, 0}, {304, "", delivery.ErrRefused, 0},
		{400, "9", delivery.ErrRefused, 0}, {403, "", delivery.ErrRefused, 0}, {404, "", delivery.ErrRefused, 0}, {410, "", delivery.ErrRefused, 0},
		{401, "", delivery.ErrUnavailable, 0}, {407, "", delivery.ErrUnavailable, 0}, {409, "", delivery.ErrUnavailable, 0},
		{429, "7", delivery.ErrUnavailable, 7 * time.Second}, {429, "", delivery.ErrUnavailable, 0},
		{500, "", delivery.ErrUnavailable, 0}, {503, "120", delivery.ErrUnavailable, 2 * time.Minute}, {503, "soon", delivery.ErrUnavailable, 0},
		{503, "-1", delivery.ErrRefused, 0}, {503, "99999999999999999999", delivery.ErrUnavailable, maxAfter},
	} {
		e.mu.Lock()
		e.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", e.URL+"/elsewhere")
			w.Header().Set("Retry-After", c.after)
			w.WriteHeader(c.status)
		}
		e.mu.Unlock()
		before := e.calls()
		a := f.Attempt(t.Context(), d)
		if !errors.Is(a.Err, c.want) || a.After != c.wait || a.Says != fmt.Sprintf("HTTP %d", c.status) {
			t.Errorf("%d with Retry-After %q: %+v, want %v", c.status, c.after, a, c.want)
		}
		if e.calls() != before+1 {
			t.Errorf("%d: %d calls", c.status, e.calls()-before)
		}
	}
}

func TestADateMayBeWhenToRetry(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"Wed, 25 Nov 2026 12:00:30 GMT": 30 * time.Second, "Wed, 25 Nov 2026 11:00:00 GMT": 0,
		"Wed, 25 Nov 2099 12:00:30 GMT": maxAfter, " 5 ": 5 * time.Second, "5.5": 0,
	} {
		if got, stop := readRetryAfter(text, now); got != want || stop {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestARefusedPasswordDeauthorizesTheConnectionUntilItIsTaken(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL})
	e.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	f.Attempt(t.Context(), d)
	if c := f.connection(d); c.State != destination.Deauthorized || c.Reason != "The endpoint answered HTTP 401 Unauthorized." || c.Sealed == nil {
		t.Errorf("%+v", c)
	}
	e.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
	f.Attempt(t.Context(), d)
	if c := f.connection(d); c.State != destination.Deauthorized {
		t.Error("a server that is busy has not taken the password")
	}
	e.answer = nil
	if a := f.Attempt(t.Context(), d); a.Err != nil {
		t.Error(a.Err)
	}
	if c := f.connection(d); c.State != destination.Authorized || c.Reason != "" {
		t.Errorf("%+v", c)
	}
}

func TestWithoutItsOwnersConsentAConnectionCallsNobody(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL})
	n, _ := destination.ReadARN(d.Target)
	change := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := f.store.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	change(func(tx *store.Tx) error { _, err := f.Core.Deauthorize(tx, n); return err })
	if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "deauthorized") {
		t.Error(a.Err)
	}
	change(func(tx *store.Tx) error { _, err := f.Core.DeleteConnection(tx, n); return err })
	// Another of the same name does not get the traffic.
	sealed, _ := f.Box.Seal(basic.Text(), destination.Owner(n, "c2"))
	change(func(tx *store.Tx) error {
		_, err := f.Core.CreateConnection(tx, n, "c2", "", destination.Right{Method: destination.Basic, Sealed: sealed})
		return err
	})
	if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrMissing) {
		t.Error(a.Err)
	}
	change(func(tx *store.Tx) error { return f.Core.Delete(tx, n) })
	if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrMissing) {
		t.Error(a.Err)
	}
	if e.calls() != 0 {
		t.Error("somebody was called")
	}
}

func TestCallsKeepToTheInvocationRate(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL, PerSecond: 20})
	begin := time.Now()
	var done sync.WaitGroup
	for range 5 {
		done.Go(func() { f.Attempt(t.Context(), d) })
	}
	done.Wait()
	if took := time.Since(begin); took < 190*time.Millisecond || e.calls() != 5 {
		t.Errorf("%d calls in %s", e.calls(), took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := f.Attempt(ctx, d); !errors.Is(a.Err, delivery.ErrUnavailable) {
		t.Error(a.Err)
	}
}

func TestAnEndpointWithoutATrustedCertificateIsNotCalled(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, nil)
	d := f.make(destination.Basic, basic, destination.Settings{Endpoint: e.URL})
	e.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if a := f.Attempt(t.Context(), d); !errors.Is(a.Err, delivery.ErrUnavailable) || !strings.Contains(a.Err.Error(), "certificate") {
		t.Error(a.Err)
	}
}

func TestNoSecretIsInAnErrorOrTheLog(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e)
	secrets := []string{"pass-word", "query-secret", "body-secret", "client-secret", "token-1"}
	more := &destination.Parameters{
		Query: []destination.Parameter{{Key: "q", Value: "query-secret", Secret: true}},
		Body:  []destination.Parameter{{Key: "b", Value: "body-secret", Secret: true}},
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	by := basic
	by.Invocation = more
	oauth := destination.Credentials{Name: "client", Secret: "client-secret", TokenURL: e.URL + "/token", TokenMethod: "GET", Token: more, Invocation: more}
	var said strings.Builder
	echo := echoServer(t)
	atEcho := oauth
	atEcho.TokenURL = echo
	for _, d := range []*delivery.Delivery{
		f.make(destination.Basic, by, destination.Settings{Endpoint: echo}),
		f.make(destination.OAuth, atEcho, destination.Settings{Endpoint: echo}),
		f.make(destination.Basic, by, destination.Settings{Endpoint: closed.URL}),
		f.make(destination.Basic, by, destination.Settings{Endpoint: "https://169.254.169.254/"}),
		f.make(destination.OAuth, oauth, destination.Settings{Endpoint: closed.URL}),
	} {
		a := f.Attempt(t.Context(), d)
		if a.Err == nil {
			t.Fatal("it was delivered")
		}
		fmt.Fprintf(&said, "%v %+v\n", a, f.connection(d))
	}
	e.askToken = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, r.URL.RawQuery)
		return false
	}
	a := f.Attempt(t.Context(), f.make(destination.OAuth, oauth, destination.Settings{Endpoint: e.URL}))
	if !strings.Contains(a.Err.Error(), "invalid_client") {
		t.Error(a.Err)
	}
	fmt.Fprintf(&said, "%v %+v %x %#v %s", a, oauth, oauth.Secret, oauth, f.log.String())
	var raw strings.Builder
	err := f.store.View(func(v *store.View) error {
		return v.Scan([]byte{0}, []byte{0xff}, func(k, v []byte) bool {
			raw.Write(k)
			raw.Write(v)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"what is said": said.String(), "the store": raw.String()} {
		for _, s := range secrets {
			if strings.Contains(text, s) || strings.Contains(text, fmt.Sprintf("%x", s)) {
				t.Errorf("%s: %s", where, s)
			}
		}
	}
	if !strings.Contains(raw.String(), "sealed") || !strings.Contains(said.String(), "169.254.169.254") {
		t.Errorf("%s\n%s", raw.String(), said.String())
	}
}

// echoServer answers with the bytes that it gets, as some do that are not meant
// to be called.
func echoServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	t.Cleanup(func() { l.Close(); conns.Wait() })
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			_, _ = c.Write(b[:n])
			c.Close()
		}
	})
	return "http://" + l.Addr().String() + "/"
}

func TestACallWithoutAnAnswerSaysSoWithoutItsURL(t *testing.T) {
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"timeout":       {context.DeadlineExceeded, "no answer in 5s"},
		"no connection": {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "connection refused"},
	} {
		a := failed(&url.Error{Op: "Post", URL: "https://example.com/?key=hush", Err: c.err})
		if !errors.Is(a.Err, delivery.ErrUnavailable) || a.Says != what || !strings.Contains(a.Err.Error(), c.want) || strings.Contains(a.Err.Error(), "hush") {
			t.Errorf("%+v", a)
		}
	}
}

func FuzzARetryAfterIsReadWithinBounds(f *testing.F) {
	for _, text := range []string{"1", "-1", "Wed, 25 Nov 2026 12:00:30 GMT", "99999999999999999999999", ""} {
		f.Add(text)
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if after, _ := readRetryAfter(text, now); after < 0 || after > maxAfter {
			t.Fatalf("%q is %s", text, after)
		}
	})
}

func FuzzABodyWithParametersIsAnObjectWithThem(f *testing.F) {
	for _, body := range []string{`{}`, `{"a":1,"b":{"c":[1.50]}}`, `{"k":1,"k":2}`, `[]`, `{"a":1} x`, `{"a`} {
		f.Add(body, "k")
	}
	f.Fuzz(func(t *testing.T, body, key string) {
		out, err := withParameters([]byte(body), []destination.Parameter{{Key: key, Value: "v"}})
		if err != nil {
			return
		}
		var was, is map[string]json.RawMessage
		if json.Unmarshal(out, &is) != nil || json.Unmarshal([]byte(body), &was) != nil {
			t.Fatalf("%q became %q", body, out)
		}
		if strings.ToValidUTF8(key, "") == key && string(is[key]) != `"v"` {
			t.Fatalf("%q became %q", body, out)
		}
		for _, k := range slices.Collect(maps.Keys(was)) {
			if _, ok := is[k]; !ok {
				t.Fatalf("%q lost %q: %q", body, k, out)
			}
		}
	})
}
