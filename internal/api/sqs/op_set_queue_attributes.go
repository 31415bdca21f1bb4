package sqs

import (
	"context"
	"maps"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// SetQueueAttributes changes a queue's attributes: all that the request gives,
// or none.
func (s *Service) SetQueueAttributes(ctx context.Context, c *wire.Call, in *model.SetQueueAttributesInput) (*model.SetQueueAttributesOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Attributes) == 0 {
		return nil, missing("Attributes")
	}
	given := in.Attributes
	if v, ok := given[attrFIFO]; ok {
		if !isFIFO(n.Name) || !strings.EqualFold(v, "true") {
			return nil, badAttribute(attrFIFO, "Modifying queue type is not supported.")
		}
		given = maps.Clone(given)
		delete(given, attrFIFO)
	}
	change, err := checkAttributes(given, isFIFO(n.Name))
	if err != nil {
		return nil, err
	}
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) error {
		if policy := change[attrRedrive]; policy != "" {
			if err := checkDeadLetter(tx, n, policy); err != nil {
				return err
			}
		}
		return s.configure(tx, q, change)
	})
	return nil, explain(err, said{queue: n.Name})
}

// configure changes a queue's attributes.
func (s *Service) configure(tx *store.Tx, q *queue.Queue, change map[string]string) error {
	settings := *q.Settings()
	labels, err := merge(settings.Labels, change)
	if err != nil {
		return err
	}
	settings.Labels, settings.Config = labels, configOf(labels, isFIFO(q.Name().Name))
	if err := queue.Configure(tx, q, settings); err != nil {
		return err
	}
	if _, changed := change[attrPolicy]; changed {
		s.follow(tx, q.Name(), labels[attrPolicy])
	}
	return nil
}
