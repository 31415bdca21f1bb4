package subscriber

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/topic"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
	base    = "https://carillon.example.com"
)

var news = topic.Name{Account: account, Region: region, Topic: "news"}

// world is topics with everything that delivers for them, and the web that they
// deliver to. It works in bubbles.
type world struct {
	t      *testing.T
	store  *storetest.Store
	core   *topic.Core
	outbox *delivery.Outbox
	sender *Sender
	web    *web
	stop   func()
}

// web is what answers in place of all other hosts.
type web struct {
	mu     sync.Mutex
	calls  []call
	answer func(c *call) int // status; nil: 200. 0: no answer, until it is not waited for
	asks   []string          // WWW-Authenticate of each answer
}

type call struct {
	url    string
	header http.Header
	body   string
	at     time.Time
	user   string
}

// said is a header, spelled as it was sent.
func (c *call) said(name string) string {
	if v := map[string][]string(c.header)[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	c := call{url: r.URL.String(), header: r.Header.Clone(), body: string(body), at: time.Now()}
	if user, password, ok := r.BasicAuth(); ok {
		c.user = user + " " + password
	}
	w.mu.Lock()
	answer := w.answer
	w.mu.Unlock()
	status := 200
	if answer != nil {
		status = answer(&c)
	}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Www-Authenticate": w.asks}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (w *web) answers(fn func(c *call) int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = fn
}

// take is what was called since the last time.
func (w *web) take() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

func start(t *testing.T) *world {
	w := &world{t: t, store: storetest.Open(t), web: &web{}}
	box, err := seal.New(seal.Master{1}, "signer")
	w.must(err)
	w.outbox = delivery.New(map[string]delivery.Target{targetqueue.Service: targetqueue.Target{}}, delivery.DefaultPolicy)
	w.sender = New(Options{
		Shard: w.store.Shard, Signer: NewSigner(w.store.Shard, box), BaseURL: base, Logger: slog.New(slog.DiscardHandler),
		SMS: "http://sms.example.com/send", Push: "http://push.example.com/send",
	})
	w.sender.client, w.sender.gateways = &http.Client{Transport: w.web}, &http.Client{Transport: w.web}
	for _, kind := range []string{Subscriptions, Devices, Phones} {
		w.outbox.Reach(kind, w.sender)
	}
	w.core = topic.New(topic.DefaultLimits, [32]byte{1}, &Asker{Outbox: w.outbox, BaseURL: base})
	w.update(func(tx *store.Tx) error { return w.core.Create(tx, news, topic.Settings{}, nil) })
	w.run()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	shard := w.store.Shard
	wait.Go(func() {
		if err := w.outbox.Run(ctx, shard, slog.New(slog.DiscardHandler)); err != nil {
			w.t.Error(err)
		}
	})
	timers := &timer.Loop{Shard: shard, Logger: slog.New(slog.DiscardHandler), Handlers: map[timer.Kind]timer.Handler{
		timer.TopicSweep: w.core.Sweep, timer.QueueSweep: queue.Sweep,
	}}
	wait.Go(func() {
		if err := timers.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.stop = sync.OnceFunc(func() {
		cancel()
		wait.Wait()
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(fn func(tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.store.Update(context.Background(), fn))
}

// subscribe makes a subscription that is confirmed.
func (w *world) subscribe(p topic.Protocol, endpoint string, s topic.Subscribed) topic.Subscription {
	w.t.Helper()
	var made topic.Subscription
	w.update(func(tx *store.Tx) (err error) {
		made, err = w.core.Subscribe(tx, news, topic.Request{
			ID: topic.ID(uuid.New()), Protocol: p, Endpoint: endpoint, Owner: account, Settings: s, Confirmed: true,
		})
		return err
	})
	return made
}

// publish sends a message to a subscription, as the core does.
func (w *world) publish(s topic.Subscription, n notification.Notification) delivery.Key {
	w.t.Helper()
	d := w.message(s.ARN(), n)
	d.Policy = s.Attempts(topic.Config{})
	if s.Settings.DeadLetter != "" {
		d.DeadLetter, _ = arn.Parse(s.Settings.DeadLetter)
	}
	w.send(d)
	return d.Key
}

func (w *world) message(target arn.ARN, n notification.Notification) *delivery.Delivery {
	key := delivery.Key(uuid.New())
	n.Type, n.Timestamp = notification.Message, time.Now()
	if n.MessageID == "" {
		n.MessageID = key.String()
	}
	if strings.Count(target.Resource, ":") > 0 && n.TopicARN == "" {
		n.TopicARN = news.ARN().String()
	}
	return &delivery.Delivery{Key: key, Source: news.ARN().String(), Target: target, Body: n.Append(nil), AcceptedAt: time.Now()}
}

func (w *world) send(d *delivery.Delivery) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		d.AcceptedAt = tx.Now()
		_, err := w.outbox.Send(tx, d)
		return err
	})
}

// certificate is the public key at the URL of a document.
func (w *world) certificate(url string) *rsa.PublicKey {
	w.t.Helper()
	path, ok := strings.CutPrefix(url, base)
	if !ok {
		w.t.Fatalf("SigningCertURL %s", url)
	}
	r := httptest.NewRecorder()
	w.sender.Signer.ServeHTTP(r, httptest.NewRequest("GET", path, nil))
	block, _ := pem.Decode(r.Body.Bytes())
	if block == nil {
		w.t.Fatalf("%d %s", r.Code, r.Body)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	w.must(err)
	w.must(cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature))
	return cert.PublicKey.(*rsa.PublicKey)
}

// read is a document that must be signed.
func (w *world) read(body string) notification.Notification {
	w.t.Helper()
	n, err := notification.Parse([]byte(body))
	w.must(err)
	if err := n.Verify(w.certificate(n.SigningCertURL)); err != nil {
		w.t.Errorf("%v:\n%s", err, body)
	}
	return n
}

// queue makes a queue and tells its ARN.
func (w *world) queue(name string) string {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		return queue.Create(tx, queue.Name{Account: account, Region: region, Name: name}, queue.Settings{})
	})
	return arn.Queue(region, account, name).String()
}

// received is what is in a queue.
func (w *world) received(name string) (bodies []string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		q, err := queue.Find(tx, queue.Name{Account: account, Region: region, Name: name})
		if err != nil {
			return err
		}
		got, err := queue.Receive(tx, q, queue.ReceiveInput{Max: 10})
		for _, m := range got {
			bodies = append(bodies, string(m.Body))
		}
		return err
	})
	return bodies
}

// subscribePending makes a subscription that nobody has confirmed, and is what
// its endpoint is asked.
func (w *world) subscribePending(s topic.Subscription) *delivery.Delivery {
	w.t.Helper()
	kept := &keeper{}
	core := topic.New(topic.DefaultLimits, [32]byte{1}, kept)
	w.update(func(tx *store.Tx) error {
		_, err := core.Subscribe(tx, s.Topic, topic.Request{ID: s.ID, Protocol: s.Protocol, Endpoint: s.Endpoint, Owner: account})
		return err
	})
	n := notification.Asking(uuid.NewString(), s.Topic.ARN().String(), kept.token, time.Now())
	return &delivery.Delivery{Target: s.ARN(), Body: n.Append(nil)}
}

type keeper struct{ token string }

func (k *keeper) Ask(_ *store.Tx, _ topic.Subscription, token string) error {
	k.token = token
	return nil
}

func (k *keeper) Farewell(*store.Tx, topic.Subscription, string) error { return nil }

// get is a subscription as it is; empty if there is none.
func (w *world) get(id topic.ID) (s topic.Subscription) {
	_ = w.store.View(func(v *store.View) (err error) {
		s, err = topic.GetSubscription(v, news, id)
		return err
	})
	return s
}
