package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// box is a target that keeps each delivery under the event, rule and target it
// is of.
type box struct{}

func (box) Prepare(*delivery.Delivery) any { return nil }

func (box) Deliver(tx *store.Tx, d *delivery.Delivery, _ any) error {
	key := []byte("Z" + d.Source + " " + d.TargetID + " " + d.Key.String())
	if _, again, err := tx.Get(key); err != nil || again {
		return fmt.Errorf("%s came twice: %w", key, err)
	}
	return tx.Set(key, d.Body)
}

// node is a bus on a store that can be stopped and opened again.
type node struct {
	t      testing.TB
	fs     vfs.FS
	shard  *store.Shard
	outbox *delivery.Outbox
	core   *Core
	trail  *trail.Trail
	stop   func()
}

func start(t testing.TB) *node {
	n := &node{t: t, fs: vfs.NewMem()}
	n.open()
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *node) open() {
	n.t.Helper()
	s, err := store.Open("data", store.Options{FS: n.fs, Logger: quiet})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	n.shard = s.Shard(0)
	n.outbox = delivery.New(map[string]delivery.Target{"box": box{}}, delivery.DefaultPolicy)
	n.core = New(n.outbox, DefaultLimits)
	n.trail = trail.New(trail.Options{For: 24 * time.Hour, MaxBytes: 1 << 30})
	n.core.Record(n.trail)
	n.stop = func() {
		n.verify()
		cancel()
		if err := errors.Join(<-ran, s.Close()); err != nil {
			n.t.Error(err)
		}
	}
}

// verify wants what the trail promises, whatever a test did.
func (n *node) verify() {
	n.t.Helper()
	n.view(func(v *store.View) error { return trail.Verify(v, func(problem string) { n.t.Error(problem) }) })
}

func (n *node) update(fn func(tx *store.Tx) error) error {
	return n.shard.Update(context.Background(), fn)
}

func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.update(fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) view(fn func(v *store.View) error) {
	n.t.Helper()
	if err := n.shard.View(fn); err != nil {
		n.t.Fatal(err)
	}
}

var orders = Name{"111122223333", "eu-west-1", "orders"}

func boxARN(name string) arn.ARN {
	return arn.ARN{Partition: "aws", Service: "box", Region: "eu-west-1", Account: "111122223333", Resource: name}
}

func (n *node) rule(bus Name, name, text string, state State) {
	n.t.Helper()
	m, err := pattern.Parse(text)
	if err != nil {
		n.t.Fatal(err)
	}
	n.must(func(tx *store.Tx) error {
		return n.core.PutRule(tx, bus, Rule{Name: name, Pattern: text, State: state, Parsed: m}, nil)
	})
}

func (n *node) targets(bus Name, rule string, ids ...string) {
	n.t.Helper()
	var targets []Target
	for _, id := range ids {
		targets = append(targets, Target{ID: id, ARN: boxARN(id)})
	}
	n.must(func(tx *store.Tx) error { return n.core.PutTargets(tx, bus, rule, targets) })
}

// put puts one event and returns what was delivered, as "rule target".
func (n *node) put(bus Name, id, source, detail string) []string {
	n.t.Helper()
	var b Batch
	n.core.Add(&b, bus, &event.Event{ID: id, Source: source, DetailType: "t", Detail: detail,
		Account: bus.Account, Region: bus.Region, Time: time.Unix(0, 0)}, "")
	n.putBatch(&b)
	return n.take()
}

// putBatch puts a batch as the service does.
func (n *node) putBatch(b *Batch) {
	n.t.Helper()
	err := n.update(func(tx *store.Tx) error { return n.core.Put(tx, b, false) })
	if errors.Is(err, ErrStale) {
		n.core.Refresh(b)
		err = n.update(func(tx *store.Tx) error { return n.core.Put(tx, b, false) })
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.core.Learn(b)
}

// take empties the box.
func (n *node) take() (got []string) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error {
		err := tx.Scan([]byte("Z"), []byte("["), func(k, _ []byte) bool {
			var source, target, key string
			_, _ = fmt.Sscan(string(k[1:]), &source, &target, &key)
			a, err := arn.Parse(source)
			if err != nil {
				n.t.Fatal(err)
			}
			_, rule, _ := a.RuleName()
			got = append(got, rule+" "+target)
			return true
		})
		if err != nil || len(got) == 0 {
			return err
		}
		return tx.DeleteRange([]byte("Z"), []byte("["))
	})
	return got
}

