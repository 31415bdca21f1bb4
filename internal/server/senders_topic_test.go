package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// received is the bodies that wait in a queue.
func received(t *testing.T, c client, url string, wait int32) (all []sqstypes.Message) {
	t.Helper()
	out := must(c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 3600, WaitTimeSeconds: wait, MessageAttributeNames: []string{"All"}}))(t)
	return out.Messages
}

// Published in each way: alone, in a batch, to few and, by the fan-out, to many.
func TestATopicSendsOnlyToQueuesThatAllowIt(t *testing.T) {
	for name, many := range map[string]int{"to few": 0, "to many": 70} {
		t.Run(name, func(t *testing.T) {
			r := twoAccounts(t)
			shop, partner := as(t, r, "SHOP"), as(t, r, "PARTNER")
			topic := must(shop.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("news")}))(t).TopicArn
			must(shop.sns.AddPermission(t.Context(), &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("p"), AWSAccountId: []string{guest}, ActionName: []string{"Subscribe"}}))(t)
			dead := mustQueue(t, shop, "dead", nil)
			allow := func(c client, url, condition string) {
				must(c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + condition + `"}}}]}`}}))(t)
			}
			allow(shop, dead, *topic)
			subscribe := func(c client, account, queue string) string {
				url := mustQueue(t, c, queue, nil)
				must(c.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:" + account + ":" + queue), Attributes: map[string]string{
					"RawMessageDelivery": "true", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:dead"}`}}))(t)
				return url
			}
			open, shut := subscribe(shop, seller, "open"), subscribe(shop, seller, "shut")
			abroad := subscribe(partner, guest, "abroad")
			allow(shop, open, *topic)
			allow(partner, abroad, *topic)
			allow(shop, shut, *topic+"2")
			for i := range many {
				allow(shop, subscribe(shop, seller, fmt.Sprint("other", i)), *topic)
			}
			must(shop.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: topic, Message: aws.String("one")}))(t)
			must(shop.sns.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{{Id: aws.String("a"), Message: aws.String("two")}}}))(t)
			got := map[string]int{}
			for len(got) < 2 {
				for _, m := range received(t, shop, dead, 20) {
					got[*m.Body]++
					if code, why := *m.MessageAttributes["ErrorCode"].StringValue, *m.MessageAttributes["ErrorMessage"].StringValue; code != "AccessDenied" || !strings.Contains(why, "sqs:SendMessage on arn:aws:sqs:eu-west-1:111111111111:shut to sns.amazonaws.com for topic "+*topic) {
						t.Errorf("%s: %s", code, why)
					}
				}
			}
			if got["one"] != 1 || got["two"] != 1 || len(received(t, shop, shut, 0)) > 0 {
				t.Errorf("%v", got)
			}
			for what, n := range map[string]int{"open": len(received(t, shop, open, 0)), "abroad": len(received(t, partner, abroad, 0))} {
				if n == 0 {
					t.Errorf("%s has nothing", what)
				}
			}
			// What was answered holds for the next message.
			allow(shop, shut, *topic)
			must(shop.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: topic, Message: aws.String("three")}))(t)
			if got := received(t, shop, shut, 20); len(got) != 1 || *got[0].Body != "three" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWhatMayNotBeSentIsOnTheTrailAndInTheReportOfDevMode(t *testing.T) {
	n := tell(t, nil)
	queue := n.queue("jobs")
	n.rule("default", "r", `{"source":["shop"]}`, to("t", queue))
	n.put("default", "shop", "{}")
	n.put("default", "shop", "{}")
	var report access.Report
	get(t, n.r, server.AccessCheckPath, &report)
	if len(report.Sendings) != 1 || report.Sendings[0].Count != 2 || report.Sendings[0].Resource != queue || report.Sendings[0].Remedy != "resource policy" {
		t.Fatalf("%+v", report.Sendings)
	}
	if got := received(t, client{sqs: n.queues}, n.r.URL+"/000000000000/jobs", 0); len(got) != 2 {
		t.Errorf("dev mode sent %d", len(got))
	}
	// What is printed, put: nothing is lacking any more.
	document := access.Document{Version: "2012-10-17"}
	for _, g := range report.Grants {
		document.Statement = append(document.Statement, g.Statement)
	}
	must(n.queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: aws.String(n.r.URL + "/000000000000/jobs"), Attributes: map[string]string{"Policy": document.Text()}}))(t)
	if get(t, n.r, server.AccessCheckPath, &report); len(report.Sendings) != 0 {
		t.Errorf("%+v", report.Sendings)
	}

	silent := tell(t, func(c *server.Config) { c.NoAccessRecord = true })
	silent.rule("default", "r", `{"source":["shop"]}`, to("t", silent.queue("jobs")))
	silent.put("default", "shop", "{}")
	if get(t, silent.r, server.AccessCheckPath, &report); len(report.Sendings) != 0 {
		t.Errorf("%+v", report.Sendings)
	}
}

// Deliveries that wait are tried as soon as a node starts: it must know the
// policies by then. A queue that does not exist yet is waited for, as in dev mode.
func TestWhatWaitedForAQueueIsSentAfterARestartIfTheQueueAllowsIt(t *testing.T) {
	w := strictly(t)
	w.Durability, w.Data = store.Fsync, t.TempDir()
	r := start(t, w)
	open := func() client {
		c := configured(t, r, "AKIAORDERS", "hush")
		return client{sqs: sqs.NewFromConfig(c), events: eventbridge.NewFromConfig(c)}
	}
	c := open()
	must(c.events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}))(t)
	must(c.events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{to("t", "arn:aws:sqs:eu-west-1:123456789012:late")}}))(t)
	for range 5 {
		must(c.events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: aws.String("{}")}}}))(t)
	}
	policy := fmt.Sprintf(strings.Replace(toQueues, seller, "123456789012", 1), "events.amazonaws.com", "sqs:SendMessage")
	must(c.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("late"), Attributes: map[string]string{"Policy": policy}}))(t)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, w)
	c = open()
	for got := 0; got < 5; {
		more := len(received(t, c, r.URL+"/123456789012/late", 20))
		if more == 0 {
			t.Fatalf("%d arrived", got)
		}
		got += more
	}
}
