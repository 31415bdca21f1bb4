package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateEndpoint changes what the request names of an endpoint. Its id stays.
func (s *Service) UpdateEndpoint(ctx context.Context, c *wire.Call, in *model.UpdateEndpointInput) (*model.UpdateEndpointOutput, error) {
	n := endpointIn(c, in.Name, wire.Opt[string]{})
	if err := mayPass(ctx, c, in.RoleArn.V); err != nil {
		return nil, err
	}
	var e bus.Endpoint
	err := s.changeEndpoint(ctx, in.Name, func(tx *store.Tx) (err error) {
		e, err = s.core.ChangeEndpoint(tx, n, func(to *bus.EndpointSettings) error {
			to.Description = in.Description.Or(to.Description)
			secondary := to.Secondary
			if in.RoutingConfig != nil {
				to.HealthCheck = in.RoutingConfig.FailoverConfig.Primary.HealthCheck
				secondary = in.RoutingConfig.FailoverConfig.Secondary.Route
			}
			if err := setBuses(to, n, in.EventBuses, secondary); err != nil {
				return err
			}
			return setReplication(to, in.ReplicationConfig, in.RoleArn)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := shownEndpoint(&e)
	return &model.UpdateEndpointOutput{
		Name: shown.Name, Arn: shown.Arn, RoutingConfig: shown.RoutingConfig, ReplicationConfig: shown.ReplicationConfig,
		EventBuses: shown.EventBuses, RoleArn: shown.RoleArn, EndpointId: shown.EndpointId, EndpointUrl: shown.EndpointUrl,
		State: shown.State,
	}, nil
}
