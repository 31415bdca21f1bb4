// Package subscriber is the target that delivers what topics send to endpoints
// outside: over HTTP, by mail, and through gateways to phones and apps.
//
// It owns what an endpoint is sent and what its answer means (post.go, mail.go,
// gateway.go), the key that documents are signed with and its certificate
// (signer.go), asking endpoints whether they want a subscription (asker.go), and
// the pages that a link in a mail leads to (pages.go).
//
// A delivery's body is a document of internal/notification, which lacks what is
// the subscription's: its URLs and the signature. They are added when it is sent,
// by what holds then. A delivery is made at least once; a repeat has the same
// message id.
//
// The addresses that are called are those of internal/outbound. No secret is in
// an error, a log or what an Answer says: an endpoint's URL may have a password,
// so it is not quoted.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
package subscriber

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// Kinds of targets, for delivery.Outbox: subscriptions, whose ARN is that of the
// topic with an id, endpoints of applications, and phone numbers, sms/{number}.
const (
	Subscriptions = "sns::"
	Devices       = "sns:endpoint/"
	Phones        = "sns:sms/"
)

// timeout is how long an endpoint may take to answer, as AWS has it.
const timeout = 15 * time.Second

// Options are what a Sender needs.
type Options struct {
	Shard   *store.Shard
	Signer  *Signer
	BaseURL string // of Carillon, as subscribers reach it; no slash at the end
	Allowed outbound.Allowed
	Roots   *x509.CertPool // nil: the system's

	Mail *Mail   // nil: nobody takes mail
	SMS  Gateway // of text messages; empty: none
	Push Gateway // to apps; empty: none

	// Observe is told of every attempt: at which protocol, what came of it, and how
	// long it took. It may be nil.
	Observe func(p topic.Protocol, result string, took time.Duration)
	Logger  *slog.Logger
}

// Results of an attempt, for Observe.
const (
	ResultDelivered = "delivered"
	ResultFailed    = "failed"  // it may be tried again
	ResultRefused   = "refused" // it is not
)

// Sender delivers to subscribers. It is a delivery.Remote.
type Sender struct {
	Options
	client   *http.Client // to where users say
	gateways *http.Client // to where the operator says

	mu    sync.Mutex // guards what follows
	rates map[arn.ARN]*rate.Limiter
	basic map[arn.ARN]bool // subscriptions whose endpoints have asked for Basic authentication
}

// New is a Sender.
func New(o Options) *Sender {
	return &Sender{
		Options: o, rates: map[arn.ARN]*rate.Limiter{}, basic: map[arn.ARN]bool{}, gateways: newGatewayClient(o.Roots),
		client: outbound.Client(outbound.Options{Allowed: o.Allowed, Roots: o.Roots, Timeout: timeout, PerHost: delivery.Concurrency}),
	}
}

// Close lets go of connections that nobody uses.
func (s *Sender) Close() {
	s.client.CloseIdleConnections()
	s.gateways.CloseIdleConnections()
}

// Attempt delivers d to the endpoint that it is for.
func (s *Sender) Attempt(ctx context.Context, d *delivery.Delivery) delivery.Answer {
	began := time.Now()
	p, a := s.attempt(ctx, d)
	if s.Observe != nil {
		s.Observe(p, resultOf(a), time.Since(began))
	}
	return a
}

func resultOf(a delivery.Answer) string {
	switch {
	case a.Err == nil:
		return ResultDelivered
	case errors.Is(a.Err, delivery.ErrRefused):
		return ResultRefused
	}
	return ResultFailed
}

