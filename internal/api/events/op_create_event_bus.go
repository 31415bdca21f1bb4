package events

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateEventBus makes a custom bus.
func (s *Service) CreateEventBus(ctx context.Context, c *wire.Call, in *model.CreateEventBusInput) (*model.CreateEventBusOutput, error) {
	if strings.Contains(in.Name, "/") && !in.EventSourceName.OK {
		return nil, invalid("Name", "The name of a custom event bus must not contain '/'.")
	}
	err := refusal(
		param{"EventSourceName", in.EventSourceName.OK},
		param{"KmsKeyIdentifier", in.KmsKeyIdentifier.OK},
		param{"DeadLetterConfig", in.DeadLetterConfig != nil},
		param{"LogConfig", in.LogConfig != nil},
	)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	n := names{bus: bus.Name{Account: c.Account, Region: c.Region, Bus: in.Name}}
	err = s.change(ctx, n, func(tx *store.Tx) error {
		return s.core.CreateBus(tx, n.bus, in.Description.V, tags)
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateEventBusOutput{EventBusArn: wire.Some(n.bus.ARN().String()), Description: in.Description}, nil
}
