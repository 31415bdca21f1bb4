package edge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// sample is a service that speaks both protocols and remembers what it was asked.
type sample struct {
	call *wire.Call
	body string
	form url.Values
	do   func() ([]byte, error)
}

func (s *sample) service() *wire.Service {
	op := &wire.Operation{
		Name: "SendMessage",
		JSON: func(ctx context.Context, c *wire.Call, body, dst []byte) ([]byte, error) {
			s.call, s.body = c, string(body)
			return s.answer(ctx, dst)
		},
		Query: func(ctx context.Context, c *wire.Call, form url.Values, dst []byte) ([]byte, error) {
			s.call, s.form = c, form
			return s.answer(ctx, dst)
		},
	}
	return &wire.Service{
		Name: "sqs", TargetPrefix: "AmazonSQS", JSONVersion: "1.0", QueryVersion: "2012-11-05",
		QueryCompatible: true, ErrorNamespace: "com.amazonaws.sqs",
		Operations: map[string]*wire.Operation{"SendMessage": op, "ReceiveMessage": op},
		Errors:     map[string]wire.ErrorInfo{"QueueDoesNotExist": {QueryCode: "AWS.SimpleQueueService.NonExistentQueue"}},
	}
}

func (s *sample) answer(ctx context.Context, dst []byte) ([]byte, error) {
	if err := s.call.Authorize(ctx, "*"); err != nil {
		return nil, err
	}
	if s.do != nil {
		return s.do()
	}
	return append(dst, "done"...), nil
}

type answer struct {
	status int
	header http.Header
	body   string
}

// front is a Handler over the sample service.
func front(t testing.TB, o edge.Options) (*sample, *edge.Handler) {
	t.Helper()
	s := &sample{}
	o.Services = append(o.Services, s.service())
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return s, edge.New(o)
}

