package server_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// hook is an endpoint over HTTP that verifies what it gets, as AWS tells its
// users to.
type hook struct {
	*httptest.Server
	t   *testing.T
	got chan notification.Notification
}

func newHook(t *testing.T) *hook {
	h := &hook{t: t, got: make(chan notification.Notification, 10)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		n, err := notification.Parse(body)
		if err != nil || r.Header.Get("X-Amz-Sns-Message-Type") != n.Type || r.Header.Get("X-Amz-Sns-Message-Id") != n.MessageID {
			t.Errorf("%v, %v, %s", err, r.Header, body)
		}
		h.got <- n
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) next(kind string) notification.Notification {
	h.t.Helper()
	select {
	case n := <-h.got:
		if n.Type != kind {
			h.t.Fatalf("%+v, want a %s", n, kind)
		}
		if err := n.Verify(h.key(n.SigningCertURL)); err != nil {
			h.t.Errorf("%v: %+v", err, n)
		}
		return n
	case <-time.After(20 * time.Second):
		h.t.Fatalf("no %s arrived", kind)
		return notification.Notification{}
	}
}

func (h *hook) key(certificate string) *rsa.PublicKey {
	h.t.Helper()
	status, text := visit(h.t, certificate)
	block, _ := pem.Decode([]byte(text))
	if status != 200 || block == nil {
		h.t.Fatalf("%s: %d %s", certificate, status, text)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		h.t.Fatal(err)
	}
	return cert.PublicKey.(*rsa.PublicKey)
}

// visit is what somebody sees who follows a link on another site.
func visit(t *testing.T, link string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func strictly(t *testing.T) server.Config {
	c := quick()
	c.Auth, c.Credentials, c.HTTPTargets = server.AuthStrict, credentialsFile(t), []string{"loopback"}
	return c
}

func TestAnEndpointConfirmsLeavesAndComesBackByLinksAlone(t *testing.T) {
	h := newHook(t)
	r := start(t, strictly(t))
	topics := sns.NewFromConfig(configured(t, r, "AKIAORDERS", "hush"))
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(h.URL + "/hook"), ReturnSubscriptionArn: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(text string) {
		t.Helper()
		if _, err := topics.Publish(t.Context(), &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String(text), Subject: aws.String("s")}); err != nil {
			t.Fatal(err)
		}
	}
	ask := h.next(notification.Confirm)
	publish("nobody hears this")
	if status, text := visit(t, ask.SubscribeURL); status != 200 || !strings.Contains(text, "<SubscriptionArn>"+*sub.SubscriptionArn+"</SubscriptionArn>") {
		t.Fatalf("%d %s", status, text)
	}
	publish("first")
	first := h.next(notification.Message)
	if first.Message != "first" || first.TopicARN != *made.TopicArn || first.Subject != "s" {
		t.Errorf("%+v", first)
	}
	if status, text := visit(t, first.UnsubscribeURL); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	bye := h.next(notification.UnsubscribeAck)
	publish("nobody hears this, too")
	if status, text := visit(t, bye.SubscribeURL); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	publish("second")
	if n := h.next(notification.Message); n.Message != "second" {
		t.Errorf("%+v", n)
	}
	for link, want := range map[string]string{
		strings.Replace(ask.SubscribeURL, "Token=", "Token=0", 1):                             "InvalidParameter",
		r.URL + "/?Action=ListTopics&Version=2010-03-31":                                      "AccessDenied",
		r.URL + "/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:eu-west-1:123456789012:t:x": "InvalidParameter",
		r.URL + "/?Action=ConfirmSubscription&TopicArn=nonsense&Token=x":                      "InvalidParameter",
		r.URL + "/?Action=ConfirmSubscription&Version=2012-11-05&TopicArn=x&Token=x":          "",
	} {
		if status, text := visit(t, link); status < 400 || status >= 500 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", link, status, text)
		}
	}
	if status, _ := visit(t, r.URL+"/SimpleNotificationService-0.pem"); status != 404 {
		t.Error(status)
	}
}

func TestAClientWithoutCredentialsConfirmsASubscriptionAndDoesNothingElse(t *testing.T) {
	h := newHook(t)
	r := start(t, strictly(t))
	topics := sns.NewFromConfig(configured(t, r, "AKIAORDERS", "hush"))
	nobody := configured(t, r, "", "")
	nobody.Credentials = aws.AnonymousCredentials{}
	stranger := sns.NewFromConfig(nobody)
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(h.URL), ReturnSubscriptionArn: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	token := h.next(notification.Confirm).Token
	_, err = stranger.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: made.TopicArn, Token: aws.String(token + "0")})
	if codeOf(err) != "InvalidParameter" {
		t.Error(err)
	}
	confirmed, err := stranger.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: made.TopicArn, Token: &token})
	if err != nil || *confirmed.SubscriptionArn != *sub.SubscriptionArn {
		t.Fatal(confirmed, err)
	}
	if _, err := stranger.Publish(t.Context(), &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String("x")}); codeOf(err) == "<nil>" {
		t.Error("a stranger publishes")
	}
	if _, err := stranger.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: sub.SubscriptionArn}); codeOf(err) == "<nil>" {
		t.Error("a stranger unsubscribes by a POST")
	}
	attributes, err := topics.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub.SubscriptionArn})
	if err != nil || attributes.Attributes["ConfirmationWasAuthenticated"] != "false" {
		t.Error(attributes, err)
	}
}

