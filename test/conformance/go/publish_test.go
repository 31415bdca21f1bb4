package conformance

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// subscribed makes a queue that subscribes to a topic, and gives its URL.
func (t *tour) subscribed(arn *string, fifo bool, a attrs) *string {
	t.Helper()
	var in attrs
	if fifo {
		in = attrs{"FifoQueue": "true"}
	}
	url := t.queue(in)
	must(t.trySubscribe(arn, "sqs", t.arn(url), a))(t)
	return url
}

func (t *tour) received(url *string, count int) (bodies []string) {
	t.Helper()
	for _, m := range t.receive(count, sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10}) {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

var raw = attrs{"RawMessageDelivery": "true"}

func publish(t *tour) {
	arn := t.topic(nil)
	document := t.subscribed(arn, false, nil)
	plain := t.subscribed(arn, false, attrs{"RawMessageDelivery": "true", "FilterPolicy": `{"kind":["x"]}`, "FilterPolicyScope": "MessageBody"})
	out := must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Subject: aws.String("s"), Message: aws.String(`{"kind":"x"}`)}))(t)
	var got struct{ Type, MessageId, TopicArn, Subject, Message string }
	if err := json.Unmarshal([]byte(t.received(document, 1)[0]), &got); err != nil {
		t.Fatal(err)
	}
	same(t, "document", []string{got.Type, got.MessageId, got.TopicArn, got.Subject, got.Message}, []string{"Notification", *out.MessageId, *arn, "s", `{"kind":"x"}`})
	same(t, "raw", t.received(plain, 1), []string{`{"kind":"x"}`})
	_, err := t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String(strings.Repeat("x", 262_145))})
	hasError[*types.InvalidParameterException](t, "a long message", err)
	_, err = t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: aws.String(*arn + "-none"), Message: aws.String("m")})
	hasError[*types.NotFoundException](t, "no such topic", err)
}

func publishFilter(t *tour) {
	arn := t.topic(nil)
	byAttribute := t.subscribed(arn, false, attrs{"RawMessageDelivery": "true", "FilterPolicy": `{"kind":["x",{"prefix":"y"}],"n":[{"numeric":[">",5]}]}`})
	byBody := t.subscribed(arn, false, attrs{"RawMessageDelivery": "true", "FilterPolicy": `{"order":{"total":[{"numeric":[">=",100]}]}}`, "FilterPolicyScope": "MessageBody"})
	const large, small = `{"order":{"total":100}}`, `{"order":{"total":99}}`
	for _, m := range [][3]string{{"one", "x", "6"}, {"two", "x", "5"}, {"three", "z", "6"}, {large, "yes", "7"}, {small, "no", "7"}} {
		attributes := map[string]types.MessageAttributeValue{
			"kind": {DataType: aws.String("String"), StringValue: &m[1]}, "n": {DataType: aws.String("Number"), StringValue: &m[2]},
		}
		must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: &m[0], MessageAttributes: attributes}))(t)
	}
	same(t, "by attributes", sorted(t.received(byAttribute, 2)), sorted([]string{"one", large}))
	same(t, "by body", t.received(byBody, 1), []string{large})
	for _, url := range []*string{byAttribute, byBody} {
		equal(t, "others", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
	}
}

func publishBatch(t *tour) {
	arn := t.topic(nil)
	url := t.subscribed(arn, false, raw)
	entry := func(id, message string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &message}
	}
	in := &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{entry("one", "1"), entry("bad", "")}}
	out := must(t.sns.PublishBatch(t.ctx, in))(t)
	equal(t, "successful and failed", len(out.Successful) == 1 && len(out.Failed) == 1 && *out.Failed[0].Code == "InvalidParameter", true)
	same(t, "messages", t.received(url, 1), []string{"1"})
	in.PublishBatchRequestEntries = []types.PublishBatchRequestEntry{entry("a", "1"), entry("a", "2")}
	_, err := t.sns.PublishBatch(t.ctx, in)
	hasError[*types.BatchEntryIdsNotDistinctException](t, "one id twice", err)
	in.PublishBatchRequestEntries = []types.PublishBatchRequestEntry{}
	_, err = t.sns.PublishBatch(t.ctx, in)
	hasError[*types.EmptyBatchRequestException](t, "nothing", err)
}

func publishFIFO(t *tour) {
	arn := t.topic(attrs{"FifoTopic": "true"})
	url := t.subscribed(arn, true, raw)
	last := ""
	for _, m := range [][2]string{{"1", "a"}, {"2", "b"}, {"3", "a"}} {
		out := must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: &m[0], MessageGroupId: aws.String("g"), MessageDeduplicationId: &m[1]}))(t)
		if m[0] != "3" {
			equal(t, "SequenceNumber grows", len(*out.SequenceNumber) == 20 && *out.SequenceNumber > last, true)
			last = *out.SequenceNumber
		}
	}
	same(t, "in order, once", t.received(url, 2), []string{"1", "2"})
	_, err := t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
	hasError[*types.InvalidParameterException](t, "no group", err)
}

func topicArchive(t *tour) {
	arn := t.topic(attrs{"FifoTopic": "true", "ContentBasedDeduplication": "true", "ArchivePolicy": `{"MessageRetentionPeriod":"7"}`})
	began := t.topicAttributes(arn)["BeginningArchiveTime"]
	publish := func(text string) {
		must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: &text, MessageGroupId: aws.String("g")}))(t)
	}
	publish("a")
	publish("b")
	url := t.queue(attrs{"FifoQueue": "true"})
	policy := `{"PointType":"Timestamp","StartingPoint":"` + began + `"}`
	sub := must(t.trySubscribe(arn, "sqs", t.arn(url), attrs{"ReplayPolicy": policy}))(t)
	publish("c")
	var got []string
	for len(got) < 3 { // one at a time: the others of the group wait until it is deleted
		m := t.one(url)
		var e struct {
			Message  string
			Replayed bool
		}
		if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(e.Message, " ", e.Replayed))
		must(t.sqs.DeleteMessage(t.ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}))(t)
	}
	same(t, "replayed, then new", got, []string{"a true", "b true", "c false"})
	out := must(t.sns.GetSubscriptionAttributes(t.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub}))(t)
	same(t, "policy", []string{out.Attributes["ReplayPolicy"]}, []string{policy})
	_, err := t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: arn})
	hasError[*types.InvalidStateException](t, "delete", err)
	must(t.sns.SetTopicAttributes(t.ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("ArchivePolicy"), AttributeValue: aws.String("{}")}))(t)
	must(t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
}
