package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	mib     = 1 << 20
	unicode = "Grüße, 世界! 🎉 \u00a0 <xml>&amp; \"quoted\" 'single' \\back\t\r\n€ + %20 = & ;"
)

// The SDK itself compares the MD5s of bodies and fails if they differ.
func messageRoundtrip(t *tour) {
	url := t.queue(nil)
	for _, body := range []string{"hello", unicode, " spaces ", "\n", `{"json": [1, 2.50, null]}`} {
		sent := t.send(url, body)
		equal(t, "MD5OfMessageBody", *sent.MD5OfMessageBody, digest(body))
		m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})[0]
		equal(t, "Body", *m.Body, body)
		equal(t, "MD5OfBody", *m.MD5OfBody, digest(body))
		equal(t, "MessageId", *m.MessageId, *sent.MessageId)
		equal(t, "ApproximateReceiveCount", m.Attributes["ApproximateReceiveCount"], "1")
		for _, name := range []string{"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
			equal(t, name+" is there", m.Attributes[name] != "", true)
		}
		t.delete(url, m, m) // twice: no error
	}
	t.send(url, "plain")
	m := t.one(url)
	equal(t, "attributes nobody asked for", len(m.Attributes)+len(m.MessageAttributes), 0)
	equal(t, "counts with one in flight", t.counts(url), [3]int{0, 1, 0})
	t.delete(url, m)
	equal(t, "counts of an empty queue", t.counts(url), [3]int{})
	for what, in := range map[string]sqs.ReceiveMessageInput{
		"MaxNumberOfMessages": {MaxNumberOfMessages: 11},
		"WaitTimeSeconds":     {WaitTimeSeconds: 21},
		"VisibilityTimeout":   {VisibilityTimeout: 43201},
	} {
		in.QueueUrl = url
		_, err := t.sqs.ReceiveMessage(t.ctx, &in)
		refused(t, what, err, "InvalidParameterValue")
	}
}

func messageAttributes(t *tour) {
	url := t.queue(attrs{"VisibilityTimeout": "0"})
	raw := make([]byte, 256)
	for i := range raw {
		raw[i] = byte(i)
	}
	text := func(kind, value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: &kind, StringValue: &value}
	}
	given := map[string]types.MessageAttributeValue{
		"text": text("String", unicode), "whole": text("Number", "-12.50"), "custom.kind": text("String.colour", "red"),
		"custom.size": text("Number.int", "7"), "raw": {DataType: aws.String("Binary"), BinaryValue: raw},
	}
	trace := "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
	must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("attributed"), MessageAttributes: given,
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &trace}},
	}))(t)
	for wanted, names := range map[string][]string{
		"All": {"custom.kind", "custom.size", "raw", "text", "whole"}, ".*": {"custom.kind", "custom.size", "raw", "text", "whole"},
		"custom.*": {"custom.kind", "custom.size"}, "text": {"text"}, "absent": {},
	} {
		m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{wanted}})[0]
		var got []string
		for name, value := range m.MessageAttributes {
			got = append(got, name)
			equal(t, name+"'s type", *value.DataType, *given[name].DataType)
			equal(t, name, aws.ToString(value.StringValue), aws.ToString(given[name].StringValue))
			equal(t, name+"'s bytes are the same", bytes.Equal(value.BinaryValue, given[name].BinaryValue), true)
		}
		same(t, "attributes for "+wanted, sorted(got), names)
	}
	m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"AWSTraceHeader"}})[0]
	equal(t, "AWSTraceHeader", m.Attributes["AWSTraceHeader"], trace)

	many := map[string]types.MessageAttributeValue{}
	for i := range 11 {
		many[fmt.Sprint("a", i)] = text("String", "x")
	}
	for what, bad := range map[string]map[string]types.MessageAttributeValue{
		"AWS. prefix": {"AWS.mine": text("String", "x")}, "a space": {"spa ce": text("String", "x")}, "a type": {"kind": text("Strange", "x")},
		"no number": {"n": text("Number", "twelve")}, "eleven": many,
	} {
		err := t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), MessageAttributes: bad})
		refused(t, what, err, "InvalidParameterValue")
	}
}

func messageLimits(t *tour) {
	url := t.queue(nil)
	big := strings.Repeat("ü", mib/2)
	t.send(url, big)
	m := t.one(url)
	equal(t, "1 MiB came back the same", *m.Body == big, true)
	t.delete(url, m)
	send := func(body string, delay int32) error {
		return t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, DelaySeconds: delay})
	}
	refused(t, "one byte more", send(strings.Repeat("x", mib+1), 0), "InvalidParameterValue")
	refused(t, "an empty body", send("", 0), "MissingParameter", "InvalidParameterValue")
	refused(t, "DelaySeconds 901", send("x", 901), "InvalidParameterValue")
	refused(t, "DelaySeconds -1", send("x", -1), "InvalidParameterValue")
	for _, bad := range []string{"a\x00b", "\x0b", "\ufffe"} {
		err := send(bad, 0)
		refused(t, fmt.Sprintf("body %q", bad), err, "InvalidMessageContents")
		hasError[*types.InvalidMessageContents](t, "body", err)
	}
	equal(t, "counts after refused sends", t.counts(url), [3]int{})
}

