package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/cloudevent"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CloudEventsPath is where CloudEvents come in: what follows is the name of the
// bus.
const CloudEventsPath = "/cloudevents/"

// maxDetailType and reservedSource are PutEvents's.
const (
	maxDetailType  = 128 // characters
	reservedSource = "aws."
)

// cloudAnswer has an id for each event, in their order.
type cloudAnswer struct {
	EventIDs []string `json:"eventIds"`
}

func busOf(c *wire.Call, r *http.Request) bus.Name {
	return bus.Name{Account: c.Account, Region: c.Region, Bus: strings.TrimPrefix(r.URL.Path, CloudEventsPath)}
}

// mayPut asks about an event as PutEvents asks about an entry; nil about a request
// that has none.
func mayPut(c *wire.Call, r *http.Request, n bus.Name, e *event.Event) error {
	if c.Decide == nil {
		return nil
	}
	about := &model.PutEventsRequestEntry{}
	if e != nil {
		about.Source, about.DetailType = wire.Some(e.Source), wire.Some(e.DetailType)
	}
	return c.Ask(r.Context(), wire.Question{Resource: n.ARN().String(), About: about})
}

// CloudEvents is CloudEventsPath: all events of the request are accepted in one
// transaction, or none is.
func (s *Service) CloudEvents(c *wire.Call, r *http.Request, body []byte) ([]byte, error) {
	if len(body) > MaxBody {
		return nil, &wire.Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("CloudEvents may have %d bytes in a request.", MaxBody)}
	}
	name := busOf(c, r)
	events, err := cloudevent.Read(r.Header, body)
	if err != nil {
		return nil, bad("The request is no CloudEvent: " + err.Error() + ".")
	}
	if len(events) == 0 {
		if err := mayPut(c, r, name, nil); err != nil {
			return nil, err
		}
	}
	if err := s.busExists(name); err != nil {
		return nil, err
	}
	trace := c.Trace.Header()
	now := s.Now()
	batch, size := bus.Batch{ReceivedAt: now}, 0
	out := cloudAnswer{EventIDs: make([]string, len(events))}
	for i := range events {
		e := &events[i]
		if err := checkCloudEvent(e, i, len(events)); err != nil {
			return nil, err
		}
		out.EventIDs[i] = s.NewID()
		accepted := envelopeOf(e, name, out.EventIDs[i], now)
		if err := mayPut(c, r, name, &accepted); err != nil {
			return nil, err
		}
		size += event.Size(true, accepted.Source, accepted.DetailType, accepted.Detail, accepted.Resources) + len(accepted.CloudEvent)
		if size > MaxBody {
			return nil, bad("Total size of the events in the request is over the limit.")
		}
		s.Core.Add(&batch, name, &accepted, trace)
	}
	if len(events) == 0 {
		return encode(out)
	}
	if err := s.Core.Accept(r.Context(), s.Shard, &batch); err != nil {
		return nil, err
	}
	for i := range out.EventIDs {
		if first, repeat := batch.First(i); repeat {
			out.EventIDs[i] = first
		}
	}
	return encode(out)
}

// busExists refuses a bus that does not: there is no AWS behaviour to keep here.
func (s *Service) busExists(n bus.Name) error {
	err := s.Shard.View(func(v *store.View) error {
		_, err := bus.GetBus(v, n)
		return err
	})
	if errors.Is(err, bus.ErrBusNotFound) || n.Bus == "" || strings.IndexByte(n.Bus, 0) >= 0 {
		return notFound(fmt.Sprintf("Event bus %.256s does not exist.", n.Bus))
	}
	return err
}

// checkCloudEvent refuses what PutEvents refuses of an entry.
func checkCloudEvent(e *cloudevent.Event, i, of int) error {
	which := ""
	if of > 1 {
		which = fmt.Sprintf(" (event %d of the batch)", i+1)
	}
	switch {
	case utf8.RuneCountInString(e.Type) > maxDetailType:
		return bad(fmt.Sprintf("The attribute type must have at most %d characters%s.", maxDetailType, which))
	case strings.HasPrefix(e.Source, reservedSource):
		return &wire.Error{Code: "NotAuthorizedForSourceException", Message: "Not authorized for the source" + which + "."}
	}
	return nil
}

func envelopeOf(e *cloudevent.Event, n bus.Name, id string, now time.Time) event.Event {
	at := now
	if e.Time != "" {
		at = e.At()
	}
	return event.Event{
		ID: id, DetailType: e.Type, Source: e.Source, Account: n.Account, Region: n.Region, Time: at,
		Resources: e.Resources(), Detail: e.Detail(), CloudEvent: e.Member(),
	}
}
