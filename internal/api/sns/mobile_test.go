package sns

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

func (a *api) app(name string, attributes attrs) (*string, error) {
	out, err := a.CreatePlatformApplication(a.ctx, &sns.CreatePlatformApplicationInput{Name: &name, Platform: aws.String("GCM"), Attributes: attributes})
	if err != nil {
		return nil, err
	}
	return out.PlatformApplicationArn, nil
}

func TestAnApplicationAndItsDevices(t *testing.T) {
	a := start(t)
	app := must(a.app("shop", attrs{"PlatformCredential": "secret", "SuccessFeedbackSampleRate": "5"}))(t)
	equal(t, "ARN", app, "arn:aws:sns:eu-west-1:111122223333:app/GCM/shop")
	get := func() attrs {
		return must(a.GetPlatformApplicationAttributes(a.ctx, &sns.GetPlatformApplicationAttributesInput{PlatformApplicationArn: app}))(t).Attributes
	}
	equal(t, "attributes without the secret", get(), attrs{"Enabled": "true", "SuccessFeedbackSampleRate": "5"})
	_, err := a.app("shop", attrs{"PlatformCredential": "another", "SuccessFeedbackSampleRate": "5"})
	refused(t, "another", err, parameter, "Invalid parameter: Attributes Reason: Platform application already exists with different attributes")
	_, err = a.app("none", attrs{"EventEndpointCreated": topicARN("t")})
	refused(t, "no credential", err, parameter, "Invalid parameter: Attributes Reason: PlatformCredential: no value for required parameter")
	_, err = a.app("a b", attrs{"PlatformCredential": "x"})
	refused(t, "name", err, parameter, "Invalid parameter: Name Reason: Names are 1 to 256 letters, digits, underscores, hyphens and periods")
	setApp := func(given attrs) error {
		_, err := a.SetPlatformApplicationAttributes(a.ctx, &sns.SetPlatformApplicationAttributesInput{PlatformApplicationArn: app, Attributes: given})
		return err
	}
	refused(t, "topic", setApp(attrs{"EventEndpointCreated": "x"}), parameter, "Invalid parameter: Attributes Reason: EventEndpointCreated: it is not the ARN of a topic in this region")
	if err := setApp(attrs{"EventEndpointCreated": topicARN("t"), "SuccessFeedbackSampleRate": ""}); err != nil {
		t.Error(err)
	}
	equal(t, "attributes", get(), attrs{"Enabled": "true", "EventEndpointCreated": topicARN("t")})
	equal(t, "list", len(must(a.ListPlatformApplications(a.ctx, &sns.ListPlatformApplicationsInput{}))(t).PlatformApplications), 1)

	register := func(token, data string, more attrs) (*string, error) {
		out, err := a.CreatePlatformEndpoint(a.ctx, &sns.CreatePlatformEndpointInput{PlatformApplicationArn: app, Token: &token, CustomUserData: &data, Attributes: more})
		if err != nil {
			return nil, err
		}
		return out.EndpointArn, nil
	}
	device := must(register("t", "u", attrs{"Enabled": "true"}))(t)
	if !strings.HasPrefix(*device, "arn:aws:sns:eu-west-1:111122223333:endpoint/GCM/shop/") {
		t.Error(*device)
	}
	equal(t, "again", must(register("t", "u", nil))(t), device)
	_, err = register("t", "other", nil)
	refused(t, "other data", err, parameter, "Invalid parameter: Token Reason: Endpoint "+*device+" already exists with the same Token, but different attributes.")
	_, err = register("", "", nil)
	refused(t, "no token", err, parameter, "Invalid parameter: Token: it must be 1 to 2048 bytes")

	arn := a.topic("orders", nil)
	sub := a.subscribe(arn, "application", *device, nil)
	equal(t, "confirmed", a.subscription(sub)["PendingConfirmation"], "false")
	must(a.SetEndpointAttributes(a.ctx, &sns.SetEndpointAttributesInput{EndpointArn: device, Attributes: attrs{"Enabled": "False", "Token": "t2"}}))(t)
	list := must(a.ListEndpointsByPlatformApplication(a.ctx, &sns.ListEndpointsByPlatformApplicationInput{PlatformApplicationArn: app}))(t).Endpoints
	equal(t, "devices", []any{len(list), list[0].EndpointArn, list[0].Attributes}, []any{1, device, attrs{"Enabled": "false", "Token": "t2", "CustomUserData": "u"}})
	for range 2 {
		must(a.DeleteEndpoint(a.ctx, &sns.DeleteEndpointInput{EndpointArn: device}))(t)
	}
	_, err = a.GetEndpointAttributes(a.ctx, &sns.GetEndpointAttributesInput{EndpointArn: device})
	refused(t, "gone", err, "NotFound", "Endpoint does not exist")
	_, err = a.trySubscribe(arn, "application", *device, nil)
	refused(t, "gone", err, parameter, "Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint arn "+*device)
	must(a.DeletePlatformApplication(a.ctx, &sns.DeletePlatformApplicationInput{PlatformApplicationArn: app}))(t)
	_, err = register("t", "", nil)
	refused(t, "no application", err, "NotFound", "PlatformApplication does not exist")
	_, err = a.GetPlatformApplicationAttributes(a.ctx, &sns.GetPlatformApplicationAttributesInput{PlatformApplicationArn: aws.String(topicARN("app/XYZ/shop"))})
	refused(t, "no such platform", err, parameter, "Invalid parameter: PlatformApplicationArn")
}

