package bus

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

func TestAManagedRuleIsMatchedAndNotSeen(t *testing.T) {
	n := start(t)
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", nil) })
	n.rule(orders, "r", `{"source":["s"]}`, Enabled)
	n.targets(orders, "r", "t")
	put := func(want ...string) {
		t.Helper()
		id := strings.Join(want, "+") + t.Name()
		if got := n.put(orders, id, "s", `{}`); !slices.Equal(got, want) {
			t.Errorf("went to %q, want %q", got, want)
		}
	}
	put("r t") // the bus is in use
	manage := func(name, pattern string) error {
		return n.update(func(tx *store.Tx) error {
			return n.core.PutManaged(tx, orders, Managed{name, pattern, boxARN("b")})
		})
	}
	if err := errors.Join(manage("m", `{"source":["s"]}`), manage("none", `{"source":["x"]}`)); err != nil {
		t.Fatal(err)
	}
	put("m m", "r t")
	n.stop()
	n.open()
	put("m m", "r t")
	if err := manage("m", `{"source":["y"]}`); err != nil {
		t.Fatal(err)
	}
	put("r t")
	if err := manage("m", `{"source":`); err == nil {
		t.Error("a managed rule without pattern is taken")
	}
	n.view(func(v *store.View) error {
		rules, _, err := ListRules(v, orders, "", "", 10)
		if len(rules) != 1 {
			t.Errorf("listed: %v", rules)
		}
		return err
	})
	n.must(func(tx *store.Tx) error {
		_, err := n.core.RemoveTargets(tx, orders, "r", []string{"t"})
		return errors.Join(err, n.core.DeleteRule(tx, orders, "r"))
	})
	del := func() error { return n.update(func(tx *store.Tx) error { return n.core.DeleteBus(tx, orders) }) }
	if err := del(); !errors.Is(err, ErrBusHasRules) {
		t.Errorf("delete a bus with managed rules: %v", err)
	}
	n.must(func(tx *store.Tx) error {
		return errors.Join(n.core.DeleteManaged(tx, orders, "m"), n.core.DeleteManaged(tx, orders, "none"), n.core.DeleteManaged(tx, orders, "gone"))
	})
	put()
	if err := del(); err != nil {
		t.Error(err)
	}
	if err := manage("m", `{"source":["y"]}`); !errors.Is(err, ErrBusNotFound) {
		t.Errorf("manage a bus that is gone: %v", err)
	}
}

func TestAnEventThatIsPutAgainGoesToTheRulesThatAreAskedFor(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	for _, rule := range []string{"a", "b"} {
		n.rule(def, rule, `{"source":["s"]}`, Enabled)
		n.targets(def, rule, "t")
	}
	envelope := (&event.Event{ID: "1", Source: "s", Detail: `{}`}).Append(nil)
	replay := func(on Name, id string, only ...string) (exists bool) {
		t.Helper()
		n.must(func(tx *store.Tx) (err error) {
			exists, err = n.core.Replay(tx, on.ARN(), only, id, "", envelope)
			return err
		})
		return exists
	}
	n.put(def, "1", "s", `{}`)
	for _, c := range []struct {
		id   string
		only []string
		want []string
	}{
		{"x/1", nil, []string{"a t", "b t"}},
		{"x/2", []string{def.RuleARN("b").String()}, []string{"b t"}},
		{"x/3", []string{def.RuleARN("none").String()}, nil},
	} {
		if exists := replay(def, c.id, c.only...); !exists {
			t.Error("the default bus does not exist")
		}
		if got := n.take(); !slices.Equal(got, c.want) {
			t.Errorf("%s went to %q, want %q", c.id, got, c.want)
		}
	}
	replay(def, "x/1")
	replay(def, "x/4") // the box takes no key twice
	if got := n.take(); len(got) != 4 {
		t.Errorf("two replays came as %q", got)
	}
	if replay(orders, "x/5") {
		t.Error("a bus exists that does not")
	}
}

// What was ingested anew is the replayed event, and it counts as one.
func TestAnEventThatIsPutAgainIsIngestedAgain(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["s"]}`, Enabled)
	n.must(func(tx *store.Tx) error {
		return n.core.PutTargets(tx, def, "r", []Target{{ID: "t", ARN: boxARN("b"), Transformer: &transform.Transformer{
			Template: `"<aws.events.event.ingestion-time>"`,
		}}})
	})
	var now string
	n.must(func(tx *store.Tx) error {
		now = tx.Now().UTC().Format("2006-01-02T15:04")
		_, err := n.core.Replay(tx, def.ARN(), nil, "x/1", "", (&event.Event{ID: "1", Source: "s", Detail: `{}`}).Append(nil))
		return err
	})
	n.view(func(v *store.View) error {
		return v.Scan([]byte("Z"), []byte("["), func(_, body []byte) bool {
			if got := strings.Trim(string(body), `"`); !strings.HasPrefix(got, now) {
				t.Errorf("ingested at %s, want %s", got, now)
			}
			return true
		})
	})
	if got := n.core.Counts(); got.Accepted != 1 || got.Matched != 1 || len(n.take()) != 1 {
		t.Errorf("%+v", got)
	}
}
