// Package sqs is Amazon SQS on top of the queue core: what the API calls
// things, the shapes of its requests and answers, and its error codes.
//
// One file holds one operation (a batch lies beside its single form). Each
// checks the request, encodes what it can and makes message ids before the
// transaction, so that the shard's one writer does little; then calls the core
// inside one transaction; then words the outcome. errors.go is the only table
// of codes.
//
// It refuses what AWS refuses, with AWS's code and a sentence that names the
// parameter. A refused request has changed nothing; a refused entry of a batch
// has not touched its neighbours.
//
// Invariants:
//
//  1. A queue's attributes are kept as Labels of its settings, in the words in
//     which they are echoed; its Config is always configOf those.
//  2. Message attributes are stored in the form over which AWS takes their MD5
//     (messageattributes.go).
//  3. A receipt handle was made by this store's key, or it is refused.
package sqs

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// Options of the service.
type Options struct {
	Shard  *store.Shard
	Key    [32]byte     // of receipt handles and page tokens; the same for as long as the store lives
	Limits queue.Limits // of messages in flight; AWS's where zero

	Policies *policy.Book // of queues, for decisions; nil: nobody decides
}

// Service implements the operations of SQS.
type Service struct {
	model.NotImplemented
	shard  *store.Shard
	seals  *sealer
	limits queue.Limits

	policies *policy.Book
}

var _ model.Operations = (*Service)(nil)

// New is the table of SQS's operations on a shard.
func New(o Options) *wire.Service {
	s := &Service{shard: o.Shard, seals: newSealer(o.Key), limits: o.Limits, policies: o.Policies}
	service := model.New(s, resource)
	for _, op := range service.Operations {
		op.Query = inOldWords(op.Query)
		op.Rights.Keys = s.keys
	}
	return service
}

// on runs fn in a transaction with the queue of that name. Its error is the core's.
func (s *Service) on(ctx context.Context, n queue.Name, fn func(tx *store.Tx, q *queue.Queue) error) error {
	return s.shard.Update(ctx, func(tx *store.Tx) error {
		q, err := queue.Find(tx, n)
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

func queueARN(n queue.Name) string { return arn.Queue(n.Region, n.Account, n.Name).String() }

// resource is what a request is about, for the authorisation decision.
func resource(c *wire.Call, in any) string {
	switch in := in.(type) {
	case *model.CreateQueueInput:
		return queueARN(queue.Name{Account: c.Account, Region: c.Region, Name: in.QueueName})
	case *model.GetQueueUrlInput:
		return queueARN(queue.Name{Account: in.QueueOwnerAWSAccountId.Or(c.Account), Region: c.Region, Name: in.QueueName})
	case *model.ListQueuesInput:
		return queueARN(queue.Name{Account: c.Account, Region: c.Region, Name: "*"})
	case *model.StartMessageMoveTaskInput:
		return in.SourceArn
	case *model.ListMessageMoveTasksInput:
		return in.SourceArn
	case *model.CancelMessageMoveTaskInput:
		if t, ok := openTask(in.TaskHandle); ok {
			return t.SourceARN
		}
		return "*"
	}
	n, err := onURL(c, urlOf(in))
	if err != nil {
		return "*" // the method refuses it
	}
	return queueARN(n)
}

// urlOf is the QueueUrl of a request that has one.
func urlOf(in any) string {
	switch in := in.(type) {
	case *model.AddPermissionInput:
		return in.QueueUrl
	case *model.ChangeMessageVisibilityBatchInput:
		return in.QueueUrl
	case *model.ChangeMessageVisibilityInput:
		return in.QueueUrl
	case *model.DeleteMessageBatchInput:
		return in.QueueUrl
	case *model.DeleteMessageInput:
		return in.QueueUrl
	case *model.DeleteQueueInput:
		return in.QueueUrl
	case *model.GetQueueAttributesInput:
		return in.QueueUrl
	case *model.ListDeadLetterSourceQueuesInput:
		return in.QueueUrl
	case *model.ListQueueTagsInput:
		return in.QueueUrl
	case *model.PurgeQueueInput:
		return in.QueueUrl
	case *model.ReceiveMessageInput:
		return in.QueueUrl
	case *model.RemovePermissionInput:
		return in.QueueUrl
	case *model.SendMessageBatchInput:
		return in.QueueUrl
	case *model.SendMessageInput:
		return in.QueueUrl
	case *model.SetQueueAttributesInput:
		return in.QueueUrl
	case *model.TagQueueInput:
		return in.QueueUrl
	case *model.UntagQueueInput:
		return in.QueueUrl
	}
	return ""
}
