package conformance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// document is what an HTTP subscriber is sent.
type document struct{ Type, MessageID, Token, Message, UnsubscribeURL, SubscribeURL string }

// visit gives the status of a GET.
func (t *tour) visit(link string) int {
	t.Helper()
	r := must(http.NewRequestWithContext(t.ctx, http.MethodGet, link, nil))(t)
	answer := must(http.DefaultClient.Do(r))(t)
	_ = answer.Body.Close()
	return answer.StatusCode
}

func topicsHTTPConfirm(t *tour) {
	got := make(chan document, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var d document
		_ = json.NewDecoder(r.Body).Decode(&d)
		got <- d
	}))
	defer hook.Close()
	next := func(kind string) document {
		select {
		case d := <-got:
			equal(t, "Type", d.Type, kind)
			return d
		case <-t.ctx.Done():
			t.Fatalf("no %s came", kind)
			panic("unreachable")
		}
	}
	arn := t.topic(nil)
	waiting := must(t.trySubscribe(arn, "http", hook.URL, nil))(t)
	token := next("SubscriptionConfirmation").Token
	in := &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &token, AuthenticateOnUnsubscribe: aws.String("true")}
	equal(t, "SubscriptionArn", *must(t.sns.ConfirmSubscription(t.ctx, in))(t).SubscriptionArn, *waiting)
	sent := must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String("Größe")}))(t)
	message := next("Notification")
	same(t, "the message", []string{message.MessageID, message.Message}, []string{*sent.MessageId, "Größe"})
	if status := t.visit(message.UnsubscribeURL); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Fatalf("a stranger who unsubscribes gets %d", status)
	}
	must(t.sns.Unsubscribe(t.ctx, &sns.UnsubscribeInput{SubscriptionArn: waiting}))(t)
	_, err := t.sns.GetSubscriptionAttributes(t.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: waiting})
	hasError[*types.NotFoundException](t, "it is gone", err)
}
