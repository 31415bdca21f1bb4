package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagResource removes tags of a rule or a bus.
func (s *Service) UntagResource(ctx context.Context, c *wire.Call, in *model.UntagResourceInput) (*model.UntagResourceOutput, error) {
	n, err := tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.ChangeTags(tx, n.bus, n.rule, nil, in.TagKeys) })
	return &model.UntagResourceOutput{}, err
}
