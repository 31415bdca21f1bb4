package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// hook is a rule with an API destination, and the server that is called, which
// lives on while Carillon is killed. It refuses every fifth call at first.
type hook struct {
	events *eventbridge.Client
	server *httptest.Server

	mu    sync.Mutex
	seq   int
	acked map[string]bool
	calls map[string]int // that were answered 200
	all   int
}

// maxHooked keeps the drain short.
const maxHooked = 10_000

func newHook(c *child, t *testing.T) *hook {
	t.Helper()
	h := &hook{events: c.events(), acked: map[string]bool{}, calls: map[string]int{}}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	bus, ctx := aws.String("hooked"), t.Context()
	if _, err := h.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: bus}); err != nil {
		t.Fatal(err)
	}
	connection, err := h.events.CreateConnection(ctx, &eventbridge.CreateConnectionInput{
		Name: aws.String("hook"), AuthorizationType: eb.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &eb.CreateConnectionAuthRequestParameters{
			ApiKeyAuthParameters: &eb.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("X-Key"), ApiKeyValue: aws.String("k")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	to, err := h.events.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{
		Name: aws.String("hook"), ConnectionArn: connection.ConnectionArn, HttpMethod: eb.ApiDestinationHttpMethodPost,
		InvocationEndpoint: aws.String(h.server.URL + "/events"), InvocationRateLimitPerSecond: aws.Int32(5000),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.events.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: bus, Name: aws.String("call"), EventPattern: aws.String(`{"source":["crash"]}`)}); err != nil {
		t.Fatal(err)
	}
	out, err := h.events.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: bus, Rule: aws.String("call"), Targets: []eb.Target{
		{Id: aws.String("hook"), Arn: to.ApiDestinationArn, RoleArn: aws.String("arn:aws:iam::000000000000:role/call")},
	}})
	if err != nil || out.FailedEntryCount > 0 {
		t.Fatal("put targets:", err, out)
	}
	return h
}

// ServeHTTP is the server that is called.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct{ Detail struct{ ID string } }
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &e) != nil || r.Header.Get("X-Key") != "k" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all++; h.all%5 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.calls[e.Detail.ID]++
}

func (h *hook) load(ctx context.Context, _ *testing.T, wg *sync.WaitGroup) {
	wg.Go(func() {
		for pause(ctx, 10*time.Millisecond) {
			if err := h.put(); err != nil {
				pause(ctx, 20*time.Millisecond)
			}
		}
	})
}

func (h *hook) put() error {
	h.mu.Lock()
	if h.seq == maxHooked {
		h.mu.Unlock()
		return nil
	}
	h.seq++
	id := fmt.Sprint(h.seq)
	h.acked[id] = false
	h.mu.Unlock()
	out, err := h.events.PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: []eb.PutEventsRequestEntry{{
		EventBusName: aws.String("hooked"), Source: aws.String("crash"), DetailType: aws.String("tick"), Detail: aws.String(fmt.Sprintf(`{"id":%q}`, id)),
	}}})
	if err != nil || out.Entries[0].EventId == nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[id] = true
	return nil
}

// drain waits for every acknowledged event to be called with.
func (h *hook) drain(ctx context.Context, t *testing.T) {
	missing := h.missing()
	for len(missing) > 0 && pause(ctx, 100*time.Millisecond) {
		missing = h.missing()
	}
	for _, id := range missing {
		t.Errorf("event %s was acknowledged and its target never called", id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	again := 0
	for id, n := range h.calls {
		again += n - 1
		if _, ok := h.acked[id]; !ok {
			t.Errorf("the target was called with event %q, which nobody sent", id)
		}
	}
	t.Logf("hook: %d of %d acknowledged, %d calls, %d of them repeats", len(h.calls), len(h.acked), h.all, again)
	if len(h.calls) == 0 {
		t.Error("hook: nothing was called")
	}
}

func (h *hook) missing() (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, acked := range h.acked {
		if acked && h.calls[id] == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
