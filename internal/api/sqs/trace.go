package sqs

import (
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/trace"
	"github.com/carillon-events/carillon/internal/wire"
)

// A message's AWSTraceHeader is the sender's own attribute, or else that of the
// request's headers, as on AWS:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
//
// The spans are those of OpenTelemetry's conventions for SQS:
// https://opentelemetry.io/docs/specs/semconv/messaging/sqs/

// traceSend makes the span of a request that sends messages.
func traceSend(c *wire.Call, n queue.Name) {
	if c.Span != nil {
		describe(c.Span, n, "send", trace.Producer)
	}
}

// traceSent says how many were sent; id is that of the only one.
func traceSent(c *wire.Call, count int, id string) {
	if c.Span == nil {
		return
	}
	if id != "" {
		c.Span.Set("messaging.message.id", id)
	} else {
		c.Span.SetNumber("messaging.batch.message_count", int64(count))
	}
}

// traceReceive makes the span of a request that receives messages, linked to
// those that sent them. One that got nothing is worth a span only to a caller who
// traces.
func traceReceive(c *wire.Call, n queue.Name, got []queue.Message) {
	if c.Span == nil || len(got) == 0 && !c.Trace.Valid() {
		return
	}
	describe(c.Span, n, "receive", trace.Client)
	c.Span.SetNumber("messaging.batch.message_count", int64(len(got)))
	for i := range got {
		if at, ok := trace.ParseXRay(got[i].Trace); ok {
			c.Span.Links = append(c.Span.Links, at)
		}
	}
}

func describe(s *trace.Span, n queue.Name, operation string, kind trace.Kind) {
	s.Name, s.Kind = operation+" "+n.Name, kind
	s.Set("messaging.system", "aws_sqs")
	s.Set("messaging.destination.name", n.Name)
	s.Set("messaging.operation.name", operation)
	s.Set("messaging.operation.type", operation)
}
