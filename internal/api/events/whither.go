package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/wire"
)

// whither says to which bus each entry of one PutEvents goes.
type whither struct {
	call     *wire.Call
	endpoint *bus.Endpoint // nil: without one
}

// mayPut asks about every bus but that of the first entry, which was asked
// about already, and weighs the request.
func (w *whither) mayPut(ctx context.Context, entries []model.PutEventsRequestEntry) error {
	size := 0
	for i := range entries {
		e := &entries[i]
		size += event.Size(e.Time.OK, e.Source.V, e.DetailType.V, e.Detail.V, e.Resources)
		if w.call.Decide == nil || w.endpoint != nil || i == 0 || e.EventBusName == entries[i-1].EventBusName {
			continue
		}
		n, _ := onBus(w.call, e.EventBusName, "")
		if err := w.call.Authorize(ctx, n.bus.ARN().String()); err != nil {
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

// bus is the bus that an entry goes to, by what it calls it.
func (w *whither) bus(given wire.Opt[string]) (bus.Name, *wire.Error) {
	n, err := onBus(w.call, given, "")
	if w.endpoint != nil {
		return w.throughEndpoint(n.bus, given)
	}
	if err != nil {
		return bus.Name{}, &wire.Error{Code: entryAccessDenied, Message: "Carillon does not put events on the event bus of another account or region yet: " + given.V + "."}
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
