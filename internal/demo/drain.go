package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// drain receives and deletes until the queue is empty, and returns the bodies.
func drain(ctx context.Context, c *clients, q aQueue) ([]string, error) {
	var all []string
	for {
		got, err := receive(ctx, c, q, 0)
		if err != nil {
			return nil, fmt.Errorf("empty the queue %s: %w", q.name, err)
		}
		if len(got) == 0 {
			return all, empty(ctx, c, q)
		}
		for _, m := range got {
			all = append(all, aws.ToString(m.Body))
		}
		if err := remove(ctx, c, q, got); err != nil {
			return nil, fmt.Errorf("empty the queue %s: %w", q.name, err)
		}
	}
}

// receive receives up to ten messages, and waits for the first so many seconds.
func receive(ctx context.Context, c *clients, q aQueue, seconds int32) ([]types.Message, error) {
	got, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds})
	if err != nil {
		return nil, err
	}
	return got.Messages, nil
}

func remove(ctx context.Context, c *clients, q aQueue, messages []types.Message) error {
	if len(messages) == 0 {
		return nil
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
	for i, m := range messages {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	removed, err := c.sqs.DeleteMessageBatch(ctx, in)
	if err != nil {
		return err
	}
	if len(removed.Failed) > 0 {
		return fmt.Errorf("a message was not deleted: %s", aws.ToString(removed.Failed[0].Message))
	}
	return nil
}

// empty asks the queue itself whether nothing is left, hidden or delayed.
func empty(ctx context.Context, c *clients, q aQueue) error {
	counts, err := waiting(ctx, c, q)
	if err != nil {
		return err
	}
	for name, n := range counts {
		if n != "0" {
			return fmt.Errorf("the queue %s answers no message, and yet its %s is %s", q.name, name, n)
		}
	}
	return nil
}
