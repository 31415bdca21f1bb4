package sns

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/topic"
)

const forADay = `{"MessageRetentionPeriod":"1"}`

// ordered publishes to a FIFO topic.
func (p *publisher) ordered(arn *string, text, kind string) {
	p.t.Helper()
	must(p.Publish(p.ctx, &sns.PublishInput{TopicArn: arn, Message: &text, MessageGroupId: aws.String("g"), MessageDeduplicationId: &text, MessageAttributes: map[string]types.MessageAttributeValue{"kind": attribute1("String", kind)}}))(p.t)
}

func replayFrom(at time.Time) string {
	return fmt.Sprintf(`{"PointType":"Timestamp","StartingPoint":%q}`, at.UTC().Format(time.RFC3339Nano))
}

func replayBetween(from, to time.Time) string {
	return fmt.Sprintf(`{"PointType":"Timestamp","StartingPoint":%q,"EndingPoint":%q}`, from.UTC().Format(time.RFC3339Nano), to.UTC().Format(time.RFC3339Nano))
}

func TestWhoSubscribesWithAReplayPolicyGetsWhatWasPublishedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": forADay})
		began := time.Now()
		p.ordered(arn, "1", "x")
		p.ordered(arn, "2", "y")
		time.Sleep(time.Second)
		p.ordered(arn, "3", "x")
		time.Sleep(time.Second)
		fifo, plain, raw := p.queue("f.fifo", queue.Config{}), p.queue("s", queue.Config{}), p.queue("r.fifo", queue.Config{})
		sub := p.subscribe(arn, "sqs", fifo, attrs{"ReplayPolicy": replayFrom(began)})
		p.subscribe(arn, "sqs", plain, attrs{"ReplayPolicy": replayBetween(began, began.Add(time.Millisecond))})
		p.subscribe(arn, "sqs", raw, attrs{"ReplayPolicy": replayFrom(began), "RawMessageDelivery": "true", "FilterPolicy": `{"kind":["x"]}`})
		p.ordered(arn, "4", "x")
		time.Sleep(time.Second)
		p.ordered(arn, "5", "x")
		synctest.Wait()

		var got []string
		for _, m := range append(p.receive("f.fifo"), p.receive("f.fifo")...) {
			var e struct {
				Message, Timestamp, SequenceNumber string
				Replayed                           *bool
			}
			if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
				t.Fatal(err)
			}
			if e.Replayed != nil {
				e.Message += fmt.Sprint(" ", *e.Replayed)
			}
			if e.Message == "1 true" {
				equal(t, "time", e.Timestamp, began.UTC().Format("2006-01-02T15:04:05.000Z"))
				equal(t, "sequence", e.SequenceNumber, "10000000000000000001")
			}
			got = append(got, e.Message)
		}
		equal(t, "all, in order", got, []string{"1 true", "2 true", "3 true", "4", "5"})
		equal(t, "a standard queue", len(p.receive("s")), 4) // 1, 2, 4, 5
		equal(t, "filtered", bodies(p.receive("r.fifo")), []string{"1", "3", "4", "5"})
		s := p.subscription(sub)
		equal(t, "status", []string{s["ReplayStatus"], s["ReplayPolicy"]}, []string{"Completed", replayFrom(began)})
	})
}

func TestAReplayComesAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": forADay})
		sub := p.subscribe(arn, "sqs", p.queue("f.fifo", queue.Config{}), attrs{"RawMessageDelivery": "true"})
		began := time.Now()
		p.ordered(arn, "1", "x")
		for range 2 { // minutes after it came first, and each other: a FIFO queue takes them as new
			must(0, p.setSubscription(sub, "ReplayPolicy", replayFrom(began)))(t)
			time.Sleep(time.Second)
		}
		equal(t, "messages", bodies(p.receive("f.fifo")), []string{"1", "1", "1"})
		must(0, p.setSubscription(sub, "ReplayPolicy", "{}"))(t)
		s := p.subscription(sub)
		equal(t, "neither policy nor status", s["ReplayStatus"]+s["ReplayPolicy"], "")
		must(0, p.setSubscription(sub, "RawMessageDelivery", "true"))(t)
		synctest.Wait()
		equal(t, "no other replay", len(p.receive("f.fifo")), 0)
	})
}

func TestTheEndOfAnArchiveIsTheEndOfItsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		arn := p.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": forADay})
		began := time.Now()
		p.ordered(arn, "1", "x")
		must(0, p.set(arn, "ArchivePolicy", "{}"))(t)
		_, err := p.trySubscribe(arn, "sqs", p.queue("f.fifo", queue.Config{}), attrs{"ReplayPolicy": replayFrom(began)})
		refused(t, "subscribe", err, parameter, "Invalid parameter: ReplayPolicy: the topic has no ArchivePolicy")
		must(0, p.set(arn, "ArchivePolicy", forADay))(t)
		p.ordered(arn, "2", "x")
		p.subscribe(arn, "sqs", queueARN("f.fifo"), attrs{"ReplayPolicy": replayFrom(began), "RawMessageDelivery": "true"})
		synctest.Wait()
		equal(t, "of this archive", bodies(p.receive("f.fifo")), []string{"2"})
	})
}

func TestReplaysAtATimeHaveALimit(t *testing.T) {
	limits := topic.DefaultLimits
	limits.Replays = 0
	a := startWith(t, limits)
	arn := a.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": forADay})
	_, err := a.trySubscribe(arn, "sqs", queueARN("q"), attrs{"ReplayPolicy": replayFrom(time.Now())})
	refused(t, "subscribe", err, "ReplayLimitExceeded", "Replay limit exceeded")
	equal(t, "nobody subscribes", a.attributes(arn)["SubscriptionsConfirmed"], "0")
}
