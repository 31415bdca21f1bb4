package telemetry_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/carillon-events/carillon/internal/telemetry"
	"github.com/carillon-events/carillon/internal/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func exporter(t *testing.T, url string) *telemetry.Exporter {
	t.Helper()
	e, err := telemetry.New(t.Context(), telemetry.Options{Endpoint: url, Ratio: 1, Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func stop(t *testing.T, e *telemetry.Exporter) telemetry.Counts {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Run(ctx); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return e.Counts()
}

func TestACollectorThatHangsDelaysNobodyAndIsGivenUp(t *testing.T) {
	hang := make(chan struct{})
	at := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer at.Close()
	e := exporter(t, at.URL)
	tracer := e.Tracer()
	began := time.Now()
	const all = 20_000
	for range all {
		s := tracer.Begin(trace.Context{}, began)
		s.Name, s.End = "x", began
		tracer.Record(s)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	got := e.Counts()
	if got.Overflowed < all-8192-512 || got.Exported != 0 {
		t.Errorf("%+v", got)
	}
	close(hang)
	if got = stop(t, e); got.Overflowed+got.Failed+got.Exported != all {
		t.Errorf("of %d spans there are %+v", all, got)
	}
}

func TestACollectorThatRefusesIsCounted(t *testing.T) {
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer at.Close()
	e := exporter(t, at.URL)
	s := e.Tracer().Begin(trace.Context{}, time.Now())
	s.Name = "x"
	e.Tracer().Record(s)
	if got := stop(t, e); got.Failed != 1 {
		t.Errorf("%+v", got)
	}
	if e.Tracer().Begin(trace.Context{Trace: trace.TraceID{1}, Sampling: trace.NotSampled}, time.Now()) != nil {
		t.Error("what the caller does not sample is recorded")
	}
}

func TestWhatIsNoCollectorIsRefused(t *testing.T) {
	for _, bad := range []string{"localhost:4318", "ftp://x", "http://", "http://a?b", "http://u:p@h"} {
		if telemetry.CheckEndpoint(bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	if err := telemetry.CheckEndpoint("https://h:4318/base"); err != nil {
		t.Error(err)
	}
	var nobody *telemetry.Exporter
	if nobody.Counts() != (telemetry.Counts{}) {
		t.Error("nobody counts")
	}
}