func TestSettingsForTextMessages(t *testing.T) {
	a := start(t)
	set := func(given attrs) error {
		_, err := a.SetSMSAttributes(a.ctx, &sns.SetSMSAttributesInput{Attributes: given})
		return err
	}
	if err := set(attrs{"MonthlySpendLimit": "1", "DefaultSMSType": "Transactional", "DefaultSenderID": "Carillon"}); err != nil {
		t.Fatal(err)
	}
	refused(t, "type", set(attrs{"DefaultSMSType": "x", "MonthlySpendLimit": "2"}), parameter, "Invalid parameter: DefaultSMSType: Invalid value [x]. Please use either Promotional or Transactional")
	refused(t, "limit", set(attrs{"MonthlySpendLimit": "-2"}), parameter, "Invalid parameter: MonthlySpendLimit: it must be a whole number")
	refused(t, "sender", set(attrs{"DefaultSenderID": "123"}), parameter, "Invalid parameter: DefaultSenderID: it must be 1 to 11 letters and digits, one of them a letter")
	refused(t, "unknown", set(attrs{"x": "1"}), parameter, "Invalid parameter: attributes Reason: x is not a valid attribute")
	get := func(names ...string) attrs {
		return must(a.GetSMSAttributes(a.ctx, &sns.GetSMSAttributesInput{Attributes: names}))(t).Attributes
	}
	equal(t, "all", get(), attrs{"MonthlySpendLimit": "1", "DefaultSMSType": "Transactional", "DefaultSenderID": "Carillon"})
	equal(t, "some", get("DefaultSMSType", "UsageReportS3Bucket"), attrs{"DefaultSMSType": "Transactional"})
}

