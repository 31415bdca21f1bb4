package events

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateEventBus makes a custom bus, or the bus of a partner's event source.
func (s *Service) CreateEventBus(ctx context.Context, c *wire.Call, in *model.CreateEventBusInput) (*model.CreateEventBusOutput, error) {
	source := in.EventSourceName
	if strings.Contains(in.Name, "/") && !source.OK {
		return nil, invalid("Name", "The name of a custom event bus must not contain '/'.")
	}
	if source.OK && source.V != in.Name {
		return nil, invalid("Name", "The name of a partner event bus must be that of its event source.")
	}
	settings, err := settings(in.Description.V, in.KmsKeyIdentifier.V, in.DeadLetterConfig, in.LogConfig)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	n := names{bus: bus.Name{Account: c.Account, Region: c.Region, Bus: in.Name}}
	if len(tags) > 0 {
		if err := c.Ask(ctx, wire.Question{Action: actionTag, Resource: n.bus.ARN().String(), About: in}); err != nil {
			return nil, err
		}
	}
	create := s.core.CreateBus
	if source.OK {
		create = s.core.CreatePartnerBus
	}
	err = explainSource(in.Name, s.shard.Update(ctx, func(tx *store.Tx) error {
		if err := create(tx, n.bus, in.Description.V, tags); err != nil {
			return err
		}
		return s.core.SetSettings(tx, n.bus, settings)
	}))
	if err != nil {
		return nil, err
	}
	return &model.CreateEventBusOutput{
		EventBusArn: wire.Some(n.bus.ARN().String()), Description: in.Description, KmsKeyIdentifier: some(settings.Key),
		DeadLetterConfig: deadLetterAs(settings), LogConfig: logAs(settings),
	}, nil
}
