package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick is a Carillon in memory on a port of its own.
func quick() server.Config {
	return server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Logger: slog.New(slog.DiscardHandler)}
}

func start(t *testing.T, c server.Config) *server.Running {
	t.Helper()
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

func configured(t *testing.T, r *server.Running, key, secret string) aws.Config {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(r.URL), RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	}
}

func codeOf(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func credentialsFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := "credentials:\n  - {accessKeyId: AKIAORDERS, secretAccessKey: hush, account: \"123456789012\", user: orders, policies: ['{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}']}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSDKsReachEveryService(t *testing.T) {
	r := start(t, quick())
	c := configured(t, r, "111122223333", "x")
	who, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "111122223333" || *who.Arn != "arn:aws:iam::111122223333:root" {
		t.Errorf("%+v, %v", who, err)
	}
	q, err := sqs.NewFromConfig(c).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil || *q.QueueUrl != r.URL+"/111122223333/orders" {
		t.Errorf("%+v, %v", q, err)
	}
	b, err := eventbridge.NewFromConfig(c).CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String("shop")})
	if err != nil || *b.EventBusArn != "arn:aws:events:eu-west-1:111122223333:event-bus/shop" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestStrictModeKnowsOnlyTheKeysOfItsFile(t *testing.T) {
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, credentialsFile(t)
	r := start(t, c)
	ask := func(key, secret string) (string, error) {
		who, err := sts.NewFromConfig(configured(t, r, key, secret)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return *who.Arn, nil
	}
	if arn, err := ask("AKIAORDERS", "hush"); err != nil || arn != "arn:aws:iam::123456789012:user/orders" {
		t.Errorf("%s, %v", arn, err)
	}
	if _, err := ask("AKIAORDERS", "guess"); codeOf(err) != "SignatureDoesNotMatch" {
		t.Errorf("wrong secret: %v", err)
	}
	if _, err := ask("AKIANOBODY", "hush"); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("unknown key: %v", err)
	}
	list := func(key, secret string) error {
		_, err := sqs.NewFromConfig(configured(t, r, key, secret)).ListQueues(t.Context(), &sqs.ListQueuesInput{})
		return err
	}
	if err := list("AKIAORDERS", "hush"); err != nil {
		t.Error(err)
	}
	if err := list("AKIANOBODY", "hush"); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("unknown key over JSON: %v", err)
	}
	buses := func(key, secret string) error {
		_, err := eventbridge.NewFromConfig(configured(t, r, key, secret)).ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{})
		return err
	}
	if err := buses("AKIAORDERS", "guess"); codeOf(err) != "InvalidSignatureException" {
		t.Errorf("wrong secret over JSON: %v", err)
	}
	if err := buses("AKIANOBODY", "guess"); codeOf(err) != "UnrecognizedClientException" {
		t.Errorf("unknown key over JSON: %v", err)
	}
}

func TestASecondServerOnTheSameDataIsTold(t *testing.T) {
	c := quick()
	c.Durability, c.Data = store.Fsync, t.TempDir()
	start(t, c)
	_, err := server.Start(t.Context(), c)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), c.Data) {
		t.Errorf("got %v", err)
	}
}

func TestAPortInUseIsSaidInOneLine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := quick()
	c.Listen = l.Addr().String()
	_, err = server.Start(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), c.Listen+": another program uses this port") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestADataDirectoryThatCannotBeOneIsSaidInOneLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Durability, c.Data = store.Fsync, file
	_, err := server.Start(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestADirectoryOfSomebodyElseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Durability, c.Data = store.Fsync, dir
	_, err := server.Start(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("it has %v now, %v", entries, err)
	}
	if err := server.WantData(dir); err == nil {
		t.Error("and it counts as a data directory")
	}
}

func TestAFreshFileSystemIsAnEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Durability, c.Data = store.Fsync, dir
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if err := server.WantData(dir); err != nil {
		t.Error(err)
	}
}

