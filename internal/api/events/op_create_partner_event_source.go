package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreatePartnerEventSource has the caller, a partner, make an event source for
// an account.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreatePartnerEventSource.html
func (s *Service) CreatePartnerEventSource(ctx context.Context, c *wire.Call, in *model.CreatePartnerEventSourceInput) (*model.CreatePartnerEventSourceOutput, error) {
	id := sourceID(in.Account, c, in.Name)
	err := s.changeSource(ctx, id, func(tx *store.Tx) error { return s.core.CreateSource(tx, id, c.Account) })
	if err != nil {
		return nil, err
	}
	return &model.CreatePartnerEventSourceOutput{EventSourceArn: wire.Some(arn.EventSource(c.Region, in.Name).String())}, nil
}