func TestPhoneNumbers(t *testing.T) {
	a := start(t)
	number := aws.String("+491701234567")
	optedOut := func() bool {
		return must(a.CheckIfPhoneNumberIsOptedOut(a.ctx, &sns.CheckIfPhoneNumberIsOptedOutInput{PhoneNumber: number}))(t).IsOptedOut
	}
	equal(t, "at first", optedOut(), false)
	err := a.store.Update(a.ctx, func(tx *store.Tx) error {
		return mobile.OptOut(tx, mobile.Place{Account: account, Region: region}, *number)
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "opted out", optedOut(), true)
	equal(t, "list", must(a.ListPhoneNumbersOptedOut(a.ctx, &sns.ListPhoneNumbersOptedOutInput{}))(t).PhoneNumbers, []string{*number})
	must(a.OptInPhoneNumber(a.ctx, &sns.OptInPhoneNumberInput{PhoneNumber: number}))(t)
	equal(t, "opted in", optedOut(), false)
	_, err = a.OptInPhoneNumber(a.ctx, &sns.OptInPhoneNumberInput{PhoneNumber: aws.String("x")})
	refused(t, "no number", err, parameter, "Invalid parameter: PhoneNumber Reason: input incorrectly formatted")
	equal(t, "of our own", len(must(a.ListOriginationNumbers(a.ctx, &sns.ListOriginationNumbersInput{}))(t).PhoneNumbers), 0)
}

func TestTheSandboxForTextMessages(t *testing.T) {
	a := start(t)
	number := aws.String("+491701234567")
	equal(t, "status", must(a.GetSMSSandboxAccountStatus(a.ctx, &sns.GetSMSSandboxAccountStatusInput{}))(t).IsInSandbox, false)
	verify := func(code string) error {
		_, err := a.VerifySMSSandboxPhoneNumber(a.ctx, &sns.VerifySMSSandboxPhoneNumberInput{PhoneNumber: number, OneTimePassword: &code})
		return err
	}
	refused(t, "none", verify("000000"), "ResourceNotFound", "Phone number does not exist in the SMS sandbox")
	must(a.CreateSMSSandboxPhoneNumber(a.ctx, &sns.CreateSMSSandboxPhoneNumberInput{PhoneNumber: number}))(t)
	status := func() string {
		list := must(a.ListSMSSandboxPhoneNumbers(a.ctx, &sns.ListSMSSandboxPhoneNumbersInput{}))(t).PhoneNumbers
		return *list[0].PhoneNumber + " " + string(list[0].Status)
	}
	equal(t, "pending", status(), "+491701234567 Pending")
	refused(t, "wrong", verify("123456"), "VerificationException", "The one-time password is not the one that was sent, or not valid any more")
	if err := verify("000000"); err != nil {
		t.Error(err)
	}
	equal(t, "verified", status(), "+491701234567 Verified")
	_, err := a.DeleteSMSSandboxPhoneNumber(a.ctx, &sns.DeleteSMSSandboxPhoneNumberInput{PhoneNumber: number})
	refused(t, "too early", err, "UserError", "A verified phone number can be deleted 24 hours after its verification")
}

// phones is a gateway for text messages.
type phones struct{ texts chan string }

func (p *phones) Attempt(_ context.Context, d *delivery.Delivery) delivery.Answer {
	n, err := notification.Parse(d.Body)
	if err != nil {
		return delivery.Answer{Err: err}
	}
	p.texts <- d.Target.Resource + " " + n.Message
	return delivery.Answer{}
}

func TestWithAGatewayANumberOfTheSandboxIsSentACode(t *testing.T) {
	gateway := &phones{texts: make(chan string, 10)}
	p := startPublishing(t, func(o *delivery.Outbox) { o.Reach("sns:sms/", gateway) })
	number := aws.String("+491701234567")
	create := func() error {
		_, err := p.CreateSMSSandboxPhoneNumber(p.ctx, &sns.CreateSMSSandboxPhoneNumberInput{PhoneNumber: number})
		return err
	}
	verify := func(code string) error {
		_, err := p.VerifySMSSandboxPhoneNumber(p.ctx, &sns.VerifySMSSandboxPhoneNumberInput{PhoneNumber: number, OneTimePassword: &code})
		return err
	}
	code := ""
	for range 5 {
		if err := create(); err != nil {
			t.Fatal(err)
		}
		text := <-gateway.texts
		match := regexp.MustCompile(`^sms/\+491701234567 .* ([0-9]{6})\.$`).FindStringSubmatch(text)
		if match == nil {
			t.Fatal(text)
		}
		if code != "" && code != match[1] {
			refused(t, "the code before", verify(code), "VerificationException", "The one-time password is not the one that was sent, or not valid any more")
		}
		code = match[1]
	}
	refused(t, "a sixth code", create(), "UserError", "A verification code can be sent to a phone number 5 times in 24 hours")
	if err := verify(code); err != nil {
		t.Error(err)
	}
	if err := create(); err != nil { // and nothing is sent
		t.Error(err)
	}
	number = aws.String("+491700000000")
	if err := p.store.Update(p.ctx, func(tx *store.Tx) error {
		return mobile.OptOut(tx, mobile.Place{Account: account, Region: region}, *number)
	}); err != nil {
		t.Fatal(err)
	}
	refused(t, "opted out", create(), "OptedOut", "The phone number has opted out of text messages")
	select {
	case text := <-gateway.texts:
		t.Error(text)
	default:
	}
}
