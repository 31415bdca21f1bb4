package sns

import (
	"context"
	"errors"
	"maps"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateTopic makes a topic. One that exists, and has every attribute and tag
// that the request gives, is as good as made.
func (s *Service) CreateTopic(ctx context.Context, c *wire.Call, in *model.CreateTopicInput) (*model.CreateTopicOutput, error) {
	fifo := strings.EqualFold(in.Attributes[attrFIFO], "true")
	switch {
	case !validTopic(in.Name):
		return nil, invalid("Topic Name")
	case fifo != isFIFO(in.Name): // AWS stops behind "Topic Name", and everybody is puzzled once.
		return nil, invalidFor("Topic Name", "the name of a FIFO topic, and of no other, ends with .fifo, and its attribute FifoTopic is true")
	}
	given, err := checkAttributes(in.Attributes, fifo)
	if err != nil {
		return nil, ofAttributes(err)
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if in.DataProtectionPolicy.V != "" {
		if err := checkDataProtection(in.DataProtectionPolicy.V); err != nil {
			return nil, err
		}
	}
	n := topic.Name{Account: c.Account, Region: c.Region, Topic: in.Name}
	if len(tags) > 0 {
		// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
		if err := c.Ask(ctx, wire.Question{Action: "sns:TagResource", Resource: n.ARN().String(), About: in}); err != nil {
			return nil, err
		}
	}
	settings := settingsOf(given, in.DataProtectionPolicy.V)
	err = s.change(ctx, func(tx *store.Tx) error {
		err := s.core.Create(tx, n, settings, tags)
		if errors.Is(err, topic.ErrExists) {
			return sameTopic(tx, n, given, tags)
		}
		if err == nil {
			s.follow(tx, n, settings.Labels[attrPolicy])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateTopicOutput{TopicArn: wire.Some(n.ARN().String())}, nil
}

// sameTopic refuses a topic that differs from the one that there is.
func sameTopic(tx *store.Tx, n topic.Name, given, tags map[string]string) error {
	t, err := topic.Get(tx, n)
	switch {
	case err != nil:
		return err
	case differs(n, t.Settings.Labels, given):
		return invalidFor("Attributes", "Topic already exists with different attributes")
	case len(tags) > 0 && !maps.Equal(tags, t.Tags):
		return invalidFor("Tags", "Topic already exists with different tags")
	}
	return nil
}
