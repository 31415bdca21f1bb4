package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The code for one mistake depends on the protocol: STS speaks query, events
// JSON, and SQS over JSON names the query's code in a header.
type strictCodes struct{ sts, sqs, events string }

var (
	wrongSignature = strictCodes{"SignatureDoesNotMatch", "SignatureDoesNotMatch|InvalidSignatureException", "InvalidSignatureException"}
	unknownKey     = strictCodes{"InvalidClientTokenId", "InvalidClientTokenId|UnrecognizedClientException", "UnrecognizedClientException"}
)

func TestStrictModeBelievesOnlyWhatAKnownKeyHasSigned(t *testing.T) {
	endpoint := strictEndpointOf(t)
	run := func(name, key, secret string, ask func(*tour)) {
		t.Run(name, func(t *testing.T) { ask(newTourAs(t, endpoint, strictAccount, key, secret)) })
	}
	run("strict-right-key", strictKey, strictSecret, func(t *tour) {
		equal(t, "Account", *must(t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t).Account, strictAccount)
		url := t.queue(nil)
		t.send(url, unicode)
		equal(t, "Body", *t.one(url).Body, unicode)
		must(t.events.ListEventBuses(t.ctx, &eventbridge.ListEventBusesInput{}))(t)
	})
	run("strict-wrong-secret", strictKey, "guessed", refusedAs(wrongSignature))
	run("strict-unknown-key", "AKIANOBODYKNOWSTHIS1", strictSecret, refusedAs(unknownKey))
	run("strict-account-as-key", "111122223333", "test", refusedAs(unknownKey))
	run("strict-sessions", strictKey, strictSecret, strictSessions)
	guest := func(t *tour) *tour { return newTourAs(t.T, endpoint, guestAccount, guestKey, strictSecret) }
	run("strict-user-policy", strictKey, strictSecret, func(t *tour) {
		clerk := newTourAs(t.T, endpoint, strictAccount, clerkKey, strictSecret)
		mine := must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: aws.String("clerk-go")}))(t).QueueUrl
		must(clerk.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: mine, MessageBody: aws.String("m")}))(t)
		_, err := clerk.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: t.queue(nil), MessageBody: aws.String("m")})
		refused(t, "another queue", err, "AccessDenied")
		_, err = clerk.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String("t")})
		refused(t, "a topic", err, "AuthorizationError")
		_, err = clerk.events.ListEventBuses(t.ctx, &eventbridge.ListEventBusesInput{})
		refused(t, "buses", err, "AccessDeniedException")
	})
	run("strict-queue-policy", strictKey, strictSecret, func(t *tour) {
		url, other := t.queue(nil), guest(t)
		send := func() error {
			_, err := other.sqs.SendMessage(t.ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("from the guest")})
			return err
		}
		refused(t, "before", send(), "AccessDenied")
		must(t.sqs.AddPermission(t.ctx, &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("guest"), AWSAccountIds: []string{guestAccount}, Actions: []string{"SendMessage"}}))(t)
		must(0, send())(t)
		equal(t, "Body", *t.one(url).Body, "from the guest")
		must(t.sqs.RemovePermission(t.ctx, &sqs.RemovePermissionInput{QueueUrl: url, Label: aws.String("guest")}))(t)
		refused(t, "after", send(), "AccessDenied")
	})
	run("strict-topic-policy", strictKey, strictSecret, func(t *tour) {
		topic, other := must(t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String("guests")}))(t).TopicArn, guest(t)
		inbox := "arn:aws:sqs:" + region + ":" + guestAccount + ":inbox"
		in := &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: &inbox, ReturnSubscriptionArn: true}
		_, err := other.sns.Subscribe(t.ctx, in)
		refused(t, "before", err, "AuthorizationError")
		must(t.sns.AddPermission(t.ctx, &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("guest"), AWSAccountId: []string{guestAccount}, ActionName: []string{"Subscribe"}}))(t)
		must(other.sns.Subscribe(t.ctx, in))(t)
	})
	run("strict-rule-to-queue", strictKey, strictSecret, strictRuleToQueue)
	run("strict-topic-abroad", strictKey, strictSecret, func(t *tour) { strictTopicAbroad(t, guest(t)) })
	run("strict-bus-abroad", strictKey, strictSecret, func(t *tour) { strictBusAbroad(t, guest(t)) })
	run("strict-clock", strictKey, strictSecret, func(t *tour) {
		for what, at := range map[string]time.Time{"an hour ago": time.Now().Add(-time.Hour), "in an hour": time.Now().Add(time.Hour)} {
			answer := t.signed(at, "Action=GetCallerIdentity&Version=2011-06-15", "")
			if !strings.Contains(answer, "<Code>SignatureDoesNotMatch</Code>") || !strings.Contains(answer, "Signature") {
				t.Errorf("signed %s: %s", what, answer)
			}
		}
	})
	run("strict-tampered-body", strictKey, strictSecret, func(t *tour) {
		const body = "Action=GetCallerIdentity&Version=2011-06-15"
		if answer := t.signed(time.Now(), body, body); !strings.Contains(answer, "<Account>"+strictAccount+"</Account>") {
			t.Fatalf("as signed: %s", answer)
		}
		if answer := t.signed(time.Now(), body, body+"&Extra=1"); !strings.Contains(answer, "<Code>SignatureDoesNotMatch</Code>") {
			t.Errorf("tampered with: %s", answer)
		}
	})
}

// refusedAs asks each service and wants its code.
func refusedAs(want strictCodes) func(*tour) {
	return func(t *tour) {
		_, err := t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
		refused(t, "sts", err, want.sts)
		_, err = t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: aws.String("never")})
		refused(t, "sqs", err, strings.Split(want.sqs, "|")...)
		_, err = t.events.ListEventBuses(t.ctx, &eventbridge.ListEventBusesInput{})
		refused(t, "events", err, want.events)
	}
}

// signed posts a form to STS that was signed at a time, and gives the answer.
// If sent is given, it is what goes out instead of the signed body.
func (t *tour) signed(at time.Time, body, sent string) string {
	t.Helper()
	if sent == "" {
		sent = body
	}
	r := must(http.NewRequestWithContext(t.ctx, http.MethodPost, t.endpoint+"/", strings.NewReader(sent)))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256([]byte(body))
	length := r.ContentLength
	r.ContentLength = int64(len(body))
	who := aws.Credentials{AccessKeyID: strictKey, SecretAccessKey: strictSecret}
	must(0, v4.NewSigner().SignHTTP(t.ctx, who, r, hex.EncodeToString(sum[:]), "sts", region, at))(t)
	r.ContentLength = length
	r.Header.Del("Content-Length")
	answer := must(http.DefaultClient.Do(r))(t)
	defer answer.Body.Close()
	return string(must(io.ReadAll(answer.Body))(t))
}
