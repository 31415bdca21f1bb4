package bus

import (
	"math"
	"sync/atomic"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
	"github.com/carillon-events/carillon/internal/transform"
)

// ruleset is the rules of a bus that can match, as of one transaction. It is
// never changed: equal pointers are equal rules.
type ruleset struct {
	rules *pattern.Snapshot // owners are *compiled
	once  once
	found atomic.Pointer[meter.Bus]
}

// compiled is a rule that is on, has a pattern and has targets.
type compiled struct {
	name    string
	source  string // the rule's ARN
	rule    *pattern.Rule
	forAll  bool // it is matched to calls that change nothing, too
	targets []compiledTarget
	found   atomic.Pointer[meter.Rule]
	ref     trail.Ref // what the trail calls it, as it is
}

// compiledTarget is a target with what is made of it once for all events.
type compiledTarget struct {
	Target
	sees   *transform.Transform // nil: the event
	http   *compiledHTTP
	group  group
	unfit  error // why there is no such transform, or http, any more
	policy *delivery.Policy
	found  atomic.Pointer[meter.Target]
	may    delivery.Permission
}

func compileTargets(targets []Target) []compiledTarget {
	out := make([]compiledTarget, len(targets))
	for i, t := range targets {
		// An error is that of a target which an older Carillon took and this one
		// does not: it must not stop the others.
		sees, err := t.Compile()
		http, bad := t.HTTP.compile()
		if err == nil {
			err = bad
		}
		o := &out[i]
		o.Target, o.sees, o.http, o.unfit, o.policy = t, sees, http, err, t.Retry.policy()
		o.group = compileGroup(t.GroupID)
	}
	return out
}

// working is the rules of a bus that was used since the start, for the
// transactions that change them.
type working struct {
	set    *pattern.Set
	byName map[string]*compiled
	now    *ruleset
	once   once
	bucket int64 // of idempotency keys: the newest one
}

// cell is the working rules of buses that were used since the start, and how
// many rules the buses have that got one.
type cell struct {
	buses  map[Name]*working
	counts map[Name]int
}

var memory = store.NewCell(func(*store.Tx) (*cell, error) {
	return &cell{buses: map[Name]*working{}, counts: map[Name]int{}}, nil
})

// ruleCount is how many rules a bus has. Their keys are counted once: with each
// new rule, making many would take time that grows with their square.
func (m *cell) ruleCount(tx *store.Tx, n Name) (int, error) {
	if known, ok := m.counts[n]; ok {
		return known, nil
	}
	rules, err := count(tx, n.ruleKey(""))
	if err == nil {
		m.counts[n] = rules
	}
	return rules, err
}

// countRules adds to the count of a bus's rules, as tx does to their keys.
func countRules(tx *store.Tx, n Name, more int) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	if _, known := m.counts[n]; known {
		m.counts[n] += more
	}
	return nil
}

// Memory holds the rules of so many buses: whoever puts events names accounts and
// regions, and each has a default bus. A variable, so that tests can reach it.
var maxWorking = 4096

// rules is the ruleset that holds in tx; nil if the bus does not exist.
func (c *Core) rules(tx *store.Tx, n Name) (*ruleset, error) {
	m, err := memory.In(tx)
	if err != nil {
		return nil, err
	}
	if w := m.buses[n]; w != nil {
		return w.now, nil
	}
	w, err := load(tx, n)
	if err != nil {
		if isNotFound(err) {
			return nil, nil
		}
		return nil, err
	}
	if len(m.buses) >= maxWorking { // all are read again from keys, and matched again
		clear(m.buses)
		tx.AfterCommit(c.hints.Clear)
	}
	m.buses[n] = w
	return w.now, nil
}

// load reads a bus and its rules.
func load(r Reader, n Name) (*working, error) {
	rec, err := getBusRecord(r, n)
	if err != nil {
		return nil, err
	}
	list, _, err := ListRules(r, n, "", "", math.MaxInt)
	if err != nil {
		return nil, err
	}
	w := &working{set: pattern.NewSet(), byName: map[string]*compiled{}, once: storedOnce(rec.Tags)}
	var all []*pattern.Rule
	for _, rule := range list {
		c, err := compile(r, n, rule, nil)
		if err != nil {
			return nil, err
		}
		if c != nil {
			w.byName[c.name] = c
			all = append(all, c.rule)
		}
	}
	managed, err := w.addManaged(r, n)
	if err != nil {
		return nil, err
	}
	w.change(nil, append(all, managed...))
	return w, nil
}

func (w *working) change(remove, add []*pattern.Rule) {
	w.set.Change(remove, add)
	w.now = &ruleset{rules: w.set.Snapshot(), once: w.once}
}

// compile is the compiled rule; nil if it cannot match. parsed is its pattern
// read already, if somebody has done that.
func compile(r Reader, n Name, rule Rule, parsed *pattern.Pattern) (*compiled, error) {
	if rule.State == Disabled || rule.Pattern == "" {
		return nil, nil
	}
	targets, _, err := listTargets(r, n, rule.Name, "", math.MaxInt)
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	if parsed == nil {
		if parsed, err = pattern.Stored(rule.Pattern); err != nil {
			// PutRule read it, so this is a pattern that an older Carillon took
			// and this one does not. It must not stop the bus.
			return nil, nil
		}
	}
	c := &compiled{name: rule.Name, source: n.RuleARN(rule.Name).String(), targets: compileTargets(targets), forAll: rule.State == EnabledForAll}
	c.rule = parsed.Rule(c.refer(rule.Pattern))
	return c, nil
}

// renew puts a new ruleset in the place of a bus's after the rule, its state or
// its targets changed in tx. parsed is the rule's pattern read already, or nil.
func (c *Core) renew(tx *store.Tx, n Name, rule string, parsed *pattern.Pattern) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	w := m.buses[n]
	if w == nil {
		return nil // not used yet: read from keys when it is
	}
	var rec ruleRecord
	exists, err := get(tx, n.ruleKey(rule), &rec)
	if err != nil {
		return err
	}
	var r *compiled
	if exists {
		if r, err = compile(tx, n, rec.rule(rule), parsed); err != nil {
			return err
		}
	}
	w.replace(rule, r)
	return nil
}

// replace puts r, nil for none, in the place of the rule of that name.
func (w *working) replace(name string, r *compiled) {
	var remove, add []*pattern.Rule
	if old := w.byName[name]; old != nil {
		remove = append(remove, old.rule)
		delete(w.byName, name)
	}
	if r != nil {
		add = append(add, r.rule)
		w.byName[name] = r
	}
	w.change(remove, add)
}

// forget drops the rules of a bus that is deleted in tx.
func forget(tx *store.Tx, n Name) error {
	m, err := memory.In(tx)
	if err == nil {
		delete(m.buses, n)
		delete(m.counts, n)
	}
	return err
}