func TestAGuardedSubscriptionEndsForThoseWhoSignOnly(t *testing.T) {
	h := newHook(t)
	r := start(t, strictly(t))
	topics := sns.NewFromConfig(configured(t, r, "AKIAORDERS", "hush"))
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(h.URL)}); err != nil {
		t.Fatal(err)
	}
	ask := h.next(notification.Confirm)
	if status, text := visit(t, ask.SubscribeURL+"&AuthenticateOnUnsubscribe=true"); status != 403 || !strings.Contains(text, "AuthorizationError") {
		t.Errorf("%d %s", status, text)
	}
	confirmed, err := topics.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: made.TopicArn, Token: aws.String(ask.Token), AuthenticateOnUnsubscribe: aws.String("true")})
	if err != nil {
		t.Fatal(err)
	}
	link := r.URL + "/?Action=Unsubscribe&SubscriptionArn=" + url.QueryEscape(*confirmed.SubscriptionArn)
	if status, text := visit(t, link); status != 403 || !strings.Contains(text, "AuthorizationError") {
		t.Errorf("%d %s", status, text)
	}
	if _, err := topics.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: confirmed.SubscriptionArn}); err != nil {
		t.Error(err)
	}
	if list, err := topics.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: made.TopicArn}); err != nil || len(list.Subscriptions) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWithSignAllWhatQueuesGetIsSigned(t *testing.T) {
	c := quick()
	c.Outside.Sign = server.SignAll
	r := start(t, c)
	h := &hook{t: t} // to fetch the certificate
	topics, queues := sns.NewFromConfig(configured(t, r, "000000000000", "x")), sqs.NewFromConfig(configured(t, r, "000000000000", "x"))
	for _, name := range []string{"plain", "sha256", "ordered.fifo"} {
		attributes, of := map[string]string{}, map[string]string{}
		fifo := strings.HasSuffix(name, ".fifo")
		if fifo {
			attributes, of = map[string]string{"FifoTopic": "true"}, map[string]string{"FifoQueue": "true"}
		}
		if name == "sha256" {
			attributes["SignatureVersion"] = "2"
		}
		made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		for _, queue := range []string{"one-" + name, "two-" + name} {
			if _, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &queue, Attributes: of}); err != nil {
				t.Fatal(err)
			}
			if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:000000000000:" + queue)}); err != nil {
				t.Fatal(err)
			}
		}
		in := &sns.PublishInput{TopicArn: made.TopicArn, Message: aws.String("m"), Subject: aws.String("s")}
		if fifo {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("g"), aws.String("d")
		}
		if _, err := topics.Publish(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		for _, queue := range []string{"one-" + name, "two-" + name} {
			got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.URL + "/000000000000/" + queue), WaitTimeSeconds: 10})
			if err != nil || len(got.Messages) != 1 {
				t.Fatal(queue, got, err)
			}
			n, err := notification.Parse([]byte(*got.Messages[0].Body))
			if err != nil {
				t.Fatal(err)
			}
			if err := n.Verify(h.key(n.SigningCertURL)); err != nil || n.UnsubscribeURL == "" || (n.SignatureVersion == "2") != (name == "sha256") || n.Timestamp.Nanosecond() == 0 {
				t.Errorf("%s: %v: %+v", queue, err, n)
			}
		}
	}
}

func TestAnEndpointThatMayNotBeCalledIsRefusedWhenItSubscribes(t *testing.T) {
	c := strictly(t)
	c.HTTPTargets = nil // strict: nothing but the internet
	topics := sns.NewFromConfig(configured(t, start(t, c), "AKIAORDERS", "hush"))
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	for endpoint, why := range map[string]string{
		"https://127.0.0.1:1/": "--http-targets-allow", "https://169.254.169.254/latest/meta-data": "never called", "http://example.com/": "https://", "https://[::1]/": "--http-targets-allow",
	} {
		protocol, _, _ := strings.Cut(endpoint, ":")
		_, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String(protocol), Endpoint: aws.String(endpoint)})
		if codeOf(err) != "InvalidParameter" || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestTheKeyThatSignsSurvivesARestartAndIsNotToBeReadOnDisk(t *testing.T) {
	h := newHook(t)
	var log bytes.Buffer
	c := strictly(t)
	c.Durability, c.Data = store.Fsync, filepath.Join(t.TempDir(), "data")
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.Outside = server.Outside{SMTP: "smtp://u:hidden-mail@127.0.0.1:1", SMTPFrom: "c@example.com", SMS: "http://u:hidden-sms@127.0.0.1:1"}
	var certs []string
	for range 2 {
		r, err := server.Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		topics := sns.NewFromConfig(configured(t, r, "AKIAORDERS", "hush"))
		made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: made.TopicArn, Protocol: aws.String("http"), Endpoint: aws.String(h.URL)}); err != nil {
			t.Fatal(err)
		}
		_, cert, _ := strings.Cut(h.next(notification.Confirm).SigningCertURL, "/SimpleNotificationService-")
		certs = append(certs, cert)
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	if certs[0] == "" || certs[0] != certs[1] {
		t.Errorf("%q", certs)
	}
	noSecretIn(t, c.Data, log.String(), "PRIVATE KEY", "hidden-mail", "hidden-sms")
}

func TestSettingsForMailThatMakeNoSenseAreRefusedWithoutTheirSecrets(t *testing.T) {
	for why, o := range map[string]server.Outside{
		"smtp-url:":           {SMTP: "http://u:hidden@h", SMTPFrom: "c@example.com"},
		"sender":              {SMTP: "smtp://u:hidden@h"},
		"smtp-url is not set": {SMTPFrom: "c@example.com"},
		"smtp-password-file":  {SMTP: "smtp://u@h", SMTPFrom: "c@example.com", SMTPPasswordFile: "/nowhere"},
		"sms-gateway":         {SMS: "u:hidden@h"},
		"push-gateway":        {Push: "ftp://u:hidden@h"},
		"sns-sign":            {Sign: "some"},
	} {
		c := quick()
		c.Outside = o
		if _, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", why, err)
		}
	}
}
