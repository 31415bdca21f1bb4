package events

import (
	"context"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeEventBus describes a bus, the default bus if none is named.
func (s *Service) DescribeEventBus(_ context.Context, c *wire.Call, in *model.DescribeEventBusInput) (*model.DescribeEventBusOutput, error) {
	n, err := onBus(c, in.Name, "")
	if err != nil {
		return nil, err
	}
	var b bus.Bus
	err = s.read(n, func(v *store.View) error {
		b, err = bus.GetBus(v, n.bus)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DescribeEventBusOutput{
		Name: wire.Some(b.Name.Bus), Arn: wire.Some(b.Name.ARN().String()), Description: some(b.Description), Policy: some(b.Policy),
		KmsKeyIdentifier: some(b.Key), DeadLetterConfig: deadLetterAs(b.Settings), LogConfig: logAs(b.Settings),
		CreationTime: known(b.CreatedAt), LastModifiedTime: known(b.ModifiedAt),
	}, nil
}

// known is a present time, unless it is zero.
func known(t time.Time) wire.Opt[time.Time] { return wire.Opt[time.Time]{V: t, OK: !t.IsZero()} }
