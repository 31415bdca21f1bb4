package server

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/telemetry"
	"github.com/carillon-events/carillon/internal/trail"
)

// registerBuild tells which binary this is.
func registerBuild(registry *prometheus.Registry, version string, durability store.Durability) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "carillon_build_info", Help: "1; its labels say which version runs, and how durable it is.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version(), "durability": string(durability)},
	})
	g.Set(1)
	registry.MustRegister(g)
}

// registerCounts shows what became of events and their deliveries since the start.
func registerCounts(registry *prometheus.Registry, core *bus.Core, outbox *delivery.Outbox, trails *trail.Trail) {
	for _, c := range []struct {
		name, help string
		value      func() uint64
	}{
		{"carillon_events_accepted_total", "Events accepted.", func() uint64 { return core.Counts().Accepted }},
		{"carillon_events_matched_total", "Pairs of event and rule that matched.", func() uint64 { return core.Counts().Matched }},
		{"carillon_events_without_bus_total", "Events accepted for a bus that does not exist.", func() uint64 { return core.Counts().NoBus }},
		{"carillon_events_too_complex_total", "Pairs of event and rule that could not be matched in bounded time.", func() uint64 { return core.Counts().TooComplex }},
		{"carillon_events_scheduled_total", "Events that rules made on their schedule.", func() uint64 { return core.Counts().Scheduled }},
		{"carillon_events_forwarded_total", "Events that a bus got from a rule of another bus.", func() uint64 { return core.Counts().Forwarded }},
		{"carillon_events_too_far_total", "Targets that a forwarded event did not go to, since they are a third bus.", func() uint64 { return core.Counts().TooFar }},
		{"carillon_events_repeated_total", "Events that were acknowledged as repeats of another, and not routed again.", func() uint64 { return core.Counts().Repeated }},
		{"carillon_trail_entries_total", "Entries of the trail: events accepted, and attempts at their deliveries.", func() uint64 { return trails.Counts().Recorded }},
		{"carillon_trail_skipped_total", "Entries that the trail had no room for, or whose event it did not have any more.", func() uint64 { return trails.Counts().Skipped }},
		{"carillon_deliveries_total", "Deliveries applied to their target.", func() uint64 { return outbox.Counts().Delivered }},
		{"carillon_deliveries_kept_total", "Deliveries kept for a later attempt.", func() uint64 { return outbox.Counts().Kept }},
		{"carillon_delivery_retries_total", "Attempts after the first.", func() uint64 { return outbox.Counts().Retried }},
		{"carillon_deliveries_dropped_total", "Deliveries given up, with nothing left of them.", func() uint64 { return outbox.Counts().Dropped }},
		{"carillon_deliveries_dead_lettered_total", "Deliveries given up whose event is in the target's dead-letter queue.", func() uint64 { return outbox.Counts().DeadLettered }},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.value()) }))
	}
}

// registerSpans shows what became of spans; e is nil where nobody wants any.
func registerSpans(registry *prometheus.Registry, e *telemetry.Exporter) {
	for _, c := range []struct {
		name, help string
		value      func(telemetry.Counts) uint64
	}{
		{"carillon_spans_exported_total", "Spans sent to the OpenTelemetry collector.", func(c telemetry.Counts) uint64 { return c.Exported }},
		{"carillon_spans_overflowed_total", "Spans dropped since more came than could be sent.", func(c telemetry.Counts) uint64 { return c.Overflowed }},
		{"carillon_spans_failed_total", "Spans dropped since the collector did not take them.", func(c telemetry.Counts) uint64 { return c.Failed }},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.value(e.Counts())) }))
	}
}

// commits measures the store's records as they become durable.
type commits struct{ seconds, calls prometheus.Histogram }

func newCommits() *commits {
	return &commits{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "carillon_store_commit_seconds",
			Help:    "Time from the append of a record to its durability: with fsync, the disk's sync.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
		calls: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "carillon_store_commit_calls",
			Help:    "Calls that one record answers.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 13),
		}),
	}
}

// committed is store.Options.Committed.
func (c *commits) committed(calls int, took time.Duration) {
	c.seconds.Observe(took.Seconds())
	c.calls.Observe(float64(calls))
}

// registerStore shows how the store is.
func registerStore(registry *prometheus.Registry, s *store.Store, c *commits) {
	registry.MustRegister(c.seconds, c.calls)
	for _, g := range []struct {
		name, help string
		value      func(store.Stats) float64
	}{
		{"carillon_store_disk_bytes", "Disk space that the data takes.", func(s store.Stats) float64 { return float64(s.DiskBytes) }},
		{"carillon_store_free_bytes", "Disk space that is left for the data.", func(s store.Stats) float64 { return float64(s.FreeBytes) }},
		{"carillon_store_log_bytes", "The log that the next start has to read.", func(s store.Stats) float64 { return float64(s.LogBytes) }},
		{"carillon_store_compaction_debt_bytes", "What compactions have yet to rewrite: a number that grows and grows is a disk that is too slow.", func(s store.Stats) float64 { return float64(s.DebtBytes) }},
		{"carillon_store_read_amplification", "Tables that a read may have to look into.", func(s store.Stats) float64 { return float64(s.ReadDepth) }},
		{"carillon_store_waiting_calls", "Calls that wait for something to come: long polls, and two loops of our own.", func(s store.Stats) float64 { return float64(s.Waiting) }},
	} {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help},
			func() float64 { return g.value(s.Stats()) }))
	}
}
