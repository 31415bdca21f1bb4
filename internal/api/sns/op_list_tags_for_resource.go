package sns

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListTagsForResource lists the tags of a topic by key.
func (s *Service) ListTagsForResource(_ context.Context, c *wire.Call, in *model.ListTagsForResourceInput) (*model.ListTagsForResourceOutput, error) {
	n, err := tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &model.ListTagsForResourceOutput{Tags: []model.Tag{}}
	err = explainTags(s.read(func(v *store.View) error {
		t, err := topic.Get(v, n)
		for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
			out.Tags = append(out.Tags, model.Tag{Key: key, Value: t.Tags[key]})
		}
		return err
	}))
	if err != nil {
		return nil, err
	}
	return out, nil
}