func (n *node) wantPut(bus Name, source, detail string, want ...string) {
	n.t.Helper()
	if got := n.put(bus, fmt.Sprint("event of ", source, detail), source, detail); !slices.Equal(got, want) {
		n.t.Errorf("%s %s went to %q, want %q", source, detail, got, want)
	}
}

func TestAnEventGoesToTheTargetsOfEveryRuleThatMatches(t *testing.T) {
	n := start(t)
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", nil) })
	n.wantPut(orders, "shop", `{"n":1}`)
	n.rule(orders, "all", `{"source":[{"prefix":""}]}`, Enabled)
	n.targets(orders, "all", "t1", "t2")
	n.rule(orders, "big", `{"detail":{"n":[{"numeric":[">",10]}]}}`, Enabled)
	n.targets(orders, "big", "t1")
	n.rule(orders, "off", `{"source":["shop"]}`, Disabled)
	n.targets(orders, "off", "t3")
	n.rule(orders, "untargeted", `{"source":["shop"]}`, Enabled)

	n.wantPut(orders, "shop", `{"n":5}`, "all t1", "all t2")
	n.wantPut(orders, "shop", `{"n":50}`, "all t1", "all t2", "big t1")
	other := orders
	other.Region = "us-east-1"
	n.wantPut(other, "shop", `{"n":50}`)
}

func TestAChangeOfRulesIsSeenByTheVeryNextEvent(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "t")
	n.wantPut(def, "a", `{}`, "r t")

	n.rule(def, "r", `{"source":["b"]}`, Enabled)
	n.wantPut(def, "a", `{"x":1}`)
	n.wantPut(def, "b", `{}`, "r t")
	n.must(func(tx *store.Tx) error { return n.core.SetRuleState(tx, def, "r", Disabled) })
	n.wantPut(def, "b", `{"x":1}`)
	n.must(func(tx *store.Tx) error { return n.core.SetRuleState(tx, def, "r", Enabled) })
	n.wantPut(def, "b", `{"x":2}`, "r t")
	n.targets(def, "r", "u")
	n.wantPut(def, "b", `{"x":3}`, "r t", "r u")
	n.must(func(tx *store.Tx) error {
		_, err := n.core.RemoveTargets(tx, def, "r", []string{"t", "nope"})
		return err
	})
	n.wantPut(def, "b", `{"x":4}`, "r u")
	n.stop()
	n.open()
	n.wantPut(def, "b", `{"x":5}`, "r u")
}

func TestAnEventIsMatchedToTheRulesOfItsOwnTransaction(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "t")
	n.put(def, "0", "a", `{}`)

	for _, inside := range []bool{false, true} {
		var b Batch
		n.core.Add(&b, def, &event.Event{ID: fmt.Sprint(inside), Source: "a", Detail: `{}`}, "")
		rule := fmt.Sprint("s", inside)
		n.rule(def, rule, `{"source":["a"]}`, Enabled)
		n.targets(def, rule, "t")
		if inside {
			n.must(func(tx *store.Tx) error { return n.core.Put(tx, &b, true) })
		} else {
			n.putBatch(&b)
		}
		want := []string{"r t", "sfalse t"}
		if inside {
			want = append(want, "strue t")
		}
		if got := n.take(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
	}
}

func TestMatchingIsDoneBeforeTheTransaction(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "t")
	for i := range 10 {
		n.put(def, fmt.Sprint(i), "a", `{}`)
	}
	if c := n.core.Counts(); c.Rematched != 0 || c.Accepted != 10 || c.Matched != 10 {
		t.Errorf("%+v, want no event matched inside", c)
	}
}

