package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/target/loggroup"
	"github.com/carillon-events/carillon/internal/throttle"
)

// until polls the metrics until they have all of these lines.
func until(t *testing.T, r *server.Running, lines ...string) string {
	t.Helper()
	text := ""
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		text = metricsOf(t, r)
		if !slices.ContainsFunc(lines, func(l string) bool { return !strings.Contains(text, "\n"+l+"\n") }) {
			return text
		}
	}
	t.Fatalf("want\n%s\nin\n%s", strings.Join(lines, "\n"), text)
	return ""
}

// observed is a server with a bus whose rule has four targets: a queue, and three
// that are not there, without a retry, without one but with a dead-letter queue,
// and with many.
func observed(t *testing.T, c server.Config) (*server.Running, *eventbridge.Client) {
	t.Helper()
	r := start(t, c)
	events := eventbridge.NewFromConfig(configured(t, r, "000000000000", "x"))
	queues := sqs.NewFromConfig(configured(t, r, "000000000000", "x"))
	for _, name := range []string{"there", "dead"} {
		if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := events.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("orders")})
	if err == nil {
		_, err = events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("big"), EventBusName: aws.String("orders"), EventPattern: aws.String(`{"source":["shop"]}`)})
	}
	if err != nil {
		t.Fatal(err)
	}
	queue := func(name string) *string { return aws.String("arn:aws:sqs:eu-west-1:000000000000:" + name) }
	none := &ebtypes.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}
	_, err = events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("big"), EventBusName: aws.String("orders"), Targets: []ebtypes.Target{
		{Id: aws.String("good"), Arn: queue("there")},
		{Id: aws.String("lost"), Arn: queue("absent"), RetryPolicy: none},
		{Id: aws.String("dead"), Arn: queue("absent"), RetryPolicy: none, DeadLetterConfig: &ebtypes.DeadLetterConfig{Arn: queue("dead")}},
		{Id: aws.String("late"), Arn: queue("absent")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r, events
}

func put(t *testing.T, events *eventbridge.Client, sources ...string) {
	t.Helper()
	var entries []ebtypes.PutEventsRequestEntry
	for _, s := range sources {
		entries = append(entries, ebtypes.PutEventsRequestEntry{EventBusName: aws.String("orders"), Source: &s, DetailType: aws.String("T"), Detail: aws.String("{}")})
	}
	out, err := events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatal(err, out)
	}
}

const (
	ofBus  = `{account="000000000000",bus="orders",region="eu-west-1"}`
	ofRule = `{account="000000000000",bus="orders",region="eu-west-1",rule="big"}`
)

func ofTarget(id string) string {
	return strings.TrimSuffix(ofRule, "}") + `,target="` + id + `"}`
}

func TestTheMetricsSayWhatBecameOfEventsByBusRuleAndTarget(t *testing.T) {
	r, events := observed(t, quick())
	put(t, events, "shop", "shop", "elsewhere")
	text := until(t, r,
		"carillon_bus_events_total"+ofBus+" 3",
		"carillon_bus_matched_events_total"+ofBus+" 2",
		"carillon_bus_unmatched_events_total"+ofBus+" 1",
		"carillon_rule_matched_events_total"+ofRule+" 2",
		"carillon_target_deliveries_total"+ofTarget("good")+" 2",
		"carillon_target_delivery_age_seconds_count"+ofTarget("good")+" 2",
		"carillon_target_deliveries_dropped_total"+ofTarget("lost")+" 2",
		"carillon_target_deliveries_waiting"+ofTarget("lost")+" 0",
		"carillon_target_deliveries_dead_lettered_total"+ofTarget("dead")+" 2",
		"carillon_target_deliveries_kept_total"+ofTarget("late")+" 2",
		"carillon_target_deliveries_waiting"+ofTarget("late")+" 2",
	)
	if strings.Contains(text, `="other"`) {
		t.Error("there is an other, and nothing is beyond the limit")
	}
	_, err := events.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String("big"), EventBusName: aws.String("orders"), Ids: []string{"good", "lost", "dead", "late"}})
	if err == nil {
		_, err = events.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: aws.String("big"), EventBusName: aws.String("orders")})
	}
	if err != nil {
		t.Fatal(err)
	}
	text = metricsOf(t, r)
	if strings.Contains(text, ofTarget("good")) || strings.Contains(text, ofRule) || !strings.Contains(text, ofTarget("late")) {
		t.Errorf("after the rule was deleted, while something waits for one target:\n%s", text)
	}
}

func TestWhatWaitedBeforeARestartIsCountedAfterIt(t *testing.T) {
	c := quick()
	c.Durability, c.Data = "fsync", t.TempDir()
	r, events := observed(t, c)
	put(t, events, "shop", "shop")
	until(t, r, "carillon_target_deliveries_waiting"+ofTarget("late")+" 2")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	until(t, start(t, c), "carillon_target_deliveries_waiting"+ofTarget("late")+" 2")
}

func TestBeyondTheLimitOfSeriesThereIsAnOther(t *testing.T) {
	c := quick()
	c.MetricsSeries = 1
	r, events := observed(t, c)
	put(t, events, "shop")
	const others = `{account="other",bus="other",region="other",rule="other",target="other"}`
	until(t, r, "carillon_target_deliveries_kept_total"+ofTarget("dead")+" 1", "carillon_target_deliveries_total"+others+" 1", "carillon_target_deliveries_kept_total"+others+" 2")
}

