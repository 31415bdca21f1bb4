package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/server"
)

const (
	seller = "111111111111"
	guest  = "222222222222"
	place  = "eu-west-1"
)

// client is the services as one key reaches them.
type client struct {
	sqs    *sqs.Client
	sns    *sns.Client
	events *eventbridge.Client
}

func as(t *testing.T, r *server.Running, key string) client {
	c := configured(t, r, key, "hush")
	return client{sqs.NewFromConfig(c), sns.NewFromConfig(c), eventbridge.NewFromConfig(c)}
}

// twoAccounts is a node of two accounts: the shop's root and its users clerk,
// courier and nobody; the partner's root and its user agent.
func twoAccounts(t *testing.T) *server.Running {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := `credentials:
  - {accessKeyId: SHOP, secretAccessKey: hush, account: "111111111111"}
  - {accessKeyId: PARTNER, secretAccessKey: hush, account: "222222222222"}
  - {accessKeyId: NOBODY, secretAccessKey: hush, account: "111111111111", user: nobody}
  - {accessKeyId: CLERK, secretAccessKey: hush, account: "111111111111", user: clerk, policies: [clerk.json]}
  - accessKeyId: AGENT
    secretAccessKey: hush
    account: "222222222222"
    user: agent
    policies:
      - '{"Statement": {"Effect": "Allow", "Action": ["sqs:*", "sns:*", "events:*"], "Resource": "*"}}'
`
	clerk := `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": "arn:aws:sqs:*:*:${aws:username}-*"},
  {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*", "Condition": {"StringEquals": {"events:source": ["shop.orders", "shop.returns"]}}},
  {"Effect": "Allow", "Action": "events:PutRule", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"events:source": "shop.orders"}, "Null": {"events:source": "false"}}},
  {"Effect": "Allow", "Action": "events:PutTargets", "Resource": "*", "Condition": {"ArnLike": {"events:TargetArn": "arn:aws:sqs:*:*:clerk-*"}}},
  {"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "clerks"}}},
  {"Effect": "Allow", "Action": "sqs:TagQueue", "Resource": "*"},
  {"Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "clerks"}}},
  {"Effect": "Allow", "Action": "sns:Subscribe", "Resource": "*", "Condition": {"StringEquals": {"sns:Protocol": "sqs"}}},
  {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}
]}`
	for name, text := range map[string]string{path: text, filepath.Join(filepath.Dir(path), "clerk.json"): clerk} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, path
	return start(t, c)
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func mustQueue(t *testing.T, c client, name string, tags map[string]string) string {
	t.Helper()
	out, err := c.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	return *out.QueueUrl
}

// deniedAs wants a code and AWS's sentence.
func deniedAs(t *testing.T, what string, err error, code, sentence string) {
	t.Helper()
	if codeOf(err) != code || err == nil || !strings.Contains(err.Error(), sentence) {
		t.Errorf("%s: %v\nwant %s: %s", what, err, code, sentence)
	}
}

func TestInStrictModeUsersMayWhatTheirPoliciesAllow(t *testing.T) {
	r := twoAccounts(t)
	root, clerk, nobody := as(t, r, "SHOP"), as(t, r, "CLERK"), as(t, r, "NOBODY")
	mine, other := mustQueue(t, root, "clerk-1", nil), mustQueue(t, root, "other", nil)
	send := func(c client, url string) error {
		_, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")})
		return err
	}
	if err := send(clerk, mine); err != nil {
		t.Error(err)
	}
	who := "User: arn:aws:iam::" + seller + ":user/"
	deniedAs(t, "another queue", send(clerk, other), "AccessDenied",
		who+"clerk is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111111111111:other because no identity-based policy allows the sqs:sendmessage action")
	deniedAs(t, "nobody", send(nobody, mine), "AccessDenied", who+"nobody is not authorized to perform: sqs:sendmessage")
	_, err := clerk.sqs.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &mine, Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: aws.String("a"), MessageBody: aws.String("m")}}})
	if err != nil {
		t.Error("a batch needs the action of the single form:", err)
	}
	_, err = clerk.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("clerk-2"), Tags: map[string]string{"team": "cooks"}})
	deniedAs(t, "a queue with another tag", err, "AccessDenied", "sqs:createqueue")
	tagged := mustQueue(t, clerk, "clerk-2", map[string]string{"team": "clerks"})
	if _, err := clerk.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &tagged}); err != nil {
		t.Error("a queue with the tag:", err)
	}
	_, err = clerk.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &mine})
	deniedAs(t, "a queue without the tag", err, "AccessDenied", "sqs:purgequeue")
	_, err = nobody.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	deniedAs(t, "SNS", err, "AuthorizationError", who+"nobody is not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:eu-west-1:111111111111:t because no identity-based policy allows the SNS:CreateTopic action")
	_, err = nobody.sns.Publish(t.Context(), &sns.PublishInput{PhoneNumber: aws.String("+491701234567"), Message: aws.String("m")})
	deniedAs(t, "a phone number", err, "AuthorizationError", "SNS:Publish on resource: +491701234567 because")
}

