package sns

import (
	"context"
	"maps"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetTopicAttributes sets one attribute of a topic.
func (s *Service) SetTopicAttributes(ctx context.Context, c *wire.Call, in *model.SetTopicAttributesInput) (*model.SetTopicAttributesOutput, error) {
	n, err := topicOf(c, "TopicArn", in.TopicArn)
	if err != nil {
		return nil, err
	}
	a, ok := attributeNamed(in.AttributeName)
	if !ok {
		return nil, invalid("AttributeName")
	}
	if a.name == attrFIFO {
		return nil, invalid(attrFIFO + ": it cannot be changed")
	}
	v, err := a.checkFor(in.AttributeValue.V, isFIFO(n.Topic))
	if err != nil {
		return nil, ofAttribute(err)
	}
	return nil, s.change(ctx, func(tx *store.Tx) error { return s.setAttribute(tx, n, a.name, v) })
}

// setAttribute sets an attribute whose value was checked.
func (s *Service) setAttribute(tx *store.Tx, n topic.Name, name, value string) error {
	err := s.core.Change(tx, n, func(t *topic.Settings) error {
		labels := map[string]string{}
		maps.Copy(labels, t.Labels)
		labels[name] = value
		*t = settingsOf(labels, t.DataProtection)
		return nil
	})
	if err == nil && name == attrPolicy {
		s.follow(tx, n, value)
	}
	return err
}
