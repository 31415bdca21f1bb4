package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeletePartnerEventSource has the caller, a partner, delete an event source
// that it made for an account. One that is not there is deleted already.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeletePartnerEventSource.html
func (s *Service) DeletePartnerEventSource(ctx context.Context, c *wire.Call, in *model.DeletePartnerEventSourceInput) (*model.DeletePartnerEventSourceOutput, error) {
	id := sourceID(in.Account, c, in.Name)
	err := s.changeSource(ctx, id, func(tx *store.Tx) error { return s.core.DeleteSource(tx, id, c.Account) })
	return &model.DeletePartnerEventSourceOutput{}, err
}
