package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/certificate/certificatetest"
	"github.com/carillon-events/carillon/internal/server"
)

// believing is an SDK's configuration that believes the certificates of a file.
func believing(t *testing.T, r *server.Running, ca, key, secret string, pairs ...tls.Certificate) aws.Config {
	t.Helper()
	c := configured(t, r, key, secret)
	roots, err := certificate.Roots(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for _, root := range roots {
		pool.AddCert(root)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: pairs}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	c.HTTPClient = &http.Client{Transport: transport}
	return c
}

func TestTheSDKsReachEveryServiceOverTLS(t *testing.T) {
	c := quick()
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	var out bytes.Buffer
	c.Banner = &out
	r := start(t, c)
	ca := filepath.Join(c.Data, "tls", "self.pem")
	config := believing(t, r, ca, "111122223333", "x")
	client := sqs.NewFromConfig(config)
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil || *q.QueueUrl != r.URL+"/111122223333/orders" || !strings.HasPrefix(r.URL, "https://") {
		t.Fatalf("%s: %+v, %v", r.URL, q, err)
	}
	if _, err := sns.NewFromConfig(config).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
		t.Error(err)
	}
	received := make(chan string, 1)
	go func() {
		got, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
		if err != nil || len(got.Messages) == 0 {
			received <- "nothing"
			return
		}
		received <- *got.Messages[0].Body
	}()
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("hello")}); err != nil {
		t.Error(err)
	}
	if got := <-received; got != "hello" {
		t.Error(got)
	}
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String(strings.Repeat("x", 900_000))}); err != nil {
		t.Error("a message that is too large for the loop:", err)
	}
	for _, part := range []string{"ready at https://", "self-signed for development, SHA-256 ", "export AWS_CA_BUNDLE=" + ca} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, &out)
		}
	}
}

