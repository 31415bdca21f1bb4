package sns

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Publish publishes a message to a topic, or sends it to an app on a device or
// to a phone number.
func (s *Service) Publish(ctx context.Context, c *wire.Call, in *model.PublishInput) (*model.PublishOutput, error) {
	o := &outgoing{
		message: in.Message, subject: in.Subject, structure: in.MessageStructure, attributes: in.MessageAttributes,
		group: in.MessageGroupId, dedup: in.MessageDeduplicationId,
	}
	name, to, err := oneAddress(in)
	if err != nil {
		return nil, err
	}
	if name == "PhoneNumber" {
		return s.sendText(ctx, c, to, o)
	}
	a, err := parse(c, name, to)
	if err != nil {
		return nil, err
	}
	if _, isTopic := a.TopicName(); !isTopic && name == "TargetArn" {
		return s.sendToDevice(ctx, c, to, a, o)
	}
	n, err := topicOf(c, name, to)
	if err != nil {
		return nil, err
	}
	m, err := s.compose(c, o, isFIFO(n.Topic))
	if err != nil {
		return nil, err
	}
	p := s.core.NewPublication(n, []topic.Message{m})
	if err := s.core.Publish(ctx, s.shard, p); err != nil {
		return nil, explain(err)
	}
	out := &model.PublishOutput{}
	out.MessageId, out.SequenceNumber = said(p.Published(0))
	return out, nil
}

// oneAddress is where a message goes, and the parameter that says so.
func oneAddress(in *model.PublishInput) (name, value string, err error) {
	for _, p := range []struct {
		name  string
		value wire.Opt[string]
	}{{"TopicArn", in.TopicArn}, {"TargetArn", in.TargetArn}, {"PhoneNumber", in.PhoneNumber}} {
		if p.value.V == "" {
			continue
		}
		if name != "" {
			return "", "", invalidFor(name+" or "+p.name, "a message goes to one of TopicArn, TargetArn and PhoneNumber")
		}
		name, value = p.name, p.value.V
	}
	if name == "" {
		return "", "", invalidFor("TopicArn or TargetArn", "no value for required parameter")
	}
	return name, value, nil
}

// said is how a published message is answered.
func said(p topic.Published) (id, sequence wire.Opt[string]) {
	id = wire.Some(uuid.UUID(p.ID).String())
	if p.Sequence > 0 {
		sequence = wire.Some(topic.SequenceText(p.Sequence))
	}
	return id, sequence
}

// sendText sends a text message.
func (s *Service) sendText(ctx context.Context, c *wire.Call, number string, o *outgoing) (*model.PublishOutput, error) {
	if !validPhone(number) {
		return nil, invalid("PhoneNumber")
	}
	m, err := s.compose(c, o, false)
	if err != nil {
		return nil, err
	}
	text, own := m.Texts[topic.Text]
	if !own {
		text = m.Text
	}
	if utf8.RuneCountInString(text) > maxText {
		return nil, invalid("Message too long")
	}
	return s.sendTo(ctx, textTo(c, number), topic.Text, m, func(r mobile.Reader) error {
		out, err := mobile.OptedOut(r, placeOf(c), number)
		if err == nil && out {
			err = invalid("Invalid SMS endpoint: the phone number has opted out")
		}
		return err
	})
}

// textTo is where text messages to a number go.
func textTo(c *wire.Call, number string) arn.ARN {
	return arn.ARN{Partition: arn.Partition(c.Region), Service: "sns", Region: c.Region, Account: c.Account, Resource: "sms/" + number}
}

// sendToDevice sends a message to an app on a device.
func (s *Service) sendToDevice(ctx context.Context, c *wire.Call, text string, a arn.ARN, o *outgoing) (*model.PublishOutput, error) {
	app, id, err := endpointOf(c, "TargetArn", text)
	if err != nil {
		return nil, err
	}
	m, err := s.compose(c, o, false)
	if err != nil {
		return nil, err
	}
	return s.sendTo(ctx, a, topic.Application+"/"+topic.Protocol(app.Platform), m, func(r mobile.Reader) error {
		e, err := mobile.GetEndpoint(r, app, id)
		switch {
		case errors.Is(err, mobile.ErrNoEndpoint):
			return invalidFor("TargetArn", "No endpoint found for the target arn specified")
		case err == nil && e.Disabled:
			return say(codeDisabled, "Endpoint is disabled")
		}
		return err
	})
}

func (s *Service) sendTo(ctx context.Context, to arn.ARN, key topic.Protocol, m topic.Message, check func(mobile.Reader) error) (*model.PublishOutput, error) {
	if !s.core.Reaches(to) {
		return nil, invalidFor("TargetArn or PhoneNumber", "this Carillon sends nothing to devices and phone numbers: it has no gateway to them.")
	}
	err := s.change(ctx, func(tx *store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		return s.core.SendTo(tx, to, key, m)
	})
	if err != nil {
		return nil, err
	}
	return &model.PublishOutput{MessageId: wire.Some(uuid.UUID(m.ID).String())}, nil
}