// metricNames are the metrics of Carillon in a scrape.
func metricNames(text string) (names []string) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (carillon_\w+) \w+$`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestThePageOfMetricsHasAllOfThemAndNoOther(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(carillon_\\w+)`").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(documented)
	r, events := observed(t, quick())
	put(t, events, "shop")
	topics := sns.NewFromConfig(configured(t, r, "000000000000", "x"))
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topics.Publish(t.Context(), &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	c := quick() // some are only there with TLS, or throttles
	c.Limits.Throttles.Operations = throttle.Rates{"sqs:ListQueues": {PerSecond: 0.001, Burst: 1}}
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	secure := start(t, c)
	client := believing(t, secure, filepath.Join(c.Data, "tls", "self.pem"), "x", "x")
	for range 2 {
		_, _ = sqs.NewFromConfig(client).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	}
	overTLS := metricsBy(t, secure, client.HTTPClient.(*http.Client))
	got := metricNames(until(t, r, "carillon_target_deliveries_waiting"+ofTarget("late")+" 1") + overTLS)
	if fmt.Sprint(got) != fmt.Sprint(documented) {
		t.Errorf("the server has\n%s\nthe page\n%s", strings.Join(got, "\n"), strings.Join(documented, "\n"))
	}
}

func TestTheMetricsSayWhatBecameOfMessagesByTopic(t *testing.T) {
	r := start(t, quick())
	topics, queues := sns.NewFromConfig(configured(t, r, "000000000000", "x")), sqs.NewFromConfig(configured(t, r, "000000000000", "x"))
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	const queue = "arn:aws:sqs:eu-west-1:000000000000:"
	for name, attributes := range map[string]map[string]string{
		"q": nil, "absent": nil, "dying": {"RedrivePolicy": `{"deadLetterTargetArn":"` + queue + `dead"}`},
		"a": {"FilterPolicy": `{"kind":["x"]}`}, "b": {"FilterPolicy": `{"n":[1]}`, "FilterPolicyScope": "MessageBody"},
	} {
		if name != "absent" && name != "dying" {
			if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(queue + name), Attributes: attributes}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")}); err != nil {
		t.Fatal(err)
	}
	for text, kind := range map[string]string{`{"n":1}`: "", `{"n":2}`: "x", "text": "y"} {
		in := &sns.PublishInput{TopicArn: made.TopicArn, Message: &text}
		if kind != "" {
			in.MessageAttributes = map[string]snstypes.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: &kind}}
		}
		if _, err := topics.Publish(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	const of = `{account="000000000000",region="eu-west-1",`
	text := until(t, r,
		"carillon_topic_publishes_total"+of+`topic="t"} 3`,
		"carillon_topic_published_bytes_total"+of+`topic="t"} 18`,
		"carillon_topic_notifications_delivered_total"+of+`topic="t"} 5`,
		"carillon_topic_notifications_filtered_out_total{account=\"000000000000\",reason=\"no_attributes\",region=\"eu-west-1\",topic=\"t\"} 1",
		"carillon_topic_notifications_filtered_out_total{account=\"000000000000\",reason=\"attributes\",region=\"eu-west-1\",topic=\"t\"} 1",
		"carillon_topic_notifications_filtered_out_total{account=\"000000000000\",reason=\"body\",region=\"eu-west-1\",topic=\"t\"} 1",
		"carillon_topic_notifications_filtered_out_total{account=\"000000000000\",reason=\"invalid_body\",region=\"eu-west-1\",topic=\"t\"} 1",
		"carillon_topic_notifications_dropped_total"+of+`topic="t"} 3`,
		"carillon_topic_notifications_dead_lettered_total"+of+`topic="t"} 3`,
	)
	if strings.Contains(text, `="other"`) {
		t.Error("what topics deliver is counted as a rule's")
	}
	if _, err := topics.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: made.TopicArn}); err != nil {
		t.Fatal(err)
	}
	if text := metricsOf(t, r); strings.Contains(text, `topic="t"`) {
		t.Error("a topic that is gone is counted")
	}
}

func TestAnEventIsInTheLogGroupOfItsRule(t *testing.T) {
	c := quick()
	c.Durability, c.Data = "fsync", t.TempDir()
	r, events := observed(t, c)
	_, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("big"), EventBusName: aws.String("orders"), Targets: []ebtypes.Target{
		{Id: aws.String("log"), Arn: aws.String("arn:aws:logs:eu-west-1:000000000000:log-group:/aws/events/orders")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, events, "shop", "shop")
	until(t, r, "carillon_target_deliveries_total"+ofTarget("log")+" 2")
	groups, err := loggroup.List(server.LogGroups(c.Data))
	if err != nil || len(groups) != 1 {
		t.Fatal(groups, err)
	}
	text, err := os.ReadFile(groups[0].Path)
	if err != nil || strings.Count(string(text), `\"source\":\"shop\"`) != 2 {
		t.Errorf("%s %v", text, err)
	}
}
