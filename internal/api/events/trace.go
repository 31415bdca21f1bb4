package events

import (
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/wire"
)

// traces says which trace the events of a request are in: the entry's own
// TraceHeader goes before the request's headers, as on AWS; where it is
// malformed it is as if it were not there.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-related-service-xray.html
type traces struct {
	request string
	links   []trace.Context // of entries with traces of their own
}

func tracesOf(c *wire.Call) traces { return traces{request: c.TraceHeader()} }

// of is the header that the event of an entry takes along.
func (t *traces) of(header string) string {
	if header == "" {
		return t.request
	}
	own := trace.Theirs(header)
	if own == "" {
		return t.request
	}
	if at, ok := trace.ParseXRay(own); ok {
		t.links = append(t.links, at)
	}
	return own
}

// sent makes the span of a request that puts events. OpenTelemetry has no name
// for EventBridge; this one is made as its name for SNS is.
// https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
func (t *traces) sent(c *wire.Call, entries []model.PutEventsRequestEntry, accepted int, out *model.PutEventsOutput) {
	s := c.Span
	if s == nil {
		return
	}
	s.Name, s.Kind, s.Links = "send", trace.Producer, t.links
	if name, ok := oneBus(entries); ok {
		s.Name += " " + name
		s.Set("messaging.destination.name", name)
	}
	s.Set("messaging.system", "aws.eventbridge")
	s.Set("messaging.operation.name", "send")
	s.Set("messaging.operation.type", "send")
	if len(entries) == 1 {
		s.Set("messaging.message.id", out.Entries[0].EventId.V)
	} else {
		s.SetNumber("messaging.batch.message_count", int64(accepted))
	}
}

// oneBus is the bus of the entries, if they are for one.
func oneBus(entries []model.PutEventsRequestEntry) (string, bool) {
	first := entries[0].EventBusName
	for i := range entries {
		if entries[i].EventBusName != first {
			return "", false
		}
	}
	if first.V == "" {
		return arn.DefaultBus, true
	}
	if a, err := arn.Parse(first.V); err == nil {
		return a.BusName()
	}
	return first.V, true
}
