package server_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	ce "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"github.com/carillon-events/carillon/internal/ingest"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

const hookSource = "aws.partner/github.com/octocat"

// post sends a request and returns its answer. Headers are name, value, ….
func post(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

// setWebhook puts a webhook and returns what is said of it.
func setWebhook(t *testing.T, r *server.Running, w string) string {
	t.Helper()
	status, answer := post(t, r.URL+ingest.PutWebhookPath, w)
	if status != http.StatusOK {
		t.Fatalf("put webhook %s: %d %s", w, status, answer)
	}
	return answer
}

func signature(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func gitHub(t *testing.T, r *server.Running, secret, body string) (int, string) {
	t.Helper()
	return post(t, r.URL+ingest.HookPath+hookSource, body, "Content-Type", "application/json", "X-GitHub-Event", "push",
		"X-GitHub-Delivery", "72d3", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(signature(secret, body)))
}

// collector is a queue that gets all events of a bus.
type collector struct {
	t      *testing.T
	client *sqs.Client
	url    *string
}

func collect(t *testing.T, r *server.Running, bus, template string) *collector {
	t.Helper()
	c := configured(t, r, "000000000000", "x")
	c.Region = "us-east-1"
	events, queues := eventbridge.NewFromConfig(c), sqs.NewFromConfig(c)
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("all")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("all"), EventBusName: &bus, EventPattern: aws.String(`{"source":[{"prefix":""}]}`)}); err != nil {
		t.Fatal(err)
	}
	target := ebtypes.Target{Id: aws.String("t"), Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:all")}
	if template != "" {
		target.InputTransformer = &ebtypes.InputTransformer{InputTemplate: &template}
	}
	if out, err := events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("all"), EventBusName: &bus, Targets: []ebtypes.Target{target}}); err != nil || out.FailedEntryCount != 0 {
		t.Fatal(out, err)
	}
	return &collector{t, queues, q.QueueUrl}
}

// take is what came, in no order.
func (c *collector) take() (bodies []string) {
	c.t.Helper()
	for {
		out, err := c.client.ReceiveMessage(c.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: c.url, MaxNumberOfMessages: 10, VisibilityTimeout: 3600})
		if err != nil {
			c.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
		}
	}
}

func TestAWebhookIsAnEventOnceItIsAnswered(t *testing.T) {
	r := start(t, quick())
	shown := setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"hush"}`)
	if !strings.Contains(shown, `"state":"pending"`) || !strings.Contains(shown, `"url":"`+r.URL+`/ingest/`+hookSource+`"`) || strings.Contains(shown, "hush") {
		t.Error(shown)
	}
	if status, answer := gitHub(t, r, "hush", "{}"); status != http.StatusOK || !strings.Contains(answer, "pending") {
		t.Errorf("of a pending source: %d %s", status, answer)
	}
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"hush","bus":true}`)
	all := collect(t, r, hookSource, "")
	status, answer := gitHub(t, r, "hush", `{"ref": "main", "n": 1.0}`)
	var said struct{ EventID string }
	if err := json.Unmarshal([]byte(answer), &said); err != nil || status != http.StatusOK || said.EventID == "" {
		t.Fatal(status, answer, err)
	}
	got := all.take()
	if len(got) != 1 {
		t.Fatalf("received %q", got)
	}
	for _, part := range []string{
		`{"version":"0","id":"` + said.EventID + `","detail-type":"push","source":"` + hookSource + `","account":"000000000000"`,
		`"region":"us-east-1","resources":["webhook/github/72d3"],"detail":{"ref": "main", "n": 1.0}}`,
	} {
		if !strings.Contains(got[0], part) {
			t.Errorf("%s\nhas not %s", got[0], part)
		}
	}

	for name, do := range map[string]func() (int, string){
		"401 a wrong signature":   func() (int, string) { return gitHub(t, r, "guess", "{}") },
		"401 no signature":        func() (int, string) { return post(t, r.URL+ingest.HookPath+hookSource, "{}") },
		"400 signed, and no JSON": func() (int, string) { return gitHub(t, r, "hush", "hello") },
		"404 another source":      func() (int, string) { return post(t, r.URL+ingest.HookPath+hookSource+"/x", "{}") },
		"404 no source":           func() (int, string) { return post(t, r.URL+ingest.HookPath, "{}") },
		"413 too large":           func() (int, string) { return gitHub(t, r, "hush", `{"a":"`+strings.Repeat("x", ingest.MaxBody)+`"}`) },
		"415 compressed": func() (int, string) {
			return post(t, r.URL+ingest.HookPath+hookSource, "{}", "Content-Encoding", "gzip")
		},
	} {
		if status, answer := do(); !strings.HasPrefix(name, fmt.Sprint(status)) || !strings.Contains(answer, `"message":"`) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if got := all.take(); len(got) != 0 {
		t.Errorf("what was refused is an event: %q", got)
	}
	// A tunnel's name for us, which elsewhere could be a page's trick.
	body := `{"by":"tunnel"}`
	status, answer = post(t, r.URL+ingest.HookPath+hookSource, body, "Host", "abc.tunnel.example.com", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(signature("hush", body)))
	if status != http.StatusOK {
		t.Errorf("by another name: %d %s", status, answer)
	}
	if status, answer = post(t, r.URL+ingest.CloudEventsPath+"default", "{}", "Host", "abc.tunnel.example.com"); status != http.StatusForbidden {
		t.Errorf("CloudEvents by another name: %d %s", status, answer)
	}
	metrics := page(t, r, "/metrics")
	for _, line := range []string{`carillon_webhooks_total{result="accepted"} 2`, `carillon_webhooks_total{result="unauthorized"} 2`, `carillon_webhooks_total{result="discarded"} 1`, `carillon_webhooks_total{result="malformed"} 1`, `carillon_webhooks_total{result="unknown"} 2`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics have no %s", line)
		}
	}
}

