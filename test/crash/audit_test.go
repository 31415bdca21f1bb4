package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// audited makes buses and deletes them, and knows which calls were acknowledged.
type audited struct {
	c  *child
	mu sync.Mutex // guards acknowledged

	acknowledged map[string]bool // "CreateEventBus name"
}

func newAudited(c *child) *audited { return &audited{c: c, acknowledged: map[string]bool{}} }

func (a *audited) load(ctx context.Context, _ *testing.T, wg *sync.WaitGroup) {
	events := a.c.events()
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			name := aws.String(fmt.Sprint("audited-", i))
			if _, err := events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: name}); err == nil {
				a.note("CreateEventBus " + *name)
				if _, err := events.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: name}); err == nil {
					a.note("DeleteEventBus " + *name)
				}
			}
			pause(ctx, 5*time.Millisecond)
		}
	})
}

func (a *audited) note(call string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acknowledged[call] = true
}

// drain wants every acknowledged call in the audit log.
func (a *audited) drain(ctx context.Context, t *testing.T) {
	found := map[string]bool{}
	for token := ""; ; {
		var page struct {
			Records []struct {
				Record struct {
					EventName         string            `json:"eventName"`
					ErrorCode         string            `json:"errorCode"`
					RequestParameters map[string]string `json:"requestParameters"`
				} `json:"record"`
			} `json:"records"`
			Next string `json:"next"`
		}
		a.c.ask(ctx, t, "/_carillon/audit?order=oldest&limit=1000&action=events:*EventBus&token="+token, &page)
		for _, r := range page.Records {
			if r.Record.ErrorCode == "" {
				found[r.Record.EventName+" "+r.Record.RequestParameters["name"]] = true
			}
		}
		if token = page.Next; token == "" {
			break
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for call := range a.acknowledged {
		if !found[call] {
			t.Errorf("%s was acknowledged and is not in the audit log", call)
		}
	}
	t.Logf("%d calls were acknowledged, and are in the audit log", len(a.acknowledged))
}

// wantChain wants the audit log's chain whole.
func (c *child) wantChain(ctx context.Context, t *testing.T) {
	t.Helper()
	var chain struct{ Problems []string }
	c.ask(ctx, t, "/_carillon/verifyAudit", &chain)
	if len(chain.Problems) > 0 {
		t.Errorf("the audit log: %q", chain.Problems)
	}
}

func (c *child) ask(ctx context.Context, t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
}
