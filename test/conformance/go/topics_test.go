package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// topic makes a topic and gives its ARN.
func (t *tour) topic(a attrs) *string {
	t.Helper()
	name := t.name("topic")
	if a["FifoTopic"] == "true" {
		name += ".fifo"
	}
	return must(t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: &name, Attributes: a}))(t).TopicArn
}

func (t *tour) topicAttributes(arn *string) attrs {
	t.Helper()
	return must(t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: arn}))(t).Attributes
}

func (t *tour) trySubscribe(arn *string, protocol, endpoint string, a attrs) (*string, error) {
	out, err := t.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: &protocol, Endpoint: &endpoint, Attributes: a, ReturnSubscriptionArn: true})
	if err != nil {
		return nil, err
	}
	return out.SubscriptionArn, nil
}

func topicCreate(t *tour) {
	name := t.name("topic")
	in := &sns.CreateTopicInput{Name: &name, Attributes: attrs{"DisplayName": "Shop"}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}
	arn := must(t.sns.CreateTopic(t.ctx, in))(t).TopicArn
	equal(t, "TopicArn", *arn, "arn:aws:sns:"+region+":"+t.account+":"+name)
	equal(t, "the same again", *must(t.sns.CreateTopic(t.ctx, in))(t).TopicArn, *arn)
	in.Attributes = attrs{"DisplayName": "Store"}
	_, err := t.sns.CreateTopic(t.ctx, in)
	hasError[*types.InvalidParameterException](t, "other attributes", err)
	_, err = t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String("a b")})
	hasError[*types.InvalidParameterException](t, "a bad name", err)
	got := t.topicAttributes(arn)
	same(t, "attributes", []string{got["TopicArn"], got["Owner"], got["DisplayName"], got["SubscriptionsConfirmed"]}, []string{*arn, t.account, "Shop", "0"})
	found := false
	for pages := sns.NewListTopicsPaginator(t.sns, &sns.ListTopicsInput{}); pages.HasMorePages(); {
		page := must(pages.NextPage(t.ctx))(t)
		found = found || slices.ContainsFunc(page.Topics, func(x types.Topic) bool { return *x.TopicArn == *arn })
	}
	equal(t, "ListTopics", found, true)
	must(t.sns.TagResource(t.ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("")}}}))(t)
	must(t.sns.UntagResource(t.ctx, &sns.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	tags := must(t.sns.ListTagsForResource(t.ctx, &sns.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags
	equal(t, "tags", len(tags) == 1 && *tags[0].Key == "b", true)
	for range 2 {
		must(t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
	}
	_, err = t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: arn})
	hasError[*types.NotFoundException](t, "a topic that is gone", err)
}

func topicAttributes(t *tour) {
	arn := t.topic(nil)
	set := func(name, value string) error {
		_, err := t.sns.SetTopicAttributes(t.ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: &name, AttributeValue: &value})
		return err
	}
	for name, value := range (attrs{
		"DisplayName": "Größe", "DeliveryPolicy": `{"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}`, "SignatureVersion": "2", "TracingConfig": "Active",
	}) {
		if err := set(name, value); err != nil {
			t.Fatal(err)
		}
		equal(t, name, t.topicAttributes(arn)[name], value)
	}
	for name, value := range (attrs{"Nonsense": "x", "Policy": "{}", "SignatureVersion": "3", "ContentBasedDeduplication": "true"}) {
		hasError[*types.InvalidParameterException](t, name, set(name, value))
	}
	fifo := t.topicAttributes(t.topic(attrs{"FifoTopic": "true", "ContentBasedDeduplication": "true"}))
	same(t, "a FIFO topic", []string{fifo["FifoTopic"], fifo["ContentBasedDeduplication"]}, []string{"true", "true"})
}

func topicPolicy(t *tour) {
	arn := t.topic(nil)
	in := &sns.AddPermissionInput{TopicArn: arn, Label: aws.String("one"), AWSAccountId: []string{"123456789012"}, ActionName: []string{"Publish"}}
	must(t.sns.AddPermission(t.ctx, in))(t)
	equal(t, "the statement", strings.Contains(t.topicAttributes(arn)["Policy"], `"Sid":"one"`), true)
	_, err := t.sns.AddPermission(t.ctx, in)
	hasError[*types.InvalidParameterException](t, "again", err)
	must(t.sns.RemovePermission(t.ctx, &sns.RemovePermissionInput{TopicArn: arn, Label: aws.String("one")}))(t)
	equal(t, "it is gone", strings.Contains(t.topicAttributes(arn)["Policy"], `"Sid":"one"`), false)
	policy := aws.String(`{"Name": "p", "Version": "2021-06-01", "Statement": []}`)
	must(t.sns.PutDataProtectionPolicy(t.ctx, &sns.PutDataProtectionPolicyInput{ResourceArn: arn, DataProtectionPolicy: policy}))(t)
	got := must(t.sns.GetDataProtectionPolicy(t.ctx, &sns.GetDataProtectionPolicyInput{ResourceArn: arn}))(t)
	equal(t, "DataProtectionPolicy", *got.DataProtectionPolicy, *policy)
}

func subscribe(t *tour) {
	arn, queue := t.topic(nil), t.arn(t.queue(nil))
	sub := must(t.trySubscribe(arn, "sqs", queue, nil))(t)
	equal(t, "SubscriptionArn", strings.HasPrefix(*sub, *arn+":"), true)
	equal(t, "the same again", *must(t.trySubscribe(arn, "sqs", queue, nil))(t), *sub)
	_, err := t.trySubscribe(arn, "sqs", queue, attrs{"RawMessageDelivery": "true"})
	hasError[*types.InvalidParameterException](t, "other attributes", err)
	listed := must(t.sns.ListSubscriptionsByTopic(t.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}))(t).Subscriptions
	same(t, "by topic", []string{*listed[0].SubscriptionArn, *listed[0].Owner, *listed[0].Protocol, *listed[0].Endpoint}, []string{*sub, t.account, "sqs", queue})
	mine := must(t.sns.ListSubscriptions(t.ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions
	equal(t, "ListSubscriptions", len(mine) > 0, true)

	out := must(t.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("ops@example.com")}))(t)
	equal(t, "one that waits", *out.SubscriptionArn, "pending confirmation")
	_, err = t.sns.ConfirmSubscription(t.ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: aws.String("made up")})
	hasError[*types.InvalidParameterException](t, "token", err)
	got := t.topicAttributes(arn)
	same(t, "counts", []string{got["SubscriptionsConfirmed"], got["SubscriptionsPending"]}, []string{"1", "1"})
	for protocol, endpoint := range (attrs{"sqs": "x", "http": "https://example.com", "email": "nobody", "sms": "x", "lambda": "x", "pigeon": "x", "application": *arn}) {
		_, err := t.trySubscribe(arn, protocol, endpoint, nil)
		hasError[*types.InvalidParameterException](t, protocol, err)
	}
	_, err = t.trySubscribe(aws.String(*arn+"-none"), "sqs", queue, nil)
	hasError[*types.NotFoundException](t, "no topic", err)
	for range 2 {
		must(t.sns.Unsubscribe(t.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub}))(t)
	}
	_, err = t.sns.GetSubscriptionAttributes(t.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub})
	hasError[*types.NotFoundException](t, "a subscription that is gone", err)
}