func page(t *testing.T, r *server.Running, path string) string {
	t.Helper()
	resp, err := http.Get(r.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAWebhookIDThatComesAgainIsNoSecondEvent(t *testing.T) {
	r := start(t, quick())
	key := base64.StdEncoding.EncodeToString([]byte("hush"))
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"standard","secret":"whsec_`+key+`","bus":true}`)
	all := collect(t, r, hookSource, "")
	at := strconv.FormatInt(time.Now().Unix(), 10)
	send := func(id string) string {
		body := `{"type":"user.created"}`
		status, answer := post(t, r.URL+ingest.HookPath+hookSource, body, "webhook-id", id, "webhook-timestamp", at,
			"webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(signature("hush", id+"."+at+"."+body)))
		if status != http.StatusOK {
			t.Fatal(status, answer)
		}
		return answer
	}
	first, other, again := send("msg_1"), send("msg_2"), send("msg_1")
	if got := all.take(); len(got) != 2 || again != strings.TrimSuffix(first, "}")+`,"repeated":true}` || other == first {
		t.Errorf("%d events, answers %s, %s, %s", len(got), first, other, again)
	}
}

func TestSlackIsToldThatTheAddressIsOurs(t *testing.T) {
	r := start(t, quick())
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"slack","secret":"hush","bus":true}`)
	at, body := strconv.FormatInt(time.Now().Unix(), 10), `{"type":"url_verification","challenge":"c3"}`
	status, answer := post(t, r.URL+ingest.HookPath+hookSource, body, "X-Slack-Request-Timestamp", at,
		"X-Slack-Signature", "v0="+hex.EncodeToString(signature("hush", "v0:"+at+":"+body)))
	if status != http.StatusOK || answer != `{"challenge":"c3"}` {
		t.Error(status, answer)
	}
}

