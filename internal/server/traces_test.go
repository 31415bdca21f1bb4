package server_test

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	otlpcollector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/carillon-events/carillon/internal/server"
)

// collected is an OpenTelemetry collector: what it was sent is in spans.
type collected struct {
	mu      sync.Mutex // guards spans, service
	spans   []*otlp.Span
	service string
}

func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, _ := io.ReadAll(body)
	var in otlpcollector.ExportTraceServiceRequest
	if err := proto.Unmarshal(b, &in); err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range in.ResourceSpans {
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				c.service = a.Value.GetStringValue()
			}
		}
		for _, s := range of.ScopeSpans {
			c.spans = append(c.spans, s.Spans...)
		}
	}
}

// named is the one span of a name.
func (c *collected) named(t *testing.T, name string) *otlp.Span {
	t.Helper()
	var found []*otlp.Span
	var names []string
	for _, s := range c.spans {
		names = append(names, s.Name)
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d spans %q among %q", len(found), name, names)
	}
	return found[0]
}

func attributeOf(s *otlp.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// traced is a client's option that sends headers with every request.
func traced(headers map[string]string) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		for name, value := range headers {
			if err := smithyhttp.SetHeaderValue(name, value)(s); err != nil {
				return err
			}
		}
		return nil
	}
}

const (
	traceID     = "5759e988bd862e3fe1be46a994272793"
	callersSpan = "53995c3f42cd8ad8"
)

func traceHeaderOf(t *testing.T, queues *sqs.Client, queue string) string {
	t.Helper()
	url, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &queue})
	if err != nil {
		t.Fatal(err)
	}
	out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"AWSTraceHeader"}})
	if err != nil || len(out.Messages) != 1 {
		t.Fatal(out, err)
	}
	return out.Messages[0].Attributes["AWSTraceHeader"]
}

func TestATraceIsFollowedFromTheProducerIntoTheQueue(t *testing.T) {
	out := &collected{}
	at := httptest.NewServer(out)
	defer at.Close()
	c := quick()
	c.Tracing = server.Tracing{Endpoint: at.URL}
	r, plain := observed(t, c)
	put(t, plain, "elsewhere") // in no trace, and the ratio is 0
	config := configured(t, r, "000000000000", "x")
	queues := sqs.NewFromConfig(config)
	config.APIOptions = append(config.APIOptions, traced(map[string]string{"traceparent": "00-" + traceID + "-" + callersSpan + "-01", "tracestate": "vendor=1"}))
	put(t, eventbridge.NewFromConfig(config), "shop")
	header := traceHeaderOf(t, queues, "there")
	until(t, r, "carillon_target_deliveries_dropped_total"+ofTarget("lost")+" 1")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	send, deliver := out.named(t, "send orders"), out.named(t, "deliver there")
	if hex.EncodeToString(send.TraceId) != traceID || hex.EncodeToString(send.ParentSpanId) != callersSpan || send.TraceState != "vendor=1" || send.Kind != otlp.Span_SPAN_KIND_PRODUCER {
		t.Errorf("the request's span is %v", send)
	}
	if string(deliver.ParentSpanId) != string(send.SpanId) || attributeOf(deliver, "messaging.message.id") != attributeOf(send, "messaging.message.id") || attributeOf(deliver, "messaging.system") != "aws.eventbridge" {
		t.Errorf("the delivery's span is %v", deliver)
	}
	if want := "Root=1-" + traceID[:8] + "-" + traceID[8:] + ";Parent=" + hex.EncodeToString(deliver.SpanId) + ";Sampled=1"; header != want {
		t.Errorf("the message has %q, want %q", header, want)
	}
	var lost *otlp.Span
	attempts := 0
	for _, s := range out.spans {
		if attributeOf(s, "carillon.target_id") != "lost" {
			continue
		}
		if strings.HasPrefix(s.Name, "attempt") {
			attempts++
		} else {
			lost = s
		}
	}
	if lost == nil || lost.Status.Code != otlp.Status_STATUS_CODE_ERROR || attributeOf(lost, "error.type") != "missing" || attempts != 1 {
		t.Errorf("of the delivery that is lost there are %d attempts, and %v", attempts, lost)
	}
	if out.service != "carillon" {
		t.Errorf("the service is %q", out.service)
	}
}

func TestWithoutACollectorTheTraceIsHandedOnAsItCame(t *testing.T) {
	r, _ := observed(t, quick())
	config := configured(t, r, "000000000000", "x")
	queues := sqs.NewFromConfig(config)
	config.APIOptions = append(config.APIOptions, traced(map[string]string{"traceparent": "00-" + traceID + "-" + callersSpan + "-00", "tracestate": "vendor=1"}))
	events := eventbridge.NewFromConfig(config)
	const own = "Root=1-00000001-00000000000000000000000a;Parent=000000000000000b;Sampled=1;Lineage=x"
	for _, c := range []struct {
		header *string
		want   string
	}{
		{nil, "Root=1-" + traceID[:8] + "-" + traceID[8:] + ";Parent=" + callersSpan + ";Sampled=0"},
		{aws.String(own), own},
		{aws.String("malformed"), "Root=1-" + traceID[:8] + "-" + traceID[8:] + ";Parent=" + callersSpan + ";Sampled=0"},
	} {
		_, err := events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
			{EventBusName: aws.String("orders"), Source: aws.String("shop"), DetailType: aws.String("T"), Detail: aws.String("{}"), TraceHeader: c.header},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := traceHeaderOf(t, queues, "there"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestAMessageIsInTheTraceOfItsRequestUnlessItNamesOne(t *testing.T) {
	out := &collected{}
	at := httptest.NewServer(out)
	defer at.Close()
	c := quick()
	c.Tracing = server.Tracing{Endpoint: at.URL, Ratio: 1}
	r := start(t, c)
	config := configured(t, r, "000000000000", "x")
	config.APIOptions = append(config.APIOptions, traced(map[string]string{"X-Amzn-Trace-Id": "Root=1-" + traceID[:8] + "-" + traceID[8:]}))
	queues := sqs.NewFromConfig(config)
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	got := traceHeaderOf(t, queues, "q")
	const own = "Root=1-00000001-00000000000000000000000a"
	_, err = queues.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: q.QueueUrl, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("x"), MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(own)},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := traceHeaderOf(t, queues, "q"); got != own {
		t.Errorf("a message with a trace of its own has %q", got)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(out.spans, func(s *otlp.Span) bool { return s.Name == "send q" })
	if i < 0 || !strings.HasSuffix(got, ";Parent="+hex.EncodeToString(out.spans[i].SpanId)+";Sampled=1") || len(out.spans[i].ParentSpanId) != 0 {
		t.Errorf("the message has %q, and the spans are %v", got, out.spans)
	}
	i = slices.IndexFunc(out.spans, func(s *otlp.Span) bool { return s.Name == "receive q" })
	if i < 0 || len(out.spans[i].Links) != 1 || out.spans[i].Kind != otlp.Span_SPAN_KIND_CLIENT {
		t.Errorf("received in %v", out.spans)
	}
}
