package bus

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Settings are what a bus is told to be, besides its name, tags and policy.
// They are kept and shown, no more: nothing is encrypted with Key or logged as
// Log says yet, and so nothing goes to DeadLetter.
type Settings struct {
	Description string
	Key         string // what events are encrypted with; empty for the node's own way
	DeadLetter  string // ARN of the queue of events that Key cannot open; empty for none
	Log         *Log   // nil if nothing was said
}

// Log says how much of its work a bus logs.
type Log struct {
	Level  string `json:"level,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// SetSettings replaces the settings of a bus.
func (c *Core) SetSettings(tx *store.Tx, n Name, s Settings) error {
	return changeBus(tx, n, func(rec *busRecord) error {
		rec.Description, rec.Key, rec.DeadLetter, rec.Log = s.Description, s.Key, s.DeadLetter, s.Log
		return nil
	})
}

// MaxPolicy is how many bytes the policy of a bus may have.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
const MaxPolicy = 10240

// ChangePolicy replaces the policy of a bus by what edit makes of it. An error
// of edit is returned, and nothing has changed.
func (c *Core) ChangePolicy(tx *store.Tx, n Name, edit func(old string) (string, error)) error {
	return changeBus(tx, n, func(rec *busRecord) error {
		policy, err := edit(rec.Policy)
		if err != nil {
			return err
		}
		if len(policy) > MaxPolicy {
			return fmt.Errorf("policy of bus %s, %d bytes: %w", n.Bus, len(policy), ErrPolicyTooLong)
		}
		rec.Policy = policy
		return nil
	})
}

// changeBus writes what edit makes of a bus's record; the default bus gets one
// with its first change.
func changeBus(tx *store.Tx, n Name, edit func(rec *busRecord) error) error {
	rec, err := getBusRecord(tx, n)
	if err != nil {
		return err
	}
	if err := edit(&rec); err != nil {
		return err
	}
	if rec.CreatedAt.IsZero() {
		rec.CreatedAt = tx.Now()
	}
	rec.ModifiedAt = tx.Now()
	return tx.Set(n.key(), encode(rec))
}
