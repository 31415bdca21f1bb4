package sns

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	targettopic "github.com/carillon-events/carillon/internal/target/topic"
)

// publisher is api with queues, and with whoever has messages go out.
type publisher struct {
	*api
	outbox *delivery.Outbox
}

func startPublishing(t testing.TB, with ...func(*delivery.Outbox)) *publisher {
	t.Helper()
	a := start(t)
	outbox := delivery.New(map[string]delivery.Target{
		targetqueue.Service: targetqueue.Target{}, targettopic.Service: &targettopic.Target{Core: a.core},
	}, delivery.DefaultPolicy)
	for _, fn := range with {
		fn(outbox)
	}
	a.core.Through(outbox)
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 2)
	go func() { ran <- outbox.Run(ctx, a.store.Shard, slog.New(slog.DiscardHandler)) }()
	go func() {
		for {
			job, err := a.core.Next(ctx, a.store.Shard)
			for over := false; err == nil && !over; {
				over, err = job.Step(ctx)
			}
			if err != nil {
				if errors.Is(err, store.ErrWaitEnded) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil {
					err = nil
				}
				ran <- err
				return
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ran, <-ran); err != nil {
			t.Error(err)
		}
	})
	return &publisher{a, outbox}
}

// queue makes a queue and gives its ARN.
func (p *publisher) queue(name string, c queue.Config) string {
	p.t.Helper()
	c.FIFO, c.HideFor = strings.HasSuffix(name, ".fifo"), time.Hour
	err := p.store.Update(p.ctx, func(tx *store.Tx) error {
		return queue.Create(tx, queue.Name{Account: account, Region: region, Name: name}, queue.Settings{Config: c})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return queueARN(name)
}

func (p *publisher) receive(name string) (got []queue.Message) {
	p.t.Helper()
	err := p.store.Update(p.ctx, func(tx *store.Tx) error {
		q, err := queue.Find(tx, queue.Name{Account: account, Region: region, Name: name})
		if err != nil {
			return err
		}
		got, err = queue.Receive(tx, q, queue.ReceiveInput{Max: 100})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range got {
		if m.Sum != md5.Sum([]byte(m.Body)) {
			p.t.Errorf("the MD5 of %q is %x", m.Body, m.Sum)
		}
	}
	return got
}

func bodies(got []queue.Message) (out []string) {
	for _, m := range got {
		out = append(out, m.Body)
	}
	return out
}

// envelope is what a queue gets that does not want messages raw.
type envelope struct {
	Type, MessageId, TopicArn, Subject, Message, Timestamp, SequenceNumber, UnsubscribeURL string
	MessageAttributes                                                                      map[string]struct{ Type, Value string }
}

func envelopeOf(t testing.TB, m queue.Message) (e envelope) {
	t.Helper()
	if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
		t.Fatal(err, m.Body)
	}
	return e
}

func attribute1(kind, text string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &kind, StringValue: &text}
}

func (p *publisher) publish(in *sns.PublishInput) *sns.PublishOutput {
	p.t.Helper()
	return must(p.Publish(p.ctx, in))(p.t)
}

func TestAQueueGetsTheMessageInADocumentOrRaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("orders", nil)
		sub := p.subscribe(arn, "sqs", p.queue("q", queue.Config{}), nil)
		p.subscribe(arn, "sqs", p.queue("raw", queue.Config{}), attrs{"RawMessageDelivery": "true"})
		out := p.publish(&sns.PublishInput{TopicArn: arn, Subject: aws.String("s"), Message: aws.String("m \"x\""), MessageAttributes: map[string]types.MessageAttributeValue{
			"b": attribute1("Number", "7"), "a": attribute1("String.foo", "x"), "c": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}},
		}})
		if out.SequenceNumber != nil {
			t.Errorf("sequence number %s", *out.SequenceNumber)
		}
		e := envelopeOf(t, p.receive("q")[0])
		equal(t, "document", e, envelope{
			Type: "Notification", MessageId: *out.MessageId, TopicArn: *arn, Subject: "s", Message: "m \"x\"",
			Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), UnsubscribeURL: "http://carillon/?Action=Unsubscribe&SubscriptionArn=" + *sub,
			MessageAttributes: map[string]struct{ Type, Value string }{"a": {"String.foo", "x"}, "b": {"Number", "7"}, "c": {"Binary", "AQI="}},
		})
		raw := p.receive("raw")[0]
		var attributes []string
		queue.EachAttribute(raw.Attributes, func(a queue.Attribute) {
			attributes = append(attributes, fmt.Sprint(a.Name, " ", a.Type, " ", a.Binary, " ", string(a.Value)))
		})
		equal(t, "raw", []any{raw.Body, attributes, raw.Sender}, []any{"m \"x\"", []string{"a String.foo false x", "b Number false 7", "c Binary true \x01\x02"}, "sns.amazonaws.com"})
	})
}

