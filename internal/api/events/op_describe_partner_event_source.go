package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribePartnerEventSource describes an event source that the caller, a
// partner, made.
func (s *Service) DescribePartnerEventSource(_ context.Context, c *wire.Call, in *model.DescribePartnerEventSourceInput) (*model.DescribePartnerEventSourceOutput, error) {
	err := s.shard.View(func(v *store.View) error {
		_, err := bus.PartnerSource(v, c.Account, c.Region, in.Name, s.now())
		return err
	})
	if err != nil {
		return nil, explainSource(in.Name, err)
	}
	return &model.DescribePartnerEventSourceOutput{
		Arn: wire.Some(arn.EventSource(c.Region, in.Name).String()), Name: wire.Some(in.Name),
	}, nil
}