// Webhooks survive a restart; they are listed without their secrets, changed,
// removed; and what is wrong is said by name and changes nothing.
func TestOperatorsKeepWebhooks(t *testing.T) {
	c := quick()
	c.Durability, c.Data = store.Fsync, t.TempDir()
	r := start(t, c)
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"hush"}`)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r = start(t, c)
	if status, answer := gitHub(t, r, "hush", "{}"); status != http.StatusOK {
		t.Errorf("after a restart: %d %s", status, answer)
	}
	setWebhook(t, r, `{"source":"`+hookSource+`","scheme":"github","secret":"new"}`)
	setWebhook(t, r, `{"source":"aws.partner/a/b","scheme":"hmac","header":"X-Sig","secret":"s","account":"111122223333","region":"eu-west-1"}`)
	if status, _ := gitHub(t, r, "hush", "{}"); status != http.StatusUnauthorized {
		t.Errorf("the old secret: %d", status)
	}
	for body, want := range map[string]string{
		`{"source":"github","scheme":"github","secret":"s"}`:                                             "source",
		`{"source":"aws.partner/a/c","scheme":"gitlab","secret":"s"}`:                                    "Scheme",
		`{"source":"aws.partner/a/c","scheme":"github"}`:                                                 "secret",
		`{"source":"aws.partner/a/c","scheme":"github","secret":"s","account":"1"}`:                      "account",
		`{"source":"aws.partner/a/c","scheme":"github","secret":"s","region":"EU"}`:                      "region",
		`{"source":"aws.partner/a/c","scheme":"github","secret":"s","tolerance":1}`:                      "tolerance",
		`{"source":"` + hookSource + `","scheme":"github","secret":"s","account":"111122223333"}`:        "Another account",
		`{"source":"` + hookSource + `","scheme":"standard","secret":"` + strings.Repeat("?", 20) + `"}`: "whsec_",
	} {
		status, answer := post(t, r.URL+ingest.PutWebhookPath, body)
		if status != http.StatusBadRequest && status != http.StatusConflict || !strings.Contains(answer, want) || strings.Contains(answer, "????") {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
	_, answer := post(t, r.URL+ingest.ListWebhooksPath, `{}`)
	var list ingest.Webhooks
	if err := json.Unmarshal([]byte(answer), &list); err != nil || len(list.Webhooks) != 2 || list.Webhooks[0].Header != "X-Sig" ||
		list.Webhooks[0].Region != "eu-west-1" || list.Webhooks[1].Source != hookSource || strings.Contains(answer, "secret") || strings.Contains(answer, "sealed") {
		t.Errorf("%s, %v", answer, err)
	}
	if _, answer = post(t, r.URL+ingest.ListWebhooksPath, `{"prefix":"aws.partner/g"}`); !strings.Contains(answer, hookSource) || strings.Contains(answer, "aws.partner/a/b") {
		t.Error(answer)
	}
	for i, want := range []int{http.StatusOK, http.StatusNotFound} {
		if status, answer := post(t, r.URL+ingest.DeleteWebhookPath, `{"source":"`+hookSource+`"}`); status != want {
			t.Errorf("delete %d: %d %s", i, status, answer)
		}
	}
	if status, _ := gitHub(t, r, "new", "{}"); status != http.StatusNotFound {
		t.Errorf("of a removed webhook: %d", status)
	}
}

// cloudEvents are events of each kind of data.
func cloudEvents(t *testing.T) (all []ce.Event) {
	t.Helper()
	add := func(contentType string, data any) {
		e := ce.NewEvent()
		e.SetID(fmt.Sprint("id ", len(all), " €"))
		e.SetSource("/shop")
		e.SetType("order.paid")
		e.SetTime(time.Date(2026, 1, 2, 3, 4, 5, 678900000, time.UTC)) // the client sets one where there is none
		if contentType == "" {
			all = append(all, e)
			return
		}
		e.SetSubject("orders/7")
		e.SetDataSchema("https://example.com/schema")
		e.SetExtension("tenant", "a b")
		if err := e.SetData(contentType, data); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	add("application/json", map[string]any{"total": 1.5, "html": "<&>"})
	add("application/json", []int{1, 2})
	add("text/plain", []byte("héllo"))
	add("image/png", []byte{0, 255})
	add("", nil)
	return all
}

// same compares what consumers read of two events.
func same(t *testing.T, got, want ce.Event) {
	t.Helper()
	if got.Context.String() != want.Context.String() || !bytes.Equal(got.Data(), want.Data()) {
		t.Errorf("got  %s %q\nwant %s %q", got.Context, got.Data(), want.Context, want.Data())
	}
}

func TestCloudEventsComeOutAsTheyWentIn(t *testing.T) {
	r := start(t, quick())
	all := collect(t, r, "default", "<carillon.cloudevent>")
	client, err := ce.NewClientHTTP(ce.WithTarget(r.URL + ingest.CloudEventsPath + "default"))
	if err != nil {
		t.Fatal(err)
	}
	for mode, with := range map[string]func(context.Context) context.Context{"binary": ce.WithEncodingBinary, "structured": ce.WithEncodingStructured} {
		for _, e := range cloudEvents(t) {
			if result := client.Send(with(t.Context()), e); !ce.IsACK(result) {
				t.Fatalf("%s: %v", mode, result)
			}
			got := all.take()
			var back ce.Event
			if len(got) != 1 || json.Unmarshal([]byte(got[0]), &back) != nil {
				t.Fatalf("%s: received %q", mode, got)
			}
			same(t, back, e)
		}
	}
	want := cloudEvents(t)
	req, err := cehttp.NewHTTPRequestFromEvents(t.Context(), r.URL+ingest.CloudEventsPath+"default", want)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := send(t, req); status != http.StatusOK || strings.Count(answer, `",`)+1 != len(want) {
		t.Fatalf("a batch: %d %s", status, answer)
	}
	got := map[string]ce.Event{}
	for _, text := range all.take() {
		var e ce.Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		got[e.ID()] = e
	}
	for _, e := range want {
		same(t, got[e.ID()], e)
	}
}

