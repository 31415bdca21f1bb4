package trail

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Verify is a store.Invariant: every entry can be read, lies above the floor, is
// counted by its bucket, and its rules are described.
func Verify(v *store.View, report func(problem string)) error {
	state, err := readState(v)
	if err != nil {
		report(err.Error())
		return nil
	}
	counted, err := verifyBuckets(v, state, report)
	if err != nil {
		return err
	}
	known := rules{v, map[noted]Rule{}}
	found := map[uint32]bucket{}
	err = v.Scan([]byte(entrySpace), store.PrefixEnd([]byte(entrySpace)), func(k, value []byte) bool {
		if len(k) != len(entrySpace)+len(place{})+4 {
			report(fmt.Sprintf("trail: a key of %d bytes: %x", len(k), k))
			return true
		}
		number := place(k[len(entrySpace) : len(k)-4]).bucket()
		b := found[number]
		b.entries++
		b.bytes += uint64(len(k) + len(value))
		found[number] = b
		if err := known.verify(number, value); err != nil {
			report(fmt.Sprintf("trail: entry %x: %v", k, err))
		}
		return true
	})
	for number, b := range found {
		c := counted[number]
		if number < state.floor || c.entries != b.entries || c.bytes < b.bytes {
			report(fmt.Sprintf("trail: bucket %d, floor %d, counts %d entries of %d bytes and has %d of %d", number, state.floor, c.entries, c.bytes, b.entries, b.bytes))
		}
	}
	return err
}

func verifyBuckets(v *store.View, s state, report func(string)) (map[uint32]bucket, error) {
	counted := map[uint32]bucket{}
	err := v.Scan(allBuckets[0], allBuckets[1], func(k, value []byte) bool {
		var b bucket
		if err := b.decode(k, value); err != nil {
			report(fmt.Sprintf("trail: bucket %x: %v", k, err))
		}
		counted[b.number] = b
		return true
	})
	if err == nil && len(counted) > 0 && s.sweepAt.IsZero() {
		report("trail: there are entries, and no timer that will remove them")
	}
	return counted, err
}

// verify checks one entry of a bucket.
func (r *rules) verify(bucket uint32, value []byte) error {
	e, err := decodeEntry(value)
	if err != nil || e.accepted == nil {
		return err
	}
	for _, s := range e.accepted.Rules {
		rule, err := r.get(noted{hourOf(bucket), s.Rule})
		if err != nil {
			return err
		}
		if rule.Ref() != s.Rule || len(rule.Targets) != s.Targets {
			return fmt.Errorf("%w: nothing says what rule %x was", errDamaged, s.Rule)
		}
	}
	return nil
}