func TestWhoDoesNotBelieveTheCertificateSendsNothing(t *testing.T) {
	c := quick()
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	r := start(t, c)
	_, err := sqs.NewFromConfig(configured(t, r, "test", "x")).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

func TestAnSDKThatSpeaksPlainHTTPToATLSPortIsToldWhatToDo(t *testing.T) {
	c := quick()
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	r := start(t, c)
	config := configured(t, r, "test", "x")
	config.BaseEndpoint = aws.String("http" + strings.TrimPrefix(r.URL, "https"))
	if _, err := sqs.NewFromConfig(config).ListQueues(t.Context(), &sqs.ListQueuesInput{}); codeOf(err) != "InvalidSecurity" || !strings.Contains(err.Error(), "Use "+r.URL) {
		t.Errorf("over JSON: %v", err)
	}
	if _, err := sns.NewFromConfig(config).ListTopics(t.Context(), &sns.ListTopicsInput{}); codeOf(err) != "InvalidSecurity" {
		t.Errorf("over the query protocol: %v", err)
	}
}

func TestProbesAndMetricsAreThereOverTLS(t *testing.T) {
	c := quick()
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	r := start(t, c)
	web := believing(t, r, filepath.Join(c.Data, "tls", "self.pem"), "x", "x").HTTPClient.(*http.Client)
	for path, want := range map[string]string{"/health": `"status":"ok"`, "/metrics": `carillon_tls_handshakes_total{result="ok"} `} {
		resp, err := web.Get(r.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, %.200s", path, err, text)
		}
	}
}

func TestACertificateOfOurOwnStandsInTheWayOfNoLaterStart(t *testing.T) {
	c := quick()
	c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir()
	if err := start(t, c).Stop(); err != nil {
		t.Fatal(err)
	}
	c.Durability = "fsync"
	start(t, c)
}

// pairFiles is a certificate for this machine in files.
func pairFiles(t *testing.T, a *certificatetest.Authority, cn string, dir string) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	c, k := a.Issue(t, cn, "127.0.0.1")
	certificatetest.Write(t, cert, c)
	certificatetest.Write(t, key, k)
	return cert, key
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestASignalHasTheCertificateReadAgain(t *testing.T) {
	a, dir := certificatetest.New(t, "ca"), t.TempDir()
	c := quick()
	var log lockedBuffer
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	reload := make(chan os.Signal)
	c.Reload = reload
	c.TLS.Cert, c.TLS.Key = pairFiles(t, a, "first", dir)
	r := start(t, c)
	shown := func() string {
		conn, err := tls.Dial("tcp", r.Addr.String(), &tls.Config{RootCAs: a.Pool(), ServerName: "127.0.0.1"})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := shown(); got != "first" {
		t.Error(got)
	}
	pairFiles(t, a, "second", dir)
	reload <- os.Interrupt
	reload <- os.Interrupt // the first is done when this is taken
	if got := shown(); got != "second" {
		t.Error(got)
	}
	certificatetest.Write(t, c.TLS.Key, []byte("x"))
	reload <- os.Interrupt
	reload <- os.Interrupt
	if got := shown(); got != "second" || !strings.Contains(log.String(), "the old one stays") {
		t.Error(got, log.String())
	}
}

func TestAPrincipalMayBeItsCertificate(t *testing.T) {
	servers, clients := certificatetest.New(t, "servers"), certificatetest.New(t, "clients")
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, filepath.Join(t.TempDir(), "credentials.yaml")
	certificatetest.Write(t, c.Credentials, []byte(`credentials:
  - {accessKeyId: AKIAORDERS, secretAccessKey: hush, account: "123456789012", user: orders}
  - certificate: "spiffe://example.com/billing"
    account: "123456789012"
    user: billing
    policies: ['{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*",
      "Condition": {"Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": "127.0.0.1"}}}}']
`))
	c.TLS.Cert, c.TLS.Key = pairFiles(t, servers, "server", t.TempDir())
	c.TLS.ClientCA = clients.File(t)
	reload := make(chan os.Signal)
	c.Reload = reload
	r := start(t, c)
	who := func(config aws.Config) string {
		got, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			return codeOf(err)
		}
		return *got.Arn
	}
	ca, billing := servers.File(t), clients.Pair(t, "x", "spiffe://example.com/billing")
	unsigned := believing(t, r, ca, "", "", billing)
	unsigned.Credentials = aws.AnonymousCredentials{}
	if got := who(unsigned); got != "arn:aws:iam::123456789012:user/billing" {
		t.Error(got)
	}
	if got := who(believing(t, r, ca, "AKIAORDERS", "hush", billing)); got != "arn:aws:iam::123456789012:user/orders" {
		t.Error(got)
	}
	// Go's client has sent its request already when it reads of the certificate that
	// is missing, and says whichever it notices first: the alert, or that it is closed.
	if got := who(believing(t, r, ca, "AKIAORDERS", "hush")); strings.HasPrefix(got, "arn:") {
		t.Error(got)
	}
	if _, err := sqs.NewFromConfig(unsigned).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
	if _, err := sqs.NewFromConfig(unsigned).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); codeOf(err) != "AccessDenied" {
		t.Error(err)
	}
	certificatetest.Write(t, c.TLS.ClientCA, servers.PEM) // clients is not believed any more
	reload <- os.Interrupt
	reload <- os.Interrupt // the first is done when this is taken
	for range 2 {          // by the connection that is open, and by a new one
		if got := who(unsigned); strings.Contains(got, "billing") {
			t.Error(got)
		}
	}
}

func TestGatewaysAreCalledIfTheOperatorsAuthorityVouchesForThem(t *testing.T) {
	a := certificatetest.New(t, "inside")
	calls := make(chan string, 10)
	gateway := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { calls <- r.URL.Path }))
	gateway.TLS = &tls.Config{Certificates: []tls.Certificate{a.Pair(t, "gateway", "127.0.0.1")}}
	gateway.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	gateway.StartTLS()
	t.Cleanup(gateway.Close)
	c := quick()
	c.Outside.SMS = gateway.URL + "/sms"
	c.OutboundCA = a.File(t)
	r := start(t, c)
	if _, err := sns.NewFromConfig(configured(t, r, "111122223333", "x")).Publish(t.Context(), &sns.PublishInput{PhoneNumber: aws.String("+14155550100"), Message: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	select {
	case path := <-calls:
		if path != "/sms" {
			t.Error(path)
		}
	case <-time.After(20 * time.Second):
		t.Error("the gateway was not called")
	}
}
