package carillontest_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/carillontest"
)

// placeOrder is what is tested: it tells the shop's bus of an order.
func placeOrder(ctx context.Context, events *eventbridge.Client, total int) error {
	_, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String("default"), Source: aws.String("shop"), DetailType: aws.String("OrderPlaced"),
		Detail: aws.String(fmt.Sprintf(`{"total": %d}`, total)),
	}}})
	return err
}

func ExampleStart() {
	// In a test of yours this is carillontest.Start(t), and needs no Stop.
	ctx := context.Background()
	c, err := carillontest.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Stop()
	events, queues := eventbridge.NewFromConfig(c.Config()), sqs.NewFromConfig(c.Config())

	billing, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("billing")})
	if err != nil {
		log.Fatal(err)
	}
	_, err = events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("large"),
		EventPattern: aws.String(`{"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}`)})
	if err != nil {
		log.Fatal(err)
	}
	_, err = events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("large"),
		Targets: []types.Target{{Id: aws.String("billing"), InputPath: aws.String("$.detail"),
			Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:billing")}}})
	if err != nil {
		log.Fatal(err)
	}

	for _, total := range []int{15, 250} {
		if err := placeOrder(ctx, events, total); err != nil {
			log.Fatal(err)
		}
	}

	// What PutEvents has accepted is in the queues that it is for: no waiting.
	got, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: billing.QueueUrl, MaxNumberOfMessages: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range got.Messages {
		fmt.Println(*m.Body)
	}
	// Output: {"total": 250}
}

func TestEveryTestHasACarillonOfItsOwn(t *testing.T) {
	for _, name := range []string{"one", "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queues := sqs.NewFromConfig(carillontest.Start(t).Config())
			if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)}); err != nil {
				t.Fatal(err)
			}
			list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
			if err != nil || len(list.QueueUrls) != 1 {
				t.Errorf("%v, %v; want one queue", list.QueueUrls, err)
			}
		})
	}
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	c := carillontest.Start(t)
	for _, at := range [][2]string{{"111122223333", "eu-west-1"}, {"111122223333", "eu-west-2"}, {"444455556666", "eu-west-1"}} {
		queues := sqs.NewFromConfig(c.ConfigFor(at[0], at[1]))
		q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
		if err != nil || *q.QueueUrl != c.Endpoint()+"/"+at[0]+"/orders" {
			t.Errorf("%v: %v, %v", at, q, err)
		}
		list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if err != nil || len(list.QueueUrls) != 1 {
			t.Errorf("%v sees %v, %v; want its own queue", at, list.QueueUrls, err)
		}
	}
}

func TestAnotherCarillonGoesOnWithTheDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []int{0, 1} {
		t.Run("", func(t *testing.T) {
			queues := sqs.NewFromConfig(carillontest.Start(t, carillontest.In(dir)).Config())
			list, err := queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
			if err != nil || len(list.QueueUrls) != want {
				t.Errorf("%v, %v; want %d queues", list.QueueUrls, err, want)
			}
			if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("kept")}); err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		c, err := carillontest.New(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Stop(); err != nil {
			b.Fatal(err)
		}
	}
}
