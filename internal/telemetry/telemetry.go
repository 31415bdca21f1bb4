// Package telemetry sends spans to an OpenTelemetry collector, over OTLP/HTTP. It
// is the only package that knows OpenTelemetry's SDK: everybody else makes a
// trace.Span, and only if somebody wants it.
//
// It owns a bounded queue. Record never blocks: what comes while the queue is full
// is dropped, and counted. What cannot be exported is dropped, too, after the
// exporter's own retries; it is logged once a minute at most.
package telemetry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"

	"github.com/carillon-events/carillon/internal/trace"
)

// scope names who made the spans.
const scope = "github.com/carillon-events/carillon"

// Options is what an Exporter is made of.
type Options struct {
	// Endpoint is the collector's base URL, "http://localhost:4318"; empty: what the
	// OTEL_EXPORTER_OTLP_* variables say. They say everything else, too: headers,
	// certificates, compression, time-outs.
	Endpoint string
	Ratio    float64 // of the traces that begin here; 0 to 1
	Version  string
	Roots    *x509.CertPool // who may be the collector; nil: whom the environment or the system says
	Logger   *slog.Logger
}

// Queue and patience of the exporter.
const (
	maxQueued   = 8192
	maxBatch    = 512
	shutdownFor = 5 * time.Second
)

// Exporter sends spans.
type Exporter struct {
	provider *sdk.TracerProvider
	tracer   otel.Tracer
	ratio    float64
	gate     *gate
	out      *sink
}

// New is an Exporter that sends from now on, until Run has ended.
func New(ctx context.Context, o Options) (*Exporter, error) {
	var options []otlptracehttp.Option
	if o.Endpoint != "" {
		options = append(options, otlptracehttp.WithEndpointURL(tracesURL(o.Endpoint)))
	}
	if o.Roots != nil {
		options = append(options, otlptracehttp.WithTLSClientConfig(&tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}))
	}
	client, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("export of traces: %w", err)
	}
	// Later ones win: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "carillon"), attribute.String("service.version", o.Version)),
		resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("export of traces: describe this process: %w", err)
	}
	out := &sink{SpanExporter: client, log: o.Logger}
	g := &gate{SpanProcessor: sdk.NewBatchSpanProcessor(out, sdk.WithMaxQueueSize(maxQueued), sdk.WithMaxExportBatchSize(maxBatch))}
	out.queued = &g.queued
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(g), sdk.WithResource(about), sdk.WithSampler(sdk.AlwaysSample()), sdk.WithIDGenerator(given{}))
	return &Exporter{provider: provider, tracer: provider.Tracer(scope, otel.WithInstrumentationVersion(o.Version)), ratio: o.Ratio, gate: g, out: out}, nil
}

// tracesURL is where a collector takes traces.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
func tracesURL(base string) string { return strings.TrimSuffix(base, "/") + "/v1/traces" }

// CheckEndpoint refuses what is no collector's base URL.
func CheckEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("otlp-endpoint %q: want the base URL of a collector, such as http://localhost:4318", text)
	}
	return nil
}

// Run waits for the end of ctx, and then sends what is queued.
func (e *Exporter) Run(ctx context.Context) error {
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownFor)
	defer cancel()
	if err := e.provider.Shutdown(ctx); err != nil {
		e.out.log.Warn("traces: the last spans were not exported", "error", err)
	}
	return nil
}

// Tracer makes spans for the Exporter.
func (e *Exporter) Tracer() *trace.Tracer {
	return &trace.Tracer{Ratio: e.ratio, Record: e.record, NewIDs: newIDs}
}

// Counts is how many spans were exported, and how many dropped since the queue was
// full or the export failed.
type Counts struct{ Exported, Overflowed, Failed uint64 }

// Counts is what happened so far; nothing where e is nil.
func (e *Exporter) Counts() Counts {
	if e == nil {
		return Counts{}
	}
	return Counts{e.out.exported.Load(), e.gate.overflowed.Load(), e.out.failed.Load()}
}

