package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteTopic deletes a topic and its subscriptions; one that does not exist is
// as good as deleted.
func (s *Service) DeleteTopic(ctx context.Context, c *wire.Call, in *model.DeleteTopicInput) (*model.DeleteTopicOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, func(tx *store.Tx) error {
		if err := s.core.Delete(tx, n); err != nil {
			return err
		}
		s.follow(tx, n, "")
		return nil
	})
}
