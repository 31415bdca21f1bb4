package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateEndpoint makes a global endpoint, which is active at once. Its health
// check is kept and shown: where both regions are one node, nothing fails over.
func (s *Service) CreateEndpoint(ctx context.Context, c *wire.Call, in *model.CreateEndpointInput) (*model.CreateEndpointOutput, error) {
	n := endpointIn(c, in.Name, wire.Opt[string]{})
	failover := in.RoutingConfig.FailoverConfig
	settings := bus.EndpointSettings{Description: in.Description.V, HealthCheck: failover.Primary.HealthCheck, Replicate: true}
	if err := setBuses(&settings, n, in.EventBuses, failover.Secondary.Route); err != nil {
		return nil, err
	}
	if err := setReplication(&settings, in.ReplicationConfig, in.RoleArn); err != nil {
		return nil, err
	}
	if err := mayPass(ctx, c, in.RoleArn.V); err != nil {
		return nil, err
	}
	var e bus.Endpoint
	id := endpointID(s.newID())
	err := s.changeEndpoint(ctx, in.Name, func(tx *store.Tx) (err error) {
		e, err = s.core.CreateEndpoint(tx, n, id, settings)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := shownEndpoint(&e)
	return &model.CreateEndpointOutput{
		Name: shown.Name, Arn: shown.Arn, RoutingConfig: shown.RoutingConfig, ReplicationConfig: shown.ReplicationConfig,
		EventBuses: shown.EventBuses, RoleArn: shown.RoleArn, State: shown.State,
	}, nil
}
