package sns

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func TestEveryProtocolHasItsEndpoints(t *testing.T) {
	a := start(t)
	arn, fifo := a.topic("orders", nil), a.topic("orders.fifo", attrs{"FifoTopic": "true"})
	for _, ok := range []struct {
		arn                *string
		protocol, endpoint string
		pending            string
	}{
		{arn, "sqs", queueARN("q"), "false"},
		{arn, "sqs", "arn:aws:sqs:us-east-1:" + account + ":q", "false"},
		{arn, "sqs", "arn:aws:sqs:eu-west-1:" + other + ":q", "true"},
		{arn, "http", "http://example.com:8080/hook?x=1", "true"},
		{arn, "https", "https://user:pw@example.com", "true"},
		{arn, "email", "ops@example.com", "true"},
		{arn, "email-json", "ops@example.com", "true"},
		{arn, "sms", "+491701234567", "false"},
		{fifo, "sqs", queueARN("q.fifo"), "false"},
		{fifo, "sqs", queueARN("q"), "false"},
	} {
		sub := a.subscribe(ok.arn, ok.protocol, ok.endpoint, nil)
		got := a.subscription(sub)
		equal(t, ok.protocol, []string{got["Protocol"], got["Endpoint"], got["PendingConfirmation"]}, []string{ok.protocol, ok.endpoint, ok.pending})
		if _, asked := a.asked[ok.endpoint]; asked != (ok.pending == "true") {
			t.Errorf("%s: asked %v", ok.endpoint, asked)
		}
	}
	long := "http://example.com/" + strings.Repeat("x", 2048)
	for _, bad := range []struct {
		arn                          *string
		protocol, endpoint, sentence string
	}{
		{arn, "pigeon", "x", "Amazon SNS does not support this protocol string: pigeon"},
		{arn, "lambda", "arn:aws:lambda:eu-west-1:111122223333:function:f", "Protocol Reason: Carillon does not support the protocol lambda yet."},
		{arn, "firehose", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/d", "Protocol Reason: Carillon does not support the protocol firehose yet."},
		{fifo, "sms", "+491701234567", "Invalid protocol type: sms"},
		{fifo, "lambda", "x", "Invalid protocol type: lambda"},
		{arn, "sqs", "", "Endpoint Reason: no value for required parameter"},
		{arn, "sqs", "http://example.com", "SQS endpoint ARN"},
		{arn, "sqs", topicARN("x"), "SQS endpoint ARN"},
		{arn, "sqs", queueARN("q.fifo"), "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"},
		{arn, "http", "https://example.com", "Endpoint must match the specified protocol"},
		{arn, "https", "example.com", "Endpoint must match the specified protocol"},
		{arn, "http", "http://", "Endpoint Reason: it is not a URL with a host"},
		{arn, "http", long, "Endpoint Reason: it is longer than 2048 bytes"},
		{arn, "email", "nobody", "Email address"},
		{arn, "email", "A <a@example.com>", "Email address"},
		{arn, "email", "a@example.com\r\nBcc: b@example.com", "Email address"},
		{arn, "sms", "12x", "Invalid SMS endpoint: 12x"},
		{arn, "application", "x", "Endpoint Reason: Endpoint does not exist for endpoint arn x"},
	} {
		_, err := a.trySubscribe(bad.arn, bad.protocol, bad.endpoint, nil)
		refused(t, bad.protocol+" "+bad.endpoint[:min(30, len(bad.endpoint))], err, parameter, "Invalid parameter: "+bad.sentence)
	}
	equal(t, "counts", a.counts(arn), "3 5 0")
	none := topicARN("none")
	_, err := a.trySubscribe(&none, "sqs", queueARN("q"), nil)
	refused(t, "no topic", err, "NotFound", "Topic does not exist")
}

func TestASubscriptionWaitsForItsToken(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil)
	const endpoint = "https://example.com/hook"
	out := must(a.Subscribe(a.ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("https"), Endpoint: aws.String(endpoint)}))(t)
	equal(t, "answer", out.SubscriptionArn, "pending confirmation")
	listed := must(a.ListSubscriptionsByTopic(a.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}))(t).Subscriptions
	equal(t, "list", []any{len(listed), listed[0].SubscriptionArn, listed[0].Endpoint, listed[0].Owner}, []any{1, "PendingConfirmation", endpoint, account})
	confirm := func(token, authenticate string) (*sns.ConfirmSubscriptionOutput, error) {
		return a.ConfirmSubscription(a.ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &token, AuthenticateOnUnsubscribe: &authenticate})
	}
	_, err := confirm("made up", "")
	refused(t, "token", err, parameter, "Invalid parameter: Token")
	_, err = confirm(a.asked[endpoint], "perhaps")
	refused(t, "flag", err, parameter, "Invalid parameter: AuthenticateOnUnsubscribe")
	sub := must(confirm(a.asked[endpoint], "true"))(t).SubscriptionArn
	got := a.subscription(sub)
	equal(t, "attributes", got, attrs{
		"SubscriptionArn": *sub, "TopicArn": *arn, "Owner": account, "Protocol": "https", "Endpoint": endpoint, "PendingConfirmation": "false",
		"ConfirmationWasAuthenticated": "true", "RawMessageDelivery": "false", "SubscriptionPrincipal": "arn:aws:iam::" + account + ":root",
		"EffectiveDeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,` +
			`"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":null,` +
			`"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`,
	})
	equal(t, "counts", a.counts(arn), "1 0 0")
	end := func() error {
		_, err := a.Unsubscribe(a.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub})
		return err
	}
	a.as(other, func() {
		refused(t, "a stranger", end(), "AuthorizationError", "Only the owners of the subscription and of its topic may unsubscribe it")
	})
	for range 2 {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	equal(t, "counts", a.counts(arn), "0 0 1")
	_, err = a.GetSubscriptionAttributes(a.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub})
	refused(t, "gone", err, "NotFound", "Subscription does not exist")
	_, err = confirm(a.asked[endpoint], "")
	refused(t, "its token", err, parameter, "Invalid parameter: Token")
}

