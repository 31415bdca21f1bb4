package sqs

import (
	"context"
	"errors"
	"maps"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateQueue makes a queue. One that exists, and has every attribute that the
// request gives, is as good as made; so are its tags, unless the request gives
// others: AWS refuses to change them this way.
func (s *Service) CreateQueue(ctx context.Context, c *wire.Call, in *model.CreateQueueInput) (*model.CreateQueueOutput, error) {
	fifo := strings.EqualFold(in.Attributes[attrFIFO], "true")
	if err := checkName(in.QueueName, fifo); err != nil {
		return nil, err
	}
	given, err := checkAttributes(in.Attributes, fifo)
	if err != nil {
		return nil, err
	}
	labels, err := merge(nil, given)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	tags, err := withTags(in.QueueName, nil, in.Tags)
	if err != nil {
		return nil, err
	}
	n := queue.Name{Account: c.Account, Region: c.Region, Name: in.QueueName}
	if len(tags) > 0 {
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
		if err := c.Ask(ctx, wire.Question{Action: "sqs:TagQueue", Resource: queueARN(n), About: in}); err != nil {
			return nil, err
		}
	}
	settings := queue.Settings{Config: configOf(labels, fifo), Labels: labels, Tags: tags}
	err = s.shard.Update(ctx, func(tx *store.Tx) error { return s.create(tx, n, settings, given) })
	if err != nil {
		return nil, explain(err, said{queue: n.Name})
	}
	return &model.CreateQueueOutput{QueueUrl: wire.Some(urlFor(c, n))}, nil
}

func (s *Service) create(tx *store.Tx, n queue.Name, settings queue.Settings, given map[string]string) error {
	q, err := queue.Find(tx, n)
	if err == nil {
		if name, ok := differs(q, given); ok {
			return differentAttribute(name)
		}
		if len(settings.Tags) > 0 && !maps.Equal(settings.Tags, q.Settings().Tags) {
			return differentTags()
		}
		return nil
	}
	if !errors.Is(err, queue.ErrNotFound) {
		return err
	}
	if err := checkDeadLetter(tx, n, settings.Labels[attrRedrive]); err != nil {
		return err
	}
	if err := queue.Create(tx, n, settings); err != nil {
		return err
	}
	s.follow(tx, n, settings.Labels[attrPolicy])
	return nil
}
