package events

import (
	"context"
	"maps"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListTagsForResource lists the tags of a rule or a bus by key.
func (s *Service) ListTagsForResource(_ context.Context, c *wire.Call, in *model.ListTagsForResourceInput) (*model.ListTagsForResourceOutput, error) {
	n, err := tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &model.ListTagsForResourceOutput{Tags: []model.Tag{}}
	err = s.read(n, func(v *store.View) error {
		tags, err := bus.Tags(v, n.bus, n.rule)
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, model.Tag{Key: key, Value: tags[key]})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