func (s *Sender) attempt(ctx context.Context, d *delivery.Delivery) (topic.Protocol, delivery.Answer) {
	n, err := notification.Parse(d.Body)
	if err != nil {
		return "", refused("it is no notification")
	}
	place := mobile.Place{Account: d.Target.Account, Region: d.Target.Region}
	if number, ok := strings.CutPrefix(d.Target.Resource, "sms/"); ok {
		return topic.Text, s.text(ctx, place, number, &n, "")
	}
	if strings.HasPrefix(d.Target.Resource, "endpoint/") {
		return topic.Application, s.push(ctx, d.Target, &n, "")
	}
	to, err := s.find(d.Target)
	if err != nil {
		return "", delivery.Answer{Err: err}
	}
	return to.sub.Protocol, s.deliver(ctx, to, &n, d.Trace)
}

// subscriber is a subscription with its topic's settings, as an attempt sees them.
type subscriber struct {
	sub    topic.Subscription
	config topic.Config
	arn    string
}

// find reads a subscription. One that has ended gets nothing more.
func (s *Sender) find(target arn.ARN) (*subscriber, error) {
	name, idText, ok := target.SubscriptionName()
	id, valid := topic.ParseID(idText)
	if !ok || !valid {
		return nil, fmt.Errorf("%w: %s is no subscription", delivery.ErrRefused, target)
	}
	n := topic.Name{Account: target.Account, Region: target.Region, Topic: name}
	to := &subscriber{arn: target.String()}
	err := s.Shard.View(func(v *store.View) (err error) {
		if to.sub, err = topic.GetSubscription(v, n, id); err != nil {
			return err
		}
		t, err := topic.Get(v, n)
		to.config = t.Settings.Config
		return err
	})
	switch {
	case errors.Is(err, topic.ErrNotSubscribed), errors.Is(err, topic.ErrNotFound):
		return nil, fmt.Errorf("%w: the subscription has ended", delivery.ErrRefused)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", delivery.ErrUnavailable, err)
	}
	return to, nil
}

// deliver sends a document to a subscriber.
func (s *Sender) deliver(ctx context.Context, to *subscriber, n *notification.Notification, trace string) delivery.Answer {
	topicARN := to.sub.Topic.ARN().String()
	switch asks := n.Type != notification.Message; {
	case n.TopicARN != topicARN: // or its signature would say that another topic sent it
		return refused("it is of another topic")
	case asks && !to.sub.Pending:
		return delivery.Answer{Says: "confirmed already"}
	case !asks && to.sub.Pending:
		return refused("the subscription is not confirmed")
	case asks:
		n.SubscribeURL = notification.ConfirmURL(s.BaseURL, topicARN, n.Token)
	default:
		n.UnsubscribeURL = notification.UnsubscribeURL(s.BaseURL, to.arn)
	}
	switch to.sub.Protocol {
	case topic.HTTPPlain, topic.HTTPS:
		return s.post(ctx, to, n, trace)
	case topic.Mail, topic.MailJSON:
		return s.mail(ctx, to, n)
	case topic.Text:
		return s.text(ctx, mobile.Place{Account: to.sub.Topic.Account, Region: to.sub.Topic.Region}, to.sub.Endpoint, n, to.arn)
	case topic.Application:
		device, err := arn.Parse(to.sub.Endpoint)
		if err != nil {
			return refused("the endpoint is no ARN")
		}
		return s.push(ctx, device, n, to.arn)
	}
	return refused("nothing delivers to " + string(to.sub.Protocol) + " here")
}

// sign signs a document for the subscribers of a topic.
func (s *Sender) sign(ctx context.Context, to *subscriber, n *notification.Notification) error {
	n.Timestamp = notification.Signable(n.Timestamp)
	path, err := s.Signer.Sign(ctx, n, versionOf(to.config.SHA256))
	n.SigningCertURL = s.BaseURL + path
	return err
}

func versionOf(sha256 bool) string {
	if sha256 {
		return notification.SignatureSHA256
	}
	return notification.SignatureSHA1
}

func refused(why string) delivery.Answer {
	return delivery.Answer{Err: fmt.Errorf("%w: %s", delivery.ErrRefused, why)}
}

func unavailable(why string) delivery.Answer {
	return delivery.Answer{Err: fmt.Errorf("%w: %s", delivery.ErrUnavailable, why)}
}
