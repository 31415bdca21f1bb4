package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateEventBus changes a bus, the default bus if none is named. A
// description that is left out stays, an empty one goes. What else is left out
// goes: without a key identifier AWS is back to its own key, and clients
// (Terraform) leave out what they take away.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html
func (s *Service) UpdateEventBus(ctx context.Context, c *wire.Call, in *model.UpdateEventBusInput) (*model.UpdateEventBusOutput, error) {
	n, err := onBus(c, in.Name, "")
	if err != nil {
		return nil, err
	}
	set, err := settings(in.Description.V, in.KmsKeyIdentifier.V, in.DeadLetterConfig, in.LogConfig)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error {
		b, err := bus.GetBus(tx, n.bus)
		if err != nil {
			return err
		}
		set.Description = in.Description.Or(b.Description)
		return s.core.SetSettings(tx, n.bus, set)
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateEventBusOutput{
		Arn: wire.Some(n.bus.ARN().String()), Name: wire.Some(n.bus.Bus), Description: some(set.Description),
		KmsKeyIdentifier: some(set.Key), DeadLetterConfig: deadLetterAs(set), LogConfig: logAs(set),
	}, nil
}