// https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
func TestAQueuesSubscriptionEndsForItsOwnersOnly(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil)
	sub := a.subscribe(arn, "sqs", queueARN("q"), nil)
	end := func() error {
		_, err := a.Unsubscribe(a.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub})
		return err
	}
	const message = "Only the owners of the subscription and of its topic may unsubscribe it"
	a.as(other, func() { refused(t, "a stranger", end(), "AuthorizationError", message) })
	a.as("", func() { refused(t, "who follows its UnsubscribeURL", end(), "AuthorizationError", message) })
	equal(t, "counts", a.counts(arn), "1 0 0")
	if err := end(); err != nil {
		t.Error(err)
	}
	equal(t, "counts", a.counts(arn), "0 0 1")
}

// It may have been a mistake: whoever is at the endpoint can have it back.
func TestAStrangerWhoSignsEndsASubscriptionAsOneWhoDoesNot(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil)
	const endpoint = "https://example.com/hook"
	must(a.trySubscribe(arn, "https", endpoint, nil))(t)
	token := a.asked[endpoint]
	confirm := func() *string {
		return must(a.ConfirmSubscription(a.ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &token}))(t).SubscriptionArn
	}
	sub := confirm()
	a.as(other, func() { must(a.Unsubscribe(a.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub}))(t) })
	equal(t, "counts", a.counts(arn), "0 1 0")
	equal(t, "the same again", confirm(), sub)
}

