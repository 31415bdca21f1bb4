package queue

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/carillon-events/carillon/internal/store"
)

// Verify is a store.Invariant: every message can be read, is counted, and can
// be reached by a receiver.
func Verify(v *store.View, report func(problem string)) error {
	var failed error
	err := v.Scan([]byte{store.SpaceQueue}, []byte{store.SpaceQueue + 1}, func(k, value []byte) bool {
		if len(k) != 9 {
			report(fmt.Sprintf("queue key %x has %d bytes", k, len(k)))
			return true
		}
		var s saved
		if err := json.Unmarshal(value, &s); err != nil {
			report(fmt.Sprintf("settings of queue %x: %v", k[1:], err))
			return true
		}
		c := checker{v: v, id: u64at(k, 1), name: s.Name.text(), report: report}
		failed = c.check()
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	return verifyShared(v, report)
}

// checker checks one queue.
type checker struct {
	v        *store.View
	id       uint64
	name     string
	report   func(string)
	counters counters
	led      []uint64 // seqs that an index leads to
	total    uint64
}

func (c *checker) problem(format string, args ...any) {
	c.report("queue " + c.name + ": " + fmt.Sprintf(format, args...))
}

func (c *checker) check() error {
	var k key
	value, ok, err := c.v.Get(k.start(store.SpaceQueueCounter, c.id).bytes())
	if err != nil {
		return err
	}
	if !ok {
		c.problem("it has no counters")
		return nil
	}
	if err := c.counters.decode(value); err != nil {
		c.problem("%v", err)
		return nil
	}
	for _, step := range []func() error{c.checkIndexes, c.checkGroups, c.checkBodies} {
		if err := step(); err != nil {
			return err
		}
	}
	if c.total != c.counters.total {
		c.problem("%d messages are stored and %d counted", c.total, c.counters.total)
	}
	return nil
}

func (c *checker) scan(space byte, fn func(k, v []byte)) error {
	lo, hi := spaceOf(space, c.id)
	return c.v.Scan(lo, hi, func(k, v []byte) bool {
		fn(k, v)
		return true
	})
}

// checkIndexes reads D and L, whose entries may outlive their messages, and
// must not lie behind their cursors.
func (c *checker) checkIndexes() error {
	for space, from := range map[byte]uint64{store.SpaceQueueDelayed: c.counters.delayedFrom, store.SpaceQueueLater: c.counters.laterFrom} {
		err := c.scan(space, func(k, v []byte) {
			if len(k) != 25 {
				c.problem("key %x has %d bytes", k, len(k))
				return
			}
			if _, err := decodeState(v); err != nil {
				c.problem("key %x: %v", k, err)
			}
			if u64at(k, 9) < from {
				c.problem("message %d stands in index %c behind the cursor, where nobody looks", u64at(k, 17), space)
			}
			c.led = append(c.led, u64at(k, 17))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkGroups reads G, H and V: a group that has messages and is not locked by
// one in flight can be found by a receiver.
func (c *checker) checkGroups() error {
	heads := map[string]uint64{}
	err := c.scan(store.SpaceQueueHead, func(k, _ []byte) {
		group := string(k[25:])
		if _, twice := heads[group]; twice {
			c.problem("group %q has two places in the order of service", group)
		}
		if heads[group] = u64at(k, 9); heads[group] < c.counters.headFrom {
			c.problem("group %q stands behind the cursor, where nobody looks", group)
		}
	})
	if err != nil {
		return err
	}
	active := 0
	err = c.scan(store.SpaceQueueActive, func(k, v []byte) {
		active++
		if tag, ok := heads[string(k[9:])]; !ok || len(v) != 16 || tag != u64at(v, 0) {
			c.problem("group %q has no place in the order of service, or another one", k[9:])
		}
	})
	if err == nil && active != len(heads) {
		c.problem("%d groups are in the order of service and %d are known by name", len(heads), active)
	}
	if err != nil {
		return err
	}
	return c.scan(store.SpaceQueueGroup, func(k, v []byte) {
		seq := u64at(k, len(k)-8)
		if len(v) == 8 {
			seq = u64at(v, 0)
		}
		c.led = append(c.led, seq)
	})
}

// checkBodies reads every message.
func (c *checker) checkBodies() error {
	slices.Sort(c.led)
	for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
		next := 0 // in led: both are in order
		err := c.scan(space, func(k, v []byte) {
			seq := u64at(k, 9)
			if seq < c.counters.expireFrom && seq <= c.counters.sharedTo {
				return // left over by a purge
			}
			c.total++
			var m Message
			if err := decodeRecord(v, &m); err != nil {
				c.problem("message %d: %v", seq, err)
			}
			if seq >= c.counters.nextSeq {
				c.problem("message %d was never given that number; the next one is %d", seq, c.counters.nextSeq)
			}
			for next < len(c.led) && c.led[next] < seq {
				next++
			}
			fresh := space == store.SpaceQueueBody && seq >= c.counters.freshFrom
			if !fresh && (next == len(c.led) || c.led[next] != seq) {
				c.problem("nothing leads to message %d: no receiver will ever get it", seq)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
