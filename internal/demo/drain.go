package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// drain receives and deletes until the queue is empty.
func (s *story) drain(ctx context.Context, url string) ([]Received, error) {
	var all []Received
	for {
		got, err := s.aws.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0})
		if err != nil {
			return nil, err
		}
		if len(got.Messages) == 0 {
			return all, s.empty(ctx, url)
		}
		remove := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
		for i, m := range got.Messages {
			all = append(all, s.read(aws.ToString(m.Body)))
			remove.Entries = append(remove.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
		removed, err := s.aws.sqs.DeleteMessageBatch(ctx, remove)
		if err != nil {
			return nil, err
		}
		if len(removed.Failed) > 0 {
			return nil, fmt.Errorf("a message was not deleted: %s", aws.ToString(removed.Failed[0].Message))
		}
	}
}

// empty asks the queue itself whether nothing is left, hidden or delayed.
func (s *story) empty(ctx context.Context, url string) error {
	names := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
	out, err := s.aws.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		return err
	}
	for _, name := range names {
		if n := out.Attributes[string(name)]; n != "0" {
			return fmt.Errorf("it answers no message, and yet %s is %s", name, n)
		}
	}
	return nil
}

// read tells which event a message is, and whether it is as it was put.
func (s *story) read(body string) Received {
	var envelope struct {
		ID         string          `json:"id"`
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	r := Received{Event: -1}
	if json.Unmarshal([]byte(body), &envelope) != nil || len(envelope.Resources) != 1 {
		return r
	}
	i, ok := deliveryNumber(envelope.Resources[0])
	if !ok || i >= len(s.events) {
		return r
	}
	e := &s.events[i]
	r.Event, r.ID = i, envelope.ID
	r.Intact = envelope.Source == source && envelope.DetailType == e.DetailType && string(envelope.Detail) == e.Detail
	return r
}
