package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/server"
)

// auditOf are the records of a server, the oldest first, as maps.
func auditOf(t *testing.T, r *server.Running, query string) (all []map[string]any) {
	t.Helper()
	var page server.AuditPage
	getJSON(t, r.URL+server.AuditPath+"?order=oldest&limit=1000&"+query, &page)
	for _, record := range page.Records {
		var m map[string]any
		if err := json.Unmarshal(record.Record, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, answer.Status, text, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what is recorded after the answer.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within 10 s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func namesOf(records []map[string]any) string {
	var names []string
	for _, r := range records {
		name := r["eventName"].(string)
		if code, ok := r["errorCode"]; ok {
			name += " " + code.(string)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func TestACallThatChangesSomethingIsRecordedBeforeItIsAnswered(t *testing.T) {
	r := start(t, quick())
	c := configured(t, r, "111122223333", "x")
	q := sqs.NewFromConfig(c)
	out, err := q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders"), Attributes: map[string]string{"DelaySeconds": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // moves messages: not recorded
		if _, err := q.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: out.QueueUrl, MessageBody: aws.String("secret body")}); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = q.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: aws.String(r.URL + "/111122223333/none")})
	if _, err := iam.NewFromConfig(c).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("ann")}); err != nil {
		t.Fatal(err)
	}
	all := auditOf(t, r, "")
	if got := namesOf(all); got != "CreateQueue, DeleteQueue QueueDoesNotExist, CreateUser" {
		t.Fatal(got)
	}
	first := all[0]
	for name, want := range map[string]any{
		"eventVersion": "1.11", "eventSource": "sqs.amazonaws.com", "awsRegion": "eu-west-1", "sourceIPAddress": "127.0.0.1", "readOnly": false,
		"eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management",
	} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	who := first["userIdentity"].(map[string]any)
	if who["type"] != "Root" || who["accountId"] != "111122223333" || who["accessKeyId"] != "111122223333" || who["arn"] != "arn:aws:iam::111122223333:root" {
		t.Errorf("%v", who)
	}
	text, _ := json.Marshal(first)
	for _, part := range []string{`"requestParameters":{"attributes":{"DelaySeconds":"3"},"queueName":"orders"}`, `"responseElements":{"queueUrl":"` + r.URL, "arn:aws:sqs:eu-west-1:111122223333:orders", "AWS::SQS::Queue", "aws-sdk-go"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s\nlacks %s", text, part)
		}
	}
	if all[2]["awsRegion"] != "us-east-1" {
		t.Errorf("IAM is in %v", all[2]["awsRegion"])
	}
	for query, want := range map[string]string{
		"action=iam:*": "CreateUser", "resource=orders": "CreateQueue", "account=1": "", "principal=root&action=DeleteQueue": "DeleteQueue QueueDoesNotExist", "denied=true": "",
	} {
		if got := namesOf(auditOf(t, r, query)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestALookIsRecordedAMomentLater(t *testing.T) {
	r := start(t, quick())
	q := sqs.NewFromConfig(configured(t, r, "111122223333", "x"))
	if _, err := q.ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ListQueues", func() bool { return namesOf(auditOf(t, r, "")) == "ListQueues" })
	if all := auditOf(t, r, "changes=true"); len(all) != 0 {
		t.Error(all)
	}
}

func TestWhoIsNotKnownIsDeniedAndCounted(t *testing.T) {
	const attempts = 200
	// What was counted is written at the end.
	again := auditDirectory(t, func(c *server.Config) { c.Auth, c.Credentials = server.AuthStrict, credentialsFile(t) }, func(r *server.Running) {
		for range attempts {
			q := sqs.NewFromConfig(configured(t, r, "AKIANOBODY", "hush"))
			_, _ = q.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(r.URL + "/1/q"), MessageBody: aws.String("m")})
		}
		q := sqs.NewFromConfig(configured(t, r, "AKIAORDERS", "hush"))
		if _, err := q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
			t.Fatal(err)
		}
	})
	if got := namesOf(again); got != "SendMessage InvalidClientTokenId, CreateQueue, SendMessage InvalidClientTokenId" &&
		got != "SendMessage UnrecognizedClientException, CreateQueue, SendMessage UnrecognizedClientException" {
		t.Fatal(got)
	}
	first, last := again[0], again[2]
	if who := first["userIdentity"].(map[string]any); who["type"] != "Unknown" || who["accessKeyId"] != "AKIANOBODY" || who["accountId"] != nil {
		t.Errorf("%v", who)
	}
	if first["eventCategory"] != "Data" || first["requestParameters"] != nil {
		t.Errorf("%v", first)
	}
	if n := last["additionalEventData"].(map[string]any)["repeats"]; n != float64(attempts-1) {
		t.Errorf("repeated %v times", n)
	}
	if who := again[1]["userIdentity"].(map[string]any); who["type"] != "IAMUser" || who["userName"] != "orders" {
		t.Errorf("%v", who)
	}
}

