package sqs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestMessagesGoToTheDeadLetterQueueAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		dlq := a.queue("dlq")
		url := a.queue("q", "VisibilityTimeout", "0", "RedrivePolicy", `{"maxReceiveCount":"2","deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
		a.send(url, "m")
		for _, want := range [][]string{{"m"}, {"m"}, nil} {
			a.wantBodies(a.receive(url, nil), want...)
			time.Sleep(time.Millisecond)
		}
		got := a.receive(dlq, in{"VisibilityTimeout": 0, "AttributeNames": []string{"DeadLetterQueueSourceArn", "ApproximateReceiveCount"}})
		if s := got.text("Messages", 0, "Attributes", "DeadLetterQueueSourceArn"); s != a.arn("q") {
			t.Errorf("dead-lettered from %s: %v", s, got)
		}
		time.Sleep(time.Millisecond)
		a.refused("StartMessageMoveTask", in{"SourceArn": a.arn("q")}, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
		handle := a.do("StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "MaxNumberOfMessagesPerSecond": 500}).text("TaskHandle")
		time.Sleep(time.Second)
		tasks := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")})
		if tasks.text("Results", 0, "Status") != "COMPLETED" || tasks.text("Results", 0, "ApproximateNumberOfMessagesMoved") != "1" ||
			tasks.text("Results", 0, "ApproximateNumberOfMessagesToMove") != "1" || tasks.text("Results", 0, "SourceArn") != a.arn("dlq") ||
			tasks.at("Results", 0, "TaskHandle") != nil || tasks.text("Results", 0, "MaxNumberOfMessagesPerSecond") != "500" {
			t.Errorf("tasks: %v", tasks)
		}
		a.wantBodies(a.receive(url, nil), "m")
		a.refused("CancelMessageMoveTask", in{"TaskHandle": handle}, "UnsupportedOperation", "Only active tasks can be cancelled.")
	})
}

func TestAMoveTaskCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		dlq, target := a.queue("dlq"), a.queue("target")
		a.queue("q", "RedrivePolicy", `{"maxReceiveCount":1,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
		for i := range 20 {
			a.send(dlq, fmt.Sprint(i))
		}
		start := in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("target"), "MaxNumberOfMessagesPerSecond": 1}
		handle := a.do("StartMessageMoveTask", start).text("TaskHandle")
		time.Sleep(4500 * time.Millisecond)
		a.refused("StartMessageMoveTask", start, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq"), "MaxResults": 10}); got.text("Results", 0, "TaskHandle") != handle || got.text("Results", 0, "Status") != "RUNNING" {
			t.Errorf("running: %v", got)
		}
		if got := a.do("CancelMessageMoveTask", in{"TaskHandle": handle}).text("ApproximateNumberOfMessagesMoved"); got != "5" {
			t.Errorf("moved %s", got)
		}
		time.Sleep(10 * time.Second)
		if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")}); got.text("Results", 0, "Status") != "CANCELLED" {
			t.Errorf("cancelled: %v", got)
		}
		if n := a.receive(target, nil).count("Messages"); n != 5 {
			t.Errorf("%d messages moved", n)
		}
	})
}

func TestBadMoveTasksAreRefused(t *testing.T) {
	a := start(t)
	a.queue("dlq")
	a.queue("t.fifo", "FifoQueue", "true")
	a.queue("q", "RedrivePolicy", `{"maxReceiveCount":1,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
	forged := task{ID: "x", SourceARN: a.arn("dlq")}.handle()
	for _, c := range []struct {
		operation     string
		body          in
		code, message string
	}{
		{"StartMessageMoveTask", in{"SourceArn": "dlq"}, "InvalidParameterValue", "Value dlq for parameter SourceArn is invalid. Reason: It must be the ARN of a queue."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("dlq")}, "InvalidParameterValue", "Source queue arn and destination queue arn cannot be the same."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("t.fifo")}, "InvalidParameterValue", "Source queue and destination queue must be of the same type."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", "Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500."},
		{"ListMessageMoveTasks", in{"SourceArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"ListMessageMoveTasks", in{"SourceArn": a.arn("dlq"), "MaxResults": 11}, "InvalidParameterValue", "Value 11 for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10."},
		{"CancelMessageMoveTask", in{"TaskHandle": "x"}, "InvalidParameterValue", "Value x for parameter TaskHandle is invalid."},
		{"CancelMessageMoveTask", in{"TaskHandle": forged}, "ResourceNotFoundException", "Task does not exist."},
	} {
		a.refused(c.operation, c.body, c.code, c.message)
	}
	if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")}); got.count("Results") != 0 {
		t.Errorf("refused and started: %v", got)
	}
}
