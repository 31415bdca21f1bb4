package bus

import (
	"math"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
)

// ruleset is the rules of a bus that can match, compiled, by name. It is never
// changed: equal pointers are equal rules.
type ruleset struct {
	rules []*compiled
}

// compiled is a rule that is on, has a pattern and has targets.
type compiled struct {
	name    string
	source  string // the rule's ARN
	pattern string
	matcher *pattern.Matcher
	targets []Target
}

// cell is the rulesets of the buses that were used since the start.
type cell struct{ sets map[Name]*ruleset }

var memory = store.NewCell(func(*store.Tx) (*cell, error) {
	return &cell{sets: map[Name]*ruleset{}}, nil
})

// rules is the ruleset that holds in tx; nil if the bus does not exist.
func rules(tx *store.Tx, n Name) (*ruleset, error) {
	m, err := memory.In(tx)
	if err != nil {
		return nil, err
	}
	if set := m.sets[n]; set != nil {
		return set, nil
	}
	if _, err := GetBus(tx, n); err != nil {
		if isNotFound(err) {
			return nil, nil
		}
		return nil, err
	}
	list, _, err := ListRules(tx, n, "", "", math.MaxInt)
	if err != nil {
		return nil, err
	}
	set := &ruleset{}
	for _, rule := range list {
		r, err := compile(tx, n, rule, nil)
		if err != nil {
			return nil, err
		}
		if r != nil {
			set.rules = append(set.rules, r)
		}
	}
	m.sets[n] = set
	return set, nil
}

// compile is the compiled rule; nil if it cannot match. matcher is its pattern
// compiled, if somebody has done that.
func compile(r Reader, n Name, rule Rule, matcher *pattern.Matcher) (*compiled, error) {
	if rule.State == Disabled || rule.Pattern == "" {
		return nil, nil
	}
	targets, _, err := listTargets(r, n, rule.Name, "", math.MaxInt)
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	if matcher == nil {
		if matcher, err = pattern.Compile(rule.Pattern); err != nil {
			// PutRule compiled it, so this is a pattern that an older Carillon
			// took and this one does not. It must not stop the bus.
			return nil, nil
		}
	}
	return &compiled{rule.Name, n.RuleARN(rule.Name).String(), rule.Pattern, matcher, targets}, nil
}

// renew replaces the ruleset of a bus after the rule, its state or its targets
// changed in tx. matcher is the rule's pattern compiled, or nil.
func (c *Core) renew(tx *store.Tx, n Name, rule string, matcher *pattern.Matcher) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	old := m.sets[n]
	if old == nil {
		return nil // not used yet: read from keys when it is
	}
	at, found := slices.BinarySearchFunc(old.rules, rule, func(r *compiled, name string) int { return strings.Compare(r.name, name) })
	set := &ruleset{rules: slices.Clone(old.rules)}
	if found {
		set.rules = slices.Delete(set.rules, at, at+1)
	}
	var rec ruleRecord
	exists, err := get(tx, n.ruleKey(rule), &rec)
	if err != nil {
		return err
	}
	if exists {
		if matcher == nil && found && old.rules[at].pattern == rec.Pattern {
			matcher = old.rules[at].matcher
		}
		r, err := compile(tx, n, rec.rule(rule), matcher)
		if err != nil {
			return err
		}
		if r != nil {
			set.rules = slices.Insert(set.rules, at, r)
		}
	}
	m.sets[n] = set
	return nil
}

// forget drops the ruleset of a bus that is deleted in tx.
func forget(tx *store.Tx, n Name) error {
	m, err := memory.In(tx)
	if err == nil {
		delete(m.sets, n)
	}
	return err
}
