package bus

import (
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

// Target is where a rule sends events.
type Target struct {
	ID      string
	ARN     arn.ARN
	RoleARN string
	GroupID *string // message group of a queue, or a JSON path to it; nil if the target was put without
	HTTP    *HTTP   // what goes with a call over HTTP; nil for none

	// What the target sees of an event; at most one is given, else the event.
	Input       *string
	InputPath   *string
	Transformer *transform.Transformer

	Retry      *Retry   // nil: delivery.DefaultPolicy
	DeadLetter *arn.ARN // queue of what is not delivered
}

// Retry is how long a target's deliveries are tried; what is nil is as in
// delivery.DefaultPolicy.
type Retry struct {
	MaxAttempts *int // after the first
	MaxAge      *time.Duration
}

// policy is nil for the default.
func (r *Retry) policy() *delivery.Policy {
	if r == nil {
		return nil
	}
	p := delivery.DefaultPolicy
	if r.MaxAttempts != nil {
		p.MaxAttempts = *r.MaxAttempts
	}
	if r.MaxAge != nil {
		p.MaxAge = *r.MaxAge
	}
	return &p
}

// Compile is what the target sees of an event; nil if that is the event. Its
// error is a *transform.Error. PutTargets wants targets that compile; asking
// before the transaction spares the shard's writer.
func (t *Target) Compile() (*transform.Transform, error) {
	if t.Input == nil && t.InputPath == nil && t.Transformer == nil {
		return nil, nil
	}
	return transform.Compile(transform.Spec{Target: t.ID, Input: t.Input, InputPath: t.InputPath, Transformer: t.Transformer})
}

// PutTargets adds targets to a rule and replaces those with the same ids.
func (c *Core) PutTargets(tx *store.Tx, n Name, rule string, targets []Target) error {
	if _, err := GetRule(tx, n, rule); err != nil {
		return err
	}
	if err := c.roomForTargets(tx, n, rule, targets); err != nil {
		return err
	}
	for _, t := range targets {
		if err := tx.Set(n.targetKey(rule, t.ID), encode(t.record())); err != nil {
			return err
		}
	}
	return c.renew(tx, n, rule, nil)
}

// roomForTargets refuses more targets than a rule may have. Replacing one is
// never too much, also where the limit was higher before.
func (c *Core) roomForTargets(tx *store.Tx, n Name, rule string, targets []Target) error {
	added := map[string]bool{}
	for _, t := range targets {
		_, old, err := tx.Get(n.targetKey(rule, t.ID))
		if err != nil {
			return err
		}
		if !old {
			added[t.ID] = true
		}
	}
	if len(added) == 0 {
		return nil
	}
	old, err := count(tx, n.targetKey(rule, ""))
	if err != nil {
		return err
	}
	if old+len(added) > c.limits.TargetsPerRule {
		return fmt.Errorf("targets of rule %s: %w", rule, ErrTooManyTargets)
	}
	return nil
}

// RemoveTargets removes targets from a rule and returns the ids that it did not
// have.
func (c *Core) RemoveTargets(tx *store.Tx, n Name, rule string, ids []string) (unknown []string, err error) {
	if _, err := GetRule(tx, n, rule); err != nil {
		return nil, err
	}
	var known []string
	for _, id := range ids {
		_, ok, err := tx.Get(n.targetKey(rule, id))
		if err != nil {
			return nil, err
		}
		if ok {
			known = append(known, id)
		} else {
			unknown = append(unknown, id)
		}
	}
	if len(known) == 0 {
		return unknown, nil
	}
	for _, id := range known {
		if err := tx.Delete(n.targetKey(rule, id)); err != nil {
			return nil, err
		}
	}
	tx.AfterCommit(func() { c.forgetTargets(n, rule, known) })
	return unknown, c.renew(tx, n, rule, nil)
}

// ListTargets has up to limit targets of a rule whose ids come after `after`,
// and whether there are more.
func ListTargets(r Reader, n Name, rule, after string, limit int) (targets []Target, more bool, err error) {
	if _, err := GetRule(r, n, rule); err != nil {
		return nil, false, err
	}
	return listTargets(r, n, rule, after, limit)
}

func listTargets(r Reader, n Name, rule, after string, limit int) (targets []Target, more bool, err error) {
	err = store.Each(r, n.targetKey(rule, ""), after, func(id string, value []byte) (bool, error) {
		if len(targets) == limit {
			more = true
			return false, nil
		}
		t, err := readTarget(id, value)
		targets = append(targets, t)
		return true, err
	})
	return targets, more, err
}

func (t *Target) record() targetRecord {
	rec := targetRecord{ARN: t.ARN.String(), RoleARN: t.RoleARN, GroupID: t.GroupID, Input: t.Input, InputPath: t.InputPath, HTTP: t.HTTP}
	if t.Transformer != nil {
		rec.Transformer = &transformerRecord{t.Transformer.Paths, t.Transformer.Template}
	}
	if t.Retry != nil {
		rec.Retry = &retryRecord{t.Retry.MaxAttempts, t.Retry.MaxAge}
	}
	if t.DeadLetter != nil {
		rec.DeadLetter = t.DeadLetter.String()
	}
	return rec
}

func readTarget(id string, value []byte) (Target, error) {
	var rec targetRecord
	if err := decode(value, &rec); err != nil {
		return Target{}, err
	}
	to, err := arn.Parse(rec.ARN)
	if err != nil {
		return Target{}, fmt.Errorf("bus: damaged target %s: %w", id, err)
	}
	t := Target{ID: id, ARN: to, RoleARN: rec.RoleARN, GroupID: rec.GroupID, Input: rec.Input, InputPath: rec.InputPath, HTTP: rec.HTTP}
	if rec.Transformer != nil {
		t.Transformer = &transform.Transformer{Paths: rec.Transformer.Paths, Template: rec.Transformer.Template}
	}
	if rec.Retry != nil {
		t.Retry = &Retry{rec.Retry.MaxAttempts, rec.Retry.MaxAge}
	}
	if rec.DeadLetter != "" {
		dead, err := arn.Parse(rec.DeadLetter)
		if err != nil {
			return Target{}, fmt.Errorf("bus: damaged target %s: %w", id, err)
		}
		t.DeadLetter = &dead
	}
	return t, nil
}

// RulesOfTarget has the names of up to limit rules of a bus, after `after`,
// that send to the target, and whether there are more.
func RulesOfTarget(r Reader, n Name, to arn.ARN, after string, limit int) (rules []string, more bool, err error) {
	if _, err := GetBus(r, n); err != nil {
		return nil, false, err
	}
	last := ""
	prefix := key(store.SpaceTarget, n.Account, n.Region, n.Bus, "")
	err = store.Each(r, prefix, "", func(name string, value []byte) (bool, error) {
		rule, id, _ := strings.Cut(name, "\x00")
		if rule <= after || rule == last {
			return true, nil
		}
		t, err := readTarget(id, value)
		if err != nil || t.ARN != to {
			return true, err
		}
		if len(rules) == limit {
			more = true
			return false, nil
		}
		last = rule
		rules = append(rules, rule)
		return true, nil
	})
	return rules, more, err
}
