package conformance

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const gone = "AWS.SimpleQueueService.NonExistentQueue"

func identity(t *tour) {
	got := must(t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
	equal(t, "Account", aws.ToString(got.Account), t.account)
	equal(t, "Arn begins with the account", strings.HasPrefix(aws.ToString(got.Arn), "arn:aws:iam::"+t.account+":"), true)
	equal(t, "UserId is there", aws.ToString(got.UserId) != "", true)
}

func queueCreate(t *tour) {
	name := t.name("q")
	create := func(a attrs) (*sqs.CreateQueueOutput, error) {
		return t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: a})
	}
	url := *must(create(attrs{"VisibilityTimeout": "41"}))(t).QueueUrl
	equal(t, "QueueUrl", url, t.endpoint+"/"+t.account+"/"+name)
	equal(t, "the same again", *must(create(attrs{"VisibilityTimeout": "41"}))(t).QueueUrl, url)
	equal(t, "again without attributes", *must(create(nil))(t).QueueUrl, url)
	_, err := create(attrs{"VisibilityTimeout": "42"})
	refused(t, "other attributes", err, "QueueAlreadyExists")
	hasError[*types.QueueNameExists](t, "other attributes", err)
	equal(t, "GetQueueUrl", *must(t.sqs.GetQueueUrl(t.ctx, &sqs.GetQueueUrlInput{QueueName: &name}))(t).QueueUrl, url)
	_, err = t.sqs.GetQueueUrl(t.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(t.name("never"))})
	refused(t, "GetQueueUrl of nothing", err, gone)
	hasError[*types.QueueDoesNotExist](t, "GetQueueUrl of nothing", err)

	got := t.attributes(&url)
	for attribute, want := range map[string]string{
		"QueueArn":          "arn:aws:sqs:" + region + ":" + t.account + ":" + name,
		"VisibilityTimeout": "41", "DelaySeconds": "0", "MaximumMessageSize": "1048576",
		"MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
		"LastModifiedTimestamp": got["CreatedTimestamp"], "FifoQueue": "",
	} {
		equal(t, attribute, got[attribute], want)
	}
	for _, bad := range []string{"with space", "sla/sh", strings.Repeat("q", 81), "ümlaut", t.name("q") + ".fifo"} {
		_, err := t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &bad})
		refused(t, "name "+bad, err, "InvalidParameterValue")
	}
}

func queueAttributes(t *tour) {
	url := t.queue(nil)
	wanted := attrs{
		"DelaySeconds": "7", "MaximumMessageSize": "2048", "MessageRetentionPeriod": "3600",
		"ReceiveMessageWaitTimeSeconds": "3", "VisibilityTimeout": "0",
		"KmsMasterKeyId": "alias/mine", "KmsDataKeyReusePeriodSeconds": "600",
	}
	must(0, t.setAttributes(url, wanted))(t)
	got := t.attributes(url)
	for attribute, want := range wanted {
		equal(t, attribute, got[attribute], want)
	}
	equal(t, "only what was asked for", len(t.attributes(url, "VisibilityTimeout", "DelaySeconds")), 2)
	for attribute, bad := range map[string]string{
		"VisibilityTimeout": "43201", "MaximumMessageSize": "1023", "MessageRetentionPeriod": "59",
		"ReceiveMessageWaitTimeSeconds": "21", "RedrivePolicy": "no json", "Policy": "{",
	} {
		err := t.setAttributes(url, attrs{"DelaySeconds": "9", attribute: bad})
		refused(t, attribute+" "+bad, err, "InvalidAttributeValue", "InvalidParameterValue")
	}
	equal(t, "DelaySeconds after refused changes", t.attributes(url)["DelaySeconds"], "7")
	err := t.setAttributes(url, attrs{"Nonsense": "1"})
	refused(t, "an unknown attribute", err, "InvalidAttributeName")
	hasError[*types.InvalidAttributeName](t, "an unknown attribute", err)
}

