package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListEventBuses lists the buses of the account in the region by name, the
// default bus among them.
func (s *Service) ListEventBuses(_ context.Context, c *wire.Call, in *model.ListEventBusesInput) (*model.ListEventBusesOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var buses []bus.Bus
	var more bool
	err = s.read(names{}, func(v *store.View) error {
		buses, more, err = bus.ListBuses(v, c.Account, c.Region, in.NamePrefix.V, after, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListEventBusesOutput{EventBuses: []model.EventBus{}}
	last := ""
	for _, b := range buses {
		last = b.Name.Bus
		out.EventBuses = append(out.EventBuses, model.EventBus{
			Name: wire.Some(last), Arn: wire.Some(b.Name.ARN().String()), Description: some(b.Description), Policy: some(b.Policy),
			CreationTime: known(b.CreatedAt), LastModifiedTime: known(b.ModifiedAt),
		})
	}
	out.NextToken = nextToken(c.Operation, more, last)
	return out, nil
}
