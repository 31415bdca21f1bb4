package bus

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/schedule"
	"github.com/carillon-events/carillon/internal/store"
)

// State says whether a rule is matched, and occurs.
type State string

// The states of a rule. EnabledForAll is a rule that also wants the events of
// calls that change nothing (AddCall).
const (
	Enabled       State = "enabled"
	Disabled      State = "disabled"
	EnabledForAll State = "enabled-for-all"
)

// Rule is a rule as it was put.
type Rule struct {
	Name        string
	Pattern     string // what it matches; empty if it only occurs
	Schedule    string // when it occurs; empty if it only matches
	State       State
	Description string
	RoleARN     string
	CreatedBy   string // account
	CreatedAt   time.Time

	// Parsed is Pattern, read; only PutRule looks at it.
	Parsed *pattern.Pattern
}

func isNotFound(err error) bool {
	return errors.Is(err, ErrBusNotFound) || errors.Is(err, ErrRuleNotFound)
}

// PutRule makes a rule, or replaces all of one but its targets, tags and origin.
// tags are those of a new rule.
func (c *Core) PutRule(tx *store.Tx, n Name, rule Rule, tags map[string]string) error {
	if _, err := GetBus(tx, n); err != nil {
		return err
	}
	rec := ruleRecord{CreatedBy: rule.CreatedBy, CreatedAt: tx.Now(), Tags: maps.Clone(tags)}
	if _, err := schedule.Parse(rule.Schedule); rule.Schedule != "" && err != nil {
		return fmt.Errorf("schedule of rule %s: %w", rule.Name, err)
	}
	found, err := get(tx, n.ruleKey(rule.Name), &rec)
	if err != nil {
		return err
	}
	if !found {
		if err := c.roomForRule(tx, n, rule.Name, tags); err != nil {
			return err
		}
	}
	anew := rec.Schedule != rule.Schedule
	rec.Pattern, rec.Schedule, rec.State = rule.Pattern, rule.Schedule, rule.State
	rec.Description, rec.RoleARN = rule.Description, rule.RoleARN
	if err := keepTime(tx, n, rule.Name, &rec, anew); err != nil {
		return err
	}
	if err := tx.Set(n.ruleKey(rule.Name), encode(rec)); err != nil {
		return err
	}
	if !found {
		if err := countRules(tx, n, 1); err != nil {
			return err
		}
	}
	return c.renew(tx, n, rule.Name, rule.Parsed)
}

func (c *Core) roomForRule(tx *store.Tx, n Name, rule string, tags map[string]string) error {
	if len(tags) > c.limits.Tags {
		return fmt.Errorf("rule %s: %w", rule, ErrTooManyTags)
	}
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	rules, err := m.ruleCount(tx, n)
	if err != nil {
		return err
	}
	if rules >= c.limits.RulesPerBus {
		return fmt.Errorf("rule %s on bus %s: %w", rule, n.Bus, ErrTooManyRules)
	}
	return nil
}

// DeleteRule removes a rule that has no targets; no error where there is none.
func (c *Core) DeleteRule(tx *store.Tx, n Name, rule string) error {
	if _, err := GetRule(tx, n, rule); err != nil {
		if errors.Is(err, ErrRuleNotFound) {
			return nil
		}
		return err
	}
	targets, _, err := ListTargets(tx, n, rule, "", 1)
	if err != nil {
		return err
	}
	if len(targets) > 0 {
		return fmt.Errorf("delete rule %s: %w", rule, ErrRuleHasTargets)
	}
	if err := keepTime(tx, n, rule, nil, false); err != nil {
		return err
	}
	if err := tx.Delete(n.ruleKey(rule)); err != nil {
		return err
	}
	if err := countRules(tx, n, -1); err != nil {
		return err
	}
	tx.AfterCommit(func() { c.outbox.Meters().ForgetRule(n.RuleARN(rule).String()) })
	return c.renew(tx, n, rule, nil)
}

// SetRuleState turns a rule on or off.
func (c *Core) SetRuleState(tx *store.Tx, n Name, rule string, state State) error {
	if _, err := GetRule(tx, n, rule); err != nil {
		return err
	}
	var rec ruleRecord
	if _, err := get(tx, n.ruleKey(rule), &rec); err != nil {
		return err
	}
	if rec.State == state {
		return nil
	}
	rec.State = state
	if err := keepTime(tx, n, rule, &rec, false); err != nil {
		return err
	}
	if err := tx.Set(n.ruleKey(rule), encode(rec)); err != nil {
		return err
	}
	return c.renew(tx, n, rule, nil)
}

// GetRule describes a rule.
func GetRule(r Reader, n Name, rule string) (Rule, error) {
	if _, err := GetBus(r, n); err != nil {
		return Rule{}, err
	}
	var rec ruleRecord
	found, err := get(r, n.ruleKey(rule), &rec)
	if err != nil {
		return Rule{}, err
	}
	if !found {
		return Rule{}, fmt.Errorf("rule %s on bus %s: %w", rule, n.Bus, ErrRuleNotFound)
	}
	return rec.rule(rule), nil
}

func (rec *ruleRecord) rule(name string) Rule {
	return Rule{
		Name: name, Pattern: rec.Pattern, Schedule: rec.Schedule, State: rec.State, Description: rec.Description,
		RoleARN: rec.RoleARN, CreatedBy: rec.CreatedBy, CreatedAt: rec.CreatedAt,
	}
}

// ListRules has up to limit rules of a bus whose names begin with prefix and
// come after `after`, and whether there are more.
func ListRules(r Reader, n Name, prefix, after string, limit int) (rules []Rule, more bool, err error) {
	if _, err := GetBus(r, n); err != nil {
		return nil, false, err
	}
	err = store.Each(r, n.ruleKey(""), after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, prefix) {
			return name < prefix, nil
		}
		if len(rules) == limit {
			more = true
			return false, nil
		}
		var rec ruleRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		rules = append(rules, rec.rule(name))
		return true, nil
	})
	return rules, more, err
}
