package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// TagResource sets tags of a topic.
func (s *Service) TagResource(ctx context.Context, c *wire.Call, in *model.TagResourceInput) (*model.TagResourceOutput, error) {
	n, err := tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, explainTags(s.change(ctx, func(tx *store.Tx) error { return s.core.ChangeTags(tx, n, tags, nil) }))
}
