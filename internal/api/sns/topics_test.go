package sns

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/carillon-events/carillon/internal/topic"
)

const parameter = "InvalidParameter"

func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

func TestATopicThatIsTheSameIsAsGoodAsMade(t *testing.T) {
	a := start(t)
	given := attrs{"DisplayName": "Shop", "DeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`}
	arn := a.topic("orders", given, tag("a", "1"), tag("b", "2"))
	equal(t, "ARN", arn, topicARN("orders"))
	for name, same := range map[string]attrs{
		"all":              given,
		"some":             {"DisplayName": "Shop"},
		"none":             nil,
		"what nobody said": {"SignatureVersion": "1", "TracingConfig": "PassThrough", "KmsMasterKeyId": "", "FifoTopic": "false"},
		"spaces":           {"DeliveryPolicy": `{ "http": {"defaultHealthyRetryPolicy": {"numRetries": 5}} }`},
		"its policy":       {"Policy": a.attributes(arn)["Policy"]},
	} {
		if err := a.tryTopic("orders", same); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.tryTopic("orders", nil, tag("b", "2"), tag("a", "1")); err != nil {
		t.Error(err)
	}
	for _, differs := range []attrs{{"DisplayName": "Store"}, {"SignatureVersion": "2"}, {"DeliveryPolicy": `{"http":{}}`}} {
		refused(t, fmt.Sprint(differs), a.tryTopic("orders", differs), parameter, "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
	}
	refused(t, "tags", a.tryTopic("orders", nil, tag("a", "1")), parameter, "Invalid parameter: Tags Reason: Topic already exists with different tags")
	equal(t, "nothing changed", a.attributes(arn)["DisplayName"], "Shop")
}

func TestATopicNameIsChecked(t *testing.T) {
	a := start(t)
	fifo := attrs{"FifoTopic": "true"}
	for _, ok := range []string{"a", "A-_9", strings.Repeat("x", 256)} {
		a.topic(ok, nil)
	}
	a.topic("a.fifo", fifo)
	for _, bad := range []struct {
		name  string
		attrs attrs
	}{{"", nil}, {"a b", nil}, {"a.b", nil}, {"ä", nil}, {".fifo", fifo}, {strings.Repeat("x", 257), nil}, {"a:b", nil}, {"a\x00b", nil}} {
		refused(t, bad.name, a.tryTopic(bad.name, bad.attrs), parameter, "Invalid parameter: Topic Name")
	}
	for name, attributes := range map[string]attrs{"b.fifo": nil, "b": fifo} {
		refused(t, name, a.tryTopic(name, attributes), parameter,
			"Invalid parameter: Topic Name Reason: the name of a FIFO topic, and of no other, ends with .fifo, and its attribute FifoTopic is true")
	}
}

func TestEveryAttributeOfATopicIsCheckedAndEchoed(t *testing.T) {
	a := start(t)
	arn, fifo := a.topic("orders", nil), a.topic("orders.fifo", attrs{"FifoTopic": "true"})
	role := "arn:aws:iam::" + account + ":role/feedback"
	set := func(arn *string, name, value string) {
		t.Helper()
		if err := a.set(arn, name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, a.attributes(arn)[name], value)
		if name == "Policy" {
			return
		}
		if err := a.set(arn, name, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := a.attributes(arn)[name]; got == value && got != "false" {
			t.Errorf("%s is still %s", name, got)
		}
	}
	set(arn, "DisplayName", "Größe & <more>")
	set(arn, "Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"SNS:Publish","Resource":"*"}}`)
	set(arn, "DeliveryPolicy", `{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":5}}}`)
	set(arn, "KmsMasterKeyId", "alias/aws/sns")
	set(arn, "SignatureVersion", "2")
	set(arn, "TracingConfig", "Active")
	for _, protocol := range []string{"Application", "Firehose", "HTTP", "Lambda", "SQS"} {
		set(arn, protocol+"SuccessFeedbackRoleArn", role)
		set(arn, protocol+"SuccessFeedbackSampleRate", "100")
		set(arn, protocol+"FailureFeedbackRoleArn", role)
	}
	set(fifo, "ContentBasedDeduplication", "true")
	set(fifo, "FifoThroughputScope", "MessageGroup")
	for _, bad := range []struct {
		arn                   *string
		name, value, sentence string
	}{
		{arn, "Nonsense", "x", "AttributeName"},
		{arn, "FifoTopic", "true", "FifoTopic: it cannot be changed"},
		{arn, "Policy", "", "Policy Error: null"},
		{arn, "Policy", `{"Statement":[]}`, "Policy Error: null"},
		{arn, "Policy", `[]`, "Policy Error: At the document (line 1, column 1): there must be an object where '[' is."},
		{arn, "Policy", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}`, "Policy statement action out of service scope!"},
		{arn, "DisplayName", strings.Repeat("x", 101), "DisplayName: it must be at most 100 characters without line breaks"},
		{arn, "SignatureVersion", "3", "SignatureVersion: Invalid value [3]. Please use either 1 or 2"},
		{arn, "SQSSuccessFeedbackSampleRate", "101", "SQSSuccessFeedbackSampleRate: it must be between 0 and 100"},
		{arn, "SQSSuccessFeedbackRoleArn", queueARN("q"), "SQSSuccessFeedbackRoleArn: it is not the ARN of an IAM role"},
		{arn, "ContentBasedDeduplication", "true", "Content-based deduplication can only be set for FIFO topics"},
		{arn, "ArchivePolicy", "{}", "ArchivePolicy: can only be set for FIFO topics"},
		{fifo, "TracingConfig", "Active", "TracingConfig: can only be set for standard topics"},
		{fifo, "ContentBasedDeduplication", "maybe", "ContentBasedDeduplication: Invalid value [maybe]. Must be true or false."},
		{fifo, "ArchivePolicy", `{"MessageRetentionPeriod":366}`, "ArchivePolicy: MessageRetentionPeriod must be between 1 and 365 days"},
		{fifo, "ArchivePolicy", `{"MessageRetentionPeriod":"0"}`, "ArchivePolicy: MessageRetentionPeriod must be between 1 and 365 days"},
		{fifo, "ArchivePolicy", "", "ArchivePolicy: invalid JSON"},
		{fifo, "ArchivePolicy", `{"Days":3}`, "ArchivePolicy: invalid JSON. Attribute Days is unknown."},
		{arn, "DeliveryPolicy", `5`, "DeliveryPolicy: invalid JSON"},
		{arn, "DeliveryPolicy", `{"http":{}} {}`, "DeliveryPolicy: invalid JSON"},
		{arn, "DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":0}}}`, "DeliveryPolicy: http.defaultHealthyRetryPolicy.minDelayTarget must be greater than or equal to 1"},
	} {
		before := a.attributes(bad.arn)
		refused(t, bad.name, a.set(bad.arn, bad.name, bad.value), parameter, "Invalid parameter: "+bad.sentence)
		equal(t, "nothing changed", a.attributes(bad.arn), before)
	}
	refused(t, "create", a.tryTopic("x", attrs{"Nonsense": ""}), parameter, "Invalid parameter: Attributes Reason: Unknown attribute Nonsense")
	refused(t, "create", a.tryTopic("x", attrs{"DeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":0}}}`}), parameter,
		"Invalid parameter: Attributes Reason: DeliveryPolicy: http.defaultHealthyRetryPolicy.minDelayTarget must be greater than or equal to 1")
	no := topicARN("none")
	refused(t, "no topic", a.set(&no, "DisplayName", "x"), "NotFound", "Topic does not exist")
}

func TestWhatNobodySaidOfATopicIsAsAWSHasIt(t *testing.T) {
	a := start(t)
	got := a.attributes(a.topic("orders", nil))
	var policy struct {
		Version, Id string
		Statement   []struct {
			Sid, Resource string
			Condition     map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(got["Policy"]), &policy); err != nil {
		t.Fatal(err)
	}
	equal(t, "policy", []any{policy.Version, policy.Id, policy.Statement[0].Sid, policy.Statement[0].Resource, policy.Statement[0].Condition["StringEquals"]["AWS:SourceOwner"]},
		[]any{"2008-10-17", "__default_policy_ID", "__default_statement_ID", topicARN("orders"), account})
	delete(got, "Policy")
	equal(t, "attributes", got, attrs{
		"TopicArn": topicARN("orders"), "Owner": account, "DisplayName": "", "SubscriptionsConfirmed": "0", "SubscriptionsPending": "0", "SubscriptionsDeleted": "0",
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,` +
			`"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,` +
			`"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
	})
	got = a.attributes(a.topic("orders.fifo", attrs{"FifoTopic": "true"}))
	equal(t, "FIFO", []string{got["FifoTopic"], got["ContentBasedDeduplication"], got["FifoThroughputScope"]}, []string{"true", "false", "Topic"})
}

func TestATopicThatArchivesCannotBeDeleted(t *testing.T) {
	a := start(t)
	arn := a.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": `{"MessageRetentionPeriod": "30"}`})
	a.topic("a.fifo", attrs{"FifoTopic": "true", "ArchivePolicy": `{"MessageRetentionPeriod":"30"}`}) // the same
	got := a.attributes(arn)
	equal(t, "policy", got["ArchivePolicy"], `{"MessageRetentionPeriod": "30"}`)
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", got["BeginningArchiveTime"]); err != nil || time.Since(at) > time.Hour {
		t.Errorf("BeginningArchiveTime %q (%v)", got["BeginningArchiveTime"], err)
	}
	_, err := a.DeleteTopic(a.ctx, &sns.DeleteTopicInput{TopicArn: arn})
	refused(t, "delete", err, "InvalidState", "Invalid state: Cannot delete a topic with an ArchivePolicy")
	if err := a.set(arn, "ArchivePolicy", "{}"); err != nil {
		t.Error(err)
	}
	got = a.attributes(arn)
	equal(t, "nothing is archived", got["ArchivePolicy"]+got["BeginningArchiveTime"], "")
	for range 2 {
		must(a.DeleteTopic(a.ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
	}
}

func TestARNsAreReadOrRefusedByName(t *testing.T) {
	a := start(t)
	a.topic("orders", nil)
	get := func(arn string) error {
		_, err := a.GetTopicAttributes(a.ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
		return err
	}
	for arn, sentence := range map[string]string{
		"orders":                                  "TopicArn Reason: An ARN must have at least 6 elements, not 1",
		"arn:aws:sns:eu-west-1:111122223333":      "TopicArn Reason: An ARN must have at least 6 elements, not 5",
		"arn:aws:sqs:eu-west-1:111122223333:a":    "TopicArn",
		"arn:aws:sns:us-east-1:111122223333:a":    "TopicArn",
		"arn:aws:sns:eu-west-1::a":                "TopicArn",
		"arn:aws-cn:sns:eu-west-1:111122223333:a": "TopicArn",
		topicARN("a:b"):                           "TopicArn",
		topicARN("a b"):                           "TopicArn",
	} {
		refused(t, arn, get(arn), parameter, "Invalid parameter: "+sentence)
	}
	refused(t, "another account's", get("arn:aws:sns:eu-west-1:444455556666:orders"), "NotFound", "Topic does not exist")
	a.as(other, func() {
		if err := get(topicARN("orders")); err != nil { // policies are not enforced yet
			t.Error(err)
		}
	})
	sub := topicARN("orders") + ":not-an-id"
	_, err := a.GetSubscriptionAttributes(a.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &sub})
	refused(t, "subscription", err, parameter, "Invalid parameter: SubscriptionArn")
	sub = "pending confirmation"
	_, err = a.Unsubscribe(a.ctx, &sns.UnsubscribeInput{SubscriptionArn: &sub})
	refused(t, "subscription", err, parameter, "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
}

func TestTopicsAreListedInPagesOf100(t *testing.T) {
	a := start(t)
	for i := range 205 {
		a.topic(fmt.Sprintf("t%03d", i), nil)
	}
	a.as(other, func() { a.topic("theirs", nil) })
	var sizes []int
	var token *string
	for {
		out := must(a.ListTopics(a.ctx, &sns.ListTopicsInput{NextToken: token}))(t)
		sizes = append(sizes, len(out.Topics))
		if token = out.NextToken; token == nil {
			break
		}
	}
	equal(t, "pages", sizes, []int{100, 100, 5})
	_, err := a.ListTopics(a.ctx, &sns.ListTopicsInput{NextToken: aws.String("made up")})
	refused(t, "token", err, parameter, "Invalid parameter: NextToken")
	first := must(a.ListTopics(a.ctx, &sns.ListTopicsInput{}))(t)
	_, err = a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{NextToken: first.NextToken})
	refused(t, "token of another list", err, parameter, "Invalid parameter: NextToken")
}

func TestTagsOfATopic(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil, tag("a", "1"))
	must(a.TagResource(a.ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{tag("a", "2"), tag("b", "")}}))(t)
	must(a.UntagResource(a.ctx, &sns.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"x"}}))(t)
	tags := func() string {
		var all []string
		for _, t := range must(a.ListTagsForResource(a.ctx, &sns.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags {
			all = append(all, *t.Key+"="+*t.Value)
		}
		return strings.Join(all, " ")
	}
	equal(t, "tags", tags(), "a=2 b=")
	_, err := a.TagResource(a.ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{tag("aws:x", "")}})
	refused(t, "AWS's own", err, parameter, "Invalid parameter: Tags Reason: Tag keys must not begin with aws:")
	_, err = a.TagResource(a.ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{tag("x", ""), tag("x", "")}})
	refused(t, "twice", err, parameter, "Invalid parameter: Tags Reason: Duplicated keys are not allowed.")
	var many []types.Tag
	for i := range 51 {
		many = append(many, tag(fmt.Sprint(i), ""))
	}
	_, err = a.TagResource(a.ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: many})
	refused(t, "too many", err, "TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
	_, err = a.ListTagsForResource(a.ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(topicARN("none"))})
	refused(t, "no topic", err, "ResourceNotFound", "Resource does not exist")
	equal(t, "tags", tags(), "a=2 b=")
}

func TestPermissionsAreStatementsOfThePolicy(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil)
	grant := func(label string, accounts, actions []string) error {
		_, err := a.AddPermission(a.ctx, &sns.AddPermissionInput{TopicArn: arn, Label: &label, AWSAccountId: accounts, ActionName: actions})
		return err
	}
	revoke := func(label string) error {
		_, err := a.RemovePermission(a.ctx, &sns.RemovePermissionInput{TopicArn: arn, Label: &label})
		return err
	}
	before := a.attributes(arn)["Policy"]
	if err := grant("one", []string{other}, []string{"Publish", "Subscribe"}); err != nil {
		t.Fatal(err)
	}
	with := a.attributes(arn)["Policy"]
	equal(t, "statement", strings.TrimPrefix(with, strings.TrimSuffix(before, "]}")),
		`,{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+other+`:root"},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"`+*arn+`"}]}`)
	refused(t, "again", grant("one", []string{other}, []string{"Publish"}), parameter, "Invalid parameter: Statement already exists")
	refused(t, "action", grant("two", []string{other}, []string{"SendMessage"}), parameter, "Invalid parameter: Policy statement action out of service scope!")
	refused(t, "account", grant("two", []string{"12"}, []string{"Publish"}), parameter, "Invalid parameter: AWSAccountId Reason: An account has 12 digits.")
	refused(t, "nobody", grant("two", []string{}, []string{"Publish"}), parameter, "Invalid parameter: AWSAccountId")
	equal(t, "nothing changed", a.attributes(arn)["Policy"], with)
	if err := revoke("none"); err != nil {
		t.Error(err)
	}
	if err := revoke("one"); err != nil {
		t.Error(err)
	}
	equal(t, "as before", a.attributes(arn)["Policy"], before)
	refused(t, "the last one", revoke("__default_statement_ID"), parameter, "Invalid parameter: Policy Error: null")
}

func TestADataProtectionPolicyIsKept(t *testing.T) {
	a := start(t)
	arn := must(a.CreateTopic(a.ctx, &sns.CreateTopicInput{Name: aws.String("orders"), DataProtectionPolicy: aws.String(`{"a":1}`)}))(t).TopicArn
	get := func() *string {
		return must(a.GetDataProtectionPolicy(a.ctx, &sns.GetDataProtectionPolicyInput{ResourceArn: arn}))(t).DataProtectionPolicy
	}
	put := func(text string) error {
		_, err := a.PutDataProtectionPolicy(a.ctx, &sns.PutDataProtectionPolicyInput{ResourceArn: arn, DataProtectionPolicy: &text})
		return err
	}
	equal(t, "policy", get(), `{"a":1}`)
	refused(t, "no JSON", put("x"), parameter, "Invalid parameter: DataProtectionPolicy Reason: It must be a JSON object of at most 30720 bytes.")
	if err := a.set(arn, "DisplayName", "x"); err != nil {
		t.Error(err)
	}
	equal(t, "policy", get(), `{"a":1}`)
	if err := put(""); err != nil {
		t.Error(err)
	}
	equal(t, "none", get(), nil)
}

func TestLimitsHaveCodesOfTheirOwn(t *testing.T) {
	limits := topic.DefaultLimits
	limits.Topics, limits.Subscriptions, limits.Pending, limits.FiltersPerTopic = 1, 2, 1, 1
	a := startWith(t, limits)
	arn := a.topic("orders", nil)
	refused(t, "topics", a.tryTopic("more", nil), "TopicLimitExceeded", "Topic limit exceeded")
	a.subscribe(arn, "email", "a@example.com", attrs{"FilterPolicy": `{"a":["b"]}`})
	_, err := a.trySubscribe(arn, "email", "b@example.com", nil)
	refused(t, "pending", err, "SubscriptionLimitExceeded", "Pending subscription limit exceeded")
	_, err = a.trySubscribe(arn, "sqs", queueARN("a"), attrs{"FilterPolicy": `{"a":["b"]}`})
	refused(t, "filters", err, "FilterPolicyLimitExceeded", "Filter policy limit exceeded")
	a.subscribe(arn, "sqs", queueARN("a"), nil)
	_, err = a.trySubscribe(arn, "sqs", queueARN("b"), nil)
	refused(t, "subscriptions", err, "SubscriptionLimitExceeded", "Subscription limit exceeded")
}