// record queues a span, or drops it.
func (e *Exporter) record(s *trace.Span) {
	ctx := context.WithValue(context.Background(), idsKey{}, ids{otel.TraceID(s.Trace), otel.SpanID(s.Context.Span)})
	if s.From != (trace.SpanID{}) {
		ctx = otel.ContextWithRemoteSpanContext(ctx, contextOf(s.Context, s.From))
	}
	options := []otel.SpanStartOption{otel.WithTimestamp(s.Start), otel.WithSpanKind(kinds[s.Kind]), otel.WithAttributes(attributes(s)...)}
	for _, l := range s.Links {
		options = append(options, otel.WithLinks(otel.Link{SpanContext: contextOf(l, l.Span)}))
	}
	_, span := e.tracer.Start(ctx, text(s.Name), options...)
	if s.Error != "" {
		span.SetStatus(codes.Error, text(s.Message))
	}
	span.End(otel.WithTimestamp(s.End))
}

var kinds = map[trace.Kind]otel.SpanKind{
	trace.Internal: otel.SpanKindInternal, trace.Producer: otel.SpanKindProducer,
	trace.Consumer: otel.SpanKindConsumer, trace.Client: otel.SpanKindClient,
}

func attributes(s *trace.Span) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, len(s.Attributes)+1)
	for _, a := range s.Attributes {
		if a.Text != "" {
			all = append(all, attribute.String(a.Key, text(a.Text)))
		} else {
			all = append(all, attribute.Int64(a.Key, a.Number))
		}
	}
	if s.Error != "" {
		all = append(all, attribute.String("error.type", text(s.Error)))
	}
	return all
}

// maxText bounds each text of a span, in bytes: an error may quote what a client
// sent, and spans wait in memory.
const maxText = 1024

// text is what a span can have of a text. Of one that is no UTF-8, which clients
// may send, the collector would get none of the batch.
func text(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func contextOf(c trace.Context, span trace.SpanID) otel.SpanContext {
	state, err := otel.ParseTraceState(c.State)
	if err != nil {
		state = otel.TraceState{} // others pass on what OpenTelemetry does not take
	}
	return otel.NewSpanContext(otel.SpanContextConfig{
		TraceID: otel.TraceID(c.Trace), SpanID: otel.SpanID(span), TraceFlags: otel.FlagsSampled, TraceState: state, Remote: true,
	})
}

// newIDs are random, as OpenTelemetry's are.
func newIDs() (t trace.TraceID, s trace.SpanID) {
	binary.BigEndian.PutUint64(t[:8], rand.Uint64())
	binary.BigEndian.PutUint64(t[8:], rand.Uint64()|1)
	binary.BigEndian.PutUint64(s[:], rand.Uint64()|1)
	return t, s
}

// given is an IDGenerator that takes the ids from the context: they were made
// before.
type given struct{}

type (
	idsKey struct{}
	ids    struct {
		trace otel.TraceID
		span  otel.SpanID
	}
)

func (given) NewIDs(ctx context.Context) (otel.TraceID, otel.SpanID) {
	i := ctx.Value(idsKey{}).(ids)
	return i.trace, i.span
}

func (given) NewSpanID(ctx context.Context, _ otel.TraceID) otel.SpanID {
	return ctx.Value(idsKey{}).(ids).span
}

// gate counts what the processor behind it would drop, which it does not tell.
type gate struct {
	sdk.SpanProcessor
	queued     atomic.Int64
	overflowed atomic.Uint64
}

// OnEnd implements sdk.SpanProcessor.
func (g *gate) OnEnd(s sdk.ReadOnlySpan) {
	if g.queued.Add(1) > maxQueued {
		g.queued.Add(-1)
		g.overflowed.Add(1)
		return
	}
	g.SpanProcessor.OnEnd(s)
}

// sink counts what is exported.
type sink struct {
	sdk.SpanExporter
	queued           *atomic.Int64
	exported, failed atomic.Uint64
	log              *slog.Logger
	saidAt           time.Time // only ExportSpans looks at it, of which one runs at a time
}

// ExportSpans implements sdk.SpanExporter.
func (s *sink) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	defer s.queued.Add(-int64(len(spans)))
	err := s.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		s.exported.Add(uint64(len(spans)))
		return nil
	}
	s.failed.Add(uint64(len(spans)))
	if time.Since(s.saidAt) > time.Minute {
		s.saidAt = time.Now()
		s.log.Warn("traces: spans could not be exported", "spans", len(spans), "error", err)
	}
	return nil // said and counted
}