func TestInStrictModeEventsRulesAndTargetsAreAskedAboutOneByOne(t *testing.T) {
	r := twoAccounts(t)
	clerk, root := as(t, r, "CLERK"), as(t, r, "SHOP")
	put := func(sources ...string) error {
		var entries []ebtypes.PutEventsRequestEntry
		for _, s := range sources {
			entries = append(entries, ebtypes.PutEventsRequestEntry{Source: &s, DetailType: aws.String("d"), Detail: aws.String("{}")})
		}
		_, err := clerk.events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
		return err
	}
	if err := put("shop.orders", "shop.returns"); err != nil {
		t.Error(err)
	}
	const sentence = "User: arn:aws:iam::111111111111:user/clerk is not authorized to perform: events:PutEvents on resource: arn:aws:events:eu-west-1:111111111111:event-bus/default because no identity-based policy allows the events:PutEvents action"
	deniedAs(t, "one entry of another source", put("shop.orders", "bank"), "AccessDeniedException", sentence)
	rule := func(c client, pattern string) error {
		_, err := c.events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: &pattern})
		return err
	}
	if err := rule(clerk, `{"source":["shop.orders"]}`); err != nil {
		t.Error(err)
	}
	for _, pattern := range []string{`{"source":["shop.orders","bank"]}`, `{"source":[{"prefix":"shop.orders"}]}`, `{"detail":{"a":[1]}}`} {
		deniedAs(t, pattern, rule(clerk, pattern), "AccessDeniedException", "events:PutRule")
	}
	target := func(c client, role string, queues ...string) error {
		var targets []ebtypes.Target
		for _, q := range queues {
			to := ebtypes.Target{Id: aws.String(q), Arn: aws.String("arn:aws:sqs:eu-west-1:" + seller + ":" + q)}
			if role != "" {
				to.RoleArn = &role
			}
			targets = append(targets, to)
		}
		_, err := c.events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: targets})
		return err
	}
	if err := target(clerk, "", "clerk-1", "clerk-2"); err != nil {
		t.Error(err)
	}
	deniedAs(t, "a target of another", target(clerk, "", "clerk-1", "bank"), "AccessDeniedException", "events:PutTargets on resource: arn:aws:events:eu-west-1:111111111111:rule/r")
	const role = "arn:aws:iam::111111111111:role/powerful"
	deniedAs(t, "a role that may not be passed", target(clerk, role, "clerk-1"), "AccessDeniedException", "iam:PassRole on resource: "+role)
	if err := target(root, role, "clerk-1"); err != nil {
		t.Error(err)
	}
	deniedAs(t, "a role of another account", target(root, "arn:aws:iam::222222222222:role/r", "clerk-1"), "AccessDeniedException", "iam:PassRole")
}

func TestBetweenAccountsTheResourceMustAllowItToo(t *testing.T) {
	r := twoAccounts(t)
	root, other, agent := as(t, r, "SHOP"), as(t, r, "PARTNER"), as(t, r, "AGENT")
	url := mustQueue(t, root, "orders", nil)
	send := func(c client) error {
		_, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")})
		return err
	}
	const sentence = "User: arn:aws:iam::222222222222:root is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:111111111111:orders because no resource-based policy allows the sqs:sendmessage action"
	deniedAs(t, "before", send(other), "AccessDenied", sentence)
	must(root.sqs.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: &url, Label: aws.String("partner"), AWSAccountIds: []string{guest}, Actions: []string{"SendMessage"}}))(t)
	for _, c := range []client{other, agent} { // as soon as it was answered
		if err := send(c); err != nil {
			t.Error(err)
		}
	}
	_, err := other.sqs.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: &url})
	deniedAs(t, "another action", err, "AccessDenied", "sqs:purgequeue")
	policy := `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}`
	must(root.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": policy}}))(t)
	_, err = other.sqs.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: &url})
	deniedAs(t, "what only owners may", err, "AccessDenied", "because no resource-based policy allows the sqs:deletequeue action")
	must(root.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": ""}}))(t)
	deniedAs(t, "after", send(other), "AccessDenied", sentence)
}

