package events

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutPartnerEvents has the caller, a partner, put up to twenty events on the
// buses of its sources, in one transaction. An event is of the account that its
// source was made for. While a source is pending, its events are accepted and
// go nowhere: "The event source will accept events sent by a SaaS partner
// system when calling PutPartnerEvents, but does not deliver them to customer."
//
// https://docs.aws.amazon.com/eventbridge/latest/onboarding/AWS_EventBridge_Partner_Onboarding_FAQ.html
func (s *Service) PutPartnerEvents(ctx context.Context, c *wire.Call, in *model.PutPartnerEventsInput) (*model.PutPartnerEventsOutput, error) {
	if err := s.mayPutPartner(ctx, c, in.Entries); err != nil {
		return nil, err
	}
	out := &model.PutPartnerEventsOutput{Entries: make([]model.PutPartnerEventsResultEntry, len(in.Entries))}
	batch := bus.NewBatch(s.now(), len(in.Entries))
	failed := int32(0)
	ends := make([]int, len(in.Entries)) // of each entry's events in the batch
	err := s.shard.View(func(v *store.View) error {
		for i := range in.Entries {
			id, refused, err := s.addPartner(v, c, batch, &in.Entries[i])
			if err != nil {
				return err
			}
			ends[i] = batch.Len()
			if refused != nil {
				failed++
				out.Entries[i].ErrorCode, out.Entries[i].ErrorMessage = wire.Some(refused.Code), wire.Some(refused.Message)
				continue
			}
			out.Entries[i].EventId = wire.Some(id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.FailedEntryCount = wire.Some(failed)
	if int(failed) == len(in.Entries) {
		return out, nil
	}
	if err := s.put(ctx, batch); err != nil {
		return nil, err
	}
	begin := 0
	for i, end := range ends {
		if first, repeat := repeats(batch, begin, end); repeat {
			out.Entries[i].EventId = wire.Some(first)
		}
		begin = end
	}
	return out, nil
}

// repeats tells whether the events of an entry, one for each account, are all
// repeats, and of which event the first is one.
func repeats(batch *bus.Batch, begin, end int) (first string, all bool) {
	for i := begin; i < end; i++ {
		id, repeat := batch.First(i)
		if !repeat {
			return "", false
		}
		if i == begin {
			first = id
		}
	}
	return first, begin < end
}

// mayPutPartner asks about every source but that of the first entry, which was
// asked about already, and weighs the request.
func (s *Service) mayPutPartner(ctx context.Context, c *wire.Call, entries []model.PutPartnerEventsRequestEntry) error {
	size := 0
	for i := range entries {
		e := &entries[i]
		size += event.Size(e.Time.OK, e.Source.V, e.DetailType.V, e.Detail.V, e.Resources)
		if i > 0 && e.Source != entries[i-1].Source {
			if err := c.Authorize(ctx, arn.EventSource(c.Region, e.Source.V).String()); err != nil {
				return err
			}
		}
	}
	return weigh(size)
}

// addPartner checks an entry and adds its events to the batch, one for each
// account that has an active source of that name. The error is the store's.
func (s *Service) addPartner(v *store.View, c *wire.Call, batch *bus.Batch, e *model.PutPartnerEventsRequestEntry) (id string, refused *wire.Error, err error) {
	if refused := checkFields(e.Source.V, e.DetailType.V, e.Detail.V); refused != nil {
		return "", refused, nil
	}
	sources, err := bus.PartnerSource(v, c.Account, c.Region, e.Source.V, s.now())
	if errors.Is(err, bus.ErrSourceNotFound) {
		return "", &wire.Error{Code: entryNotAuthorized, Message: "Not authorized for the source."}, nil
	}
	if err != nil {
		return "", nil, err
	}
	at := e.Time.V
	if !e.Time.OK {
		at = s.now()
	}
	id = s.newID()
	reached := false
	for _, source := range sources {
		if source.State != bus.SourceActive {
			continue
		}
		reached = true
		to, event := partnerEvent(&source, e, id, at)
		s.core.Add(batch, to, event, "")
	}
	if !reached {
		batch.AddNowhere(partnerEvent(&sources[0], e, id, at))
	}
	return id, nil, nil
}

// partnerEvent is an entry's event for the account that the source was made for.
func partnerEvent(source *bus.Source, e *model.PutPartnerEventsRequestEntry, id string, at time.Time) (bus.Name, *event.Event) {
	to := bus.Name{Account: source.ID.Account, Region: source.ID.Region, Bus: source.ID.Name}
	return to, &event.Event{
		ID: id, DetailType: e.DetailType.V, Source: e.Source.V, Account: to.Account, Time: at,
		Region: to.Region, Resources: e.Resources, Detail: e.Detail.V,
	}
}
