package sqs

import (
	"context"
	"maps"
	"slices"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// keys answers for the condition keys of tags; SQS has none of its own.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
func (s *Service) keys(ctx context.Context, c *wire.Call, q wire.Question, key string) policy.Value {
	if name, ok := strings.CutPrefix(key, "aws:resourcetag/"); ok {
		return policy.Tag(s.tagsOf(ctx, q.Resource), name)
	}
	given, removed := tagsIn(q.About)
	if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok {
		return policy.Tag(given, name)
	}
	if names := slices.AppendSeq(slices.Clone(removed), maps.Keys(given)); key == "aws:tagkeys" && len(names) > 0 {
		return policy.Many(names)
	}
	return policy.Value{}
}

// tagsIn are the tags that a request sets, and the names of those that it removes.
func tagsIn(in any) (set map[string]string, removed []string) {
	switch in := in.(type) {
	case *model.CreateQueueInput:
		return in.Tags, nil
	case *model.TagQueueInput:
		return in.Tags, nil
	case *model.UntagQueueInput:
		return nil, in.TagKeys
	}
	return nil, nil
}

// tagsOf are the tags of a queue; none of one that does not exist.
func (s *Service) tagsOf(ctx context.Context, arn string) (tags map[string]string) {
	n, ok := onARN(arn)
	if !ok {
		return nil
	}
	_ = s.on(ctx, n, func(_ *store.Tx, q *queue.Queue) error {
		tags = maps.Clone(q.Settings().Tags)
		return nil
	})
	return tags
}