func TestATopicMayLetAnotherAccountSubscribe(t *testing.T) {
	r := twoAccounts(t)
	root, other := as(t, r, "SHOP"), as(t, r, "PARTNER")
	topic := must(root.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("news")}))(t).TopicArn
	mustQueue(t, other, "inbox", nil)
	subscribe := func(c client) (*sns.SubscribeOutput, error) {
		return c.sns.Subscribe(t.Context(), &sns.SubscribeInput{
			TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:" + guest + ":inbox"), ReturnSubscriptionArn: true,
		})
	}
	_, err := subscribe(other)
	deniedAs(t, "before", err, "AuthorizationError", "User: arn:aws:iam::222222222222:root is not authorized to perform: SNS:Subscribe on resource: "+*topic+" because no resource-based policy allows the SNS:Subscribe action")
	policy := `{"Version":"2012-10-17","Statement":{"Sid":"partner","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"SNS:Subscribe","Resource":"` + *topic +
		`","Condition":{"StringEquals":{"sns:Protocol":"sqs"},"StringLike":{"sns:Endpoint":"arn:aws:sqs:*:222222222222:*"}}}`
	must(root.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("Policy"), AttributeValue: aws.String(policy + "}")}))(t)
	sub := must(subscribe(other))(t).SubscriptionArn
	if _, err := other.sns.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub}); err != nil {
		t.Error("the owner of the subscription:", err)
	}
	_, err = other.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com")})
	deniedAs(t, "another protocol", err, "AuthorizationError", "SNS:Subscribe")
	_, err = other.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: topic, Message: aws.String("m")})
	deniedAs(t, "another action", err, "AuthorizationError", "SNS:Publish")
	mine := must(root.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:" + seller + ":x"), ReturnSubscriptionArn: true}))(t)
	_, err = other.sns.SetSubscriptionAttributes(t.Context(), &sns.SetSubscriptionAttributesInput{SubscriptionArn: mine.SubscriptionArn, AttributeName: aws.String("RawMessageDelivery"), AttributeValue: aws.String("true")})
	deniedAs(t, "a subscription of the topic's account", err, "AuthorizationError", "SNS:SetSubscriptionAttributes")
	batch := []snstypes.PublishBatchRequestEntry{{Id: aws.String("a"), Message: aws.String("m")}}
	_, err = other.sns.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: batch})
	deniedAs(t, "a batch", err, "AuthorizationError", "SNS:Publish on")
}

func TestABusMayLetAnotherAccountPutEvents(t *testing.T) {
	r := twoAccounts(t)
	root, other := as(t, r, "SHOP"), as(t, r, "PARTNER")
	const bus = "arn:aws:events:eu-west-1:111111111111:event-bus/default"
	put := func(source string) *eventbridge.PutEventsOutput {
		own := ebtypes.PutEventsRequestEntry{Source: aws.String("own"), DetailType: aws.String("d"), Detail: aws.String("{}")}
		theirs := ebtypes.PutEventsRequestEntry{Source: &source, DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: aws.String(bus)}
		return must(other.events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{own, theirs}}))(t)
	}
	if out := put("partner.news"); out.FailedEntryCount != 1 || *out.Entries[1].ErrorCode != "AccessDeniedException" {
		t.Errorf("before: %+v", out)
	}
	policy := `{"Statement":{"Sid":"p","Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"events:PutEvents","Resource":"` + bus + `","Condition":{"StringEquals":{"events:source":"partner.news"}}}}`
	must(root.events.PutPermission(t.Context(), &eventbridge.PutPermissionInput{Policy: &policy}))(t)
	if out := put("partner.news"); out.FailedEntryCount != 0 {
		t.Errorf("after: %+v", out.Entries[1])
	}
	if out := put("shop.orders"); out.FailedEntryCount != 1 {
		t.Errorf("another source: %+v", out)
	}
	must(root.events.RemovePermission(t.Context(), &eventbridge.RemovePermissionInput{RemoveAllPermissions: true}))(t)
	if out := put("partner.news"); out.FailedEntryCount != 1 {
		t.Errorf("taken away: %+v", out)
	}
}

func TestPoliciesOfResourcesHoldAfterARestart(t *testing.T) {
	c := quick()
	c.Durability, c.Data = "fsync", t.TempDir()
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := "credentials:\n  - {accessKeyId: SHOP, secretAccessKey: hush, account: \"111111111111\"}\n  - {accessKeyId: PARTNER, secretAccessKey: hush, account: \"222222222222\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Auth, c.Credentials = server.AuthStrict, path
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	root := as(t, r, "SHOP")
	mustQueue(t, root, "orders", nil)
	url := must(root.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")}))(t).QueueUrl
	must(root.sqs.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("p"), AWSAccountIds: []string{guest}, Actions: []string{"GetQueueUrl"}}))(t)
	topic := must(root.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("news")}))(t).TopicArn
	must(root.sns.AddPermission(t.Context(), &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("p"), AWSAccountId: []string{guest}, ActionName: []string{"Publish"}}))(t)
	must(root.events.PutPermission(t.Context(), &eventbridge.PutPermissionInput{Action: aws.String("events:PutEvents"), Principal: aws.String(guest), StatementId: aws.String("p")}))(t)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	other := as(t, start(t, c), "PARTNER")
	if _, err := other.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders"), QueueOwnerAWSAccountId: aws.String(seller)}); err != nil {
		t.Error(err)
	}
	if _, err := other.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: topic, Message: aws.String("m")}); err != nil {
		t.Error(err)
	}
	entry := ebtypes.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}"), EventBusName: aws.String("arn:aws:events:" + place + ":" + seller + ":event-bus/default")}
	out := must(other.events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{entry}}))(t)
	if out.FailedEntryCount != 0 {
		t.Errorf("%+v", out.Entries)
	}
}

