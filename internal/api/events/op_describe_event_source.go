package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeEventSource describes an event source that a partner made for the
// account.
func (s *Service) DescribeEventSource(_ context.Context, c *wire.Call, in *model.DescribeEventSourceInput) (*model.DescribeEventSourceOutput, error) {
	var found bus.Source
	err := s.shard.View(func(v *store.View) (err error) {
		found, err = bus.GetSource(v, sourceID(c.Account, c, in.Name), s.now())
		return err
	})
	if err != nil {
		return nil, explainSource(in.Name, err)
	}
	as := sourceAs(found)
	return &model.DescribeEventSourceOutput{
		Arn: as.Arn, Name: as.Name, CreatedBy: as.CreatedBy, CreationTime: as.CreationTime,
		ExpirationTime: as.ExpirationTime, State: as.State,
	}, nil
}
