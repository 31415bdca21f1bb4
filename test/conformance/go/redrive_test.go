package conformance

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func redriveTo(arn string, receives int) attrs {
	return attrs{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arn, receives)}
}

// pair is a queue and its dead-letter queue, which has the failed messages.
func (t *tour) pair(failed int) (url, dead *string) {
	t.Helper()
	dead = t.queue(nil)
	url = t.queue(attrs{"RedrivePolicy": redriveTo(t.arn(dead), 1)["RedrivePolicy"], "VisibilityTimeout": "0"})
	for i := range failed {
		t.send(url, fmt.Sprint("m", i))
	}
	until(t, "the messages are dead letters", func() (struct{}, bool) {
		t.once(sqs.ReceiveMessageInput{QueueUrl: url})
		return struct{}{}, t.counts(dead)[0] == failed
	})
	return url, dead
}

func deadLetter(t *tour) {
	dead := t.queue(nil)
	url := t.queue(attrs{"RedrivePolicy": redriveTo(t.arn(dead), 2)["RedrivePolicy"], "VisibilityTimeout": "0"})
	sent := t.send(url, "poison")
	for range 2 {
		t.one(url)
	}
	equal(t, "after its last receive", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
	m := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: dead, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})[0]
	equal(t, "the dead letter", *m.Body+" "+*m.MessageId, "poison "+*sent.MessageId)
	equal(t, "DeadLetterQueueSourceArn", m.Attributes["DeadLetterQueueSourceArn"], t.arn(url))
	equal(t, "counts of the source", t.counts(url), [3]int{})

	more := t.queue(redriveTo(t.arn(dead), 3))
	var seen []string
	pages := sqs.NewListDeadLetterSourceQueuesPaginator(t.sqs, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead, MaxResults: aws.Int32(1)})
	for n := 0; pages.HasMorePages() && n < 5; n++ {
		seen = append(seen, must(pages.NextPage(t.ctx))(t).QueueUrls...)
	}
	same(t, "ListDeadLetterSourceQueues", sorted(seen), sorted([]string{*url, *more}))
	for what, bad := range map[string]attrs{
		"no such queue": redriveTo(t.arn(dead)+"-missing", 1), "maxReceiveCount 0": redriveTo(t.arn(dead), 0),
		"maxReceiveCount 1001": redriveTo(t.arn(dead), 1001), "no ARN": redriveTo("no arn", 1), "no target": {"RedrivePolicy": `{"maxReceiveCount":1}`},
	} {
		refused(t, what, t.setAttributes(url, bad), "InvalidParameterValue", "InvalidAttributeValue", gone)
	}
	refused(t, "FIFO to standard", t.setAttributes(t.fifo(), redriveTo(t.arn(dead), 1)), "InvalidParameterValue")
	must(0, t.setAttributes(url, attrs{"RedrivePolicy": ""}))(t)
	equal(t, "an emptied RedrivePolicy", t.attributes(url)["RedrivePolicy"], "")
}

func deadLetterAllow(t *tour) {
	dead := t.queue(attrs{"RedriveAllowPolicy": `{"redrivePermission":"denyAll"}`})
	friend, other := t.queue(nil), t.queue(nil)
	policy := redriveTo(t.arn(dead), 1)
	refused(t, "denyAll", t.setAttributes(friend, policy), "InvalidParameterValue", "InvalidAttributeValue")
	allow := must(json.Marshal(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{t.arn(friend)}}))(t)
	must(0, t.setAttributes(dead, attrs{"RedriveAllowPolicy": string(allow)}))(t)
	must(0, t.setAttributes(friend, policy))(t)
	refused(t, "byQueue", t.setAttributes(other, policy), "InvalidParameterValue", "InvalidAttributeValue")
	must(0, t.setAttributes(dead, attrs{"RedriveAllowPolicy": `{"redrivePermission":"allowAll"}`}))(t)
	must(0, t.setAttributes(other, policy))(t)
}

// newestTask is the last move task of a dead-letter queue.
func (t *tour) newestTask(source string) types.ListMessageMoveTasksResultEntry {
	t.Helper()
	got := must(t.sqs.ListMessageMoveTasks(t.ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &source, MaxResults: aws.Int32(10)}))(t)
	if len(got.Results) == 0 {
		t.Fatal("no move task is listed")
	}
	return got.Results[0]
}

func (t *tour) taskIn(source, status string) types.ListMessageMoveTasksResultEntry {
	t.Helper()
	return until(t, "the task is "+status, func() (types.ListMessageMoveTasksResultEntry, bool) {
		task := t.newestTask(source)
		return task, aws.ToString(task.Status) == status
	})
}

func moveTask(t *tour) {
	url, dead := t.pair(3)
	must(0, t.setAttributes(url, attrs{"VisibilityTimeout": "30", "RedrivePolicy": redriveTo(t.arn(dead), 9)["RedrivePolicy"]}))(t)
	source := t.arn(dead)
	start := func(arn string, perSecond *int32) error {
		_, err := t.sqs.StartMessageMoveTask(t.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &arn, MaxNumberOfMessagesPerSecond: perSecond})
		return err
	}
	must(0, start(source, nil))(t)
	task := t.taskIn(source, "COMPLETED")
	equal(t, "ApproximateNumberOfMessagesMoved", task.ApproximateNumberOfMessagesMoved, 3)
	equal(t, "TaskHandle of a finished task", aws.ToString(task.TaskHandle), "")
	same(t, "moved back", sorted(bodies(t.receive(3, sqs.ReceiveMessageInput{QueueUrl: url}))), []string{"m0", "m1", "m2"})

	err := start(source+"-missing", nil)
	refused(t, "no such queue", err, "ResourceNotFoundException")
	hasError[*types.ResourceNotFoundException](t, "no such queue", err)
	refused(t, "no dead-letter queue", start(t.arn(url), nil), "InvalidParameterValue", "AWS.SimpleQueueService.UnsupportedOperation")
	refused(t, "501 a second", start(source, aws.Int32(501)), "InvalidParameterValue")
	_, err = t.sqs.CancelMessageMoveTask(t.ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("garbage")})
	refused(t, "a garbage handle", err, "InvalidParameterValue", "ResourceNotFoundException")
}

func moveTaskCancel(t *tour) {
	_, dead := t.pair(10)
	other := t.queue(nil)
	source := t.arn(dead)
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &source, DestinationArn: aws.String(t.arn(other)), MaxNumberOfMessagesPerSecond: aws.Int32(1)}
	handle := must(t.sqs.StartMessageMoveTask(t.ctx, in))(t).TaskHandle
	task := t.newestTask(source)
	equal(t, "Status", *task.Status, "RUNNING")
	equal(t, "TaskHandle", aws.ToString(task.TaskHandle), *handle)
	_, err := t.sqs.StartMessageMoveTask(t.ctx, in)
	refused(t, "a second task", err, "AWS.SimpleQueueService.UnsupportedOperation", "InvalidParameterValue")
	t.one(other) // the first has been moved
	got := must(t.sqs.CancelMessageMoveTask(t.ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: handle}))(t)
	if n := got.ApproximateNumberOfMessagesMoved; n < 1 || n > 9 {
		t.Fatalf("cancelled after %d messages", n)
	}
	t.taskIn(source, "CANCELLED")
	there, here := t.counts(dead), t.counts(other)
	equal(t, "messages in both queues", there[0]+here[0]+here[1], 10)
}
