package topic

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/carillon-events/carillon/internal/store"
)

// Counts are what a topic counts: its subscriptions that are confirmed, that
// wait, and that were deleted one by one since the topic was made; and how many
// of the first two have a filter policy. On disk: {version 1 = 1} and these, 8
// bytes each.
type Counts struct{ Confirmed, Pending, Deleted, Filtered uint64 }

// Usage is what an account has in a region. On disk like Counts.
type Usage struct{ Topics, FIFOTopics, Subscriptions, Pending, Filtered uint64 }

func (c *Counts) fields() []*uint64 {
	return []*uint64{&c.Confirmed, &c.Pending, &c.Deleted, &c.Filtered}
}

func (u *Usage) fields() []*uint64 {
	return []*uint64{&u.Topics, &u.FIFOTopics, &u.Subscriptions, &u.Pending, &u.Filtered}
}

func encodeFields(fields []*uint64) []byte {
	b := append(make([]byte, 0, 1+8*len(fields)), recordVersion)
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, *f)
	}
	return b
}

func decodeFields(b []byte, fields []*uint64) error {
	if len(b) != 1+8*len(fields) || b[0] != recordVersion {
		return fmt.Errorf("topic: counts of %d bytes: %w", len(b), errDamaged)
	}
	for i, f := range fields {
		*f = binary.BigEndian.Uint64(b[1+8*i:])
	}
	return nil
}

// readFields reads counts that may not be there.
func readFields(r Reader, key []byte, fields []*uint64) (found bool, err error) {
	v, found, err := r.Get(key)
	if err != nil || !found {
		return false, err
	}
	return true, decodeFields(v, fields)
}

// tallies are the counts that the transactions of the current group touch: they
// are written once, at its end, and forgotten then.
type tallies struct {
	topics map[uint64]*Counts
	usages map[string]*Usage // by key
	dirty  bool
}

var memory = store.NewCell(func(*store.Tx) (*tallies, error) {
	return &tallies{topics: map[uint64]*Counts{}, usages: map[string]*Usage{}}, nil
})

// countsIn are a topic's counts, to be changed in tx.
func countsIn(tx *store.Tx, topic uint64) (*Counts, error) {
	m, err := memory.In(tx)
	if err != nil {
		return nil, err
	}
	c := m.topics[topic]
	if c == nil {
		c = &Counts{}
		if _, err := readFields(tx, numbered(countSpace, topic), c.fields()); err != nil {
			return nil, err
		}
		m.topics[topic] = c
		m.touch(tx)
	}
	return c, nil
}

// usageIn is what an account uses, to be changed in tx.
func usageIn(tx *store.Tx, account, region string) (*Usage, error) {
	m, err := memory.In(tx)
	if err != nil {
		return nil, err
	}
	key := usageKey(account, region)
	u := m.usages[string(key)]
	if u == nil {
		u = &Usage{}
		if _, err := readFields(tx, key, u.fields()); err != nil {
			return nil, err
		}
		m.usages[string(key)] = u
		m.touch(tx)
	}
	return u, nil
}

func (m *tallies) touch(tx *store.Tx) {
	if !m.dirty {
		m.dirty = true
		tx.BeforeCommit(m)
	}
}

// Flush implements store.Flusher.
func (m *tallies) Flush(tx *store.Tx) error {
	for _, topic := range slices.Sorted(maps.Keys(m.topics)) {
		if err := tx.Set(numbered(countSpace, topic), encodeFields(m.topics[topic].fields())); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.usages)) {
		if err := tx.Set([]byte(key), encodeFields(m.usages[key].fields())); err != nil {
			return err
		}
	}
	clear(m.topics)
	clear(m.usages)
	m.dirty = false
	return nil
}

// forgetCounts drops the counts of a topic that is gone for good.
func forgetCounts(tx *store.Tx, topic uint64) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	delete(m.topics, topic)
	return tx.Delete(numbered(countSpace, topic))
}

// CountsOf is what a topic counts. In a transaction, it sees what the others of
// its group did.
func CountsOf(r Reader, topic uint64) (Counts, error) {
	if tx, ok := r.(*store.Tx); ok {
		c, err := countsIn(tx, topic)
		if err != nil {
			return Counts{}, err
		}
		return *c, nil
	}
	var c Counts
	_, err := readFields(r, numbered(countSpace, topic), c.fields())
	return c, err
}