func TestBadSettingsAreRefusedByName(t *testing.T) {
	for want, set := range map[string]func(c *server.Config){
		"durability":                  func(c *server.Config) { c.Durability = "perhaps" },
		"auth \"none\"":               func(c *server.Config) { c.Auth = "none" },
		"--credentials":               func(c *server.Config) { c.Auth = server.AuthStrict },
		"--auth strict":               func(c *server.Config) { c.Credentials = "x.yaml" },
		"read credentials":            func(c *server.Config) { c.Auth = server.AuthStrict; c.Credentials = "none/x.yaml" },
		"external-url":                func(c *server.Config) { c.ExternalURL = "events.example.com" },
		"external-url \"http://x/y\"": func(c *server.Config) { c.ExternalURL = "http://x/y" },
		"cors-origin":                 func(c *server.Config) { c.Origins = []string{"example.com"} },
		"region":                      func(c *server.Config) { c.Region = "Middle Earth" },
		"max-body":                    func(c *server.Config) { c.MaxBody = 12 },
		"max-in-flight -1":            func(c *server.Config) { c.InFlight.InFlight = -1 },
		"max-in-flight-fifo":          func(c *server.Config) { c.InFlight.InFlightFIFO = 1 << 30 },
		"max-topics -1":               func(c *server.Config) { c.Topics.Topics = -1 },
		"max-filter-policies":         func(c *server.Config) { c.Topics.FiltersPerAccount = 1 << 30 },
		"max-buses -1":                func(c *server.Config) { c.Buses.Buses = -1 },
		"max-rules-per-bus":           func(c *server.Config) { c.Buses.RulesPerBus = 1 << 30 },
		"max-targets-per-rule 1001":   func(c *server.Config) { c.Buses.TargetsPerRule = 1001 },
		"tls-cert and tls-key":        func(c *server.Config) { c.TLS.Cert = "x.pem" },
		"one certificate only":        func(c *server.Config) { c.TLS.Cert, c.TLS.Key, c.TLS.Mode = "x.pem", "x.pem", server.TLSSelf },
		"open none/x.pem":             func(c *server.Config) { c.TLS.Cert, c.TLS.Key = "none/x.pem", "none/x.pem" },
		"tls \"on\"":                  func(c *server.Config) { c.TLS.Mode = "on" },
		"tls-client-ca is set":        func(c *server.Config) { c.TLS.ClientCA = "x.pem" },
		"tls-client-ca: open":         func(c *server.Config) { c.TLS.Mode, c.TLS.ClientCA = server.TLSSelf, "none/x.pem" },
		"set --tls-client-ca":         func(c *server.Config) { c.TLS.Mode, c.TLS.ClientOptional = server.TLSSelf, true },
		"set --acme-domain":           func(c *server.Config) { c.TLS.Mode = server.TLSACME },
		"need --tls acme":             func(c *server.Config) { c.TLS.Domains = []string{"a.example.com"} },
		"acme-domain \"*.a.b\"":       func(c *server.Config) { c.TLS.Mode, c.TLS.Domains = server.TLSACME, []string{"*.a.b"} },
		"acme-directory": func(c *server.Config) {
			c.TLS.Mode, c.TLS.Domains, c.TLS.Directory = server.TLSACME, []string{"a.b"}, "http://x"
		},
		"clients need https://":       func(c *server.Config) { c.TLS.Mode, c.ExternalURL = server.TLSSelf, "http://x" },
		"trusted-proxies":             func(c *server.Config) { c.TrustedProxies = []string{"0.0.0.0/0"} },
		"outbound-ca":                 func(c *server.Config) { c.OutboundCA = "none/x.pem" },
		"drain-timeout":               func(c *server.Config) { c.DrainFor = -1 },
		"sync-interval":               func(c *server.Config) { c.SyncInterval = -1 },
		"listen \"nonsense\"":         func(c *server.Config) { c.Listen = "nonsense" },
		"--insecure":                  func(c *server.Config) { c.Listen = "0.0.0.0:0" },
		"listen :0: others can reach": func(c *server.Config) { c.Listen = ":0" },
	} {
		c := quick()
		set(&c)
		r, err := server.Start(t.Context(), c)
		if err == nil {
			_ = r.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestStrangersAreLetInOnlyWithInsecureOrStrictAndTLS(t *testing.T) {
	c := quick()
	c.Listen, c.Insecure = "0.0.0.0:0", true
	if r := start(t, c); !strings.HasPrefix(r.URL, "http://127.0.0.1:") {
		t.Errorf("URL %s", r.URL)
	}
	c = quick()
	c.Listen, c.Auth, c.Credentials = "0.0.0.0:0", server.AuthStrict, credentialsFile(t)
	if r, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "--tls-cert") || !strings.Contains(err.Error(), "--trusted-proxies") {
		t.Errorf("strict over plain HTTP: %v", err)
		_ = r.Stop()
	}
	for name, set := range map[string]func(c *server.Config){
		"TLS":        func(c *server.Config) { c.TLS.Mode, c.Data = server.TLSSelf, t.TempDir() },
		"proxies":    func(c *server.Config) { c.TrustedProxies = []string{"192.0.2.1"} },
		"--insecure": func(c *server.Config) { c.Insecure = true },
	} {
		c := c
		set(&c)
		if r := start(t, c); strings.HasPrefix(r.URL, "https://127.0.0.1:") != (name == "TLS") {
			t.Errorf("%s: URL %s", name, r.URL)
		}
	}
}

func TestTheStartUpLinesSayWhatHoldsAndWhatToPaste(t *testing.T) {
	var out bytes.Buffer
	c := quick()
	c.Banner = &out
	r := start(t, c)
	for _, part := range []string{"ready at " + r.URL, "in memory", "NOTHING is kept", "ANY credentials are accepted",
		"aws --endpoint-url " + r.URL + " sqs create-queue", "export AWS_ACCESS_KEY_ID"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out.String())
		}
	}
}