func subscribePages(t *tour) {
	arn := t.topic(nil)
	const count = 120
	for i := range count {
		must(t.trySubscribe(arn, "sms", fmt.Sprintf("+4917012345%03d", i), nil))(t)
	}
	found := map[string]bool{}
	for pages := sns.NewListSubscriptionsByTopicPaginator(t.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}); pages.HasMorePages(); {
		page := must(pages.NextPage(t.ctx))(t)
		equal(t, "at most a hundred", len(page.Subscriptions) <= 100, true)
		for _, s := range page.Subscriptions {
			found[*s.Endpoint] = true
		}
	}
	equal(t, "by topic", len(found), count)
	mine := 0
	for pages := sns.NewListSubscriptionsPaginator(t.sns, &sns.ListSubscriptionsInput{}); pages.HasMorePages(); {
		for _, s := range must(pages.NextPage(t.ctx))(t).Subscriptions {
			if *s.TopicArn == *arn {
				mine++
			}
		}
	}
	equal(t, "of the account", mine, count)
	_, err := t.sns.ListTopics(t.ctx, &sns.ListTopicsInput{NextToken: aws.String("made up")})
	hasError[*types.InvalidParameterException](t, "a made up token", err)
}

func subscriptionAttributes(t *tour) {
	given := attrs{"FilterPolicy": `{"store": ["a", {"prefix": "b"}]}`, "RawMessageDelivery": "true"}
	sub := must(t.trySubscribe(t.topic(nil), "sqs", t.arn(t.queue(nil)), given))(t)
	now := func() attrs {
		return must(t.sns.GetSubscriptionAttributes(t.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub}))(t).Attributes
	}
	set := func(name, value string) error {
		_, err := t.sns.SetSubscriptionAttributes(t.ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: sub, AttributeName: &name, AttributeValue: &value})
		return err
	}
	for name, value := range given {
		equal(t, name, now()[name], value)
	}
	equal(t, "FilterPolicyScope", now()["FilterPolicyScope"], "MessageAttributes")
	for _, change := range [][2]string{{"FilterPolicyScope", "MessageBody"}, {"FilterPolicy", `{"a": {"b": ["c"]}}`}} {
		if err := set(change[0], change[1]); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range (attrs{"Nonsense": "", "FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": "x", "RedrivePolicy": `{"maxReceiveCount": 3}`}) {
		hasError[*types.InvalidParameterException](t, name, set(name, value))
	}
	equal(t, "after refused calls", now()["FilterPolicyScope"], "MessageBody")
}