func TestEachProtocolHasItsOwnText(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders", nil)
	p.subscribe(arn, "sqs", p.queue("q", queue.Config{}), attrs{"RawMessageDelivery": "true", "FilterPolicy": `{"a":["x"]}`})
	send := func(text string) {
		p.publish(&sns.PublishInput{
			TopicArn: arn, MessageStructure: aws.String("json"), Message: &text,
			MessageAttributes: map[string]types.MessageAttributeValue{"a": attribute1("String", "x")},
		})
	}
	send(`{"default": "d", "sqs": "for queues", "http": 7, "nobody": "x"}`)
	send(`{"default": "d", "sqs": null}`)
	got := p.receive("q")
	equal(t, "texts", bodies(got), []string{"for queues", "d"})
	// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
	equal(t, "attributes are to filter by", len(got[0].Attributes), 0)
}

func TestFilterPoliciesChooseWhoGetsAMessage(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders", nil)
	for name, set := range map[string]attrs{
		"all": nil, "attribute": {"FilterPolicy": `{"store":["a",{"prefix":"b"}]}`}, "number": {"FilterPolicy": `{"price":[{"numeric":[">=",100]}]}`},
		"body": {"FilterPolicy": `{"order":{"kind":["x"]}}`, "FilterPolicyScope": "MessageBody"},
	} {
		full := attrs{"RawMessageDelivery": "true"}
		for k, v := range set {
			full[k] = v
		}
		p.subscribe(arn, "sqs", p.queue(name, queue.Config{}), full)
	}
	for _, c := range []struct {
		message string
		attrs   map[string]types.MessageAttributeValue
		want    []string
	}{
		{"1", nil, []string{"all"}},
		{"2", map[string]types.MessageAttributeValue{"store": attribute1("String", "b1")}, []string{"all", "attribute"}},
		{"3", map[string]types.MessageAttributeValue{"store": attribute1("String.Array", `["z","a"]`), "price": attribute1("Number", "100.0")}, []string{"all", "attribute", "number"}},
		{`{"order":{"kind":"x"}}`, nil, []string{"all", "body"}},
		{`{"order":{"kind":"y"}}`, nil, []string{"all"}},
		{`{"order":`, nil, []string{"all"}},
	} {
		p.publish(&sns.PublishInput{TopicArn: arn, Message: &c.message, MessageAttributes: c.attrs})
		var got []string
		for _, name := range []string{"all", "attribute", "body", "number"} {
			if list := bodies(p.receive(name)); len(list) > 0 {
				equal(t, "message", list, []string{c.message})
				got = append(got, name)
			}
		}
		equal(t, "who gets "+c.message, got, c.want)
	}
}