// auditDirectory are the records that a server has left, seen by one in dev mode.
func auditDirectory(t *testing.T, set func(*server.Config), do func(*server.Running)) []map[string]any {
	t.Helper()
	c := quick()
	c.Durability, c.Data = "fsync", filepath.Join(t.TempDir(), "data")
	dev := c
	set(&c)
	r := start(t, c)
	do(r)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	return auditOf(t, start(t, dev), "")
}

func TestADenialSaysWhoWhatOnWhichAndWhy(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	text := "credentials:\n  - {accessKeyId: AKIAORDERS, secretAccessKey: hush, account: \"123456789012\", user: orders}\n"
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := auditDirectory(t, func(c *server.Config) { c.Auth, c.Credentials = server.AuthStrict, keys }, func(r *server.Running) {
		c := configured(t, r, "AKIAORDERS", "hush")
		q := sqs.NewFromConfig(c)
		_, _ = q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
		_, _ = q.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(r.URL + "/123456789012/orders"), MessageBody: aws.String("hush-hush")})
		_, _ = sns.NewFromConfig(c).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	})
	if got := namesOf(all); got != "CreateQueue AccessDenied, SendMessage AccessDenied, CreateTopic AuthorizationError" &&
		got != "CreateQueue AccessDeniedException, SendMessage AccessDeniedException, CreateTopic AuthorizationErrorException" {
		t.Fatal(got)
	}
	for i, resource := range []string{"arn:aws:sqs:eu-west-1:123456789012:orders", "arn:aws:sqs:eu-west-1:123456789012:orders", "arn:aws:sns:eu-west-1:123456789012:t"} {
		text, _ := json.Marshal(all[i])
		for _, part := range []string{`"decision":"denied"`, `"reason":"no statement allows`, resource, "arn:aws:iam::123456789012:user/orders", "is not authorized to perform"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s\nlacks %s", text, part)
			}
		}
		if strings.Contains(string(text), "hush-hush") {
			t.Error("a message is in the log")
		}
	}
}

func TestWhatARuleMayNotSendIsRecorded(t *testing.T) {
	all := auditDirectory(t, func(c *server.Config) { c.Auth, c.Credentials = server.AuthStrict, credentialsFile(t) }, func(r *server.Running) {
		c := configured(t, r, "AKIAORDERS", "hush")
		_, err := sqs.NewFromConfig(c).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		e := eventbridge.NewFromConfig(c)
		if err == nil {
			_, err = e.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source": ["shop"]}`)})
		}
		if err == nil {
			_, err = e.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{{Id: aws.String("t"), Arn: aws.String("arn:aws:sqs:eu-west-1:123456789012:q")}}})
		}
		for range 3 {
			if err == nil {
				_, err = e.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("d"), Detail: aws.String("{}")}}})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if got := namesOf(all); got != "CreateQueue, PutRule, PutTargets, SendMessage AccessDenied, SendMessage AccessDenied" {
		t.Fatal(got)
	}
	text, _ := json.Marshal(all[3])
	for _, part := range []string{`"type":"AWSService"`, `"invokedBy":"events.amazonaws.com"`, `"sourceArn":"arn:aws:events:eu-west-1:123456789012:rule/r"`, "arn:aws:sqs:eu-west-1:123456789012:q", `"recipientAccountId":"123456789012"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s\nlacks %s", text, part)
		}
	}
	if n := all[4]["additionalEventData"].(map[string]any)["repeats"]; n != 2.0 {
		t.Errorf("repeated %v times", n)
	}
}

func TestARuleWatchesCallsThatItAsksFor(t *testing.T) {
	n := tell(t, nil)
	n.rule("default", "created", `{"source": ["aws.sqs"], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventSource": ["sqs.amazonaws.com"], "eventName": ["CreateQueue"]}}`,
		ebtypes.Target{Id: aws.String("q"), Arn: aws.String(n.queue("watch"))})
	n.rule("default", "everything", `{"source": [{"prefix": ""}]}`, ebtypes.Target{Id: aws.String("q"), Arn: aws.String(n.queue("all"))})
	n.queue("orders")
	if _, err := n.queues.ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, body := range n.receive("watch") {
		var e struct {
			Source string `json:"source"`
			Detail struct {
				EventName         string         `json:"eventName"`
				RequestParameters map[string]any `json:"requestParameters"`
			} `json:"detail"`
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, e.Source+" "+e.Detail.EventName+" "+fmt.Sprint(e.Detail.RequestParameters["queueName"]))
	}
	if !slices.Equal(seen, []string{"aws.sqs CreateQueue all", "aws.sqs CreateQueue orders"}) {
		t.Errorf("%q", seen)
	}
	if all := n.receive("all"); len(all) != 0 {
		t.Errorf("a rule for everything got %q", all)
	}
}

