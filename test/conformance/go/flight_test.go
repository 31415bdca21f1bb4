package conformance

import (
	"context"
	"net/http/httptrace"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// notInFlight is both what AWS documents and what it has answered for years:
// https://github.com/aws/aws-sdk-net/issues/1927
var notInFlight = []string{"AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"}

func visibility(t *tour) {
	url := t.queue(nil)
	t.send(url, "one")
	first := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, VisibilityTimeout: 1})[0]
	equal(t, "a message in flight", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url})), 0)
	second := t.receive(1, sqs.ReceiveMessageInput{QueueUrl: url, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})[0]
	equal(t, "MessageId", *second.MessageId, *first.MessageId)
	equal(t, "ApproximateReceiveCount", second.Attributes["ApproximateReceiveCount"], "2")
	must(0, t.hide(url, second.ReceiptHandle, 0))(t)
	third := t.one(url)
	must(0, t.hide(url, third.ReceiptHandle, 600))(t)
	must(0, t.hide(url, third.ReceiptHandle, 0))(t)
	refused(t, "a visible message", t.hide(url, third.ReceiptHandle, 10), notInFlight...)
	fourth := t.one(url)
	refused(t, "43201 s", t.hide(url, fourth.ReceiptHandle, 43201), "InvalidParameterValue")
	for _, bad := range []string{"garbage", "AQEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "ü"} {
		refused(t, "receipt "+bad, t.hide(url, &bad, 1), "ReceiptHandleIsInvalid")
		_, err := t.sqs.DeleteMessage(t.ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: &bad})
		refused(t, "receipt "+bad, err, "ReceiptHandleIsInvalid")
		hasError[*types.ReceiptHandleIsInvalid](t, "receipt "+bad, err)
	}
	equal(t, "counts after refused calls", t.counts(url), [3]int{0, 1, 0})
	t.delete(url, fourth)
	refused(t, "a deleted message", t.hide(url, fourth.ReceiptHandle, 5), notInFlight...)
}

func longPoll(t *tour) {
	url := t.queue(nil)
	began := time.Now()
	equal(t, "an empty queue", len(t.once(sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 1})), 0)
	if waited := time.Since(began); waited < 900*time.Millisecond || waited > 5*time.Second {
		t.Fatalf("a long poll of 1 s took %s", waited)
	}

	polling := make(chan struct{}) // the request is on its way
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(polling) }}
	got := make(chan []types.Message, 1)
	go func() {
		defer close(got)
		ctx := httptrace.WithClientTrace(context.WithoutCancel(t.ctx), trace)
		if out, err := t.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20}); err == nil {
			got <- out.Messages
		}
	}()
	<-polling
	sent := time.Now()
	t.send(url, "wake up")
	same(t, "what woke the long poll", bodies(<-got), []string{"wake up"})
	if waited := time.Since(sent); waited > 5*time.Second {
		t.Fatalf("woken after %s", waited)
	}

	slow := t.queue(attrs{"ReceiveMessageWaitTimeSeconds": "1"})
	began = time.Now()
	equal(t, "an empty queue that waits", len(t.once(sqs.ReceiveMessageInput{QueueUrl: slow})), 0)
	if waited := time.Since(began); waited < 900*time.Millisecond {
		t.Fatalf("ReceiveMessageWaitTimeSeconds 1 waited %s", waited)
	}
}
