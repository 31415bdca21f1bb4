package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListTopics lists the caller's topics by name.
func (s *Service) ListTopics(_ context.Context, c *wire.Call, in *model.ListTopicsInput) (*model.ListTopicsOutput, error) {
	list := "ListTopics/" + c.Account + "/" + c.Region
	after, err := page(list, "NextToken", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &model.ListTopicsOutput{Topics: []model.Topic{}}
	err = s.read(func(v *store.View) error {
		names, more, err := topic.List(v, c.Account, c.Region, after, pageSize)
		for _, name := range names {
			n := topic.Name{Account: c.Account, Region: c.Region, Topic: name}
			out.Topics = append(out.Topics, model.Topic{TopicArn: wire.Some(n.ARN().String())})
		}
		if more {
			out.NextToken = nextToken(list, names[len(names)-1])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