func TestChangesOfSubscriptionsHoldForTheNextMessage(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders", nil)
	p.queue("q", queue.Config{})
	send := func(want int) {
		t.Helper()
		p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
		equal(t, "messages", len(p.receive("q")), want)
	}
	send(0)
	sub := p.subscribe(arn, "sqs", queueARN("q"), nil)
	send(1)
	if err := p.setSubscription(sub, "FilterPolicy", `{"a":["b"]}`); err != nil {
		t.Fatal(err)
	}
	send(0)
	if err := p.setSubscription(sub, "FilterPolicy", `{}`); err != nil {
		t.Fatal(err)
	}
	send(1)
	must(p.Unsubscribe(p.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub}))(t)
	send(0)
	must(p.DeleteTopic(p.ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
	_, err := p.Publish(p.ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
	refused(t, "deleted", err, "NotFound", "Topic does not exist")
	p.subscribe(p.topic("orders", nil), "sqs", queueARN("q"), nil)
	send(1)
}

func TestWhatCannotBeDeliveredIsInTheSubscriptionsDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("orders", nil)
		redrive := `{"deadLetterTargetArn":"` + p.queue("dead", queue.Config{}) + `"}`
		p.subscribe(arn, "sqs", queueARN("gone"), attrs{"RedrivePolicy": redrive})
		p.subscribe(arn, "sqs", p.queue("raw", queue.Config{}), attrs{"RedrivePolicy": redrive, "RawMessageDelivery": "true"})
		many := map[string]types.MessageAttributeValue{}
		for i := range 11 {
			many[fmt.Sprint("a", i)] = attribute1("String", "v")
		}
		out := p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m"), MessageAttributes: many})
		synctest.Wait()
		equal(t, "raw queue", len(p.receive("raw")), 0)
		letters := p.receive("dead")
		equal(t, "dead letters", len(letters), 2)
		codes := map[string]string{}
		for _, m := range letters {
			code := ""
			queue.EachAttribute(m.Attributes, func(a queue.Attribute) {
				if a.Name == "ErrorCode" {
					code = string(a.Value)
				}
			})
			codes[code] = m.Body
		}
		equal(t, "the raw one", codes["InvalidParameterValue"], "m")
		var e envelope
		if json.Unmarshal([]byte(codes["AWS.SimpleQueueService.NonExistentQueue"]), &e) != nil || e.MessageId != *out.MessageId {
			t.Errorf("dead letters %v", codes)
		}
	})
}

func TestAFIFOTopicKeepsOrderGroupsAndDropsRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("orders.fifo", attrs{"FifoTopic": "true"})
		p.subscribe(arn, "sqs", p.queue("raw.fifo", queue.Config{}), attrs{"RawMessageDelivery": "true"})
		p.subscribe(arn, "sqs", p.queue("standard", queue.Config{}), nil)
		send := func(message, dedup string) *sns.PublishOutput {
			return p.publish(&sns.PublishInput{TopicArn: arn, Message: &message, MessageGroupId: aws.String("g"), MessageDeduplicationId: &dedup})
		}
		first := send("1", "a")
		second := send("2", "b")
		again := send("3", "a")
		equal(t, "a repeat", again, first)
		if *first.SequenceNumber >= *second.SequenceNumber || len(*first.SequenceNumber) != 20 {
			t.Errorf("sequence numbers %s and %s", *first.SequenceNumber, *second.SequenceNumber)
		}
		got := p.receive("raw.fifo")
		equal(t, "messages", bodies(got), []string{"1", "2"})
		equal(t, "group and deduplication id", got[0].Group+" "+got[0].Dedup, "g a")
		e := envelopeOf(t, p.receive("standard")[0])
		equal(t, "document", e.SequenceNumber+" "+e.Message, *first.SequenceNumber+" 1")
		time.Sleep(5*time.Minute - time.Nanosecond)
		equal(t, "at the end of five minutes", *send("4", "a").MessageId, *first.MessageId)
		time.Sleep(time.Nanosecond)
		if *send("5", "a").MessageId == *first.MessageId {
			t.Error("a deduplication id is remembered for longer than five minutes")
		}
	})
}

func TestContentAndScopeOfDeduplication(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders.fifo", attrs{"FifoTopic": "true", "ContentBasedDeduplication": "true", "FifoThroughputScope": "MessageGroup"})
	p.subscribe(arn, "sqs", p.queue("q.fifo", queue.Config{DedupPerGroup: true}), attrs{"RawMessageDelivery": "true"})
	for _, group := range []string{"g", "h", "g"} {
		p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m"), MessageGroupId: &group})
	}
	equal(t, "messages", bodies(p.receive("q.fifo")), []string{"m", "m"})
}