func TestAnEventForABusThatDoesNotExistIsCounted(t *testing.T) {
	n := start(t)
	n.wantPut(orders, "a", `{}`)
	if c := n.core.Counts(); c.NoBus != 1 {
		t.Errorf("%+v", c)
	}
}

func TestTheDefaultBusIsThereAndStays(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	if err := n.update(func(tx *store.Tx) error { return n.core.DeleteBus(tx, def) }); !errors.Is(err, ErrBusIsDefault) {
		t.Errorf("delete: %v", err)
	}
	if err := n.update(func(tx *store.Tx) error { return n.core.CreateBus(tx, def, "", nil) }); !errors.Is(err, ErrBusExists) {
		t.Errorf("create: %v", err)
	}
}

func TestWhatHoldsSomethingIsNotDeleted(t *testing.T) {
	n := start(t)
	n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", nil) })
	n.rule(orders, "r", `{"a":[1]}`, Enabled)
	n.targets(orders, "r", "t")
	deleteBus := func(tx *store.Tx) error { return n.core.DeleteBus(tx, orders) }
	deleteRule := func(tx *store.Tx) error { return n.core.DeleteRule(tx, orders, "r") }
	if err := n.update(deleteBus); !errors.Is(err, ErrBusHasRules) {
		t.Errorf("bus with a rule: %v", err)
	}
	if err := n.update(deleteRule); !errors.Is(err, ErrRuleHasTargets) {
		t.Errorf("rule with a target: %v", err)
	}
	n.must(func(tx *store.Tx) error { _, err := n.core.RemoveTargets(tx, orders, "r", []string{"t"}); return err })
	n.must(deleteRule)
	n.must(deleteRule) // nothing is there to delete
	n.must(deleteBus)
	n.must(deleteBus)
}

func TestLimitsAreKept(t *testing.T) {
	n := start(t)
	n.core.limits = Limits{Buses: 2, RulesPerBus: 2, TargetsPerRule: 2, Tags: 2}
	create := func(bus string) error {
		name := orders
		name.Bus = bus
		return n.update(func(tx *store.Tx) error { return n.core.CreateBus(tx, name, "", nil) })
	}
	if err := create("orders"); err != nil {
		t.Fatal(err)
	}
	if err := create("b"); !errors.Is(err, ErrTooManyBuses) {
		t.Errorf("third bus: %v", err)
	}
	n.rule(orders, "r1", `{"a":[1]}`, Enabled)
	n.rule(orders, "r2", `{"a":[1]}`, Enabled)
	n.rule(orders, "r2", `{"a":[2]}`, Enabled)
	putRule := func(tx *store.Tx) error {
		return n.core.PutRule(tx, orders, Rule{Name: "r3", Pattern: `{"a":[1]}`, State: Enabled}, nil)
	}
	if err := n.update(putRule); !errors.Is(err, ErrTooManyRules) {
		t.Errorf("third rule: %v", err)
	}
	n.targets(orders, "r1", "a", "b")
	n.targets(orders, "r1", "b", "a")
	third := func(tx *store.Tx) error {
		return n.core.PutTargets(tx, orders, "r1", []Target{{ID: "c", ARN: boxARN("c")}})
	}
	if err := n.update(third); !errors.Is(err, ErrTooManyTargets) {
		t.Errorf("third target: %v", err)
	}
	tag := func(keys ...string) error {
		set := map[string]string{}
		for _, k := range keys {
			set[k] = "v"
		}
		return n.update(func(tx *store.Tx) error { return n.core.ChangeTags(tx, orders, "r1", set, nil) })
	}
	if err := tag("x", "y"); err != nil {
		t.Fatal(err)
	}
	if err := tag("z"); !errors.Is(err, ErrTooManyTags) {
		t.Errorf("third tag: %v", err)
	}
}

