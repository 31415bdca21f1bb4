package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/server"
)

// works is a node in strict mode where a rule of the shop's bus sends to every
// kind of target, each with a dead-letter queue of its own.
type works struct {
	t       *testing.T
	r       *server.Running
	shop    client
	partner client
	people  *iam.Client
	caller  *receiver
	targets map[string]*ebtypes.Target
	ends    map[string]string // where what arrives is received: queue URLs by target id
	dead    map[string]string // dead-letter queues by target id
}

const toQueues = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"%s","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}]}`

func newWorks(t *testing.T) *works {
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := `credentials:
  - {accessKeyId: SHOP, secretAccessKey: hush, account: "111111111111"}
  - {accessKeyId: PARTNER, secretAccessKey: hush, account: "222222222222"}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Auth, c.Credentials, c.HTTPTargets = server.AuthStrict, path, []string{"loopback"}
	c.Buses = bus.DefaultLimits
	c.Buses.TargetsPerRule = 10
	r := start(t, c)
	w := &works{
		t: t, r: r, shop: as(t, r, "SHOP"), partner: as(t, r, "PARTNER"), people: iam.NewFromConfig(configured(t, r, "SHOP", "hush")), caller: newReceiver(t),
		targets: map[string]*ebtypes.Target{}, ends: map[string]string{}, dead: map[string]string{},
	}
	w.lay()
	return w
}

func (w *works) queue(c client, name string, attributes map[string]string) (url, arn string) {
	w.t.Helper()
	out := must(c.sqs.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}))(w.t)
	got := must(c.sqs.GetQueueAttributes(w.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}}))(w.t)
	return *out.QueueUrl, got.Attributes["QueueArn"]
}

// lay makes everything but permissions: all queues behind a topic or a bus are
// open, and so are dead-letter queues.
func (w *works) lay() {
	t, ctx := w.t, w.t.Context()
	openTo := func(service string) map[string]string {
		return map[string]string{"Policy": fmt.Sprintf(toQueues, service, "sqs:SendMessage")}
	}
	target := func(id, arn string) {
		url, dlq := w.queue(w.shop, "dead-"+id, openTo("events.amazonaws.com"))
		w.dead[id] = url
		w.targets[id] = &ebtypes.Target{Id: aws.String(id), Arn: aws.String(arn), DeadLetterConfig: &ebtypes.DeadLetterConfig{Arn: &dlq}}
	}
	var arn string
	w.ends["queue"], arn = w.queue(w.shop, "q", nil)
	target("queue", arn)
	w.ends["fifo"], arn = w.queue(w.shop, "q.fifo", map[string]string{"FifoQueue": "true"})
	target("fifo", arn)
	w.targets["fifo"].SqsParameters = &ebtypes.SqsParameters{MessageGroupId: aws.String("g")}
	w.ends["abroad"], arn = w.queue(w.partner, "abroad", nil)
	target("abroad", arn)

	w.ends["topic"], arn = w.queue(w.shop, "behind-topic", openTo("sns.amazonaws.com"))
	topic := must(w.shop.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("news")}))(t).TopicArn
	must(w.shop.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: &arn}))(t)
	target("topic", *topic)

	central := must(w.partner.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("central")}))(t).EventBusArn
	w.ends["bus"], arn = w.queue(w.partner, "behind-bus", map[string]string{"Policy": fmt.Sprintf(strings.Replace(toQueues, seller, guest, 1), "events.amazonaws.com", "sqs:SendMessage")})
	must(w.partner.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: aws.String("central"), EventPattern: aws.String(`{"account":["111111111111"]}`)}))(t)
	must(w.partner.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: aws.String("central"), Targets: []ebtypes.Target{{Id: aws.String("t"), Arn: &arn}}}))(t)
	target("bus", *central)

	connection := must(w.shop.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &ebtypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("v")}},
	}))(t)
	destination := must(w.shop.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: aws.String("d"), ConnectionArn: connection.ConnectionArn, HttpMethod: ebtypes.ApiDestinationHttpMethodPost, InvocationEndpoint: &w.caller.URL,
	}))(t)
	target("call", *destination.ApiDestinationArn)
	w.layBuses()
}

// layBuses makes the shop's bus, with an event in an archive that nobody saw
// before, a bus that sends to it, and that of a webhook.
func (w *works) layBuses() {
	t, ctx := w.t, w.t.Context()
	till := must(w.shop.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("till")}))(t).EventBusArn
	must(w.shop.events.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("seed"), EventSourceArn: till, EventPattern: aws.String(`{"source":["seed"]}`)}))(t)
	must(w.shop.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{EventBusName: till, Source: aws.String("seed"), DetailType: aws.String("d"), Detail: aws.String("{}")}}}))(t)
	rule := func(on, name, pattern string, target ebtypes.Target) {
		must(w.shop.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: &on, EventPattern: &pattern}))(t)
		must(w.shop.events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &on, Targets: []ebtypes.Target{target}}))(t)
	}
	must(w.shop.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("before")}))(t)
	rule("before", "on", `{"source":["shop"]}`, ebtypes.Target{Id: aws.String("t"), Arn: till})
	w.signed(ingest.PutWebhookPath, "carillon", `{"source":"`+hookSource+`","scheme":"github","secret":"hush"}`)
	must(w.shop.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String(hookSource), EventSourceName: aws.String(hookSource)}))(t)
	rule(hookSource, "all", `{"source":[{"prefix":""}]}`, *w.targets["queue"])
	must(w.shop.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: aws.String("till"), EventPattern: aws.String(`{"account":["111111111111"]}`)}))(t)
	w.put()
}

func (w *works) put() {
	w.t.Helper()
	var list []ebtypes.Target
	for _, target := range w.targets {
		list = append(list, *target)
	}
	for from := range slices.Chunk(list, 5) {
		out := must(w.shop.events.PutTargets(w.t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: aws.String("till"), Targets: from}))(w.t)
		if out.FailedEntryCount > 0 {
			w.t.Fatalf("%+v", out.FailedEntries)
		}
	}
}

// permit gives every target what it needs, each in its way.
func (w *works) permit() {
	t, ctx := w.t, w.t.Context()
	rules := `["arn:aws:events:eu-west-1:111111111111:rule/till/all","arn:aws:events:eu-west-1:111111111111:rule/` + hookSource + `/all"]`
	policy := func(service, action string) map[string]string {
		return map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"` + action + `","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":` + rules + `}}}]}`}
	}
	url := w.ends["queue"]
	must(w.shop.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: policy("events.amazonaws.com", "sqs:SendMessage")}))(t)
	trust := fmt.Sprintf(strings.Replace(toQueues, `"Resource":"*",`, "", 1), "events.amazonaws.com", "sts:AssumeRole")
	role := must(w.people.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("sender"), Path: aws.String("/rules/"), AssumeRolePolicyDocument: &trust}))(t).Role.Arn
	must(w.people.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("sender"), PolicyName: aws.String("send"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage","events:InvokeApiDestination"],"Resource":"*"}]}`)}))(t)
	for _, id := range []string{"fifo", "abroad", "call"} {
		w.targets[id].RoleArn = role
	}
	w.put()
	url = w.ends["abroad"]
	must(w.partner.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + *role + `"},"Action":"sqs:SendMessage","Resource":"*"}]}`}}))(t)
	must(w.shop.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: w.targets["topic"].Arn, AttributeName: aws.String("Policy"),
		AttributeValue: aws.String(strings.Replace(policy("events.amazonaws.com", "sns:Publish")["Policy"], `"Resource":"*"`, `"Resource":"`+*w.targets["topic"].Arn+`"`, 1))}))(t)
	must(w.partner.events.PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: aws.String("central"), Action: aws.String("events:PutEvents"), Principal: aws.String(seller), StatementId: aws.String("shop")}))(t)
}

