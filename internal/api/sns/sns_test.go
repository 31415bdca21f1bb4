package sns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/carillon-events/carillon/internal/awsquery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

const (
	account = "111122223333"
	other   = "444455556666"
	region  = "eu-west-1"
)

// api is SNS over a store in memory, called by the SDK.
type api struct {
	*sns.Client
	t     testing.TB
	ctx   context.Context
	store *storetest.Store
	core  *topic.Core
	asked map[string]string // token by endpoint

	service *wire.Service
	call    wire.Call // what each call is made with
}

func start(t testing.TB) *api { return startWith(t, topic.DefaultLimits) }

func startWith(t testing.TB, limits topic.Limits) *api {
	t.Helper()
	s := storetest.Open(t)
	a := &api{t: t, ctx: context.Background(), store: s, asked: map[string]string{}, call: wire.Call{
		RequestID: "r-1", Service: "sns", Account: account, Region: region, AccessKey: account, Principal: "arn:aws:iam::" + account + ":root",
	}}
	a.core = topic.New(limits, [32]byte{1}, a)
	a.service = New(Options{Shard: s.Shard, Core: a.core, Unsubscribe: "http://carillon/?Action=Unsubscribe&SubscriptionArn="})
	a.Client = sns.New(sns.Options{
		Region: region, BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: &http.Client{Transport: a},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), Retryer: aws.NopRetryer{},
	})
	loop := &timer.Loop{
		Shard: s.Shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{timer.TopicSweep: a.core.Sweep},
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- loop.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		a.verify()
	})
	return a
}

// Ask implements topic.Asker.
func (a *api) Ask(_ *store.Tx, s topic.Subscription, token string) error {
	a.asked[s.Endpoint] = token
	return nil
}

// Farewell implements topic.Asker.
func (a *api) Farewell(_ *store.Tx, s topic.Subscription, token string) error { return nil }

// RoundTrip hands what the SDK sends to the service's table, in place of a
// network and an edge.
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	call := a.call
	call.Operation = values.Get("Action")
	answer, err := a.service.Operations[call.Operation].Query(r.Context(), &call, values, nil)
	status := 200
	var failure *wire.Error
	if errors.As(err, &failure) {
		status, answer = failure.HTTPStatus(a.service), awsquery.AppendError(nil, a.service, failure, call.RequestID)
	} else if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

// as is the same service for another account.
func (a *api) as(account string, fn func()) {
	old := a.call
	a.call.Account, a.call.AccessKey = account, account
	fn()
	a.call = old
}

func (a *api) verify() {
	a.t.Helper()
	err := a.store.View(func(v *store.View) error { return topic.Verify(v, func(p string) { a.t.Error(p) }) })
	if err != nil && !errors.Is(err, store.ErrClosed) {
		a.t.Error(err)
	}
}

// must ends the test on an error: must(a.Op(...))(t).
func must[T any](out T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// refused wants an error: code and sentence.
func refused(t testing.TB, what string, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("%s: %v\nwant %s: %s", what, err, code, message)
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err != nil || err2 != nil || string(g) != string(w) {
		t.Errorf("%s: %s\nwant %s", what, g, w)
	}
}

func topicARN(name string) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name
}

func queueARN(name string) string { return "arn:aws:sqs:" + region + ":" + account + ":" + name }

type attrs = map[string]string

// topic makes a topic and gives its ARN.
func (a *api) topic(name string, attributes attrs, tags ...types.Tag) *string {
	a.t.Helper()
	return must(a.CreateTopic(a.ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes, Tags: tags}))(a.t).TopicArn
}

func (a *api) tryTopic(name string, attributes attrs, tags ...types.Tag) error {
	_, err := a.CreateTopic(a.ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes, Tags: tags})
	return err
}

func (a *api) attributes(arn *string) attrs {
	a.t.Helper()
	return must(a.GetTopicAttributes(a.ctx, &sns.GetTopicAttributesInput{TopicArn: arn}))(a.t).Attributes
}

func (a *api) set(arn *string, name, value string) error {
	_, err := a.SetTopicAttributes(a.ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: &name, AttributeValue: &value})
	return err
}

// trySubscribe gives the subscription's ARN, also of one that waits.
func (a *api) trySubscribe(arn *string, protocol, endpoint string, attributes attrs) (*string, error) {
	out, err := a.Subscribe(a.ctx, &sns.SubscribeInput{
		TopicArn: arn, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes, ReturnSubscriptionArn: true,
	})
	if err != nil {
		return nil, err
	}
	return out.SubscriptionArn, nil
}

func (a *api) subscribe(arn *string, protocol, endpoint string, attributes attrs) *string {
	a.t.Helper()
	return must(a.trySubscribe(arn, protocol, endpoint, attributes))(a.t)
}

func (a *api) subscription(arn *string) attrs {
	a.t.Helper()
	return must(a.GetSubscriptionAttributes(a.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: arn}))(a.t).Attributes
}

func (a *api) setSubscription(arn *string, name, value string) error {
	_, err := a.SetSubscriptionAttributes(a.ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: arn, AttributeName: &name, AttributeValue: &value})
	return err
}

// counts are confirmed, pending and deleted.
func (a *api) counts(arn *string) string {
	a.t.Helper()
	m := a.attributes(arn)
	return fmt.Sprint(m["SubscriptionsConfirmed"], " ", m["SubscriptionsPending"], " ", m["SubscriptionsDeleted"])
}
