package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagResource sets tags of a rule or a bus.
func (s *Service) TagResource(ctx context.Context, c *wire.Call, in *model.TagResourceInput) (*model.TagResourceOutput, error) {
	n, err := tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, n, func(tx *store.Tx) error { return s.core.ChangeTags(tx, n.bus, n.rule, tags, nil) })
	return &model.TagResourceOutput{}, err
}