func TestCloudEventsAreRefusedAsAWhole(t *testing.T) {
	r := start(t, quick())
	all := collect(t, r, "default", "")
	one := func(more string) string { return `{"specversion":"1.0","id":"1","source":"s","type":"t"` + more + `}` }
	const single, batch = "application/cloudevents+json", "application/cloudevents-batch+json"
	for _, c := range []struct {
		bus, kind, body string
		status          int
		want            string
	}{
		{"nowhere", single, one(""), 404, "Event bus nowhere does not exist."},
		{"", single, one(""), 404, "does not exist"},
		{"default", single, one(`,"n":1.5`), 400, `attribute \"n\"`},
		{"default", single, strings.Replace(one(""), `"s"`, `"aws.ec2"`, 1), 400, "Not authorized for the source."},
		{"default", single, strings.Replace(one(""), `"t"`, `"`+strings.Repeat("t", 129)+`"`, 1), 400, "at most 128"},
		{"default", batch, "[" + one("") + "," + strings.Replace(one(""), `"s"`, `"aws.ec2"`, 1) + "]", 400, "event 2 of the batch"},
		{"default", single, one(`,"data":"` + strings.Repeat("x", 1<<20) + `"`), 413, "1048576"},
		{"default", "application/json", one(""), 400, "specversion"},
	} {
		status, answer := post(t, r.URL+ingest.CloudEventsPath+c.bus, c.body, "Content-Type", c.kind)
		if status != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%.100s: %d %.300s, want %d %s", c.body, status, answer, c.status, c.want)
		}
	}
	// It fits as bytes, and not as an event.
	status, answer := post(t, r.URL+ingest.CloudEventsPath+"default", strings.Repeat("\x00", 900_000), "Content-Type", "image/png",
		"ce-specversion", "1.0", "ce-id", "1", "ce-source", "s", "ce-type", "t")
	if status != http.StatusBadRequest || !strings.Contains(answer, "over the limit") {
		t.Errorf("large bytes: %d %s", status, answer)
	}
	if got := all.take(); len(got) != 0 {
		t.Errorf("received %q", got)
	}
	if status, answer := post(t, r.URL+ingest.CloudEventsPath+"default", "[]", "Content-Type", batch); status != http.StatusOK || answer != `{"eventIds":[]}` {
		t.Errorf("an empty batch: %d %s", status, answer)
	}
}

// In strict mode CloudEvents and webhooks are put with a key; what a webhook
// brings needs none but its signature.
func TestStrictModeWantsASignatureForWhatIsNoWebhook(t *testing.T) {
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, credentialsFile(t)
	r := start(t, c)
	signed := func(path, service, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, r.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/cloudevents+json")
		sum := sha256.Sum256([]byte(body))
		keys := aws.Credentials{AccessKeyID: "AKIAORDERS", SecretAccessKey: "hush"}
		if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), service, "eu-west-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		return send(t, req)
	}
	const hook = `{"source":"` + hookSource + `","scheme":"github","secret":"hush"}`
	const event = `{"specversion":"1.0","id":"1","source":"s","type":"t"}`
	if status, answer := post(t, r.URL+ingest.PutWebhookPath, hook); status != http.StatusBadRequest || !strings.Contains(answer, "MissingAuthenticationToken") {
		t.Errorf("a webhook put by nobody: %d %s", status, answer)
	}
	if status, answer := post(t, r.URL+ingest.CloudEventsPath+"default", event, "Content-Type", "application/cloudevents+json"); status != http.StatusBadRequest || !strings.Contains(answer, "MissingAuthenticationToken") {
		t.Errorf("a CloudEvent of nobody: %d %s", status, answer)
	}
	if status, answer := signed(ingest.CloudEventsPath+"default", "carillon", event); status == http.StatusOK {
		t.Errorf("a CloudEvent signed for another service: %d %s", status, answer)
	}
	if status, answer := signed(ingest.CloudEventsPath+"default", "events", event); status != http.StatusOK {
		t.Errorf("a CloudEvent: %d %s", status, answer)
	}
	status, answer := signed(ingest.PutWebhookPath, "carillon", hook)
	if status != http.StatusOK || !strings.Contains(answer, `"account":"123456789012","region":"eu-west-1"`) {
		t.Errorf("a webhook: %d %s", status, answer)
	}
	if status, answer := gitHub(t, r, "hush", "{}"); status != http.StatusOK {
		t.Errorf("what the webhook brings: %d %s", status, answer)
	}
}
