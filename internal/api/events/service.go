// Package events is Amazon EventBridge on top of the bus: what the API calls
// things, the shapes of its requests and answers, and its error codes.
//
// One file holds one operation. Each turns a request into a call of the core
// inside one transaction, and an error of the core into the sentence that AWS
// would say (errors.go, the only table of codes). Reads that only describe go
// through a view and do not disturb the shard's writer.
//
// It refuses by name what Carillon does not do yet (other targets than queues,
// buses, log groups and API destinations), rather than to accept and ignore it. Event ids and times are made
// here and handed down.
package events

import (
	"context"
	"time"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
	"github.com/carillon-events/carillon/internal/wire"
)

// Service implements the operations of EventBridge that there are.
type Service struct {
	model.NotImplemented
	shard   *store.Shard
	core    *bus.Core
	targets *delivery.Outbox

	archives *archive.Core
	calls    *targetdestination.Caller // with the connections and API destinations
	policies *policy.Book              // of buses, for decisions; nil: nobody decides

	now   func() time.Time
	newID func() string
}

// New is the table of EventBridge's operations on a shard. Decisions read the
// policies of buses in policies, which may be nil.
func New(shard *store.Shard, core *bus.Core, targets *delivery.Outbox, archives *archive.Core, calls *targetdestination.Caller, policies *policy.Book) *wire.Service {
	s := &Service{shard: shard, core: core, targets: targets, archives: archives, calls: calls, policies: policies, now: time.Now, newID: func() string { return event.NewID(time.Now()) }}
	service := model.New(s, resource)
	for _, op := range service.Operations {
		op.Rights.Keys = s.keys
	}
	return service
}

// change runs fn in a transaction and words its error.
func (s *Service) change(ctx context.Context, n names, fn func(tx *store.Tx) error) error {
	return n.explain(s.shard.Update(ctx, fn))
}

// read runs fn on a view and words its error.
func (s *Service) read(n names, fn func(v *store.View) error) error {
	return n.explain(s.shard.View(fn))
}

// names are the bus and rule that a request is about.
type names struct {
	bus  bus.Name
	rule string
}

// onBus is the bus that a request names, by name or ARN; the default bus if it
// names none.
func onBus(c *wire.Call, given wire.Opt[string], rule string) (names, error) {
	n := names{bus.Name{Account: c.Account, Region: c.Region, Bus: arn.DefaultBus}, rule}
	if !given.OK || given.V == "" {
		return n, nil
	}
	n.bus.Bus = given.V
	a, err := arn.Parse(given.V)
	if err != nil {
		return n, nil // a name
	}
	name, ok := a.BusName()
	if !ok {
		return n, invalid("EventBusName", "Provided Arn is not in correct format.")
	}
	n.bus.Bus = name
	if a.Account != c.Account || a.Region != c.Region {
		return n, n.explain(bus.ErrBusNotFound)
	}
	return n, nil
}

// some is a present string, unless it is empty.
func some(s string) wire.Opt[string] { return wire.Opt[string]{V: s, OK: s != ""} }

