package bus

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
)

// Managed is a rule that Carillon itself keeps on a bus, for an archive, say. It
// is matched like any other, but nobody sees, changes or counts it; a bus that
// has one is not deleted.
type Managed struct {
	Name    string // unique among the managed rules of the bus
	Pattern string
	Target  arn.ARN
}

type managedRecord struct {
	Pattern string `json:"pattern"`
	Target  string `json:"target"`
}

func (n Name) managedKey(rule string) []byte {
	return key(store.SpaceManagedRule, n.Account, n.Region, n.Bus, rule)
}

// inSet is what a managed rule is called in the memory of a ruleset: no other
// rule's name holds a zero byte.
func inSet(name string) string { return "\x00" + name }

// PutManaged makes a managed rule or replaces it.
func (c *Core) PutManaged(tx *store.Tx, n Name, rule Managed) error {
	if _, err := GetBus(tx, n); err != nil {
		return err
	}
	r, err := compileManaged(n, rule)
	if err != nil {
		return err
	}
	if err := tx.Set(n.managedKey(rule.Name), encode(managedRecord{rule.Pattern, rule.Target.String()})); err != nil {
		return err
	}
	return renewManaged(tx, n, rule.Name, r)
}

// DeleteManaged removes a managed rule; no error where there is none.
func (c *Core) DeleteManaged(tx *store.Tx, n Name, rule string) error {
	if err := tx.Delete(n.managedKey(rule)); err != nil {
		return err
	}
	return renewManaged(tx, n, rule, nil)
}

// isManaged tells whether the bus has managed rules.
func isManaged(r Reader, n Name) (found bool, err error) {
	err = store.Each(r, n.managedKey(""), "", func(string, []byte) (bool, error) {
		found = true
		return false, nil
	})
	return found, err
}

func compileManaged(n Name, rule Managed) (*compiled, error) {
	parsed, err := pattern.Stored(rule.Pattern)
	if err != nil {
		return nil, fmt.Errorf("managed rule %s: %w", rule.Name, err)
	}
	c := &compiled{
		name: inSet(rule.Name), source: n.RuleARN(rule.Name).String(),
		targets: compileTargets([]Target{{ID: rule.Name, ARN: rule.Target}}),
	}
	c.rule = parsed.Rule(c.refer(rule.Pattern))
	return c, nil
}

// addManaged reads the managed rules of a bus into w.
func (w *working) addManaged(r Reader, n Name) (all []*pattern.Rule, err error) {
	err = store.Each(r, n.managedKey(""), "", func(name string, value []byte) (bool, error) {
		var rec managedRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		to, err := arn.Parse(rec.Target)
		if err != nil {
			return false, fmt.Errorf("bus: damaged managed rule %s: %w", name, err)
		}
		c, err := compileManaged(n, Managed{name, rec.Pattern, to})
		if err != nil {
			return false, err
		}
		w.byName[c.name] = c
		all = append(all, c.rule)
		return true, nil
	})
	return all, err
}

// renewManaged puts r, nil for none, in the place of a managed rule in the
// memory of a bus that is in use.
func renewManaged(tx *store.Tx, n Name, rule string, r *compiled) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	if w := m.buses[n]; w != nil {
		w.replace(inSet(rule), r)
	}
	return nil
}