func TestSubscribingAgainIsAsGoodUnlessSomethingDiffers(t *testing.T) {
	a := start(t)
	arn := a.topic("orders", nil)
	given := attrs{"RawMessageDelivery": "True", "FilterPolicy": `{"a": ["b"]}`, "RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN("dead") + `"}`}
	sub := a.subscribe(arn, "sqs", queueARN("q"), given)
	for name, same := range map[string]attrs{
		"all": given, "none": nil, "some": {"RawMessageDelivery": "true"}, "the standing scope": {"FilterPolicyScope": "MessageAttributes"},
		"spaces": {"FilterPolicy": `{"a":["b"]}`},
	} {
		again, err := a.trySubscribe(arn, "sqs", queueARN("q"), same)
		if err != nil || *again != *sub {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, differs := range []attrs{
		{"RawMessageDelivery": "false"}, {"FilterPolicy": `{"a":["c"]}`}, {"FilterPolicyScope": "MessageBody"}, {"RedrivePolicy": "{}"},
	} {
		_, err := a.trySubscribe(arn, "sqs", queueARN("q"), differs)
		refused(t, fmt.Sprint(differs), err, parameter, "Invalid parameter: Attributes Reason: Subscription already exists with different attributes")
	}
	mail := a.subscribe(arn, "email", "a@example.com", nil)
	first := a.asked["a@example.com"]
	delete(a.asked, "a@example.com")
	equal(t, "again", a.subscribe(arn, "email", "a@example.com", nil), mail)
	equal(t, "asked again", a.asked["a@example.com"], first)
	equal(t, "counts", a.counts(arn), "1 1 0")
}

func TestEveryAttributeOfASubscriptionIsCheckedAndEchoed(t *testing.T) {
	a := start(t)
	arn, fifo := a.topic("orders", nil), a.topic("orders.fifo", attrs{"FifoTopic": "true"})
	queue, web := a.subscribe(arn, "sqs", queueARN("q"), nil), a.subscribe(arn, "http", "http://example.com", nil)
	mail, line := a.subscribe(arn, "email", "a@example.com", nil), a.subscribe(fifo, "sqs", queueARN("q"), nil)
	set := func(sub *string, name, value string) {
		t.Helper()
		if err := a.setSubscription(sub, name, value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, a.subscription(sub)[name], value)
	}
	set(queue, "RawMessageDelivery", "true")
	set(queue, "FilterPolicy", `{"a": ["b", {"prefix": "c"}]}`)
	equal(t, "the standing scope", a.subscription(queue)["FilterPolicyScope"], "MessageAttributes")
	set(queue, "FilterPolicyScope", "MessageBody")
	set(queue, "FilterPolicy", `{"a":{"b":["c"]}}`)
	refused(t, "a scope that does not suit", a.setSubscription(queue, "FilterPolicyScope", "MessageAttributes"), parameter,
		"Invalid parameter: FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy\n at [Source: (String)\"{\"a\":{\"b\":[\"c\"]}}\"; line: 1, column: 7]")
	set(queue, "RedrivePolicy", `{"deadLetterTargetArn":"`+queueARN("dead")+`"}`)
	set(web, "DeliveryPolicy", `{"healthyRetryPolicy":{"numRetries":5,"backoffFunction":"geometric"},"throttlePolicy":{"maxReceivesPerSecond":2}}`)
	effective := a.subscription(web)["EffectiveDeliveryPolicy"]
	if !strings.Contains(effective, `"numRetries":5`) || !strings.Contains(effective, `"maxReceivesPerSecond":2`) || !strings.Contains(effective, "geometric") {
		t.Errorf("effective: %s", effective)
	}
	if err := a.set(arn, "DeliveryPolicy", `{"http":{"disableSubscriptionOverrides":true,"defaultHealthyRetryPolicy":{"numRetries":9}}}`); err != nil {
		t.Fatal(err)
	}
	if effective = a.subscription(web)["EffectiveDeliveryPolicy"]; !strings.Contains(effective, `"numRetries":9`) || strings.Contains(effective, "geometric") {
		t.Errorf("effective under the topic: %s", effective)
	}
	for _, empty := range []string{"", "{}"} {
		set(queue, "FilterPolicy", `{"a":["b"]}`)
		if err := a.setSubscription(queue, "FilterPolicy", empty); err != nil {
			t.Error(err)
		}
		if got, ok := a.subscription(queue)["FilterPolicy"]; ok {
			t.Errorf("%q leaves %s", empty, got)
		}
	}
	for _, bad := range []struct {
		sub                   *string
		name, value, sentence string
	}{
		{queue, "Nonsense", "", "AttributeName"},
		{queue, "RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."},
		{mail, "RawMessageDelivery", "false", "Delivery protocol [email] does not support raw message delivery."},
		{queue, "FilterPolicyScope", "", "FilterPolicyScope: Invalid value [null]. Please use either MessageBody or MessageAttributes"},
		{mail, "FilterPolicy", `{"a":{"b":["c"]}}`, "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy\n at [Source: (String)\"{\"a\":{\"b\":[\"c\"]}}\"; line: 1, column: 7]"},
		{queue, "FilterPolicy", `{"a":["b"],"b":["b"],"c":["b"],"d":["b"],"e":["b"],"f":["b"]}`, "FilterPolicy: Filter policy can not have more than 5 keys"},
		{queue, "RedrivePolicy", `{"maxReceiveCount":5}`, "RedrivePolicy: invalid JSON. Attribute maxReceiveCount is unknown."},
		{queue, "RedrivePolicy", `{"deadLetterTargetArn":"x"}`, "RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{queue, "RedrivePolicy", `{"deadLetterTargetArn":"` + queueARN("dead.fifo") + `"}`,
			"RedrivePolicy: the dead-letter queue of a FIFO topic must be a FIFO queue, and that of a standard topic a standard queue"},
		{queue, "ReplayPolicy", "{}", "ReplayPolicy: can only be set for subscriptions of FIFO topics"},
		{line, "ReplayPolicy", `{"PointType":"Timestamp","StartingPoint":"2026-01-02T03:04:05.000Z","EndingPoint":"2026-01-03T03:04:05.000Z"}`,
			"ReplayPolicy: the topic has no ArchivePolicy"},
		{line, "ReplayPolicy", `{"PointType":"Moment"}`, "ReplayPolicy: it needs the PointType Timestamp and a StartingPoint such as 2006-01-02T15:04:05.000Z"},
		{queue, "SubscriptionRoleArn", "x", "SubscriptionRoleArn: it can only be set for subscriptions of Firehose delivery streams"},
		{web, "DeliveryPolicy", `{"healthyRetryPolicy":{"numRetries":101}}`, "DeliveryPolicy: healthyRetryPolicy.numRetries must be less than or equal to 100"},
		{web, "DeliveryPolicy", `{"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}`,
			"DeliveryPolicy: healthyRetryPolicy.numRetries must be greater than or equal to the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries"},
		{web, "DeliveryPolicy", `{"healthyRetryPolicy":{"minDelayTarget":9,"maxDelayTarget":8}}`, "DeliveryPolicy: healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget"},
		{web, "DeliveryPolicy", `{"healthyRetryPolicy":{"backoffFunction":"wild"}}`, "DeliveryPolicy: healthyRetryPolicy.backoffFunction must be one of: linear, arithmetic, geometric, exponential"},
		{web, "DeliveryPolicy", `{"throttlePolicy":{"maxReceivesPerSecond":0}}`, "DeliveryPolicy: throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1"},
		{web, "DeliveryPolicy", `{"requestPolicy":{"headerContentType":"text/plain\r\nX: y"}}`, "DeliveryPolicy: requestPolicy.headerContentType is not a content type that is supported"},
	} {
		before := a.subscription(bad.sub)
		refused(t, bad.name, a.setSubscription(bad.sub, bad.name, bad.value), parameter, "Invalid parameter: "+bad.sentence)
		equal(t, "nothing changed", a.subscription(bad.sub), before)
	}
	_, err := a.trySubscribe(arn, "email", "b@example.com", attrs{"RawMessageDelivery": "false"})
	refused(t, "subscribe", err, parameter, "Invalid parameter: Attributes Reason: Delivery protocol [email] does not support raw message delivery.")
	_, err = a.trySubscribe(arn, "email", "b@example.com", attrs{"Nonsense": ""})
	refused(t, "subscribe", err, parameter, "Invalid parameter: Attributes Reason: Unknown attribute Nonsense")
}