// revoke takes it away again.
func (w *works) revoke() {
	t, ctx := w.t, w.t.Context()
	for c, id := range map[*client]string{&w.shop: "queue", &w.partner: "abroad"} {
		url := w.ends[id]
		must(c.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": ""}}))(t)
	}
	must(w.people.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("sender"), PolicyName: aws.String("send")}))(t)
	must(w.shop.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: w.targets["topic"].Arn, AttributeName: aws.String("Policy"),
		AttributeValue: aws.String(fmt.Sprintf(strings.Replace(toQueues, `"Resource":"*"`, `"Resource":"`+*w.targets["topic"].Arn+`"`, 1), "sns.amazonaws.com", "sns:Publish"))}))(t)
	must(w.partner.events.RemovePermission(ctx, &eventbridge.RemovePermissionInput{EventBusName: aws.String("central"), StatementId: aws.String("shop")}))(t)
}

// one waits for a message.
func (w *works) one(id, url string) sqstypes.Message {
	w.t.Helper()
	c := w.shop
	if strings.Contains(url, guest) {
		c = w.partner
	}
	out := must(c.sqs.ReceiveMessage(w.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20, MessageAttributeNames: []string{"All"}}))(w.t)
	if len(out.Messages) != 1 {
		w.t.Fatalf("%s: nothing came to %s", id, url)
	}
	must(c.sqs.DeleteMessage(w.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: out.Messages[0].ReceiptHandle}))(w.t)
	return out.Messages[0]
}

