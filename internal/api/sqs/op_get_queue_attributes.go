package sqs

import (
	"context"
	"slices"
	"strconv"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

const allAttributes = "All"

// reading is what the attributes that nobody sets are told from.
type reading struct {
	name     queue.Name
	counts   queue.Counts
	created  int64
	modified int64
}

// readings are the attributes that nobody sets.
var readings = map[string]func(r *reading) string{
	"QueueArn":                              func(r *reading) string { return queueARN(r.name) },
	"CreatedTimestamp":                      func(r *reading) string { return strconv.FormatInt(r.created, 10) },
	"LastModifiedTimestamp":                 func(r *reading) string { return strconv.FormatInt(r.modified, 10) },
	"ApproximateNumberOfMessages":           func(r *reading) string { return strconv.Itoa(r.counts.Ready) },
	"ApproximateNumberOfMessagesNotVisible": func(r *reading) string { return strconv.Itoa(r.counts.InFlight) },
	"ApproximateNumberOfMessagesDelayed":    func(r *reading) string { return strconv.Itoa(r.counts.Delayed) },
}

// GetQueueAttributes tells a queue's attributes.
func (s *Service) GetQueueAttributes(ctx context.Context, c *wire.Call, in *model.GetQueueAttributesInput) (*model.GetQueueAttributesOutput, error) {
	n, err := onURL(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for _, name := range in.AttributeNames {
		_, settable := attributeNamed(name)
		if readings[name] == nil && !settable && name != allAttributes {
			return nil, unknownAttribute(name)
		}
	}
	r := reading{name: n}
	var labels map[string]string
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) (err error) {
		labels = q.Settings().Labels // replaced whole, never changed
		r.created, r.modified = q.CreatedAt().Unix(), q.ModifiedAt().Unix()
		r.counts, err = q.Counts(tx)
		return err
	})
	if err != nil {
		return nil, explain(err, said{queue: n.Name})
	}
	return &model.GetQueueAttributesOutput{Attributes: r.attributes(labels, in.AttributeNames)}, nil
}

// attributes is those of the names that the queue has; nil if there are none.
func (r *reading) attributes(labels map[string]string, names []string) map[string]string {
	all := slices.Contains(names, allAttributes)
	var out map[string]string
	put := func(name, v string) {
		if v != "" && (all || slices.Contains(names, name)) {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = v
		}
	}
	for name, read := range readings {
		put(name, read(r))
	}
	for _, a := range attributes {
		if !a.fifo || isFIFO(r.name.Name) {
			put(a.name, a.valueIn(labels))
		}
	}
	return out
}
