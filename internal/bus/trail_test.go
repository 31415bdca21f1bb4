package bus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// told is what the trail has of an event, "bus rule target outcome" each.
func (n *node) told(id string) (all []string, passages []trail.Passage) {
	n.t.Helper()
	n.view(func(v *store.View) (err error) {
		passages, err = trail.Get(v, id)
		return err
	})
	for _, p := range passages {
		for _, m := range p.Matches {
			for _, d := range m.Deliveries {
				all = append(all, fmt.Sprint(p.Bus.Name, " ", m.Rule.Name(), " ", d.Target.ID, " ", trail.OutcomeName(d.Outcome)))
			}
		}
	}
	return all, passages
}

func TestAnOccurrenceHasATrailUnderTheIdThatItHasWheneverItIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "minutely", "rate(1 minute)")
		n.targets(ours, "minutely", "t")
		time.Sleep(time.Minute)
		onTime := n.ticks()[0].ID
		n.away(150 * time.Second)
		late := n.ticks()[0].ID
		for _, id := range []string{onTime, late} {
			got, passages := n.told(id)
			if fmt.Sprint(got) != "[default minutely t delivered]" || passages[0].EventID != id {
				t.Errorf("%s: %q", id, got)
			}
		}
	})
}

func TestTheTrailSaysWhatARuleWasWhenItMatched(t *testing.T) {
	n := start(t)
	n.rule(ours, "r", `{"source":["a"]}`, Enabled)
	n.targets(ours, "r", "t1")
	n.wantPut(ours, "a", `{"n":1}`, "r t1")
	n.targets(ours, "r", "t2")
	n.wantPut(ours, "a", `{"n":2}`, "r t1", "r t2")
	before := n.recordedOf("e1")
	n.must(func(tx *store.Tx) error { return n.core.SetRuleState(tx, ours, "r", Disabled) })
	if got := n.recordedOf("e2"); len(got.Matches) != 0 || len(before.Matches) != 1 {
		t.Errorf("%+v, %+v", before, got)
	}
	var now trail.Rule
	n.view(func(v *store.View) (err error) {
		now, err = AsRecorded(v, ours, "r")
		return err
	})
	if now.Ref() != before.Matches[0].Ref {
		t.Error("a rule that is off is another one")
	}
	n.rule(ours, "r", `{"source":["a","b"]}`, Enabled)
	if after := n.recordedOf("e3"); after.Matches[0].Ref == before.Matches[0].Ref || after.Matches[0].Rule.Pattern != `{"source":["a","b"]}` {
		t.Errorf("%+v", after)
	}
}

// recordedOf puts an event and is what the trail has of it.
func (n *node) recordedOf(id string) trail.Passage {
	n.t.Helper()
	n.put(ours, id, "a", `{}`)
	_, passages := n.told(id)
	if len(passages) != 1 {
		n.t.Fatalf("%s: %+v", id, passages)
	}
	return passages[0]
}
