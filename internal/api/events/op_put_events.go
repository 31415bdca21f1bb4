package events

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/wire"
)

// Limits of PutEvents.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const (
	maxPutBytes       = 1 << 20
	maxDetailTypeSize = 128 // characters
)

// PutEvents puts up to ten events on their buses in one transaction. Each
// entry is refused or accepted on its own, but if the transaction fails none
// is. An event for a bus that does not exist is accepted and goes nowhere, as
// on AWS.
//
// With an EndpointId they go to the endpoint's bus in its primary region,
// whatever region was called: an SDK signs such a request for all regions.
func (s *Service) PutEvents(ctx context.Context, c *wire.Call, in *model.PutEventsInput) (*model.PutEventsOutput, error) {
	to := whither{service: s, call: c}
	if in.EndpointId.OK {
		endpoint, err := s.endpointOf(c, in.EndpointId.V)
		if err != nil {
			return nil, err
		}
		to.endpoint = endpoint
	}
	if err := to.mayPut(ctx, in.Entries); err != nil {
		return nil, err
	}
	out := &model.PutEventsOutput{Entries: make([]model.PutEventsResultEntry, len(in.Entries))}
	batch := bus.NewBatch(s.now(), len(in.Entries))
	traces := tracesOf(c)
	failed := int32(0)
	accepted := make([]int, 0, len(in.Entries)) // entry of each event in the batch
	for i := range in.Entries {
		id, refused := s.add(&to, batch, &in.Entries[i], traces.of(in.Entries[i].TraceHeader.V))
		if refused != nil {
			failed++
			out.Entries[i].ErrorCode, out.Entries[i].ErrorMessage = wire.Some(refused.Code), wire.Some(refused.Message)
			continue
		}
		accepted = append(accepted, i)
		out.Entries[i].EventId = wire.Some(id)
	}
	out.FailedEntryCount = wire.Some(failed)
	if len(accepted) == 0 {
		return out, nil
	}
	traces.sent(c, in.Entries, len(accepted), out)
	if err := s.put(ctx, batch); err != nil {
		return nil, err
	}
	for event, entry := range accepted {
		if first, repeat := batch.First(event); repeat {
			out.Entries[entry].EventId = wire.Some(first)
		}
	}
	return out, nil
}

// put puts the batch.
func (s *Service) put(ctx context.Context, batch *bus.Batch) error {
	return s.core.Accept(ctx, s.shard, batch)
}

// weigh refuses a request whose entries are too large together.
func weigh(size int) error {
	if size > maxPutBytes {
		return &wire.Error{Code: codeValidation, Message: "Total size of the entries in the request is over the limit."}
	}
	return nil
}

// add checks an entry and adds it to the batch.
func (s *Service) add(to *whither, batch *bus.Batch, e *model.PutEventsRequestEntry, trace string) (id string, refused *wire.Error) {
	if refused = checkEntry(e); refused != nil {
		return "", refused
	}
	on, refused := to.bus(e)
	if refused != nil {
		return "", refused
	}
	at := e.Time.V
	if !e.Time.OK {
		at = s.now()
	}
	id = s.newID()
	s.core.Add(batch, on, &event.Event{
		ID: id, DetailType: e.DetailType.V, Source: e.Source.V, Account: to.call.Account, Time: at,
		Region: on.Region, Resources: e.Resources, Detail: e.Detail.V,
	}, trace)
	return id, nil
}

// checkEntry refuses an entry by itself.
func checkEntry(e *model.PutEventsRequestEntry) *wire.Error {
	if refused := checkFields(e.Source.V, e.DetailType.V, e.Detail.V); refused != nil {
		return refused
	}
	if strings.HasPrefix(e.Source.V, "aws.") {
		return &wire.Error{Code: entryNotAuthorized, Message: "Not authorized for the source."}
	}
	if a, err := arn.Parse(e.EventBusName.V); err == nil {
		if _, ok := a.BusName(); !ok {
			return badEntry("EventBusName", "Provided Arn is not in correct format.")
		}
	}
	return nil
}

func badEntry(parameter, reason string) *wire.Error {
	return &wire.Error{Code: entryInvalid, Message: "Parameter " + parameter + " is not valid. Reason: " + reason}
}

// checkFields refuses an entry for what every event must have.
func checkFields(source, detailType, detail string) *wire.Error {
	switch {
	case source == "":
		return badEntry("Source", "Source is a required argument.")
	case detailType == "":
		return badEntry("DetailType", "DetailType is a required argument.")
	case detail == "":
		return badEntry("Detail", "Detail is a required argument.")
	case utf8.RuneCountInString(detailType) > maxDetailTypeSize:
		return badEntry("DetailType", "DetailType must have at most 128 characters.")
	}
	if err := event.CheckObject(detail); err != nil {
		return &wire.Error{Code: entryMalformed, Message: "Detail is malformed."}
	}
	return nil
}