func queueList(t *tour) {
	stem := t.name("list")
	var urls []string
	for i := range 5 {
		name := fmt.Sprintf("%s-%d", stem, i)
		urls = append(urls, *must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name}))(t).QueueUrl)
	}
	var seen []string
	pages := sqs.NewListQueuesPaginator(t.sqs, &sqs.ListQueuesInput{QueueNamePrefix: &stem, MaxResults: aws.Int32(2)})
	for n := 0; pages.HasMorePages(); n++ {
		page := must(pages.NextPage(t.ctx))(t)
		if len(page.QueueUrls) > 2 || n > 5 {
			t.Fatalf("page %d has %d queues", n, len(page.QueueUrls))
		}
		seen = append(seen, page.QueueUrls...)
	}
	same(t, "all pages together", sorted(seen), sorted(urls))
	_, err := t.sqs.ListQueues(t.ctx, &sqs.ListQueuesInput{MaxResults: aws.Int32(1001)})
	refused(t, "MaxResults 1001", err, "InvalidParameterValue")
}

func queueDelete(t *tour) {
	name := t.name("gone")
	url := must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name}))(t).QueueUrl
	t.send(url, "lost")
	must(t.sqs.DeleteQueue(t.ctx, &sqs.DeleteQueueInput{QueueUrl: url}))(t)
	_, err := t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name})
	refused(t, "the name at once", err, "AWS.SimpleQueueService.QueueDeletedRecently")
	hasError[*types.QueueDeletedRecently](t, "the name at once", err)
	for operation, call := range callsOn(t, url) {
		refused(t, operation, call(), gone)
	}
}

// callsOn is every operation that takes a queue's URL.
func callsOn(t *tour, url *string) map[string]func() error {
	handle, label, one := aws.String("AQEBgarbage"), aws.String("l"), aws.String("a")
	s, ctx := t.sqs, t.ctx
	return map[string]func() error{
		"AddPermission": func() error {
			_, err := s.AddPermission(ctx, &sqs.AddPermissionInput{QueueUrl: url, Label: label, AWSAccountIds: []string{"111122223333"}, Actions: []string{"SendMessage"}})
			return err
		},
		"ChangeMessageVisibility": func() error { return t.hide(url, handle, 1) },
		"ChangeMessageVisibilityBatch": func() error {
			_, err := s.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url,
				Entries: []types.ChangeMessageVisibilityBatchRequestEntry{{Id: one, ReceiptHandle: handle}}})
			return err
		},
		"DeleteMessage": func() error {
			_, err := s.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle})
			return err
		},
		"DeleteMessageBatch": func() error {
			_, err := s.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url,
				Entries: []types.DeleteMessageBatchRequestEntry{{Id: one, ReceiptHandle: handle}}})
			return err
		},
		"DeleteQueue": func() error { _, err := s.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url}); return err },
		"GetQueueAttributes": func() error {
			_, err := s.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url})
			return err
		},
		"ListDeadLetterSourceQueues": func() error {
			_, err := s.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: url})
			return err
		},
		"ListQueueTags": func() error { _, err := s.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: url}); return err },
		"PurgeQueue":    func() error { _, err := s.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: url}); return err },
		"ReceiveMessage": func() error {
			_, err := s.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
			return err
		},
		"RemovePermission": func() error {
			_, err := s.RemovePermission(ctx, &sqs.RemovePermissionInput{QueueUrl: url, Label: label})
			return err
		},
		"SendMessage": func() error { return t.refuseSend(sqs.SendMessageInput{QueueUrl: url, MessageBody: one}) },
		"SendMessageBatch": func() error {
			_, err := s.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url,
				Entries: []types.SendMessageBatchRequestEntry{{Id: one, MessageBody: one}}})
			return err
		},
		"SetQueueAttributes": func() error { return t.setAttributes(url, attrs{"DelaySeconds": "1"}) },
		"TagQueue": func() error {
			_, err := s.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: url, Tags: map[string]string{"a": "b"}})
			return err
		},
		"UntagQueue": func() error {
			_, err := s.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"a"}})
			return err
		},
	}
}

