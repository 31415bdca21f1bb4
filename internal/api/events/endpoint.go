package events

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// endpointActive is the one state of an endpoint: it works when it is made.
const endpointActive = "ACTIVE"

// The states of an endpoint's replication.
const (
	replicationEnabled  = "ENABLED"
	replicationDisabled = "DISABLED"
)

// endpointIn is an endpoint of the caller's account whose home is the region,
// or else that of the call.
func endpointIn(c *wire.Call, name string, home wire.Opt[string]) bus.EndpointName {
	return bus.EndpointName{Account: c.Account, Region: home.Or(c.Region), Name: name}
}

// changeEndpoint runs fn in a transaction and words its error.
func (s *Service) changeEndpoint(ctx context.Context, name string, fn func(tx *store.Tx) error) error {
	return explainEndpoint(name, s.shard.Update(ctx, fn))
}

// endpointID makes what AWS's ids look like, abcde.veo, of a UUID. It is the
// beginning of a host's name.
func endpointID(id string) string {
	random, err := uuid.Parse(id)
	if err != nil {
		panic("events: an id that is no UUID: " + id)
	}
	// Bytes of a UUID at both ends: those in the middle hold its version and, in
	// version 7, begin with the time.
	text := base32.StdEncoding.EncodeToString(random[9:])
	return strings.ToLower(text[:10]) + ".veo"
}

func endpointURL(id string) string { return "https://" + id + ".endpoint.events.amazonaws.com" }

// setBuses sets the buses and the secondary region, which belong together: two
// buses of one name, of the caller's account, one of them in the home region
// and the other one in the secondary.
//
// "you'll need a custom bus in each Region with the same name and in the same
// account": https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html
func setBuses(to *bus.EndpointSettings, n bus.EndpointName, buses []model.EndpointEventBus, secondary string) error {
	to.Secondary = secondary
	if len(buses) > 0 {
		for i, b := range buses {
			a, err := arn.Parse(b.EventBusArn)
			name, ok := a.BusName()
			if err != nil || !ok {
				return invalid("EventBuses", "Provided Arn is not in correct format: "+b.EventBusArn+".")
			}
			to.Buses[i] = bus.Name{Account: a.Account, Region: a.Region, Bus: name}
		}
	}
	one, two := to.Buses[0], to.Buses[1]
	switch {
	case one.Account != n.Account || two.Account != n.Account:
		return invalid("EventBuses", "Both event buses must be of the account of the endpoint.")
	case one.Bus != two.Bus:
		return invalid("EventBuses", "The names of the event buses must be identical.")
	case secondary == n.Region:
		return invalid("RoutingConfig.FailoverConfig.Secondary.Route", "It must be another region than that of the endpoint.")
	case !(one.Region == n.Region && two.Region == secondary) && !(two.Region == n.Region && one.Region == secondary):
		return invalid("EventBuses", "One event bus must be in "+n.Region+", the region of the endpoint, and one in "+secondary+", its secondary region.")
	}
	return nil
}

// setReplication wants a role where events are replicated: "The default state
// is ENABLED which means you must supply a RoleArn".
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEndpoint.html
func setReplication(to *bus.EndpointSettings, config *model.ReplicationConfig, role wire.Opt[string]) error {
	if config != nil && config.State.OK {
		to.Replicate = config.State.V == replicationEnabled
	}
	to.RoleARN = role.Or(to.RoleARN)
	if to.Replicate && to.RoleARN == "" {
		return invalid("RoleArn", "It must be specified where event replication is enabled, which is the default.")
	}
	return nil
}

// shownEndpoint is an endpoint as the list shows it; the operations answer
// parts of it.
func shownEndpoint(e *bus.Endpoint) model.Endpoint {
	replication := replicationDisabled
	if e.Replicate {
		replication = replicationEnabled
	}
	return model.Endpoint{
		Name: wire.Some(e.Name.Name), Description: some(e.Description), Arn: wire.Some(e.Name.ARN().String()),
		RoutingConfig: &model.RoutingConfig{FailoverConfig: model.FailoverConfig{
			Primary: model.Primary{HealthCheck: e.HealthCheck}, Secondary: model.Secondary{Route: e.Secondary},
		}},
		ReplicationConfig: &model.ReplicationConfig{State: wire.Some(replication)},
		EventBuses:        []model.EndpointEventBus{{EventBusArn: e.Buses[0].ARN().String()}, {EventBusArn: e.Buses[1].ARN().String()}},
		RoleArn:           some(e.RoleARN), EndpointId: wire.Some(e.ID), EndpointUrl: wire.Some(endpointURL(e.ID)),
		State: wire.Some(endpointActive), CreationTime: known(e.CreatedAt), LastModifiedTime: known(e.ModifiedAt),
	}
}

// endpointOf is the endpoint that a PutEvents names. Another account's is as
// good as none.
func (s *Service) endpointOf(c *wire.Call, id string) (*bus.Endpoint, error) {
	var e bus.Endpoint
	err := s.shard.View(func(v *store.View) (err error) {
		e, err = bus.EndpointByID(v, id)
		return err
	})
	if errors.Is(err, bus.ErrEndpointNotFound) || err == nil && e.Name.Account != c.Account {
		return nil, invalid("EndpointId", "Endpoint "+id+" does not exist.")
	}
	return &e, err
}
