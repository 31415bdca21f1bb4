package server

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/telemetry"
	"github.com/carillon-events/carillon/internal/trace"
)

// traces builds what exports spans, and has it run; nil if nobody wants them.
func (r *Running) traces(ctx context.Context) (*telemetry.Exporter, error) {
	c := &r.config.Tracing
	if c.Endpoint == "" && !c.FromEnvironment {
		return nil, nil
	}
	roots, err := r.config.outboundRoots()
	if err != nil {
		return nil, err
	}
	e, err := telemetry.New(ctx, telemetry.Options{Endpoint: c.Endpoint, Roots: roots, Ratio: c.Ratio, Version: r.config.Version, Logger: r.log})
	if err != nil {
		return nil, err
	}
	r.start("traces", e.Run)
	return e, nil
}

// follower makes the spans of deliveries. A delivery has one span, from the
// event's acceptance to its end, which is the parent of whatever the target does
// with it; below that, each attempt has one, unless the first took it at once.
//
// It is Carillon that sends to the target, so these are spans of a producer, or
// of a client where the target is a remote one.
type follower struct{ record func(*trace.Span) }

// Sent implements delivery.Follower.
func (f *follower) Sent(d *delivery.Delivery, r delivery.Result) {
	now := time.Now()
	switch {
	case r.Outcome == delivery.Delivered:
		f.ended(d, now, 0, nil)
	case r.Reason != nil:
		f.attempted(&delivery.Report{Delivery: d, Outcome: r.Outcome, Reason: r.Reason}, now)
	}
}

// Tried implements delivery.Follower.
func (f *follower) Tried(r *delivery.Report) {
	now := time.Now()
	if r.Retry > 0 || r.Took > 0 { // else it was tried in Send, and only ends here
		f.attempted(r, now)
	}
	switch r.Outcome {
	case delivery.Delivered:
		f.ended(r.Delivery, now, r.Retry, nil)
	case delivery.DeadLettered, delivery.Dropped:
		f.ended(r.Delivery, now, r.Retry, r.Reason)
	}
}

func (f *follower) ended(d *delivery.Delivery, now time.Time, retries int, reason error) {
	at, ok := trace.ParseXRay(d.Trace)
	if !ok {
		return
	}
	s := spanOf(d, at, "deliver", reason, "")
	s.Start, s.End = d.AcceptedAt, now
	s.SetNumber("carillon.delivery.retries", int64(retries))
	f.record(s)
}

func (f *follower) attempted(r *delivery.Report, now time.Time) {
	at, ok := trace.ParseXRay(r.Delivery.Trace)
	if !ok {
		return
	}
	s := spanOf(r.Delivery, at.Child(trace.SpanOf(r.Delivery.Key, r.Retry+1)), "attempt", r.Reason, r.Says)
	s.Start, s.End = now.Add(-r.Took), now
	if r.Took > 0 {
		s.Kind = trace.Client
	}
	s.SetNumber("carillon.delivery.attempt", int64(r.Retry+1))
	f.record(s)
}

func spanOf(d *delivery.Delivery, at trace.Context, operation string, reason error, says string) *trace.Span {
	s := &trace.Span{Context: at, Kind: trace.Producer, Name: operation + " " + d.Target.Resource}
	s.Set("messaging.system", "aws.eventbridge")
	s.Set("messaging.operation.name", operation)
	s.Set("messaging.operation.type", "send")
	s.Set("messaging.destination.name", d.Target.String())
	s.Set("messaging.message.id", d.EventID)
	s.Set("carillon.rule", d.Source)
	s.Set("carillon.target_id", d.TargetID)
	if reason != nil {
		s.Error, s.Message = kindOf(reason), reason.Error()
		if says != "" {
			s.Error = says
		}
	}
	return s
}

// kindOf is a reason as an error.type: one of few.
func kindOf(reason error) string {
	for _, k := range []struct {
		err  error
		name string
	}{{delivery.ErrMissing, "missing"}, {delivery.ErrUnfit, "unfit"}, {delivery.ErrRefused, "refused"}} {
		if errors.Is(reason, k.err) {
			return k.name
		}
	}
	return "unavailable"
}
