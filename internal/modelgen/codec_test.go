package main

import (
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

func TestHostileBodiesCostBoundedMemory(t *testing.T) {
	const size = 1 << 20
	queues, buses := sqs.New(sqs.NotImplemented{}, nil), events.New(events.NotImplemented{}, nil)
	fillUp := func(head, part, tail string) []byte {
		return []byte(head + strings.Repeat(part, (size-len(head)-len(tail))/len(part)) + tail)
	}
	for name, test := range map[string]struct {
		operation *wire.Operation
		body      []byte
	}{
		"empty structures":  {buses.Operations["PutTargets"], fillUp(`{"Targets":[`, `{},`, `{}]}`)},
		"lists in lists":    {buses.Operations["PutTargets"], fillUp(`{"Targets":[`, `{"RunCommandParameters":{"RunCommandTargets":[{}]}},`, `{}]}`)},
		"maps in lists":     {queues.Operations["SendMessageBatch"], fillUp(`{"Entries":[`, `{"MessageAttributes":{"a":{"StringListValues":[""]}}},`, `{}]}`)},
		"the same member":   {queues.Operations["SendMessageBatch"], fillUp(`{`, `"Entries":[{}],`, `"Entries":[]}`)},
		"escapes":           {queues.Operations["SendMessage"], fillUp(`{`, `"MessageBody":"\n",`, `"MessageBody":""}`)},
		"depth":             {queues.Operations["SendMessage"], fillUp(`{"x":`, `[`, ``)},
		"brackets, unknown": {queues.Operations["SendMessage"], fillUp(`{"x":[`, `[],`, `[]]}`)},
		"digits":            {queues.Operations["SendMessage"], fillUp(`{"DelaySeconds":`, `9`, `.0}`)},
		"one long name":     {queues.Operations["SendMessage"], fillUp(`{"`, `x`, `":{]}`)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := test.operation.JSON(t.Context(), &wire.Call{}, test.body, nil)
		runtime.ReadMemStats(&after)
		var e *wire.Error
		if !errors.As(err, &e) || len(e.Message) > 64<<10 {
			t.Errorf("%s: %.200v", name, err)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 48*size {
			t.Errorf("%s: %d MB", name, spent>>20)
		}
	}
}

// fuzzService runs any bytes through any operation. Whatever they are, the
// answer is an error of AWS's kind or what the double puts there, and never a
// panic; the double answers null, so that encoders run as well.
func fuzzService(f *testing.F, service *wire.Service) {
	names := mustLoad(f, service.Name).operationNames()
	for i := range names {
		f.Add(i, []byte(`{"QueueUrl":"q","MessageBody":"\u00e9\n","Entries":[{"Id":"a","MessageAttributes":{"k":{"DataType":"String"}}}]}`))
		f.Add(i, []byte(`{"Name":"r","Targets":[{"Id":"1","RetryPolicy":{"MaximumRetryAttempts":1.5e1}}],"StartTime":1.7e9,"Tags":[{"Key":"k"}]}`))
		f.Add(i, []byte(`RoleArn=a&Tags.member.1.Key=k&PolicyArns.member.2.arn=b&Attribute.1.Name=n&Attribute.1.Value=v&Entries.999999999.Id=1`))
		f.Add(i, []byte(`Attributes.entry.1.key=k&Attributes.entry.1.value=v&MessageAttributes.entry.2.Name=n&MessageAttributes.entry.2.Value.DataType=String`))
		f.Add(i, []byte(`SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=x`))
	}
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		op := service.Operations[names[uint(i)%uint(len(names))]]
		if op.JSON != nil {
			if out, err := op.JSON(t.Context(), &wire.Call{}, data, nil); !answered(out, err) {
				t.Fatalf("%s: %q: %s, %v", op.Name, data, out, err)
			}
		}
		values, err := url.ParseQuery(string(data))
		if op.Query != nil && err == nil {
			if out, err := op.Query(t.Context(), &wire.Call{}, values, nil); !answered(out, err) {
				t.Fatalf("%s: %q: %s, %v", op.Name, data, out, err)
			}
		}
	})
}

func answered(out []byte, err error) bool {
	var e *wire.Error
	return err == nil && len(out) > 0 || errors.As(err, &e) && e.Code != "" && out == nil
}

func FuzzSQS(f *testing.F)    { fuzzService(f, sqs.New(sqsDouble{&double{}}, nil)) }
func FuzzEvents(f *testing.F) { fuzzService(f, events.New(eventsDouble{&double{}}, nil)) }
func FuzzSNS(f *testing.F)    { fuzzService(f, sns.New(snsDouble{&double{}}, nil)) }
func FuzzSTS(f *testing.F)    { fuzzService(f, sts.New(stsDouble{&double{}}, nil)) }

// detail is 1 KB of JSON such as a webhook has.
var detail = strings.Repeat(`{"action":"opened","number":42,"sender":{"login":"octocat","type":"User"},"draft":false},`, 12)[:1024]

func sendMessageBody() []byte {
	return fmt.Appendf(nil, `{"QueueUrl":"http://127.0.0.1:4566/000000000000/orders","MessageBody":%q}`, strings.Repeat("sixteen letters ", 64))
}

func putEventsBody() []byte {
	entry := fmt.Sprintf(`{"Source":"github.com","DetailType":"pull_request","Detail":%q,"EventBusName":"orders","Time":1700000000.5}`, detail)
	return []byte(`{"Entries":[` + strings.Repeat(entry+",", 9) + entry + `]}`)
}

func benchmarkCall(b *testing.B, op *wire.Operation, body []byte) {
	b.Helper()
	call := &wire.Call{RequestID: "r-1"}
	dst := make([]byte, 0, 64<<10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := op.JSON(b.Context(), call, body, dst[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// The output is the double's own, so that decoding, checking and encoding are
// all that is measured.
func BenchmarkSendMessage1KB(b *testing.B) {
	out := &sqs.SendMessageOutput{
		MessageId:        wire.Some("5fea7756-0ea4-451a-a703-a558b933e274"),
		MD5OfMessageBody: wire.Some("fafb00f5732ab283681e124bf8747ed1"),
	}
	benchmarkCall(b, sqs.New(sqsDouble{&double{output: out}}, nil).Operations["SendMessage"], sendMessageBody())
}

func BenchmarkPutEvents10x1KB(b *testing.B) {
	out := &events.PutEventsOutput{FailedEntryCount: wire.Some[int32](0)}
	for range 10 {
		out.Entries = append(out.Entries, events.PutEventsResultEntry{EventId: wire.Some("11710aed-b79e-4468-a20b-bb3c0c3b4860")})
	}
	benchmarkCall(b, events.New(eventsDouble{&double{output: out}}, nil).Operations["PutEvents"], putEventsBody())
}

func BenchmarkReceiveMessage10x1KB(b *testing.B) {
	out := &sqs.ReceiveMessageOutput{}
	for range 10 {
		out.Messages = append(out.Messages, sqs.Message{
			MessageId:     wire.Some("5fea7756-0ea4-451a-a703-a558b933e274"),
			ReceiptHandle: wire.Some(strings.Repeat("MbZj6wDWli+J", 12)),
			MD5OfBody:     wire.Some("fafb00f5732ab283681e124bf8747ed1"),
			Body:          wire.Some(detail),
			Attributes:    map[string]string{"SenderId": "000000000000", "SentTimestamp": "1700000000000", "ApproximateReceiveCount": "1"},
		})
	}
	body := []byte(`{"QueueUrl":"http://127.0.0.1:4566/000000000000/orders","MaxNumberOfMessages":10,"WaitTimeSeconds":20}`)
	benchmarkCall(b, sqs.New(sqsDouble{&double{output: out}}, nil).Operations["ReceiveMessage"], body)
}

func TestTheHotPathAllocatesLittle(t *testing.T) {
	sent := &double{output: &sqs.SendMessageOutput{MessageId: wire.Some("m")}}
	put := &double{output: &events.PutEventsOutput{FailedEntryCount: wire.Some[int32](0)}}
	dst := make([]byte, 0, 4096)
	for _, test := range []struct {
		operation *wire.Operation
		body      []byte
		most      float64
	}{
		{sqs.New(sqsDouble{sent}, nil).Operations["SendMessage"], sendMessageBody(), 1},
		{events.New(eventsDouble{put}, nil).Operations["PutEvents"], putEventsBody(), 3}, // the input, its entries, the arena
	} {
		allocations := testing.AllocsPerRun(100, func() {
			if _, err := test.operation.JSON(t.Context(), &wire.Call{}, test.body, dst[:0]); err != nil {
				t.Fatal(err)
			}
		})
		// The Call of the test is one more.
		if allocations > test.most+1 {
			t.Errorf("%s: %v allocations", test.operation.Name, allocations)
		}
	}
}
