package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
)

// registerCounts shows what became of events and their deliveries since the start.
func registerCounts(registry *prometheus.Registry, core *bus.Core, outbox *delivery.Outbox) {
	for _, c := range []struct {
		name, help string
		value      func() uint64
	}{
		{"carillon_events_accepted_total", "Events accepted.", func() uint64 { return core.Counts().Accepted }},
		{"carillon_events_matched_total", "Pairs of event and rule that matched.", func() uint64 { return core.Counts().Matched }},
		{"carillon_events_without_bus_total", "Events accepted for a bus that does not exist.", func() uint64 { return core.Counts().NoBus }},
		{"carillon_events_too_complex_total", "Pairs of event and rule that could not be matched in bounded time.", func() uint64 { return core.Counts().TooComplex }},
		{"carillon_deliveries_total", "Deliveries applied to their target.", func() uint64 { return outbox.Counts().Delivered }},
		{"carillon_deliveries_kept_total", "Deliveries kept for a later attempt.", func() uint64 { return outbox.Counts().Kept }},
		{"carillon_delivery_retries_total", "Attempts after the first.", func() uint64 { return outbox.Counts().Retried }},
		{"carillon_deliveries_dropped_total", "Deliveries given up.", func() uint64 { return outbox.Counts().Dropped }},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.value()) }))
	}
}