func TestAShutdownWakesLongPollsAndFinishesThem(t *testing.T) {
	c := quick()
	c.DrainFor = time.Minute // it must not be needed
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	client := sqs.NewFromConfig(configured(t, r, "test", "test"))
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 20})
		answered <- err
	}()
	waitParked(t, r)
	began := time.Now()
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the long poll got %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// waitParked waits until a request is being worked on, as /metrics sees it.
func waitParked(t *testing.T, r *server.Running) {
	t.Helper()
	for range 1000 {
		resp, err := http.Get(r.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if strings.Contains(string(text), "carillon_requests_in_flight 2") { // the poll, and this question
			http.DefaultClient.CloseIdleConnections()
			return
		}
	}
	t.Fatal("no request arrived")
}

func TestStopIsAskedTwiceWithoutHarm(t *testing.T) {
	r := start(t, quick())
	if err := errors.Join(r.Stop(), r.Stop()); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(r.URL + "/health"); err == nil {
		t.Error("it still serves")
	}
}

func TestRunEndsInOrderWhenItsContextDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Run(ctx, quick()); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhatWasAcknowledgedIsThereAfterARestart(t *testing.T) {
	c := quick()
	c.Durability, c.Data = store.Fsync, t.TempDir()
	r := start(t, c)
	client := sqs.NewFromConfig(configured(t, r, "test", "test"))
	if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")}); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, c)
	client = sqs.NewFromConfig(configured(t, r, "test", "test"))
	if _, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")}); err != nil {
		t.Error(err)
	}
}

func TestABackupOfARunningServerRestoresElsewhere(t *testing.T) {
	c := quick()
	c.Durability, c.Data = store.Fsync, filepath.Join(t.TempDir(), "data")
	r := start(t, c)
	client := sqs.NewFromConfig(configured(t, r, "test", "test"))
	if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")}); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(r.URL+server.BackupPath, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-tar" {
		t.Fatal(resp.Status, resp.Header)
	}
	c.Data = filepath.Join(t.TempDir(), "restored")
	if err := store.Restore(resp.Body, c.Data, nil); err != nil {
		t.Fatal(err)
	}
	r = start(t, c)
	client = sqs.NewFromConfig(configured(t, r, "test", "test"))
	if _, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")}); err != nil {
		t.Error(err)
	}
}

func TestAPageCannotTakeABackup(t *testing.T) {
	r := start(t, quick())
	req, err := http.NewRequest("POST", r.URL+server.BackupPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example.com")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 403 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// A tail shows what is accepted, to whom it went, and nothing that it did not
// ask for; a server that stops ends it.
func TestATailShowsEventsAsTheyAreAccepted(t *testing.T) {
	r := start(t, quick())
	client := eventbridge.NewFromConfig(configured(t, r, "000000000000", "x"))
	put := func(source, detail string) {
		t.Helper()
		out, err := client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
			Source: aws.String(source), DetailType: aws.String("t"), Detail: aws.String(detail),
		}}})
		if err != nil || out.FailedEntryCount != 0 {
			t.Fatal(err, out)
		}
	}
	if _, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("big"), EventPattern: aws.String(`{"detail": {"n": [{"numeric": [">", 5]}]}}`)}); err != nil {
		t.Fatal(err)
	}
	_, err := client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("big"), Targets: []ebtypes.Target{
		{Id: aws.String("a"), Arn: aws.String("arn:aws:sqs:eu-west-1:000000000000:a")}, {Id: aws.String("b"), Arn: aws.String("arn:aws:sqs:eu-west-1:000000000000:b")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	lines, status := tail(t, r, "?bus=default&pattern="+url.QueryEscape(`{"source": ["shop"]}`))
	if status != http.StatusOK {
		t.Fatal(status)
	}
	put("other", `{"n": 9}`)
	put("shop", `{"n": 9, "html": "<&>"}`)
	put("shop", `{"n": 1}`)
	for i, want := range []string{`"rules":["big"]`, `"n":1`} {
		line := <-lines
		if !strings.Contains(line, want) || !strings.Contains(line, `"source":"shop"`) || i == 0 && !strings.Contains(line, "<&>") {
			t.Errorf("line %d is %s, want %s in it", i, line, want)
		}
	}
	if _, status := tail(t, r, "?pattern=nonsense"); status != http.StatusBadRequest {
		t.Errorf("a bad pattern: %d", status)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if line, more := <-lines; more {
		t.Errorf("after the end: %s", line)
	}
}

// tail opens a tail and returns its lines but for heartbeats.
func tail(t *testing.T, r *server.Running, query string) (<-chan string, int) {
	t.Helper()
	resp, err := http.Post(r.URL+server.TailPath+query, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := make(chan string)
	if resp.StatusCode != http.StatusOK {
		return nil, resp.StatusCode
	}
	in := bufio.NewScanner(resp.Body)
	in.Scan() // the first heartbeat: from here on events are seen
	go func() {
		defer close(lines)
		for in.Scan() {
			if in.Text() != "" {
				lines <- in.Text()
			}
		}
	}()
	return lines, resp.StatusCode
}
