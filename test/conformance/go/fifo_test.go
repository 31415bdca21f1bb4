package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sendTo sends to a message group.
func (t *tour) sendTo(url *string, group, body string, id *string) *sqs.SendMessageOutput {
	t.Helper()
	return must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: id,
	}))(t)
}

func fifoOrder(t *tour) {
	url := t.fifo()
	got := t.attributes(url)
	for attribute, want := range map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"} {
		equal(t, attribute, got[attribute], want)
	}
	var numbers []string
	for i := range 4 {
		for _, group := range []string{"a", "b"} {
			numbers = append(numbers, *t.sendTo(url, group, fmt.Sprint(group, i), nil).SequenceNumber)
		}
	}
	equal(t, "digits of a SequenceNumber", len(numbers[0]), 20)
	equal(t, "sequence numbers rise", slices.IsSorted(numbers) && len(slices.Compact(slices.Clone(numbers))) == 8, true)

	first := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 1, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})[0]
	equal(t, "first", *first.Body+" "+first.Attributes["MessageGroupId"]+" "+first.Attributes["SequenceNumber"], "a0 a "+numbers[0])
	rest := t.once(sqs.ReceiveMessageInput{QueueUrl: url})
	same(t, "while group a is locked", bodies(rest), []string{"b0", "b1", "b2", "b3"})
	t.delete(url, rest...)
	must(0, t.hide(url, first.ReceiptHandle, 0))(t)
	var seen []string
	for len(seen) < 4 {
		m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url})[0]
		seen = append(seen, *m.Body)
		t.delete(url, m)
	}
	same(t, "group a", seen, []string{"a0", "a1", "a2", "a3"})

	body := aws.String("x")
	refused(t, "no group", t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: body}), "MissingParameter")
	refused(t, "a delay", t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: body, MessageGroupId: body, DelaySeconds: 1}), "InvalidParameterValue")
	long := strings.Repeat("g", 129)
	refused(t, "a long group", t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: body, MessageGroupId: &long}), "InvalidParameterValue")
}

func fifoDedup(t *tour) {
	url := t.queue(attrs{"FifoQueue": "true"})
	err := t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), MessageGroupId: aws.String("g")})
	refused(t, "no deduplication id", err, "InvalidParameterValue")
	id := aws.String("id-1")
	one, again := t.sendTo(url, "g", "one", id), t.sendTo(url, "g", "other", id)
	equal(t, "a duplicate's MessageId", *again.MessageId, *one.MessageId)
	equal(t, "a duplicate's SequenceNumber", *again.SequenceNumber, *one.SequenceNumber)
	m := t.one(url)
	equal(t, "the first body stays", *m.Body, "one")
	t.delete(url, m)
	t.sendTo(url, "g", "one", id)
	equal(t, "a duplicate of a deleted message", t.counts(url), [3]int{})

	content := t.fifo()
	for range 2 {
		t.sendTo(content, "g", "same", nil)
	}
	equal(t, "by content", t.counts(content), [3]int{1, 0, 0})
	group := t.queue(attrs{"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	for _, g := range []string{"g", "h", "g"} {
		t.sendTo(group, g, "same", id)
	}
	equal(t, "per group", t.counts(group), [3]int{2, 0, 0})
}

func fifoReceipts(t *tour) {
	url := t.fifo()
	for i := range 3 {
		t.sendTo(url, "g", fmt.Sprint(i), nil)
	}
	attempt := sqs.ReceiveMessageInput{QueueUrl: url, ReceiveRequestAttemptId: aws.String("attempt-1")}
	first, second := t.receive(2, attempt), t.receive(2, attempt)
	same(t, "the same attempt again", bodies(second), bodies(first))
	t.delete(url, second...)
	third := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, VisibilityTimeout: 1})[0]
	fourth := t.one(url)
	equal(t, "after its visibility timeout", *fourth.MessageId, *third.MessageId)
	_, err := t.sqs.DeleteMessage(t.ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: third.ReceiptHandle})
	refused(t, "an expired receipt", err, "InvalidParameterValue", "ReceiptHandleIsInvalid")
	t.delete(url, fourth)
	equal(t, "counts", t.counts(url), [3]int{})
}