func (n *told) receive(queue string) (bodies []string) {
	n.t.Helper()
	for {
		out, err := n.queues.ReceiveMessage(n.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(n.r.URL + "/000000000000/" + queue), MaxNumberOfMessages: 10})
		if err != nil {
			n.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
		}
	}
}

func TestARuleThatWantsAllWatchesLooksToo(t *testing.T) {
	n := tell(t, nil)
	arn := n.queue("watch")
	if _, err := n.events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("all"), EventPattern: aws.String(`{"detail": {"eventName": ["ListQueues"]}}`),
		State: ebtypes.RuleStateEnabledWithAllCloudtrailManagementEvents}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("all"), Targets: []ebtypes.Target{{Id: aws.String("q"), Arn: &arn}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.queues.ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the event", func() bool { return len(n.receive("watch")) == 1 })
}

func TestSecretsOfRequestsAndAnswersAreInNoRecord(t *testing.T) {
	r := start(t, quick())
	c := configured(t, r, "111122223333", "x")
	const hush = "hush-hush-0123456789"
	users := iam.NewFromConfig(c)
	_, _ = users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("ann")})
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("ann")})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = users.CreateLoginProfile(t.Context(), &iam.CreateLoginProfileInput{UserName: aws.String("ann"), Password: aws.String(hush + "A!")})
	_, _ = users.CreateLoginProfile(t.Context(), &iam.CreateLoginProfileInput{UserName: aws.String("ann"), Password: aws.String(strings.Repeat(hush, 50))})
	_, err = eventbridge.NewFromConfig(c).CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{Name: aws.String("c"), AuthorizationType: "API_KEY",
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &ebtypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String(hush)}}})
	if err != nil {
		t.Fatal(err)
	}
	topics := sns.NewFromConfig(c)
	_, _ = topics.CreatePlatformApplication(t.Context(), &sns.CreatePlatformApplicationInput{Name: aws.String("app"), Platform: aws.String("GCM"), Attributes: map[string]string{"PlatformCredential": hush}})
	_, _ = topics.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: aws.String("arn:aws:sns:eu-west-1:111122223333:t"), Token: aws.String(hush)})
	eventually(t, "records", func() bool { return len(auditOf(t, r, "")) >= 7 })
	text, _ := json.Marshal(auditOf(t, r, ""))
	for _, secret := range []string{hush, *key.AccessKey.SecretAccessKey} {
		if i := strings.Index(string(text), secret); i >= 0 {
			t.Errorf("a record has a secret: …%s", text[max(0, i-300):i+len(secret)])
		}
	}
	if !strings.Contains(string(text), *key.AccessKey.AccessKeyId) {
		t.Error("no record has the new key's id")
	}
}

func TestTheChainIsVerifiedOverHTTP(t *testing.T) {
	r := start(t, quick())
	q := sqs.NewFromConfig(configured(t, r, "111122223333", "x"))
	if _, err := q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
		t.Fatal(err)
	}
	var chain server.AuditChain
	getJSON(t, r.URL+server.VerifyAuditPath, &chain)
	if chain.Records != 1 || !chain.Signed || len(chain.Problems) != 0 {
		t.Errorf("%+v", chain)
	}
	getJSON(t, r.URL+server.VerifyAuditPath+"?expect="+url.QueryEscape(fmt.Sprintf("1:%s", chain.Link)), &chain)
	if len(chain.Problems) != 0 {
		t.Errorf("%+v", chain)
	}
	getJSON(t, r.URL+server.VerifyAuditPath+"?expect="+url.QueryEscape("1:"+audit.Link{}.String()), &chain)
	if len(chain.Problems) != 1 {
		t.Errorf("%+v", chain)
	}
	for path, status := range map[string]int{
		server.AuditPath + "?limit=0": 400, server.AuditPath + "?from=yesterday": 400, server.AuditPath + "?denied=maybe": 400, server.AuditPath + "?token=x": 400,
		server.AuditPath + "?order=no": 400, server.VerifyAuditPath + "?expect=1": 400,
	} {
		answer, err := http.Get(r.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

func TestWithoutAnAuditLogNothingIsRecorded(t *testing.T) {
	c := quick()
	c.NoAudit = true
	r := start(t, c)
	q := sqs.NewFromConfig(configured(t, r, "111122223333", "x"))
	if _, err := q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
		t.Fatal(err)
	}
	if all := auditOf(t, r, ""); len(all) != 0 {
		t.Error(all)
	}
}