func post(target, body string, header ...string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Host = "127.0.0.1:4566"
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func form(path, body string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Host = "127.0.0.1:4566"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func get(path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "127.0.0.1:4566"
	return r
}

func ask(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (a answer) want(t testing.TB, status int, parts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d; want %d: %s", a.status, status, a.body)
	}
	for _, p := range parts {
		if !strings.Contains(a.body, p) {
			t.Errorf("answer has no %q: %s", p, a.body)
		}
	}
}

const sendTarget = "AmazonSQS.SendMessage"

func TestATargetHeaderLeadsToTheOperation(t *testing.T) {
	s, h := front(t, edge.Options{})
	a := ask(h, post(sendTarget, `{"a":1}`, "Content-Type", "application/x-amz-json-1.0"))
	a.want(t, 200, "done")
	if s.body != `{"a":1}` {
		t.Errorf("the operation read %q", s.body)
	}
	c := s.call
	if c.Service != "sqs" || c.Operation != "SendMessage" || c.Account != "000000000000" || c.Region != "us-east-1" ||
		c.BaseURL != "http://127.0.0.1:4566" || c.SourceIP != "192.0.2.1" || c.Principal != "arn:aws:iam::000000000000:root" || c.Secure {
		t.Errorf("call %+v", c)
	}
	if got := a.header.Get("Content-Type"); got != "application/x-amz-json-1.0" {
		t.Errorf("content type %q", got)
	}
	if id := a.header.Get("x-amzn-RequestId"); id != c.RequestID || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("request id %q of a call with %q", id, c.RequestID)
	}
}

func TestAnActionLeadsToTheOperationFromFormQueryStringAndQueuePath(t *testing.T) {
	const sent = "Action=SendMessage&Version=2012-11-05&MessageBody=a+b%26c"
	for name, r := range map[string]*http.Request{
		"form":                      form("/", sent),
		"query string":              get("/?" + sent),
		"both":                      form("/?Action=Other&Version=2012-11-05", sent),
		"action beside the form":    form("/?Action=SendMessage&Version=2012-11-05", "MessageBody=a+b%26c"),
		"queue path":                form("/000000000000/q", "Action=SendMessage&MessageBody=a+b%26c"),
		"queue path, get":           get("/000000000000/q?Action=SendMessage&MessageBody=a+b%26c"),
		"queue path, named as well": form("/000000000000/q", sent+"&QueueUrl=http%3A%2F%2Fx%2F000000000000%2Fq"),
	} {
		s, h := front(t, edge.Options{})
		a := ask(h, r)
		a.want(t, 200, "done")
		if got := a.header.Get("Content-Type"); got != "text/xml" {
			t.Errorf("%s: content type %q", name, got)
		}
		if s.form.Get("MessageBody") != "a b&c" {
			t.Errorf("%s: form %v", name, s.form)
		}
		wantURL := map[string]string{
			"queue path": "http://127.0.0.1:4566/000000000000/q", "queue path, get": "http://127.0.0.1:4566/000000000000/q",
			"queue path, named as well": "http://x/000000000000/q",
		}[name]
		if s.form.Get("QueueUrl") != wantURL {
			t.Errorf("%s: queue URL %q", name, s.form.Get("QueueUrl"))
		}
	}
}

func TestARequestThatNobodyServesIsToldWhatIsMissing(t *testing.T) {
	_, h := front(t, edge.Options{})
	for _, c := range []struct {
		r      *http.Request
		status int
		parts  []string
	}{
		{post("AmazonSNS.Publish", "{}"), 404, []string{`"__type":"UnknownOperationException"`, "AmazonSNS.Publish", "AmazonSQS"}},
		{post("AmazonSQS.Nonsense", "{}"), 400, []string{"UnknownOperationException", "Nonsense"}},
		{post("AmazonSQS", "{}"), 400, []string{"UnknownOperationException"}},
		{post("", "{}"), 400, []string{"<Code>MissingAction</Code>", "X-Amz-Target"}},
		{get("/"), 400, []string{"<Code>MissingAction</Code>"}},
		{get("/favicon.ico"), 404, []string{"UnknownOperationException", "/favicon.ico"}},
		{form("/", "Action=SendMessage"), 400, []string{"<Code>MissingParameter</Code>", "Version"}},
		{form("/", "Version=2012-11-05"), 400, []string{"<Code>MissingAction</Code>"}},
		{form("/", "Action=X&Version=1999-01-01"), 400, []string{"<Code>NoSuchVersion</Code>", "1999-01-01", "2012-11-05"}},
		{form("/", "Action=X&Version=2012-11-05"), 400, []string{"<Code>InvalidAction</Code>", "X"}},
		{form("/", "Action=%zz"), 404, []string{"<Code>MalformedQueryString</Code>"}},
		{get("/?Action=%zz"), 404, []string{"<Code>MalformedQueryString</Code>", "query string"}},
		{httptest.NewRequest("PUT", "/?Action=SendMessage&Version=2012-11-05", nil), 405, []string{"MethodNotAllowed"}},
		{httptest.NewRequest("OPTIONS", "/", nil), 400, []string{"MissingAction"}},
	} {
		a := ask(h, c.r)
		a.want(t, c.status, c.parts...)
		if a.header.Get("x-amzn-RequestId") == "" {
			t.Errorf("%s: no request id", c.parts[0])
		}
	}
	r := post(sendTarget, "")
	r.Method = "GET"
	ask(h, r).want(t, 405, "MethodNotAllowed")
}

func TestACBORRequestIsRefusedInCBOR(t *testing.T) {
	_, h := front(t, edge.Options{})
	r := httptest.NewRequest("POST", "/service/X/operation/Y", nil)
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	a := ask(h, r)
	a.want(t, 404, "\x66__type\x78\x19UnknownOperationException", "rpc-v2-cbor")
	if a.header.Get("Content-Type") != "application/cbor" || a.body[0] != 0xa2 {
		t.Errorf("answer %q of type %q", a.body, a.header.Get("Content-Type"))
	}
}

func TestErrorsHaveTheShapeOfTheProtocol(t *testing.T) {
	s, h := front(t, edge.Options{})
	s.do = func() ([]byte, error) {
		return nil, &wire.Error{Code: "QueueDoesNotExist", Message: "There is none."}
	}
	a := ask(h, post(sendTarget, "{}"))
	a.want(t, 400, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"There is none."}`)
	if got := a.header.Get("x-amzn-query-error"); got != "AWS.SimpleQueueService.NonExistentQueue;Sender" {
		t.Errorf("x-amzn-query-error: %q", got)
	}
	a = ask(h, form("/", "Action=SendMessage&Version=2012-11-05"))
	a.want(t, 400, "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>", "<Message>There is none.</Message>",
		"<RequestId>"+a.header.Get("x-amzn-RequestId")+"</RequestId>")
}

func TestAnUnexpectedErrorIsAnInternalFailureAndLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	s, h := front(t, edge.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.do = func() ([]byte, error) { return nil, errors.New("the secret reason") }
	a := ask(h, post(sendTarget, "{}"))
	a.want(t, 500, "InternalFailure")
	if strings.Contains(a.body, "secret") {
		t.Errorf("the client was told %s", a.body)
	}
	if got := log.String(); strings.Count(got, "the secret reason") != 1 || !strings.Contains(got, a.header.Get("x-amzn-RequestId")) {
		t.Errorf("log: %s", got)
	}
}

func TestAPanicIsAnInternalFailureAndTheServerLives(t *testing.T) {
	var log bytes.Buffer
	s, h := front(t, edge.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.do = func() ([]byte, error) { panic("a broken invariant") }
	ask(h, post(sendTarget, "{}")).want(t, 500, "InternalFailure")
	if got := log.String(); !strings.Contains(got, "a broken invariant") || !strings.Contains(got, "edge_test.go") {
		t.Errorf("no stack in the log: %s", got)
	}
	s.do = nil
	ask(h, post(sendTarget, "{}")).want(t, 200, "done")
}

func TestAClosingStoreIsServiceUnavailable(t *testing.T) {
	s, h := front(t, edge.Options{})
	s.do = func() ([]byte, error) { return nil, store.ErrClosed }
	ask(h, post(sendTarget, "{}")).want(t, 503, "ServiceUnavailable")
}

func TestAFailedStoreIsServiceUnavailableAndNotLoggedAgain(t *testing.T) {
	var log bytes.Buffer
	s, h := front(t, edge.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.do = func() ([]byte, error) { return nil, fmt.Errorf("%w: the disk is full", store.ErrFailed) }
	ask(h, post(sendTarget, "{}")).want(t, 503, "ServiceUnavailable", "acknowledges nothing")
	if log.Len() > 0 {
		t.Errorf("log: %s", log.String())
	}
}

func TestARefusalByThePolicyReachesTheClient(t *testing.T) {
	var action, resource string
	_, h := front(t, edge.Options{Decide: func(_ context.Context, _ *wire.Call, a, r string) error {
		action, resource = a, r
		return &wire.Error{Code: "AccessDeniedException", Message: "no", Status: 403}
	}})
	ask(h, post(sendTarget, "{}")).want(t, 403, "AccessDeniedException")
	if action != "sqs:SendMessage" || resource != "*" {
		t.Errorf("asked about %s on %s", action, resource)
	}
}

func TestDevModeTakesAccountAndRegionFromWhateverTheClientClaims(t *testing.T) {
	for _, c := range []struct{ authorization, account, region string }{
		{"", "000000000000", "eu-central-1"},
		{"Bearer x", "000000000000", "eu-central-1"},
		{"AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/sqs/aws4_request, SignedHeaders=host, Signature=x", "000000000000", "us-west-2"},
		{"AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-west-2/sqs/aws4_request, SignedHeaders=host, Signature=x", "123456789012", "us-west-2"},
	} {
		s, h := front(t, edge.Options{Region: "eu-central-1"})
		ask(h, post(sendTarget, "{}", "Authorization", c.authorization)).want(t, 200)
		if s.call.Account != c.account || s.call.Region != c.region {
			t.Errorf("%q: account %s, region %s", c.authorization, s.call.Account, s.call.Region)
		}
	}
	_, h := front(t, edge.Options{})
	for _, region := range []string{"US", "a b", "../..", "-x", strings.Repeat("a", 33)} {
		r := post(sendTarget, "{}", "Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/sqs/aws4_request")
		if a := ask(h, r); a.status != 400 || !strings.Contains(a.body, "Credential should be scoped to a valid region") {
			// A slash in the region moves the parts, which leaves ".." as the region.
			t.Errorf("region %q: %d %s", region, a.status, a.body)
		}
	}
}

func TestTheBaseURLIsTheHostThatTheClientUsedOrTheExternalOne(t *testing.T) {
	for _, c := range []struct{ target, host, external, want string }{
		{"/", "localhost:4566", "", "http://localhost:4566"},
		{"/", "[::1]:4566", "", "http://[::1]:4566"},
		{"/", "localhost:4566", "https://events.example.com/", "https://events.example.com"},
		{"http://sqs.us-east-1.amazonaws.com/", "sqs.us-east-1.amazonaws.com", "", "http://sqs.us-east-1.amazonaws.com"},
	} {
		s, h := front(t, edge.Options{ExternalURL: c.external, CheckHost: true})
		for range 2 { // the second time from memory
			r := httptest.NewRequest("POST", c.target, strings.NewReader("{}"))
			r.Host = c.host
			r.Header.Set("X-Amz-Target", sendTarget)
			ask(h, r).want(t, 200)
			if s.call.BaseURL != c.want || s.call.Secure { // whatever we are called: it came over plain HTTP
				t.Errorf("%+v: base URL %s, secure %v", c, s.call.BaseURL, s.call.Secure)
			}
		}
	}
	_, h := front(t, edge.Options{})
	for _, host := range []string{"", "a b", "a/b", "a\"b", "<x>", strings.Repeat("a", 300)} {
		r := post(sendTarget, "{}")
		r.Host = host
		ask(h, r).want(t, 400, "InvalidAddress")
	}
}

func TestHealthSaysWhatRunsAndTurnsWithTheStore(t *testing.T) {
	var sick error
	_, h := front(t, edge.Options{Version: "v1.2.3", Health: func() error { return sick }})
	for _, path := range []string{"/health", "/_localstack/health"} {
		sick = nil
		ask(h, get(path)).want(t, 200, `"status":"ok"`, `"version":"v1.2.3"`, `"sqs":"available"`)
		sick = errors.New("the disk is full")
		ask(h, get(path)).want(t, 503, `"status":"unavailable"`, "the disk is full")
	}
}

func TestMetricsCountByServiceOperationAndCode(t *testing.T) {
	s, h := front(t, edge.Options{})
	ask(h, post(sendTarget, "{}"))
	s.do = func() ([]byte, error) { return nil, &wire.Error{Code: "QueueDoesNotExist"} }
	ask(h, post(sendTarget, "{}"))
	for range 3 {
		ask(h, post("AmazonSQS.MadeUp", "{}"))
	}
	ask(h, get("/metrics")).want(t, 200,
		`carillon_requests_total{code="OK",operation="SendMessage",service="sqs"} 1`,
		`carillon_requests_total{code="QueueDoesNotExist",operation="SendMessage",service="sqs"} 1`,
		`carillon_requests_total{code="UnknownOperationException",operation="other",service="sqs"} 3`,
		`carillon_request_seconds_count{operation="SendMessage",service="sqs"} 2`,
		"carillon_requests_in_flight 1")
}

func TestProfilesAreBehindAFlag(t *testing.T) {
	_, h := front(t, edge.Options{})
	ask(h, get("/debug/pprof/")).want(t, 404)
	_, h = front(t, edge.Options{Pprof: true})
	ask(h, get("/debug/pprof/")).want(t, 200, "goroutine")
	ask(h, get("/debug/pprof/heap?debug=1")).want(t, 200, "heap profile")
	_, h = front(t, edge.Options{Pprof: true, Credentials: new(access.Credentials)})
	for addr, status := range map[string]int{"127.0.0.1:1": 200, "[::1]:1": 200, "[::ffff:127.0.0.1]:1": 200, "192.0.2.1:1": 403, "": 403} {
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap?debug=1"} {
			r := get(path)
			r.RemoteAddr = addr
			ask(h, r).want(t, status)
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			ask(h, r).want(t, 403)
		}
	}
}

func TestAnAdministrativePathTakesOnlyAPostOfSomebodyWhoMay(t *testing.T) {
	var action string
	allow := true
	o := edge.Options{
		Admin: map[string]http.Handler{"/_carillon/backup": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "tar")
		})},
		Decide: func(_ context.Context, _ *wire.Call, a, _ string) error {
			if action = a; !allow {
				return &wire.Error{Code: "AccessDeniedException", Message: "no", Status: 403}
			}
			return nil
		},
	}
	_, h := front(t, o)
	backup := func() *http.Request { r := form("/_carillon/backup", ""); return r }
	ask(h, backup()).want(t, 200, "tar")
	if action != "carillon:Backup" {
		t.Errorf("asked about %s", action)
	}
	ask(h, get("/_carillon/backup")).want(t, 405, "POST")
	allow = false
	ask(h, backup()).want(t, 403, "AccessDeniedException")
}

func TestRequestIDsDoNotRepeat(t *testing.T) {
	_, h := front(t, edge.Options{})
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				id := ask(h, get("/health")).header.Get("x-amzn-RequestId")
				mu.Lock()
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
