package bus

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

func ptr[T any](v T) *T { return &v }

// bodies are what was delivered, by target.
func (n *node) bodies() map[string]string {
	n.t.Helper()
	found := map[string]string{}
	n.view(func(v *store.View) error {
		return v.Scan([]byte("Z"), []byte("["), func(k, v []byte) bool {
			found[strings.Split(string(k), " ")[1]] = string(v)
			return true
		})
	})
	return found
}

func TestATargetSeesWhatItsInputMakesOfAnEvent(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.must(func(tx *store.Tx) error {
		return n.core.PutTargets(tx, def, "r", []Target{
			{ID: "constant", ARN: boxARN("b"), Input: ptr(`{"k":1}`)},
			{ID: "path", ARN: boxARN("b"), InputPath: ptr("$.detail.n")},
			{ID: "template", ARN: boxARN("b"), Transformer: &transform.Transformer{
				Paths:    map[string]string{"n": "$.detail.n"},
				Template: `"<n> of <aws.events.rule-name>, <aws.events.rule-arn> at <aws.events.event.ingestion-time>"`,
			}},
		})
	})
	for _, restart := range []bool{false, true} {
		if restart {
			n.stop()
			n.open()
		}
		// The first is matched in the transaction or after it, the second before.
		for i := range 2 {
			b := Batch{ReceivedAt: time.Date(2026, 12, 1, 2, 3, 4, 5, time.UTC)}
			n.core.Add(&b, def, &event.Event{ID: fmt.Sprint(restart, i), Source: "a", DetailType: "t", Detail: `{"n": 1.50 }`, Time: time.Unix(0, 0)}, "")
			n.putBatch(&b)
			got := n.bodies()
			want := map[string]string{
				"constant": `{"k":1}`,
				"path":     "1.50",
				"template": `"1.50 of r, arn:aws:events:eu-west-1:111122223333:rule/r at 2026-12-01T02:03:04Z"`,
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			n.take()
		}
	}
}

func TestAnEventThatDoesNotSuitATargetStopsNoOther(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.must(func(tx *store.Tx) error {
		return n.core.PutTargets(tx, def, "r", []Target{
			{ID: "a", ARN: boxARN("b"), InputPath: ptr("$.detail.missing")},
			{ID: "b", ARN: boxARN("b")},
			{ID: "c", ARN: boxARN("b"), InputPath: ptr("not a path")}, // as an older Carillon might have taken it
		})
	})
	n.wantPut(def, "a", `{}`, "r b")
	if c := n.outbox.Counts(); c.Kept != 2 || c.Delivered != 1 {
		t.Errorf("%+v", c)
	}
}

func TestATargetKeepsHowItIsDeliveredTo(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	dead := arn.Queue("eu-west-1", "111122223333", "dead")
	put := []Target{
		{ID: "a", ARN: boxARN("b"), Retry: &Retry{MaxAttempts: ptr(0)}, DeadLetter: &dead},
		{ID: "b", ARN: boxARN("b"), Retry: &Retry{MaxAge: ptr(time.Minute)}},
		{ID: "c", ARN: boxARN("b"), Retry: &Retry{}},
	}
	n.must(func(tx *store.Tx) error { return n.core.PutTargets(tx, def, "r", put) })
	n.view(func(v *store.View) error {
		got, _, err := ListTargets(v, def, "r", "", 10)
		if err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
		if *got[0].Retry.MaxAttempts != 0 || got[0].Retry.MaxAge != nil || *got[0].DeadLetter != dead ||
			*got[1].Retry.MaxAge != time.Minute || got[1].DeadLetter != nil || got[2].Retry == nil {
			t.Errorf("%+v", got)
		}
		return nil
	})
	for i, want := range []delivery.Policy{
		{MaxAge: 24 * time.Hour}, {MaxAge: time.Minute, MaxAttempts: 185}, delivery.DefaultPolicy,
	} {
		if got := put[i].Retry.policy(); !reflect.DeepEqual(*got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestATargetCanBeReplacedThoughTheRuleHasAllItMayHave(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "a", "b", "c", "d", "e")
	n.core.limits.TargetsPerRule = 3
	n.targets(def, "r", "e", "e")
	err := n.update(func(tx *store.Tx) error {
		return n.core.PutTargets(tx, def, "r", []Target{{ID: "a", ARN: boxARN("a")}, {ID: "f", ARN: boxARN("f")}})
	})
	if !errors.Is(err, ErrTooManyTargets) {
		t.Error(err)
	}
	n.wantPut(def, "a", `{}`, "r a", "r b", "r c", "r d", "r e")
}

func TestATargetThatAnOlderCarillonPutIsReadAsItWas(t *testing.T) {
	got, err := readTarget("t", []byte("\x01"+`{"arn":"arn:aws:sqs:eu-west-1:111122223333:q","groupId":"g"}`))
	if err != nil || *got.GroupID != "g" || got.Input != nil || got.InputPath != nil || got.Transformer != nil || got.Retry != nil || got.DeadLetter != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