// empty wants nothing anywhere, but where a target may have something.
func (w *works) empty(urls map[string]string) {
	w.t.Helper()
	for id, url := range urls {
		c := w.shop
		if strings.Contains(url, guest) {
			c = w.partner
		}
		out := must(c.sqs.ReceiveMessage(w.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url}))(w.t)
		if len(out.Messages) > 0 {
			w.t.Errorf("%s: %s", id, *out.Messages[0].Body)
		}
	}
}

func (w *works) signed(path, service, body string, headers ...string) {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodPost, w.r.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(w.t.Context(), aws.Credentials{AccessKeyID: "SHOP", SecretAccessKey: "hush"}, req, hex.EncodeToString(sum[:]), service, place, time.Now()); err != nil {
		w.t.Fatal(err)
	}
	if status, answer := send(w.t, req); status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", path, status, answer)
	}
}

// source is a way in which an event comes onto a bus, and the targets that it
// reaches from there. Schedules are tested with the bus.
type source struct {
	put     func()
	reaches []string
}

func (w *works) sources() map[string]source {
	ctx, t := w.t.Context(), w.t
	put := func(on string) func() {
		return func() {
			must(w.shop.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
				EventBusName: &on, Source: aws.String("shop"), DetailType: aws.String("paid"), Detail: aws.String(`{"n":1}`)}}}))(t)
		}
	}
	all := slices.Sorted(maps.Keys(w.targets))
	n := 0
	return map[string]source{
		"PutEvents": {put("till"), all},
		"a CloudEvent": {func() {
			n++
			w.signed(ingest.CloudEventsPath+"till", "events", fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"shop","type":"paid"}`, n), "Content-Type", "application/cloudevents+json")
		}, all},
		"a replay": {func() {
			n++
			must(w.shop.events.StartReplay(ctx, &eventbridge.StartReplayInput{
				ReplayName: aws.String(fmt.Sprint("again", n)), EventSourceArn: aws.String("arn:aws:events:eu-west-1:111111111111:archive/seed"),
				EventStartTime: aws.Time(time.Now().Add(-time.Hour)), EventEndTime: aws.Time(time.Now().Add(time.Hour)),
				Destination: &ebtypes.ReplayDestination{Arn: aws.String("arn:aws:events:eu-west-1:111111111111:event-bus/till")}}))(t)
		}, all},
		"another bus": {put("before"), []string{"abroad", "call", "fifo", "queue", "topic"}}, // the partner's would be a third one
		"a webhook": {func() {
			if status, answer := gitHub(t, w.r, "hush", `{"ref":"main"}`); status != http.StatusOK {
				t.Fatal(status, answer)
			}
		}, []string{"queue"}},
	}
}

func TestNoWayOntoABusLeadsAroundThePermissionsOfItsTargets(t *testing.T) {
	w := newWorks(t)
	sources := w.sources()
	refused := func(when string) {
		for name, from := range sources {
			from.put()
			for _, id := range from.reaches {
				m := w.one(when+", "+name+" to "+id, w.dead[id])
				if code := *m.MessageAttributes["ERROR_CODE"].StringValue; code != "NO_PERMISSIONS" || *m.MessageAttributes["RETRY_ATTEMPTS"].StringValue != "0" {
					t.Errorf("%s, %s to %s: %s: %s", when, name, id, code, *m.MessageAttributes["ERROR_MESSAGE"].StringValue)
				}
			}
		}
		w.empty(w.ends)
		w.empty(w.dead)
	}
	refused("at first")
	if len(w.caller.got) > 0 {
		t.Error("the API destination was called")
	}
	w.permit()
	for name, from := range sources {
		from.put()
		for _, id := range from.reaches {
			if id == "call" {
				w.caller.next(t)
			} else {
				w.one(name+" to "+id, w.ends[id])
			}
		}
	}
	w.empty(w.dead)
	w.revoke()
	refused("in the end")
}