func messageBatch(t *tour) {
	url := t.queue(nil)
	var entries []types.SendMessageBatchRequestEntry
	var wanted []string
	for i := range 10 {
		body := fmt.Sprint("body ", i)
		wanted = append(wanted, body)
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint("id_", i)), MessageBody: &body})
	}
	sent := must(t.sqs.SendMessageBatch(t.ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: entries}))(t)
	equal(t, "sent", len(sent.Successful), 10)
	messages := t.receive(10, sqs.ReceiveMessageInput{QueueUrl: url})
	same(t, "bodies", sorted(bodies(messages)), wanted)
	var hides []types.ChangeMessageVisibilityBatchRequestEntry
	var deletes []types.DeleteMessageBatchRequestEntry
	for i, m := range messages {
		id := aws.String(fmt.Sprint(i))
		if i < 4 {
			hides = append(hides, types.ChangeMessageVisibilityBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle})
		} else {
			deletes = append(deletes, types.DeleteMessageBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle})
		}
	}
	hidden := must(t.sqs.ChangeMessageVisibilityBatch(t.ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: hides}))(t)
	equal(t, "visibilities changed", len(hidden.Successful), 4)
	deleted := must(t.sqs.DeleteMessageBatch(t.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: deletes}))(t)
	equal(t, "deleted", len(deleted.Successful), 6)
	again := t.receive(4, sqs.ReceiveMessageInput{QueueUrl: url})
	same(t, "visible again", sorted(bodies(again)), sorted(bodies(messages[:4])))
	t.delete(url, again...)
	equal(t, "counts", t.counts(url), [3]int{})
}

func messageBatchErrors(t *tour) {
	url := t.queue(nil)
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	send := func(entries ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		return t.sqs.SendMessageBatch(t.ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: append([]types.SendMessageBatchRequestEntry{}, entries...)})
	}
	const prefix = "AWS.SimpleQueueService."
	_, err := send()
	refused(t, "an empty batch", err, prefix+"EmptyBatchRequest")
	hasError[*types.EmptyBatchRequest](t, "an empty batch", err)
	var many []types.SendMessageBatchRequestEntry
	for i := range 11 {
		many = append(many, entry(fmt.Sprint(i), "x"))
	}
	_, err = send(many...)
	refused(t, "eleven entries", err, prefix+"TooManyEntriesInBatchRequest")
	hasError[*types.TooManyEntriesInBatchRequest](t, "eleven entries", err)
	_, err = send(entry("a", "x"), entry("a", "y"))
	refused(t, "an id twice", err, prefix+"BatchEntryIdsNotDistinct")
	hasError[*types.BatchEntryIdsNotDistinct](t, "an id twice", err)
	for _, bad := range []string{"spa ce", strings.Repeat("i", 81), "ü"} {
		_, err = send(entry(bad, "x"))
		refused(t, "id "+bad, err, prefix+"InvalidBatchEntryId")
	}
	_, err = send(entry("a", strings.Repeat("x", mib/2)), entry("b", strings.Repeat("x", mib/2+1)))
	refused(t, "1 MiB and a byte", err, prefix+"BatchRequestTooLong")
	hasError[*types.BatchRequestTooLong](t, "1 MiB and a byte", err)
	equal(t, "counts after refused batches", t.counts(url), [3]int{})

	late := entry("late", "x")
	late.DelaySeconds = 901
	got := must(send(entry("good", "x"), late, entry("chars", "a\x01b")))(t)
	var failures []string
	for _, f := range got.Failed {
		equal(t, "SenderFault of "+*f.Id, f.SenderFault, true)
		failures = append(failures, *f.Id+" "+*f.Code)
	}
	same(t, "Failed", sorted(failures), []string{"chars InvalidMessageContents", "late InvalidParameterValue"})
	equal(t, "Successful", len(got.Successful), 1)
	deleted := must(t.sqs.DeleteMessageBatch(t.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("good"), ReceiptHandle: t.one(url).ReceiptHandle}, {Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")},
	}}))(t)
	equal(t, "deleted", len(deleted.Successful), 1)
	equal(t, "not deleted", *deleted.Failed[0].Id+" "+*deleted.Failed[0].Code, "bad ReceiptHandleIsInvalid")
}

func messageDelay(t *tour) {
	// On a slow machine a second is over before the counts are read.
	later := t.queue(attrs{"DelaySeconds": "900"})
	t.send(later, "the queue's delay")
	must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: later, MessageBody: aws.String("its own"), DelaySeconds: 800}))(t)
	equal(t, "counts of delayed messages", t.counts(later), [3]int{0, 0, 2})
	url := t.queue(nil)
	began := time.Now()
	must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("late"), DelaySeconds: 1}))(t)
	equal(t, "the delayed message", *t.one(url).Body, "late")
	if waited := time.Since(began); waited < 900*time.Millisecond {
		t.Fatalf("a message delayed by 1 s came after %s", waited)
	}
	slow := t.queue(attrs{"DelaySeconds": "1"})
	t.send(slow, "queue's delay")
	same(t, "after it", bodies(t.receive(1, sqs.ReceiveMessageInput{QueueUrl: slow})), []string{"queue's delay"})
}

func fairGroups(t *tour) {
	url := t.queue(nil)
	send := func(group, body string) {
		must(t.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, MessageGroupId: &group}))(t)
	}
	for i := range 30 {
		send("loud", fmt.Sprint("loud ", i))
	}
	send("quiet", "quiet")
	var seen []string
	for i := 0; i < 3 && !slices.Contains(seen, "quiet"); i++ {
		seen = append(seen, bodies(t.receive(10, sqs.ReceiveMessageInput{QueueUrl: url}))...)
	}
	equal(t, "the quiet tenant passes the loud one's backlog", slices.Contains(seen, "quiet"), true)
	err := t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), MessageDeduplicationId: aws.String("fifo-only")})
	refused(t, "a deduplication id on a standard queue", err, "InvalidParameterValue")
}
