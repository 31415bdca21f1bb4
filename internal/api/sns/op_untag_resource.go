package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// UntagResource takes tags of a topic away.
func (s *Service) UntagResource(ctx context.Context, c *wire.Call, in *model.UntagResourceInput) (*model.UntagResourceOutput, error) {
	n, err := tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, explainTags(s.change(ctx, func(tx *store.Tx) error { return s.core.ChangeTags(tx, n, nil, in.TagKeys) }))
}
