package sns

import (
	"context"
	"slices"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// keys answers for SNS's condition keys, and those of tags.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
func (s *Service) keys(_ context.Context, c *wire.Call, q wire.Question, key string) policy.Value {
	if name, ok := strings.CutPrefix(key, "aws:resourcetag/"); ok {
		return policy.Tag(s.tagsOf(c, q.Resource), name)
	}
	if in, ok := q.About.(*model.SubscribeInput); ok {
		switch key {
		case "sns:protocol":
			return policy.One(in.Protocol)
		case "sns:endpoint":
			return policy.One(in.Endpoint.V)
		}
	}
	given, names := tagsIn(q.About)
	if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok {
		return policy.Tag(given, name)
	}
	if key == "aws:tagkeys" && len(names) > 0 {
		return policy.Many(names)
	}
	return policy.Value{}
}

// tagsIn are the tags that a request sets, and the names of those that it is
// about.
func tagsIn(in any) (set map[string]string, names []string) {
	var tags []model.Tag
	switch in := in.(type) {
	case *model.CreateTopicInput:
		tags = in.Tags
	case *model.TagResourceInput:
		tags = in.Tags
	case *model.UntagResourceInput:
		return nil, slices.Clone(in.TagKeys)
	}
	set = make(map[string]string, len(tags))
	for _, t := range tags {
		set[t.Key] = t.Value
		names = append(names, t.Key)
	}
	return set, names
}

// tagsOf are the tags of a topic, or of that of a subscription.
func (s *Service) tagsOf(c *wire.Call, arn string) (tags map[string]string) {
	n, err := topicOf(c, "TopicArn", arn)
	if err != nil {
		if n, _, err = subscriptionOf(c, arn); err != nil {
			return nil
		}
	}
	_ = s.shard.View(func(v *store.View) error {
		t, err := topic.Get(v, n)
		tags = t.Tags
		return err
	})
	return tags
}

// mayTouch refuses strangers: a subscription is its own account's, and that of
// the topic's account.
func mayTouch(ctx context.Context, c *wire.Call, n topic.Name, sub topic.Subscription) error {
	if c.Account == sub.Owner || c.Account == n.Account {
		return nil
	}
	return c.Ask(ctx, wire.Question{Resource: sub.ARN().String(), BothSides: true})
}