// resource is what a request is about, for the authorisation decision.
func resource(c *wire.Call, in any) string {
	rule := func(given wire.Opt[string], name string) string {
		n, _ := onBus(c, given, name)
		return n.bus.RuleARN(name).String()
	}
	named := func(given wire.Opt[string]) string {
		n, _ := onBus(c, given, "")
		return n.bus.ARN().String()
	}
	switch in := in.(type) {
	case *model.PutEventsInput: // the other entries' buses are asked about in PutEvents
		given := in.Entries[firstAsked(c, in.Entries)].EventBusName
		if n, elsewhere := busElsewhere(c, given); elsewhere {
			return n.ARN().String()
		}
		return named(given)
	case *model.PutPartnerEventsInput: // likewise
		return arn.EventSource(c.Region, in.Entries[0].Source.V).String()
	case *model.CreateEventBusInput:
		return named(wire.Some(in.Name))
	case *model.DescribeEventBusInput:
		return named(in.Name)
	case *model.DeleteEventBusInput:
		return named(wire.Some(in.Name))
	case *model.PutPermissionInput:
		return named(in.EventBusName)
	case *model.RemovePermissionInput:
		return named(in.EventBusName)
	case *model.CreatePartnerEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.DeletePartnerEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.DescribePartnerEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.ListPartnerEventSourceAccountsInput:
		return arn.EventSource(c.Region, in.EventSourceName).String()
	case *model.ActivateEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.DeactivateEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.DescribeEventSourceInput:
		return arn.EventSource(c.Region, in.Name).String()
	case *model.UpdateEventBusInput:
		return named(in.Name)
	case *model.PutRuleInput:
		return rule(in.EventBusName, in.Name)
	case *model.DescribeRuleInput:
		return rule(in.EventBusName, in.Name)
	case *model.DeleteRuleInput:
		return rule(in.EventBusName, in.Name)
	case *model.EnableRuleInput:
		return rule(in.EventBusName, in.Name)
	case *model.DisableRuleInput:
		return rule(in.EventBusName, in.Name)
	case *model.PutTargetsInput:
		return rule(in.EventBusName, in.Rule)
	case *model.RemoveTargetsInput:
		return rule(in.EventBusName, in.Rule)
	case *model.ListTargetsByRuleInput:
		return rule(in.EventBusName, in.Rule)
	case *model.CreateArchiveInput: // the bus is asked about in CreateArchive
		return archiveIn(c, in.ArchiveName).ARN().String()
	case *model.DescribeArchiveInput:
		return archiveIn(c, in.ArchiveName).ARN().String()
	case *model.UpdateArchiveInput:
		return archiveIn(c, in.ArchiveName).ARN().String()
	case *model.DeleteArchiveInput:
		return archiveIn(c, in.ArchiveName).ARN().String()
	case *model.StartReplayInput: // the destination is asked about in StartReplay
		return in.EventSourceArn
	case *model.DescribeReplayInput:
		return archiveIn(c, in.ReplayName).ReplayARN().String()
	case *model.CancelReplayInput:
		return archiveIn(c, in.ReplayName).ReplayARN().String()
	case *model.CreateConnectionInput:
		return connectionResource(webIn(c, in.Name).Name)
	case *model.UpdateConnectionInput:
		return connectionResource(webIn(c, in.Name).Name)
	case *model.DeleteConnectionInput:
		return connectionResource(webIn(c, in.Name).Name)
	case *model.DeauthorizeConnectionInput:
		return connectionResource(webIn(c, in.Name).Name)
	case *model.DescribeConnectionInput:
		return connectionResource(webIn(c, in.Name).Name)
	case *model.CreateApiDestinationInput: // the connection is asked about in CreateApiDestination
		return destinationResource(webIn(c, in.Name).Name)
	case *model.UpdateApiDestinationInput: // likewise
		return destinationResource(webIn(c, in.Name).Name)
	case *model.DeleteApiDestinationInput:
		return destinationResource(webIn(c, in.Name).Name)
	case *model.DescribeApiDestinationInput:
		return destinationResource(webIn(c, in.Name).Name)
	case *model.CreateEndpointInput:
		return endpointIn(c, in.Name, wire.Opt[string]{}).ARN().String()
	case *model.UpdateEndpointInput:
		return endpointIn(c, in.Name, wire.Opt[string]{}).ARN().String()
	case *model.DeleteEndpointInput:
		return endpointIn(c, in.Name, wire.Opt[string]{}).ARN().String()
	case *model.DescribeEndpointInput:
		return endpointIn(c, in.Name, in.HomeRegion).ARN().String()
	case *model.TagResourceInput:
		return taggedResource(c, in.ResourceARN)
	case *model.UntagResourceInput:
		return taggedResource(c, in.ResourceARN)
	case *model.ListTagsForResourceInput:
		return taggedResource(c, in.ResourceARN)
	}
	return "*"
}