func TestSubscriptionsAreListedInPagesOf100(t *testing.T) {
	a := start(t)
	arn, second := a.topic("orders", nil), a.topic("more", nil)
	for i := range 120 {
		a.subscribe(arn, "sqs", queueARN(fmt.Sprint("q", i)), nil)
	}
	a.subscribe(second, "sqs", queueARN("q"), nil)
	a.as(other, func() { a.subscribe(arn, "sqs", "arn:aws:sqs:eu-west-1:"+other+":theirs", nil) })
	byTopic := must(a.ListSubscriptionsByTopic(a.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}))(t)
	rest := must(a.ListSubscriptionsByTopic(a.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn, NextToken: byTopic.NextToken}))(t)
	equal(t, "by topic", []any{len(byTopic.Subscriptions), len(rest.Subscriptions), rest.NextToken}, []any{100, 21, nil})
	all := must(a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{}))(t)
	left := must(a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{NextToken: all.NextToken}))(t)
	equal(t, "of the account", []any{len(all.Subscriptions), len(left.Subscriptions), left.NextToken}, []any{100, 21, nil})
	a.as(other, func() {
		equal(t, "of the other", len(must(a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions), 1)
	})
	none := topicARN("none")
	_, err := a.ListSubscriptionsByTopic(a.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &none})
	refused(t, "no topic", err, "NotFound", "Topic does not exist")
}

func TestADeletedTopicTakesItsSubscriptionsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		arn := a.topic("orders", nil)
		sub := a.subscribe(arn, "sqs", queueARN("q"), nil)
		must(a.DeleteTopic(a.ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
		_, err := a.GetSubscriptionAttributes(a.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub})
		refused(t, "subscription", err, "NotFound", "Subscription does not exist")
		if err := a.setSubscription(sub, "RawMessageDelivery", "true"); err == nil {
			t.Error("it can be changed")
		}
		must(a.Unsubscribe(a.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub}))(t)
		equal(t, "list", len(must(a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions), 0)
		equal(t, "the name is free", a.topic("orders", attrs{"DisplayName": "another"}), arn)
		time.Sleep(time.Second)
		synctest.Wait()
		equal(t, "counts", a.counts(arn), "0 0 0")
	})
}

func TestListsDoNotShowThePasswordOfAnEndpoint(t *testing.T) {
	a := start(t)
	arn := a.topic("t", nil)
	sub := a.subscribe(arn, "https", "https://user:secret@example.com/hook?a=b", nil)
	const masked = "https://user:****@example.com/hook?a=b"
	equal(t, "of the topic", *must(a.ListSubscriptionsByTopic(a.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}))(t).Subscriptions[0].Endpoint, masked)
	equal(t, "of the account", *must(a.ListSubscriptions(a.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions[0].Endpoint, masked)
	equal(t, "attributes", a.subscription(sub)["Endpoint"], "https://user:secret@example.com/hook?a=b")
}
