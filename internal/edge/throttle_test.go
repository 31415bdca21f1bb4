package edge_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/throttle"
	"github.com/carillon-events/carillon/internal/wire"
)

// by is a request of an access key, which in dev mode is who it says.
func by(key, region string) *http.Request {
	return post(sendTarget, "{}", "Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260102/"+region+"/sqs/aws4_request, SignedHeaders=host, Signature=x")
}

// clock is a time that only a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func TestWithoutThrottlesNobodyIsRefused(t *testing.T) {
	_, h := front(t, edge.Options{})
	for range 1000 {
		ask(h, by("111122223333", "eu-west-1")).want(t, 200)
	}
}

func TestACallerIsRefusedAboveItsRateAndOthersAreNot(t *testing.T) {
	at := &clock{time.Unix(1e9, 0)}
	s, h := front(t, edge.Options{Now: at.now, Throttles: edge.Throttles{Principal: throttle.Rate{PerSecond: 10, Burst: 3}}})
	for range 3 {
		ask(h, by("111122223333", "eu-west-1")).want(t, 200)
	}
	s.call = nil
	a := ask(h, by("111122223333", "us-east-1")) // it is the same caller there
	a.want(t, 400, `#ThrottlingException"`, "Rate exceeded")
	if s.call != nil {
		t.Error("the operation has run")
	}
	ask(h, by("444455556666", "eu-west-1")).want(t, 200)
	r := form("/", "Action=SendMessage&Version=2012-11-05")
	r.Header.Set("Authorization", by("111122223333", "eu-west-1").Header.Get("Authorization"))
	ask(h, r).want(t, 400, "<Code>ThrottlingException</Code><Message>Rate exceeded</Message>")
	at.Time = at.Add(100 * time.Millisecond)
	ask(h, by("111122223333", "eu-west-1")).want(t, 200)
	ask(h, by("111122223333", "eu-west-1")).want(t, 400)
	ask(h, get("/metrics")).want(t, 200, `carillon_requests_throttled_total{by="principal",operation="SendMessage",service="sqs"} 3`)
}

// two is a service of two operations.
func two() *wire.Service {
	op := func(name string) *wire.Operation {
		return &wire.Operation{Name: name, JSON: func(_ context.Context, _ *wire.Call, _, dst []byte) ([]byte, error) { return dst, nil },
			Query: func(_ context.Context, _ *wire.Call, _ url.Values, dst []byte) ([]byte, error) { return dst, nil }}
	}
	return &wire.Service{Name: "two", TargetPrefix: "Two", JSONVersion: "1.1", Operations: map[string]*wire.Operation{"A": op("A"), "B": op("B"), "C": op("C")},
		Errors: map[string]wire.ErrorInfo{"RequestThrottled": {}}}
}

func TestAnOperationsRateIsEachAccountsInEachRegion(t *testing.T) {
	at := &clock{time.Unix(1e9, 0)}
	one := throttle.Rate{PerSecond: 1, Burst: 1}
	_, h := front(t, edge.Options{Services: []*wire.Service{two()}, Now: at.now, Throttles: edge.Throttles{Operations: throttle.Rates{"two:A": one, "two:*": one}}})
	for i, c := range []struct {
		operation, key, region string
		status                 int
	}{
		{"A", "111122223333", "eu-west-1", 200},
		{"A", "111122223333", "eu-west-1", 403},
		{"A", "111122223333", "us-east-1", 200},
		{"A", "444455556666", "eu-west-1", 200},
		{"B", "111122223333", "eu-west-1", 200}, // the others have a rate of their own
		{"B", "111122223333", "eu-west-1", 403},
		{"C", "111122223333", "eu-west-1", 403}, // together
	} {
		r := by(c.key, c.region)
		r.Header.Set("X-Amz-Target", "Two."+c.operation)
		a := ask(h, r)
		if a.status != c.status || c.status == 403 && !strings.Contains(a.body, `"RequestThrottled"`) {
			t.Errorf("%d: %d %s", i, a.status, a.body)
		}
	}
}

func TestThrottlesOfWhatIsNoOperationAreRefused(t *testing.T) {
	for name, want := range map[string]string{"two:A": "", "two:*": "", "two:D": `two has no operation "D"`, "tow:A": `there is no service "tow"; there are two`} {
		limits := edge.Throttles{Operations: throttle.Rates{name: {PerSecond: 1, Burst: 1}}}
		err := limits.Check([]*wire.Service{two()})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What Go's SDK, and botocore's default and standard modes, try again: see
// aws/retry/standard.go and botocore/data/_retry.json, retries/standard.py.
func TestClientsTryAgainWhatIsThrottled(t *testing.T) {
	legacy := map[string]int{"Throttling": 400, "ThrottlingException": 400, "RequestThrottled": 403}
	limits := edge.Throttles{Operations: throttle.Rates{"two:*": {PerSecond: 0.001, Burst: 1}, "sqs:*": {PerSecond: 0.001, Burst: 1}}}
	_, h := front(t, edge.Options{Services: []*wire.Service{two()}, Throttles: limits})
	for _, target := range []string{"Two.A", sendTarget} {
		r := func() *http.Request { return post(target, "{}") }
		ask(h, r()).want(t, 200)
		a := ask(h, r())
		if code := a.header.Get("X-Amzn-Errortype"); legacy[code] != a.status {
			t.Errorf("%s: %s with %d is not tried again", target, code, a.status)
		}
	}
}

// BenchmarkThrottled is what throttles cost a request: with and without, one by one.
func BenchmarkThrottled(b *testing.B) {
	rate := throttle.Rate{PerSecond: 1e6, Burst: 1e6}
	run := func(limits edge.Throttles) func(b *testing.B) {
		return func(b *testing.B) {
			_, h := front(b, edge.Options{Services: []*wire.Service{two()}, Throttles: limits})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := by("111122223333", "eu-west-1")
				r.Header.Set("X-Amz-Target", "Two.A")
				r.Body, r.ContentLength = http.NoBody, 0
				w := &discard{header: http.Header{}}
				for pb.Next() {
					h.ServeHTTP(w, r)
				}
			})
		}
	}
	for range 3 {
		b.Run("off", run(edge.Throttles{}))
		b.Run("on", run(edge.Throttles{Principal: rate, Operations: throttle.Rates{"two:*": rate}}))
	}
}
