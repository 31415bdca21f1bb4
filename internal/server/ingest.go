package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/ingest"
)

// newIngest is how webhooks and CloudEvents come in.
func (r *Running) newIngest(ctx context.Context, core *bus.Core) (*ingest.Service, error) {
	shard := r.store.Shard(0)
	box, err := r.box(ctx, "webhooks")
	if err != nil {
		return nil, err
	}
	return ingest.New(ingest.Options{Shard: shard, Core: core, Sealer: box, Now: time.Now, NewID: func() string { return event.NewID(time.Now()) }, Logger: r.log}), nil
}

// pages are the requests that are no AWS operation, and need the leave of one.
func pages(in *ingest.Service) map[string]edge.Page {
	return map[string]edge.Page{
		ingest.CloudEventsPath:   {Service: "events", Operation: "PutEvents", Asks: true, Serve: in.CloudEvents, Data: true},
		ingest.PutEventsPath:     {Service: edge.AdminService, Operation: "PutEvents", Serve: in.PutEvents, Data: true},
		ingest.PutWebhookPath:    {Service: edge.AdminService, Operation: "PutWebhook", Serve: in.Put},
		ingest.ListWebhooksPath:  {Service: edge.AdminService, Operation: "ListWebhooks", Serve: in.List},
		ingest.DeleteWebhookPath: {Service: edge.AdminService, Operation: "DeleteWebhook", Serve: in.Delete},
	}
}

// registerIngest shows what became of webhooks.
func registerIngest(registry *prometheus.Registry, in *ingest.Service) {
	for _, c := range []struct {
		result string
		value  func(ingest.Counts) uint64
	}{
		{"accepted", func(c ingest.Counts) uint64 { return c.Accepted }},
		{"challenged", func(c ingest.Counts) uint64 { return c.Challenged }},
		{"discarded", func(c ingest.Counts) uint64 { return c.Discarded }},
		{"malformed", func(c ingest.Counts) uint64 { return c.Malformed }},
		{"repeated", func(c ingest.Counts) uint64 { return c.Repeated }},
		{"unauthorized", func(c ingest.Counts) uint64 { return c.Unauthorized }},
		{"unknown", func(c ingest.Counts) uint64 { return c.Unknown }},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "carillon_webhooks_total", Help: "Webhook requests, by what became of them.", ConstLabels: prometheus.Labels{"result": c.result},
		}, func() float64 { return float64(c.value(in.Counts())) }))
	}
}
