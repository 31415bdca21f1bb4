package subscriber

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// bubble runs a test in a bubble, and lets what it began come to rest at its end.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t)
		test(t, w)
		w.stop()
	})
}

func TestAnEndpointGetsASignedDocumentWithAWSsHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := w.subscribe(topic.HTTPS, "https://user:secret@shop.example.com/hook?a=1", topic.Subscribed{})
		key := w.publish(s, notification.Notification{Subject: "hello", Message: "one\ntwo", Attributes: []notification.Attribute{{Name: "a", Type: "Number", Value: []byte("7")}}})
		synctest.Wait()
		calls := w.web.take()
		if len(calls) != 1 {
			t.Fatalf("%d calls", len(calls))
		}
		c := calls[0]
		for name, want := range map[string]string{
			"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": key.String(), "x-amz-sns-topic-arn": news.ARN().String(),
			"x-amz-sns-subscription-arn": s.ARN().String(), "Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
		} {
			if got := c.said(name); got != want {
				t.Errorf("%s: %q, want %s", name, got, want)
			}
		}
		if c.said("x-amz-sns-rawdelivery") != "" {
			t.Error("it says that it is raw")
		}
		n := w.read(c.body)
		if n.Message != "one\ntwo" || n.Subject != "hello" || n.SignatureVersion != "1" || len(n.Attributes) != 1 ||
			n.UnsubscribeURL != base+"/?Action=Unsubscribe&SubscriptionArn="+s.ARN().String() {
			t.Errorf("%s", c.body)
		}
		if ms := n.Timestamp.Nanosecond() / 1e6; ms != 1 { // bubbles begin at midnight
			t.Errorf("it is of %s, which a Java SDK cannot verify", n.Time())
		}
		if !strings.HasPrefix(n.SigningCertURL, base+"/SimpleNotificationService-") || !strings.HasSuffix(n.SigningCertURL, ".pem") {
			t.Errorf("%s", n.SigningCertURL)
		}
	})
}

func TestATopicAndASubscriptionSayHowItIsSent(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.update(func(tx *store.Tx) error {
			return w.core.Change(tx, news, func(s *topic.Settings) error {
				s.Config.SHA256 = true
				s.Config.HTTP = &topic.HTTP{ContentType: "application/xml"}
				return nil
			})
		})
		signed := w.subscribe(topic.HTTPS, "https://a.example.com/", topic.Subscribed{})
		raw := w.subscribe(topic.HTTPS, "https://b.example.com/", topic.Subscribed{Raw: true, HTTP: &topic.HTTP{ContentType: "application/json"}})
		w.publish(signed, notification.Notification{Message: "m"})
		synctest.Wait()
		w.publish(raw, notification.Notification{Message: `{"Type":"Notification"}`})
		synctest.Wait()
		calls := w.web.take()
		if n := w.read(calls[0].body); n.SignatureVersion != "2" || calls[0].header.Get("Content-Type") != "application/xml" {
			t.Errorf("%+v", calls[0])
		}
		c := calls[1]
		if c.body != `{"Type":"Notification"}` || c.said("x-amz-sns-rawdelivery") != "true" || c.header.Get("Content-Type") != "application/json" {
			t.Errorf("%+v", c)
		}
	})
}

// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
func TestWhatIsTriedAgainIsWhatAWSTriesAgain(t *testing.T) {
	for status, attempts := range map[int]int{200: 1, 204: 1, 302: 1, 400: 1, 401: 1, 404: 1, 410: 1, 408: 1, 429: 4, 500: 4, 503: 4, 0: 4} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.web.answers(func(*call) int { return status })
				s := w.subscribe(topic.HTTPS, "https://a.example.com/", topic.Subscribed{DeadLetter: w.queue("dead")})
				w.publish(s, notification.Notification{Message: "m"})
				time.Sleep(3 * time.Minute)
				if got := len(w.web.take()); got != attempts {
					t.Errorf("%d attempts, want %d", got, attempts)
				}
				dead := w.received("dead")
				if delivered := status >= 200 && status < 300; delivered != (len(dead) == 0) {
					t.Errorf("dead letters: %q", dead)
				}
				for _, body := range dead {
					if n, err := notification.Parse([]byte(body)); err != nil || n.Message != "m" {
						t.Errorf("%q, %v", body, err)
					}
				}
			})
		})
	}
}