func TestAStandardTopicHandsTheGroupToFairQueues(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders", nil)
	p.subscribe(arn, "sqs", p.queue("q", queue.Config{}), nil)
	p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m"), MessageGroupId: aws.String("tenant")})
	equal(t, "group", p.receive("q")[0].Group, "tenant")
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	p := startPublishing(t)
	arn, fifo := p.topic("orders", nil), p.topic("orders.fifo", attrs{"FifoTopic": "true"})
	p.subscribe(arn, "sqs", p.queue("q", queue.Config{}), nil)
	text, long := aws.String("m"), aws.String(strings.Repeat("x", 262_144))
	with := func(name, kind, value string) map[string]types.MessageAttributeValue {
		return map[string]types.MessageAttributeValue{name: attribute1(kind, value)}
	}
	for what, c := range map[string]struct {
		in            *sns.PublishInput
		code, message string
	}{
		"no address":      {&sns.PublishInput{Message: text}, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"},
		"two":             {&sns.PublishInput{Message: text, TopicArn: arn, PhoneNumber: aws.String("+1")}, "InvalidParameter", "Invalid parameter: TopicArn or PhoneNumber Reason: a message goes to one of TopicArn, TargetArn and PhoneNumber"},
		"no such topic":   {&sns.PublishInput{Message: text, TopicArn: aws.String(topicARN("none"))}, "NotFound", "Topic does not exist"},
		"no such device":  {&sns.PublishInput{Message: text, TargetArn: aws.String(topicARN("endpoint/GCM/a/b"))}, "InvalidParameter", "Invalid parameter: TargetArn"},
		"no gateway":      {&sns.PublishInput{Message: text, PhoneNumber: aws.String("+4912345")}, "InvalidParameter", "Invalid parameter: TargetArn or PhoneNumber Reason: this Carillon sends nothing to devices and phone numbers: it has no gateway to them."},
		"empty":           {&sns.PublishInput{Message: aws.String(""), TopicArn: arn}, "InvalidParameter", "Invalid parameter: Empty message"},
		"too long":        {&sns.PublishInput{Message: long, TopicArn: arn, MessageAttributes: with("a", "String", "b")}, "InvalidParameter", "Invalid parameter: Message too long"},
		"subject":         {&sns.PublishInput{Message: text, TopicArn: arn, Subject: aws.String("a\nb")}, "InvalidParameter", "Invalid parameter: Subject"},
		"long subject":    {&sns.PublishInput{Message: text, TopicArn: arn, Subject: aws.String(strings.Repeat("ü", 101))}, "InvalidParameter", "Invalid parameter: Subject"},
		"structure":       {&sns.PublishInput{Message: text, TopicArn: arn, MessageStructure: aws.String("json")}, "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"},
		"no default":      {&sns.PublishInput{Message: aws.String(`{"default":1}`), TopicArn: arn, MessageStructure: aws.String("json")}, "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"},
		"attribute type":  {&sns.PublishInput{Message: text, TopicArn: arn, MessageAttributes: with("a", "Float", "1")}, "ParameterValueInvalid", "Invalid parameter: The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
		"attribute value": {&sns.PublishInput{Message: text, TopicArn: arn, MessageAttributes: with("a", "Number", "x")}, "ParameterValueInvalid", "Invalid parameter: Could not cast message attribute 'a' value to number."},
		"no group":        {&sns.PublishInput{Message: text, TopicArn: fifo, MessageDeduplicationId: text}, "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"},
		"no dedup":        {&sns.PublishInput{Message: text, TopicArn: fifo, MessageGroupId: text}, "InvalidParameter", "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		"dedup":           {&sns.PublishInput{Message: text, TopicArn: arn, MessageDeduplicationId: text}, "InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type"},
		"group":           {&sns.PublishInput{Message: text, TopicArn: arn, MessageGroupId: aws.String("a b")}, "InvalidParameter", "Invalid parameter: MessageGroupId Reason: " + tokenRule},
	} {
		_, err := p.Publish(p.ctx, c.in)
		refused(t, what, err, c.code, c.message)
	}
	p.publish(&sns.PublishInput{TopicArn: arn, Message: long})
	equal(t, "messages", len(p.receive("q")), 1)
}

func TestABatchIsPublishedEntryByEntry(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders.fifo", attrs{"FifoTopic": "true"})
	p.subscribe(arn, "sqs", p.queue("q.fifo", queue.Config{}), attrs{"RawMessageDelivery": "true"})
	entry := func(id, message, dedup string) types.PublishBatchRequestEntry {
		e := types.PublishBatchRequestEntry{Id: &id, Message: &message, MessageGroupId: aws.String("g")}
		if dedup != "" {
			e.MessageDeduplicationId = &dedup
		}
		return e
	}
	out := must(p.PublishBatch(p.ctx, &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		entry("one", "1", "a"), entry("none", "2", ""), entry("empty", "", "b"), entry("two", "3", "c"), entry("repeat", "4", "a"),
	}}))(t)
	var good, bad []string
	for _, e := range out.Successful {
		good = append(good, *e.Id)
	}
	for _, e := range out.Failed {
		bad = append(bad, *e.Id+" "+*e.Code+" "+*e.Message)
	}
	equal(t, "successful", good, []string{"one", "two", "repeat"})
	equal(t, "the repeat's id", out.Successful[2].MessageId, out.Successful[0].MessageId)
	equal(t, "failed", bad, []string{
		"none InvalidParameter Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		"empty InvalidParameter Invalid parameter: Empty message",
	})
	equal(t, "messages", bodies(p.receive("q.fifo")), []string{"1", "3"})
}

func TestABatchThatIsWrongAsAWholeIsRefused(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders", nil)
	entry := func(id string, size int) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: aws.String(strings.Repeat("x", size))}
	}
	for code, entries := range map[string][]types.PublishBatchRequestEntry{
		"EmptyBatchRequest": {}, "TooManyEntriesInBatchRequest": slices.Repeat([]types.PublishBatchRequestEntry{entry("a", 1)}, 11),
		"BatchEntryIdsNotDistinct": {entry("a", 1), entry("a", 1)}, "InvalidBatchEntryId": {entry("a b", 1)},
		"BatchRequestTooLong": {entry("a", 200_000), entry("b", 100_000)},
	} {
		_, err := p.PublishBatch(p.ctx, &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: entries})
		var got interface{ ErrorCode() string }
		if !errors.As(err, &got) || got.ErrorCode() != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

func TestAMessageForVeryManyReachesEachOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("orders", nil)
		const queues = 700
		for i := range queues {
			set := attrs{"RawMessageDelivery": fmt.Sprint(i%2 == 0)}
			if i%7 == 0 {
				set["FilterPolicy"] = `{"a":["x"]}`
			}
			p.subscribe(arn, "sqs", p.queue(fmt.Sprint("q", i), queue.Config{}), set)
		}
		long := strings.Repeat("a long message ", 100)
		for n := range 3 {
			p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String(fmt.Sprint(n, long)), MessageAttributes: map[string]types.MessageAttributeValue{
				"a": attribute1("String", map[bool]string{true: "x", false: "y"}[n == 1]),
			}})
		}
		p.subscribe(arn, "sqs", p.queue("late", queue.Config{}), nil)
		synctest.Wait()
		for i := range queues {
			var got []string
			for _, m := range p.receive(fmt.Sprint("q", i)) {
				text := m.Body
				if i%2 != 0 {
					text = envelopeOf(t, m).Message
				}
				if text[1:] != long {
					t.Fatalf("queue %d got %s", i, text)
				}
				got = append(got, text[:1])
			}
			want := []string{"0", "1", "2"}
			if i%7 == 0 {
				want = []string{"1"}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("queue %d got %v, want %v", i, got, want)
			}
		}
		equal(t, "one that came later", len(p.receive("late")), 0)
		p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
		synctest.Wait()
		equal(t, "and its first message", len(p.receive("late")), 1)
		problems := 0
		err := p.store.View(func(v *store.View) error {
			return queue.Verify(v, func(problem string) { problems++; t.Error(problem) })
		})
		if err != nil || problems > 0 {
			t.Error(err)
		}
	})
}

// The default is a part of what was published: two messages that have it in
// common are two.
func TestAMessageByProtocolIsARepeatIfAllOfItIs(t *testing.T) {
	p := startPublishing(t)
	arn := p.topic("orders.fifo", attrs{"FifoTopic": "true", "ContentBasedDeduplication": "true"})
	p.subscribe(arn, "sqs", p.queue("q.fifo", queue.Config{}), attrs{"RawMessageDelivery": "true"})
	for _, message := range []string{`{"default":"d","sqs":"1"}`, `{"default":"d","sqs":"2"}`, `{"default":"d","sqs":"1"}`} {
		p.publish(&sns.PublishInput{TopicArn: arn, Message: &message, MessageStructure: aws.String("json"), MessageGroupId: aws.String("g")})
	}
	equal(t, "messages", bodies(p.receive("q.fifo")), []string{"1", "2"})
}
