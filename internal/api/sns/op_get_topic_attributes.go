package sns

import (
	"context"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetTopicAttributes tells all that is known of a topic.
func (s *Service) GetTopicAttributes(_ context.Context, c *wire.Call, in *model.GetTopicAttributesInput) (*model.GetTopicAttributesOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	out := &model.GetTopicAttributesOutput{}
	err = s.read(func(v *store.View) error {
		t, err := topic.Get(v, n)
		if err != nil {
			return err
		}
		counts, err := topic.CountsOf(v, t.Number)
		if err != nil {
			return err
		}
		out.Attributes, err = echo(t, counts, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