func TestRetriesComeWhenTheDeliveryPolicySays(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.web.answers(func(*call) int { return 500 })
		s := w.subscribe(topic.HTTPS, "https://a.example.com/", topic.Subscribed{HTTP: &topic.HTTP{Retry: &topic.Retry{
			MinDelay: 1, MaxDelay: 60, Retries: 9, Immediate: 2, BeforeBackoff: 2, AfterBackoff: 2, Backoff: topic.Linear,
		}}})
		w.publish(s, notification.Notification{Message: "m"})
		time.Sleep(time.Hour)
		calls := w.web.take()
		want := []float64{0, 0, 1, 1, 1, 30.5, 60, 60, 60}
		if len(calls) != 1+len(want) {
			t.Fatalf("%d attempts", len(calls))
		}
		for i, c := range calls[1:] {
			if after := c.at.Sub(calls[i].at).Seconds(); after < want[i] || after > 1.1*want[i]+.1 {
				t.Errorf("retry %d after %.3fs, want %.1fs", i+1, after, want[i])
			}
			if c.said("x-amz-sns-message-id") != calls[0].said("x-amz-sns-message-id") {
				t.Error("a retry has another id")
			}
		}
	})
}

func TestAnEndpointGetsNoMoreASecondThanItWants(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := w.subscribe(topic.HTTPS, "https://a.example.com/", topic.Subscribed{Raw: true, HTTP: &topic.HTTP{PerSecond: 5}})
		for range 50 {
			w.publish(s, notification.Notification{Message: "m"})
		}
		time.Sleep(time.Minute)
		calls := w.web.take()
		if len(calls) != 50 {
			t.Fatalf("%d calls", len(calls))
		}
		for i := 5; i < len(calls); i++ {
			if d := calls[i].at.Sub(calls[i-5].at); d < 999*time.Millisecond {
				t.Errorf("6 calls in %s", d)
			}
		}
	})
}

func TestADeadEndpointDoesNotSlowTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.web.answers(func(c *call) int {
			if strings.Contains(c.url, "dead") {
				return 0
			}
			return 200
		})
		dead := w.subscribe(topic.HTTPS, "https://dead.example.com/", topic.Subscribed{Raw: true})
		alive := w.subscribe(topic.HTTPS, "https://alive.example.com/", topic.Subscribed{Raw: true})
		began := time.Now()
		for range 100 {
			w.publish(dead, notification.Notification{Message: "m"})
			w.publish(alive, notification.Notification{Message: "m"})
		}
		time.Sleep(time.Second)
		n := 0
		for _, c := range w.web.take() {
			if strings.Contains(c.url, "alive") {
				n++
				if c.at.Sub(began) > 100*time.Millisecond {
					t.Errorf("one came after %s", c.at.Sub(began))
				}
			}
		}
		if n != 100 {
			t.Errorf("%d of 100 came", n)
		}
	})
}

