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

	foreign map[string]foreign // buses of other accounts, by their ARN as given
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
		if w.endpoint != nil || i > 0 && e.EventBusName == entries[i-1].EventBusName {
			continue
		}
		if err := w.ask(ctx, e.EventBusName, e.EventBusName == entries[asked].EventBusName); err != nil {
			return err
		}
	}
	if w.endpoint != nil {
		if err := w.call.Authorize(ctx, w.endpoint.Primary().ARN().String()); err != nil {
			return err
		}
	}
	return weigh(size)
}

// ask asks whether the caller may put events on a bus, unless it was asked.
func (w *whither) ask(ctx context.Context, given wire.Opt[string], asked bool) error {
	if n, elsewhere := busElsewhere(w.call, given); elsewhere {
		if _, known := w.foreign[given.V]; known {
			return nil
		}
		refused, err := w.askForeign(ctx, n)
		if w.foreign == nil {
			w.foreign = map[string]foreign{}
		}
		w.foreign[given.V] = foreign{n, refused}
		return err
	}
	if asked || w.call.Decide == nil {
		return nil
	}
	n, _ := onBus(w.call, given, "")
	return w.call.Authorize(ctx, n.bus.ARN().String())
}

// askForeign is why events may not be put on a bus elsewhere. AWS routes events
// to other regions by rules only. A bus that does not exist has no policy that
// would let a stranger in. The error is the store's.
func (w *whither) askForeign(ctx context.Context, n bus.Name) (*wire.Error, error) {
	if n.Region != w.call.Region {
		return badEntry("EventBusName", "The event bus must be in the region of the request; a rule can send to that of another region."), nil
	}
	err := w.service.shard.View(func(v *store.View) error {
		_, err := bus.GetBus(v, n)
		return err
	})
	if err == nil {
		err = w.call.Authorize(ctx, n.ARN().String())
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
func (w *whither) bus(given wire.Opt[string]) (bus.Name, *wire.Error) {
	if f, ok := w.foreign[given.V]; ok {
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
