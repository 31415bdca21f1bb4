package bench

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func options(t Target, scenario string) Options {
	return Options{Scenario: scenario, Target: t, Connections: 4, Duration: 150 * time.Millisecond, Size: 100, Batch: 10}
}

func run(t *testing.T, o Options) Result {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryScenarioWithAQueueIsSoundAgainstASoundServer(t *testing.T) {
	for _, name := range []string{"sqs-send", "sqs-send-batch", "sqs-receive-delete", "sqs-end-to-end", "events-end-to-end"} {
		f, target := newFake(t)
		o := options(target, name)
		if name == "sqs-receive-delete" {
			o.Fill = 1005 // not a whole number of batches
		}
		r := run(t, o)
		if !r.Sound() || r.Messages == 0 || r.Requests == 0 || r.Latency.P50 <= 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if !f.deleted {
			t.Errorf("%s left its queue behind", name)
		}
	}
}

func TestALostMessageIsReportedMissing(t *testing.T) {
	for _, name := range []string{"sqs-receive-delete", "sqs-end-to-end", "events-end-to-end"} {
		t.Run(name, func(t *testing.T) {
			f, target := newFake(t)
			f.loseEvery = 50
			o := options(target, name)
			o.Patience = 300 * time.Millisecond
			o.Fill, o.Duration = 100, time.Second
			if strings.HasSuffix(name, "end-to-end") {
				o.Fill, o.Duration = 0, 200*time.Millisecond
			}
			if r := run(t, o); r.Missing < 2 || r.Sound() {
				t.Errorf("messages were lost and the result is %+v", r)
			}
		})
	}
}

func TestAMessageThatComesTwiceIsReported(t *testing.T) {
	for _, name := range []string{"sqs-receive-delete", "sqs-end-to-end"} {
		f, target := newFake(t)
		f.repeatEvery = 50
		o := options(target, name)
		if name == "sqs-receive-delete" {
			o.Fill = 1000
		}
		if r := run(t, o); r.Duplicates == 0 || r.Missing != 0 || r.Sound() {
			t.Errorf("%s: messages came twice and the result is %+v", name, r)
		}
	}
}

func TestARefusedRequestIsAnErrorWithItsAnswerAndNoWorkDone(t *testing.T) {
	f, target := newFake(t)
	f.refuseEvery = 2
	r := run(t, options(target, "sqs-send"))
	if r.Errors == 0 || !strings.Contains(r.FirstError, "503") || !strings.Contains(r.FirstError, "ServiceUnavailable") {
		t.Errorf("half of the requests were refused and the result is %+v", r)
	}
	if int64(f.sent) != r.Messages {
		t.Errorf("%d messages arrived and %d are counted", f.sent, r.Messages)
	}
}

func TestARateIsKept(t *testing.T) {
	_, target := newFake(t)
	o := options(target, "sqs-send")
	o.Rate, o.Duration = 200, 500*time.Millisecond
	if r := run(t, o); r.Requests != 100 {
		t.Errorf("%d requests in half a second at 200 a second", r.Requests)
	}
}

func TestTheEchoServerAnswersWhatTheServerAnswered(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- EchoServer(ctx, l) }()
	_, target := newFake(t)
	for _, name := range []string{"sqs-send", "sqs-send-batch"} {
		o := options(target, name)
		o.Echo, o.Rounds = l.Addr().String(), 2
		r := run(t, o)
		if !r.Sound() || r.Echo == nil || r.Echo.RequestsPerSecond == 0 || r.Echo.Ratio == 0 {
			t.Errorf("%s: %+v, echo %+v", name, r, r.Echo)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNobodyAtTheEndpointIsAClearError(t *testing.T) {
	s := httptest.NewServer(nil)
	target, err := ParseTarget(s.URL, "us-east-1", "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err = Run(t.Context(), options(target, "sqs-send"))
	if err == nil || !strings.Contains(err.Error(), "nothing answers at "+target.Address) || !strings.Contains(err.Error(), "--start") {
		t.Errorf("the error is %v", err)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	_, target := newFake(t)
	for want, change := range map[string]func(*Options){
		"no scenario": func(o *Options) { o.Scenario = "sqs-sned" },
		"connections": func(o *Options) { o.Connections = 0 },
		"duration":    func(o *Options) { o.Duration = 0 },
		"size":        func(o *Options) { o.Size = 3 },
		"a batch has": func(o *Options) { o.Scenario, o.Batch = "sqs-send-batch", 11 },
		"one request": func(o *Options) { o.Scenario, o.Size = "sqs-send-batch", 200_000 },
		"negative":    func(o *Options) { o.Rate = -1 },
		"has no echo": func(o *Options) { o.Scenario, o.Echo = "sqs-end-to-end", "127.0.0.1:1" },
	} {
		o := options(target, "sqs-send")
		change(&o)
		want = strings.TrimPrefix(want, "no ") // "there is no scenario"
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", want, err)
		}
	}
}

func TestOnlyAHostAndAPortMakeAnEndpoint(t *testing.T) {
	for endpoint, address := range map[string]string{
		"http://127.0.0.1:4566":  "127.0.0.1:4566",
		"http://127.0.0.1:4566/": "127.0.0.1:4566",
		"https://sqs.local":      "sqs.local:443",
		"http://[::1]":           "[::1]:80",
		"127.0.0.1:4566":         "",
		"ftp://127.0.0.1":        "",
		"http://a/b":             "",
		"http://a?b":             "",
		"":                       "",
	} {
		got, err := ParseTarget(endpoint, "us-east-1", "a", "b")
		if (err == nil) != (address != "") || got.Address != address {
			t.Errorf("%q is read as %q, %v; want %q", endpoint, got.Address, err, address)
		}
	}
}

func TestMembersOfAnAnswerAreFoundHoweverItIsWritten(t *testing.T) {
	for text, want := range map[string]string{
		`{"Body":"x"}`:           "x",
		`{"Body" : "a\"b\\"}`:    `a\"b\\`,
		"{\"Body\":\n\t\"\"}":    "",
		`{"MD5OfBody":"no"}`:     "absent",
		`{"Body":12}`:            "absent",
		`{"Body":"no end`:        "absent",
		`{"Body":"no end\"}`:     "absent",
		`{"x":"\"Body\"","y":1}`: "absent",
	} {
		value, _, ok := member([]byte(text), bodyMember)
		if got := string(value); ok != (want != "absent") || ok && got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestAMessageKeepsItsNumber(t *testing.T) {
	a, b := make([]byte, 64), make([]byte, 64)
	for _, id := range []uint64{0, 1, 1 << 40, 1<<64 - 1} {
		write(a, id)
		if got, ok := readID(a); !ok || got != id {
			t.Errorf("%d is read as %d, %v", id, got, ok)
		}
		write(b, id+1)
		if string(a[idLen:]) == string(b[idLen:]) {
			t.Errorf("messages %d and %d have the same text", id, id+1)
		}
	}
	if _, ok := readID([]byte("not a number of bench")); ok {
		t.Error("a foreign message has a number")
	}
}
