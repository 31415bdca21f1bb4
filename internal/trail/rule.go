package trail

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/transform"
)

// Rule is a rule as it was at some time.
type Rule struct {
	ARN     string   `json:"arn"`
	Pattern string   `json:"pattern,omitempty"`
	Managed bool     `json:"managed,omitempty"` // an archive's own
	Targets []Target `json:"targets"`           // in the order of their ids
}

// Target is a target of a Rule. What it saw of an event can be made again.
type Target struct {
	ID          string       `json:"id"`
	ARN         string       `json:"arn"`
	Input       *string      `json:"input,omitempty"`
	InputPath   *string      `json:"inputPath,omitempty"`
	Transformer *Transformer `json:"transformer,omitempty"`
}

// Transformer is a target's InputTransformer.
type Transformer struct {
	Paths    map[string]string `json:"paths,omitempty"`
	Template string            `json:"template"`
}

// Spec is what the target sees of an event.
func (t *Target) Spec() transform.Spec {
	s := transform.Spec{Target: t.ID, Input: t.Input, InputPath: t.InputPath}
	if t.Transformer != nil {
		s.Transformer = &transform.Transformer{Paths: t.Transformer.Paths, Template: t.Transformer.Template}
	}
	return s
}

// Ref stands for a rule as it was: two that differ in anything have two.
type Ref [8]byte

// Ref is the rule's.
func (r *Rule) Ref() Ref {
	sum := sha256.Sum256(r.encode())
	return Ref(sum[:8])
}

const ruleVersion = 1

func (r *Rule) encode() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("trail: a rule that is not JSON: %v", err))
	}
	return append([]byte{ruleVersion}, b...)
}

func decodeRule(b []byte) (r Rule, err error) {
	if len(b) == 0 || b[0] != ruleVersion {
		return r, errDamaged
	}
	if err := json.Unmarshal(b[1:], &r); err != nil {
		return r, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return r, nil
}

// noted is a rule that was described in the hour.
type noted struct {
	hour uint32
	ref  Ref
}

// note sees to it that the i-th rule of an event is described in the hour of its
// bucket.
func (m *memory) note(tx *store.Tx, b *bucket, ref Ref, i int, rules Describer) error {
	n := noted{hourOf(b.number), ref}
	if m.noted[n] {
		return nil
	}
	rule, err := rules.Describe(tx, i)
	if err != nil {
		return err
	}
	if n.hour > m.notedHour { // what two hours ago was noted is not needed again
		for old := range m.noted {
			if old.hour < m.notedHour {
				delete(m.noted, old)
			}
		}
		m.notedHour = n.hour
	}
	m.noted[n] = true
	key, value := ruleKey(n), rule.encode()
	b.add(len(key) + len(value))
	return tx.Set(key, value)
}
