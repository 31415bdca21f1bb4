package events

import (
	"context"
	"errors"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// whither says to which bus each entry of one PutEvents goes.
//
// An entry may name a bus of another account by its ARN. Whether its sender may
// put there is a question about that bus; if not, that entry is refused, and
// the others are not. The event stays one of the account that sent it.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
type whither struct {
	service  *Service
	call     *wire.Call
	endpoint *bus.Endpoint // nil: without one

	foreign map[foreignEntry]foreign // buses of other accounts
}

// foreignEntry is what policies can tell of an entry for a bus of another
// account, which it calls by its ARN.
type foreignEntry struct{ bus, source, detailType string }

func aboutForeign(e *model.PutEventsRequestEntry) foreignEntry {
	return foreignEntry{e.EventBusName.V, e.Source.V, e.DetailType.V}
}

// foreign is what was found out about a bus of another account.
type foreign struct {
	bus     bus.Name
	refused *wire.Error // nil: events may be put there
}

// firstAsked is the entry whose bus is asked about before the operation runs,
// where a refusal ends the call: the first that stays in the account.
func firstAsked(c *wire.Call, entries []model.PutEventsRequestEntry) int {
	for i := range entries {
		if _, elsewhere := busElsewhere(c, entries[i].EventBusName); !elsewhere {
			return i
		}
	}
	return 0
}

// busElsewhere is the bus of another account or region that the ARN names, if
// it names one.
func busElsewhere(c *wire.Call, given wire.Opt[string]) (bus.Name, bool) {
	if !strings.HasPrefix(given.V, "arn:") {
		return bus.Name{}, false
	}
	a, err := arn.Parse(given.V)
	name, ok := a.BusName()
	if err != nil || !ok || a.Account == c.Account && a.Region == c.Region {
		return bus.Name{}, false
	}
	return bus.Name{Account: a.Account, Region: a.Region, Bus: name}, true
}

// mayPut asks about every bus but that of the entry that was asked about
// already, and weighs the request.
func (w *whither) mayPut(ctx context.Context, entries []model.PutEventsRequestEntry) error {
	size := 0
	asked := 0
	if w.call.Decide != nil {
		asked = firstAsked(w.call, entries)
	}
	for i := range entries {
		e := &entries[i]
		size += event.Size(e.Time.OK, e.Source.V, e.DetailType.V, e.Detail.V, e.Resources)
		if i > 0 && sameQuestion(e, &entries[i-1]) {
			continue
		}
		if err := w.ask(ctx, e, w.endpoint == nil && sameQuestion(e, &entries[asked])); err != nil {
			return err
		}
	}
	return weigh(size)
}

// sameQuestion tells whether two entries are alike for policies: these can tell
// buses, sources and detail types apart.
func sameQuestion(a, b *model.PutEventsRequestEntry) bool {
	return a.EventBusName == b.EventBusName && a.Source == b.Source && a.DetailType == b.DetailType
}

// ask asks whether the caller may put an event on its bus, unless it was asked.
func (w *whither) ask(ctx context.Context, e *model.PutEventsRequestEntry, asked bool) error {
	if w.endpoint != nil {
		return w.call.Ask(ctx, wire.Question{Resource: w.endpoint.Primary().ARN().String(), About: e})
	}
	if n, elsewhere := busElsewhere(w.call, e.EventBusName); elsewhere {
		about := aboutForeign(e)
		if _, known := w.foreign[about]; known {
			return nil
		}
		refused, err := w.askForeign(ctx, n, e)
		if w.foreign == nil {
			w.foreign = map[foreignEntry]foreign{}
		}
		w.foreign[about] = foreign{n, refused}
		return err
	}
	if asked || w.call.Decide == nil {
		return nil
	}
	n, _ := onBus(w.call, e.EventBusName, "")
	return w.call.Ask(ctx, wire.Question{Resource: n.bus.ARN().String(), About: e})
}

// askForeign is why events may not be put on a bus elsewhere. AWS routes events
// to other regions by rules only. A bus that does not exist has no policy that
// would let a stranger in. The error is the store's.
func (w *whither) askForeign(ctx context.Context, n bus.Name, e *model.PutEventsRequestEntry) (*wire.Error, error) {
	if n.Region != w.call.Region {
		return badEntry("EventBusName", "The event bus must be in the region of the request; a rule can send to that of another region."), nil
	}
	err := w.service.shard.View(func(v *store.View) error {
		_, err := bus.GetBus(v, n)
		return err
	})
	if err == nil {
		err = w.call.Ask(ctx, wire.Question{Resource: n.ARN().String(), About: e})
	}
	var denied *wire.Error
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, bus.ErrBusNotFound), errors.As(err, &denied):
		return &wire.Error{Code: entryAccessDenied, Message: "Not authorized to put events on " + n.ARN().String() + "."}, nil
	}
	return nil, err
}

// bus is the bus that an entry goes to, by what it calls it.
func (w *whither) bus(e *model.PutEventsRequestEntry) (bus.Name, *wire.Error) {
	given := e.EventBusName
	if f, ok := w.foreign[aboutForeign(e)]; ok {
		return f.bus, f.refused
	}
	n, _ := onBus(w.call, given, "") // checkEntry has seen to the ARN
	if w.endpoint != nil {
		return w.throughEndpoint(n.bus, given)
	}
	return n.bus, nil
}

// throughEndpoint is the bus in the primary region. The entry may call it by
// its name, or by the ARN of it or its twin: "EventBridge then determines the
// corresponding event bus in the other Region based on the endpoint".
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
func (w *whither) throughEndpoint(named bus.Name, given wire.Opt[string]) (bus.Name, *wire.Error) {
	for _, b := range w.endpoint.Buses {
		if given.V == b.ARN().String() {
			return w.endpoint.Primary(), nil
		}
	}
	if given.V != named.Bus && given.V != "" || named.Bus != w.endpoint.Primary().Bus {
		return bus.Name{}, badEntry("EventBusName", "It is not an event bus of the endpoint.")
	}
	return w.endpoint.Primary(), nil
}
