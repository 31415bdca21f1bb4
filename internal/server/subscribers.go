package server

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/subscriber"
	"github.com/carillon-events/carillon/internal/topic"
)

// Outside is by whom messages get to people and devices.
type Outside struct {
	SMTP             string // URL of the server that takes mail; empty: none
	SMTPPasswordFile string // file with its password; empty: it is in the URL, or there is none
	SMTPFrom         string // who mail is from
	SMS, Push        string // URLs of gateways; empty: none

	// Sign is which documents of topics are signed: SignHTTP, as where it is empty, or
	// SignAll.
	Sign string
}

// What Outside.Sign may be.
const (
	SignHTTP = "http" // those that go to endpoints over HTTP, and by mail as JSON
	SignAll  = "all"  // those that go into queues, too
)

// maxPassword bounds a file with a password.
const maxPassword = 4 << 10

// mail is the SMTP server; nil if there is none. roots is who is believed to be it;
// nil: whom the system does.
func (o *Outside) mail(roots *x509.CertPool) (*subscriber.Mail, error) {
	if o.SMTP == "" {
		if o.SMTPPasswordFile != "" || o.SMTPFrom != "" {
			return nil, errors.New("smtp-url is not set, but smtp-from or smtp-password-file is")
		}
		return nil, nil
	}
	password := ""
	if o.SMTPPasswordFile != "" {
		b, err := os.ReadFile(o.SMTPPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("smtp-password-file: %w", err)
		}
		if password = strings.TrimRight(string(b), "\r\n"); password == "" || len(password) > maxPassword {
			return nil, fmt.Errorf("smtp-password-file %s: it holds no password", o.SMTPPasswordFile)
		}
	}
	m, err := subscriber.NewMail(o.SMTP, password, o.SMTPFrom, roots)
	if err != nil {
		return nil, fmt.Errorf("smtp-url: %w", err)
	}
	return m, nil
}

func (o *Outside) check() error {
	if _, err := o.mail(nil); err != nil {
		return err
	}
	if o.Sign != "" && o.Sign != SignHTTP && o.Sign != SignAll {
		return fmt.Errorf("sns-sign %q: want %s or %s", o.Sign, SignHTTP, SignAll)
	}
	for name, url := range map[string]string{"sms-gateway": o.SMS, "push-gateway": o.Push} {
		if err := subscriber.Gateway(url).Check(); url != "" && err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// baseURL is how subscribers reach us. The host of a request will not do: who
// subscribes would choose what strangers are told to visit.
func (r *Running) baseURL() string {
	if r.config.ExternalURL != "" {
		return strings.TrimRight(r.config.ExternalURL, "/")
	}
	return r.URL
}

// subscribers is the target of subscriptions outside, and the topics that ask
// them.
func (r *Running) subscribers(ctx context.Context, shard *store.Shard, outbox *delivery.Outbox, registry *prometheus.Registry) (*topic.Core, error) {
	tokens, err := secret(ctx, shard, "topics")
	if err != nil {
		return nil, err
	}
	box, err := r.box(ctx, "signer")
	if err != nil {
		return nil, err
	}
	allowed, err := r.config.httpTargets()
	if err != nil {
		return nil, err
	}
	roots, err := r.config.outboundRoots()
	if err != nil {
		return nil, err
	}
	mail, err := r.config.Outside.mail(roots)
	if err != nil {
		return nil, err
	}
	signer := subscriber.NewSigner(shard, box)
	sender := subscriber.New(subscriber.Options{
		Shard: shard, Signer: signer, BaseURL: r.baseURL(), Allowed: allowed, Roots: roots, Mail: mail,
		SMS: subscriber.Gateway(r.config.Outside.SMS), Push: subscriber.Gateway(r.config.Outside.Push),
		Observe: observeSubscribers(registry), Logger: r.log,
	})
	outbox.Reach(subscriber.Subscriptions, sender)
	// Who publishes to a phone or an app itself hears that there is no gateway.
	if r.config.Outside.SMS != "" {
		outbox.Reach(subscriber.Phones, sender)
	}
	if r.config.Outside.Push != "" {
		outbox.Reach(subscriber.Devices, sender)
	}
	asker := &subscriber.Asker{Outbox: outbox, BaseURL: r.baseURL()}
	core := topic.New(r.config.Topics, tokens, asker)
	if r.config.Outside.Sign == SignAll {
		if asker.Sign, err = signer.ForQueues(ctx, r.baseURL()); err != nil {
			return nil, err
		}
		core.SignForQueues(asker.Sign)
	}
	people := &subscriber.Pages{Shard: shard, Core: core}
	r.public = map[string]http.Handler{subscriber.CertificatePath: signer, subscriber.ConfirmPath: people, subscriber.UnsubscribePath: people}
	r.start("subscribers", func(ctx context.Context) error { // the outbox is started later, and so stopped before
		<-ctx.Done()
		sender.Close()
		return nil
	})
	return core, nil
}

// openPages are the paths that anybody may ask for.
func (r *Running) openPages() map[string]http.Handler {
	open := map[string]http.Handler{ingest.HookPath: r.ingest}
	maps.Copy(open, r.public)
	return open
}

// links are what documents tell their receivers to visit.
// https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
var links = map[string]edge.Link{
	"ConfirmSubscription": {Service: "sns", Resource: "TopicArn", Post: true},
	"Unsubscribe":         {Service: "sns", Resource: "SubscriptionArn"},
}

// observeSubscribers counts attempts.
func observeSubscribers(registry *prometheus.Registry) func(p topic.Protocol, result string, took time.Duration) {
	attempts := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carillon_subscriber_attempt_seconds", Buckets: []float64{.005, .02, .1, .5, 2, 5, 15, 30},
		Help: "Attempts to deliver to subscribers outside, by protocol and what came of them: delivered, failed (may be tried again), refused.",
	}, []string{"protocol", "result"})
	registry.MustRegister(attempts)
	attempts.WithLabelValues(string(topic.HTTPS), subscriber.ResultDelivered) // so that the series is there to be alerted on
	return func(p topic.Protocol, result string, took time.Duration) {
		if p == "" {
			p = "unknown"
		}
		attempts.WithLabelValues(string(p), result).Observe(took.Seconds())
	}
}