func queuePurge(t *tour) {
	url := t.queue(nil)
	for range 5 {
		t.send(url, "m")
	}
	t.receive(2, sqs.ReceiveMessageInput{QueueUrl: url})
	purge := func() error { _, err := t.sqs.PurgeQueue(t.ctx, &sqs.PurgeQueueInput{QueueUrl: url}); return err }
	must(0, purge())(t)
	equal(t, "messages after a purge", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
	equal(t, "counts after a purge", t.counts(url), [3]int{})
	err := purge()
	refused(t, "again", err, "AWS.SimpleQueueService.PurgeQueueInProgress")
	hasError[*types.PurgeQueueInProgress](t, "again", err)
	t.send(url, "after")
	equal(t, "sent after the purge", *t.one(url).Body, "after")
}

func queueTags(t *tour) {
	name := t.name("tagged")
	made := must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name, Tags: map[string]string{"team": "münchen", "empty": ""}}))(t)
	list := func() map[string]string {
		return must(t.sqs.ListQueueTags(t.ctx, &sqs.ListQueueTagsInput{QueueUrl: made.QueueUrl}))(t).Tags
	}
	equal(t, "tags of CreateQueue", fmt.Sprint(list()), fmt.Sprint(map[string]string{"team": "münchen", "empty": ""}))
	must(t.sqs.TagQueue(t.ctx, &sqs.TagQueueInput{QueueUrl: made.QueueUrl, Tags: map[string]string{"team": "zürich", "cost": "42"}}))(t)
	must(t.sqs.UntagQueue(t.ctx, &sqs.UntagQueueInput{QueueUrl: made.QueueUrl, TagKeys: []string{"empty", "never"}}))(t)
	equal(t, "tags after changes", fmt.Sprint(list()), fmt.Sprint(map[string]string{"team": "zürich", "cost": "42"}))
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint("k", i)] = "v"
	}
	_, err := t.sqs.TagQueue(t.ctx, &sqs.TagQueueInput{QueueUrl: made.QueueUrl, Tags: many})
	refused(t, "51 tags", err, "InvalidParameterValue")
}

func queuePermissions(t *tour) {
	url := t.queue(nil)
	add := func(label string, actions ...string) error {
		_, err := t.sqs.AddPermission(t.ctx, &sqs.AddPermissionInput{QueueUrl: url, Label: &label, AWSAccountIds: []string{"111122223333"}, Actions: actions})
		return err
	}
	remove := func(label string) error {
		_, err := t.sqs.RemovePermission(t.ctx, &sqs.RemovePermissionInput{QueueUrl: url, Label: &label})
		return err
	}
	must(0, add("share", "SendMessage", "ReceiveMessage"))(t)
	var policy struct {
		Statement []struct {
			Sid, Effect, Resource string
			Action                []string
		}
	}
	must(0, json.Unmarshal([]byte(t.attributes(url)["Policy"]), &policy))(t)
	equal(t, "statements", len(policy.Statement), 1)
	equal(t, "Sid, Effect, Resource", policy.Statement[0].Sid+" "+policy.Statement[0].Effect+" "+policy.Statement[0].Resource, "share Allow "+t.arn(url))
	same(t, "Action", sorted(policy.Statement[0].Action), []string{"SQS:ReceiveMessage", "SQS:SendMessage"})
	refused(t, "a label twice", add("share", "SendMessage"), "InvalidParameterValue")
	refused(t, "an unknown action", add("other", "FlyToTheMoon"), "InvalidParameterValue")
	must(0, remove("share"))(t)
	equal(t, "Policy after the last statement", t.attributes(url)["Policy"], "")
	refused(t, "a label gone", remove("share"), "InvalidParameterValue")
}