func TestListsArePagedInOrder(t *testing.T) {
	n := start(t)
	for _, bus := range []string{"a", "e", "d.x", "z"} {
		name := orders
		name.Bus = bus
		n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, name, "", nil) })
	}
	var got []string
	n.view(func(v *store.View) error {
		for after, more := "", true; more; {
			var page []Bus
			var err error
			if page, more, err = ListBuses(v, orders.Account, orders.Region, "", after, 2); err != nil {
				return err
			}
			for _, b := range page {
				got = append(got, b.Name.Bus)
				after = b.Name.Bus
			}
		}
		return nil
	})
	if want := []string{"a", "d.x", "default", "e", "z"}; !slices.Equal(got, want) {
		t.Errorf("buses %q, want %q", got, want)
	}
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	for _, rule := range []string{"p1", "p2", "q", "p10"} {
		n.rule(def, rule, `{"a":[1]}`, Enabled)
		n.targets(def, rule, "t", "u")
	}
	n.view(func(v *store.View) error {
		rules, more, err := ListRules(v, def, "p", "p1", 1)
		if err != nil || len(rules) != 1 || rules[0].Name != "p10" || !more {
			t.Errorf("rules p* after p1: %+v, %v, %v", rules, more, err)
		}
		names, more, err := RulesOfTarget(v, def, boxARN("u"), "p1", 2)
		if err != nil || !slices.Equal(names, []string{"p10", "p2"}) || !more {
			t.Errorf("rules of u after p1: %q, %v, %v", names, more, err)
		}
		names, more, err = RulesOfTarget(v, def, boxARN("u"), "p2", 2)
		if err != nil || !slices.Equal(names, []string{"q"}) || more {
			t.Errorf("rules of u after p2: %q, %v, %v", names, more, err)
		}
		return nil
	})
}

func TestTagsChangeNothingElse(t *testing.T) {
	n := start(t)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "t")
	for _, rule := range []string{"", "r"} {
		n.must(func(tx *store.Tx) error {
			return n.core.ChangeTags(tx, def, rule, map[string]string{"k": "v", "l": "w"}, nil)
		})
		n.must(func(tx *store.Tx) error { return n.core.ChangeTags(tx, def, rule, nil, []string{"l", "m"}) })
		n.view(func(v *store.View) error {
			tags, err := Tags(v, def, rule)
			if err != nil || len(tags) != 1 || tags["k"] != "v" {
				t.Errorf("tags of %q: %v, %v", rule, tags, err)
			}
			return nil
		})
	}
	n.wantPut(def, "a", `{}`, "r t")
}

func TestAnEventThatWasAcceptedIsInItsTargetsAfterPowerLoss(t *testing.T) {
	fs := vfs.NewCrashableMem()
	n := &node{t: t, fs: fs}
	n.open()
	defer func() { n.stop() }()
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	n.rule(def, "r", `{"source":["a"]}`, Enabled)
	n.targets(def, "r", "t", "u")
	for i := range 20 {
		var b Batch
		for j := range 3 {
			n.core.Add(&b, def, &event.Event{ID: fmt.Sprint(i, "-", j), Source: "a", Detail: `{}`}, "")
		}
		n.putBatch(&b)
		after := fs.CrashClone(vfs.CrashCloneCfg{})
		if i%5 != 0 {
			continue
		}
		survivor := &node{t: t, fs: after}
		survivor.open()
		if got := survivor.take(); len(got) != (i+1)*6 {
			t.Errorf("%d deliveries after %d events, want %d", len(got), (i+1)*3, (i+1)*6)
		}
		survivor.stop()
	}
}

func BenchmarkPutOneEventToOneOfTenRules(b *testing.B) {
	n := start(b)
	def := Name{orders.Account, orders.Region, arn.DefaultBus}
	for i := range 10 {
		n.rule(def, fmt.Sprint("r", i), fmt.Sprintf(`{"source":["s%d"]}`, i), Enabled)
		n.targets(def, fmt.Sprint("r", i), "t")
	}
	n.put(def, "first", "s1", `{}`)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		var batch Batch
		n.core.Add(&batch, def, &event.Event{ID: fmt.Sprint(i), Source: "s3", Detail: `{"a":[1,2,3],"b":{"c":"d"}}`}, "")
	}
}
