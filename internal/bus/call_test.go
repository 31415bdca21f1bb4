package bus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

func (n *node) call(bus Name, id, detail string, changes bool) {
	n.t.Helper()
	var b Batch
	n.core.AddCall(&b, bus, &event.Event{ID: id, Source: "aws.sqs", DetailType: "Call", Account: bus.Account, Region: bus.Region, Time: time.Unix(1, 0), Detail: detail}, changes)
	n.putBatch(&b)
}

func TestACallThatChangesNothingGoesOnlyToRulesThatWantAll(t *testing.T) {
	n := start(t)
	def := Name{"111122223333", "eu-west-1", "default"}
	for rule, state := range map[string]State{"some": Enabled, "all": EnabledForAll, "off": Disabled} {
		n.rule(def, rule, `{"source": ["aws.sqs"]}`, state)
		n.targets(def, rule, rule)
	}
	for range 2 { // matched inside the transaction, and before it
		for _, c := range []struct {
			changes bool
			want    []string
		}{{true, []string{"all", "some"}}, {false, []string{"all"}}} {
			n.call(def, event.NewID(time.Now()), `{"a": 1}`, c.changes)
			got := n.take()
			slices.Sort(got)
			if len(got) != len(c.want) {
				t.Errorf("changes %v: %v, want %v", c.changes, got, c.want)
			}
		}
	}
}

func TestACallGoesToTheRulesThatAskForIt(t *testing.T) {
	n := start(t)
	def := Name{"111122223333", "eu-west-1", "default"}
	asks := map[string]bool{
		`{"source": ["aws.sqs"]}`:                                    true,
		`{"source": [{"prefix": "aws."}]}`:                           true,
		`{"detail-type": ["Call"]}`:                                  true,
		`{"detail": {"a": [1]}}`:                                     true,
		`{"detail": {"a": [{"exists": true}]}}`:                      true,
		`{"$or": [{"source": ["shop"]}, {"detail": {"a": [1, 2]}}]}`: true,
		`{"source": [{"prefix": ""}]}`:                               false,
		`{"account": ["111122223333"]}`:                              false,
		`{"region": ["eu-west-1"]}`:                                  false,
		`{"source": [{"anything-but": "shop"}]}`:                     false,
		`{"detail": {"b": [{"exists": false}]}}`:                     false,
		`{"source": ["shop"]}`:                                       false,
	}
	want := 0
	i := 0
	for text, asks := range asks {
		i++
		rule := fmt.Sprint("r", i)
		n.rule(def, rule, text, Enabled)
		n.targets(def, rule, rule)
		if asks {
			want++
		}
	}
	n.call(def, event.NewID(time.Now()), `{"a": 1}`, true)
	if got := n.take(); len(got) != want {
		t.Errorf("%v, want %d", got, want)
	}
}

func TestACallThatNobodyWatchesLeavesNoTrace(t *testing.T) {
	n := start(t)
	def := Name{"111122223333", "eu-west-1", "default"}
	n.rule(def, "orders", `{"source": ["shop"]}`, Enabled)
	n.targets(def, "orders", "one")
	before := n.core.Counts()
	n.call(def, event.NewID(time.Now()), `{}`, true)
	n.call(Name{"999999999999", "eu-west-1", "default"}, event.NewID(time.Now()), `{}`, true)
	if after := n.core.Counts(); after.Accepted != before.Accepted || after.NoBus != before.NoBus {
		t.Errorf("%+v, before %+v", after, before)
	}
	n.view(func(v *store.View) error {
		page, err := trail.Find(v, trail.Query{Limit: 10})
		if len(page.Passages) > 0 {
			t.Errorf("on the trail: %+v", page.Passages)
		}
		return err
	})
}
