package sns

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

func TestTheTrailSaysWhereAMessageWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPublishing(t)
		trails := trail.New(trail.Options{For: time.Hour, MaxBytes: 1 << 20})
		p.core.Record(trails)
		p.outbox.Tell(trails)
		arn := p.topic("orders", nil)
		p.subscribe(arn, "sqs", p.queue("q", queue.Config{}), nil)
		gone := p.subscribe(arn, "sqs", queueARN("gone"), attrs{"RedrivePolicy": `{"deadLetterTargetArn":"` + p.queue("dead", queue.Config{}) + `"}`})
		out := p.publish(&sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
		synctest.Wait()
		err := p.store.View(func(v *store.View) error {
			found, _, err := trail.Get(v, *out.MessageId)
			if err != nil || len(found) != 1 || len(found[0].Matches) != 1 {
				t.Fatal(err, found)
			}
			equal(t, "topic", found[0].Bus.Name, "topic/orders")
			d := found[0].Matches[0].Deliveries[0]
			outcome, reason := d.State()
			equal(t, "what could not be delivered", []any{d.Target.ARN, outcome, d.Attempts[0].DeadLetter}, []any{queueARN("gone"), trail.Outcome(3), queueARN("dead")})
			if reason == "" || *gone != *arn+":"+d.Target.ID {
				t.Errorf("%+v of %s", d, *gone)
			}
			return trail.Verify(v, func(problem string) { t.Error(problem) })
		})
		if err != nil {
			t.Error(err)
		}
	})
}