func pushEndpoints(t *tour) {
	name := t.name("app")
	app := must(t.sns.CreatePlatformApplication(t.ctx, &sns.CreatePlatformApplicationInput{
		Name: &name, Platform: aws.String("GCM"), Attributes: attrs{"PlatformCredential": "secret"},
	}))(t).PlatformApplicationArn
	must(t.sns.SetPlatformApplicationAttributes(t.ctx, &sns.SetPlatformApplicationAttributesInput{PlatformApplicationArn: app, Attributes: attrs{"SuccessFeedbackSampleRate": "10"}}))(t)
	got := must(t.sns.GetPlatformApplicationAttributes(t.ctx, &sns.GetPlatformApplicationAttributesInput{PlatformApplicationArn: app}))(t).Attributes
	equal(t, "application", got["SuccessFeedbackSampleRate"]+got["PlatformCredential"], "10")
	equal(t, "applications", len(must(t.sns.ListPlatformApplications(t.ctx, &sns.ListPlatformApplicationsInput{}))(t).PlatformApplications) > 0, true)
	register := func(data string) (*sns.CreatePlatformEndpointOutput, error) {
		return t.sns.CreatePlatformEndpoint(t.ctx, &sns.CreatePlatformEndpointInput{PlatformApplicationArn: app, Token: aws.String("t"), CustomUserData: &data})
	}
	device := must(register("u"))(t).EndpointArn
	equal(t, "the same again", *must(register("u"))(t).EndpointArn, *device)
	_, err := register("v")
	hasError[*types.InvalidParameterException](t, "other data", err)
	must(t.sns.SetEndpointAttributes(t.ctx, &sns.SetEndpointAttributesInput{EndpointArn: device, Attributes: attrs{"Enabled": "false"}}))(t)
	equal(t, "Enabled", must(t.sns.GetEndpointAttributes(t.ctx, &sns.GetEndpointAttributesInput{EndpointArn: device}))(t).Attributes["Enabled"], "false")
	equal(t, "devices", len(must(t.sns.ListEndpointsByPlatformApplication(t.ctx, &sns.ListEndpointsByPlatformApplicationInput{PlatformApplicationArn: app}))(t).Endpoints), 1)
	must(t.sns.DeleteEndpoint(t.ctx, &sns.DeleteEndpointInput{EndpointArn: device}))(t)
	_, err = t.sns.GetEndpointAttributes(t.ctx, &sns.GetEndpointAttributesInput{EndpointArn: device})
	hasError[*types.NotFoundException](t, "a device that is gone", err)
	must(t.sns.DeletePlatformApplication(t.ctx, &sns.DeletePlatformApplicationInput{PlatformApplicationArn: app}))(t)
}

func textMessages(t *tour) {
	must(t.sns.SetSMSAttributes(t.ctx, &sns.SetSMSAttributesInput{Attributes: attrs{"DefaultSMSType": "Transactional"}}))(t)
	equal(t, "settings", must(t.sns.GetSMSAttributes(t.ctx, &sns.GetSMSAttributesInput{}))(t).Attributes["DefaultSMSType"], "Transactional")
	number := aws.String("+491701234567")
	equal(t, "opted out", must(t.sns.CheckIfPhoneNumberIsOptedOut(t.ctx, &sns.CheckIfPhoneNumberIsOptedOutInput{PhoneNumber: number}))(t).IsOptedOut, false)
	_, err := t.sns.Publish(t.ctx, &sns.PublishInput{PhoneNumber: number, Message: aws.String("m")})
	hasError[*types.InvalidParameterException](t, "without a gateway", err)
	must(t.sns.OptInPhoneNumber(t.ctx, &sns.OptInPhoneNumberInput{PhoneNumber: number}))(t)
	equal(t, "numbers that opted out", len(must(t.sns.ListPhoneNumbersOptedOut(t.ctx, &sns.ListPhoneNumbersOptedOutInput{}))(t).PhoneNumbers), 0)
	equal(t, "numbers of our own", len(must(t.sns.ListOriginationNumbers(t.ctx, &sns.ListOriginationNumbersInput{}))(t).PhoneNumbers), 0)
	equal(t, "sandbox", must(t.sns.GetSMSSandboxAccountStatus(t.ctx, &sns.GetSMSSandboxAccountStatusInput{}))(t).IsInSandbox, false)
	must(t.sns.CreateSMSSandboxPhoneNumber(t.ctx, &sns.CreateSMSSandboxPhoneNumberInput{PhoneNumber: number}))(t)
	_, err = t.sns.VerifySMSSandboxPhoneNumber(t.ctx, &sns.VerifySMSSandboxPhoneNumberInput{PhoneNumber: number, OneTimePassword: aws.String("99999")})
	hasError[*types.VerificationException](t, "a wrong code", err)
	equal(t, "numbers", len(must(t.sns.ListSMSSandboxPhoneNumbers(t.ctx, &sns.ListSMSSandboxPhoneNumbersInput{}))(t).PhoneNumbers), 1)
	must(t.sns.DeleteSMSSandboxPhoneNumber(t.ctx, &sns.DeleteSMSSandboxPhoneNumberInput{PhoneNumber: number}))(t)
}