func TestWhatIsSentDependsOnWhatTheSubscriptionIsNow(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		ended := w.subscribe(topic.HTTPS, "https://ended.example.com/", topic.Subscribed{})
		w.update(func(tx *store.Tx) error {
			return w.core.Unsubscribe(tx, news, ended.ID)
		})
		w.publish(ended, notification.Notification{Message: "m"})
		other := w.subscribe(topic.HTTPS, "https://other.example.com/", topic.Subscribed{})
		w.publish(other, notification.Notification{Message: "m", TopicARN: "arn:aws:sns:eu-west-1:111122223333:secrets"})
		d := w.message(other.ARN(), notification.Notification{})
		d.Body = []byte("{")
		w.send(d)
		synctest.Wait()
		if calls := w.web.take(); len(calls) != 0 {
			t.Errorf("%+v", calls)
		}
		if c := w.outbox.Counts(); c.Dropped != 3 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnEndpointIsAskedUntilItAnswersAndToldFarewell(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		var down atomic.Bool
		down.Store(true)
		w.web.answers(func(*call) int {
			if down.Load() {
				return 503
			}
			return 200
		})
		var s topic.Subscription
		w.update(func(tx *store.Tx) (err error) {
			s, err = w.core.Subscribe(tx, news, topic.Request{ID: topic.ID{1}, Protocol: topic.HTTPS, Endpoint: "https://a.example.com/", Owner: account, Settings: topic.Subscribed{Raw: true}})
			return err
		})
		time.Sleep(25 * time.Second)
		down.Store(false)
		time.Sleep(25 * time.Second)
		calls := w.web.take()
		if len(calls) != 3 {
			t.Fatalf("asked %d times", len(calls))
		}
		n := w.read(calls[2].body)
		if n.Type != notification.Confirm || n.SubscribeURL != base+"/?Action=ConfirmSubscription&TopicArn="+news.ARN().String()+"&Token="+n.Token ||
			calls[2].said("x-amz-sns-message-type") != "SubscriptionConfirmation" || calls[2].said("x-amz-sns-subscription-arn") != "" {
			t.Errorf("%s", calls[2].body)
		}
		w.publish(s, notification.Notification{Message: "too early"})
		synctest.Wait()
		w.update(func(tx *store.Tx) error { _, err := w.core.Confirm(tx, news, n.Token, false, false); return err })
		w.publish(s, notification.Notification{Message: "now"})
		w.update(func(tx *store.Tx) error { return w.core.Remind(tx, s) }) // who asks late asks nobody
		synctest.Wait()
		if calls := w.web.take(); len(calls) != 1 || calls[0].body != "now" {
			t.Fatalf("%+v", calls)
		}
		w.update(func(tx *store.Tx) error {
			return w.core.Leave(tx, news, s.ID)
		})
		synctest.Wait()
		calls = w.web.take()
		bye := w.read(calls[0].body)
		if bye.Type != notification.UnsubscribeAck || bye.Token != n.Token || bye.SubscribeURL == "" || calls[0].said("x-amz-sns-subscription-arn") != s.ARN().String() {
			t.Errorf("%+v", calls)
		}
	})
}

func TestAQueueOfAnotherAccountIsAskedInTheQueue(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		endpoint := w.queue("theirs")
		w.update(func(tx *store.Tx) error {
			_, err := w.core.Subscribe(tx, news, topic.Request{ID: topic.ID{1}, Protocol: topic.Queue, Endpoint: endpoint, Owner: account})
			return err
		})
		got := w.received("theirs")
		if len(got) != 1 {
			t.Fatalf("%q", got)
		}
		n, err := notification.Parse([]byte(got[0]))
		if err != nil || n.Type != notification.Confirm || !strings.HasSuffix(n.SubscribeURL, "&Token="+n.Token) {
			t.Errorf("%s, %v", got[0], err)
		}
	})
}

func TestTheKeyStaysAndIsReplacedBeforeItsCertificateEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		sign := func(s *Signer) string {
			path, err := s.Sign(t.Context(), &notification.Notification{Type: notification.Message}, "1")
			w.must(err)
			return path
		}
		first := sign(w.sender.Signer)
		again := NewSigner(w.store.Shard, w.sender.Signer.box)
		if path := sign(again); path != first {
			t.Errorf("%s, and then %s", first, path)
		}
		again.now = func() time.Time { return time.Now().Add(validFor - renewBefore + 2*time.Hour) }
		if path := sign(again); path == first {
			t.Error("an old certificate is still used")
		}
		w.update(func(tx *store.Tx) error { return tx.Set(identityKey, []byte{1, 2, 3}) })
		if _, err := NewSigner(w.store.Shard, again.box).Sign(t.Context(), &notification.Notification{}, "1"); err == nil {
			t.Error("a damaged key signs")
		}
	})
}

func TestNoSecretIsInWhatIsSaidOfAnAttempt(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, endpoint := range []string{"https://user:hidden@nowhere.invalid:1/hidden?hidden", "https://user:hidden@[::1/hidden"} {
			w.sender.client = &http.Client{Transport: noHosts{}}
			a := w.sender.reach(t.Context(), &subscriber{sub: topic.Subscription{Endpoint: endpoint}}, http.Header{}, nil)
			if a.Err == nil || strings.Contains(a.Err.Error()+a.Says, "hidden") {
				t.Errorf("%+v", a)
			}
		}
		for _, g := range []Gateway{"http://u:hidden@h/", "http://u:hidden@[::1/"} {
			if text := fmt.Sprintf("%v %+v %#v %s", g, g, g, g); strings.Contains(text, "hidden") {
				t.Error(text)
			}
		}
	})
}

// noHosts is a web without hosts.
type noHosts struct{}

func (noHosts) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, http.ErrServerClosed
}