func TestDevModeTellsWhatStrictWouldRefuse(t *testing.T) {
	r := start(t, quick())
	shopApp := as(t, r, seller)
	url := mustQueue(t, shopApp, "orders", nil)
	for range 2 {
		must(shopApp.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")}))(t)
	}
	must(as(t, r, guest).sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")}))(t)
	var report access.Report
	get(t, r, server.AccessCheckPath, &report)
	if len(report.Keys) != 2 || report.Keys[0].AccessKey != seller || len(report.Grants) != 1 || report.Grants[0].Resource != "arn:aws:sqs:eu-west-1:111111111111:orders" {
		t.Fatalf("%+v", report)
	}
	lacks := report.Keys[0].Lacks
	if len(lacks) != 2 || lacks[1].Action != "sqs:SendMessage" || lacks[1].Count != 2 {
		t.Errorf("%+v", lacks)
	}
	var e access.Explanation
	get(t, r, server.AccessExplainPath+"?"+asked(seller, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:orders"), &e)
	if e.Decision != "allowed" {
		t.Errorf("%+v", e)
	}
	answer, err := http.Post(r.URL+server.AccessResetPath, "", nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	get(t, r, server.AccessCheckPath, &report)
	if len(report.Keys) != 0 {
		t.Errorf("after the reset: %+v", report)
	}
}

func TestAQuestionThatMakesNoSenseIsRefused(t *testing.T) {
	r := start(t, quick())
	for query, status := range map[string]int{
		"": 400, "principal=111111111111": 400, "principal=111111111111&action=send": 400, "principal=ann&action=sqs:SendMessage": 404,
		"principal=111111111111&action=sqs:SendMessage&key=x": 400, "%zz": 400,
	} {
		answer, err := http.Get(r.URL + server.AccessExplainPath + "?" + query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%q: %s, want %d", query, answer.Status, status)
		}
	}
}

func asked(principal, action, resource string) string {
	return url.Values{"principal": {principal}, "action": {action}, "resource": {resource}}.Encode()
}

func get(t *testing.T, r *server.Running, path string, into any) {
	t.Helper()
	answer, err := http.Get(r.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	decoder := json.NewDecoder(answer.Body)
	if p, ok := into.(*access.Report); ok {
		*p = access.Report{}
	}
	if err := decoder.Decode(into); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
}

func TestWhatIAMSaysOfAUserHoldsForItsNextCall(t *testing.T) {
	r := twoAccounts(t)
	boss := iam.NewFromConfig(configured(t, r, "SHOP", "hush"))
	must(boss.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("temp")}))(t)
	key := must(boss.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("temp")}))(t).AccessKey
	temp := sqs.NewFromConfig(configured(t, r, *key.AccessKeyId, *key.SecretAccessKey))
	create := func() error {
		_, err := temp.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		return err
	}
	deniedAs(t, "without a policy", create(), "AccessDenied", "because no identity-based policy allows the sqs:createqueue action")
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`
	must(boss.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("temp"), PolicyName: aws.String("all"), PolicyDocument: &policy}))(t)
	if err := create(); err != nil {
		t.Error(err)
	}
	// The file's user of the same name as one of IAM has the policies of both.
	must(boss.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("nobody")}))(t)
	must(boss.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("nobody"), PolicyName: aws.String("all"), PolicyDocument: &policy}))(t)
	mustQueue(t, as(t, r, "NOBODY"), "nobodys", nil)
	must(boss.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("temp"), PolicyName: aws.String("all")}))(t)
	deniedAs(t, "taken away", create(), "AccessDenied", "sqs:createqueue")
	_, err := iam.NewFromConfig(configured(t, r, "CLERK", "hush")).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("x")})
	deniedAs(t, "IAM", err, "AccessDenied", "User: arn:aws:iam::111111111111:user/clerk is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::111111111111:user/x because no identity-based policy allows the iam:CreateUser action")
}
