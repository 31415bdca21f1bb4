package queue

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// verifyShared checks that every reference to a shared body leads to one, and
// that each block counts exactly the references to it. Memory holds a number
// for each block.
func verifyShared(v *store.View, report func(string)) error {
	refs, err := countRefs(v, report)
	if err != nil {
		return err
	}
	bodies := map[uint64]uint32{}
	lo, hi := []byte{store.SpaceSharedCount}, []byte{store.SpaceSharedCount + 1}
	err = v.Scan(lo, hi, func(k, value []byte) bool {
		if len(k) != 9 {
			return true // the next number
		}
		id := u64at(k, 1)
		o, err := decodeBlock(id, value)
		if err != nil {
			report(fmt.Sprintf("count of block %d of shared bodies: %v", id, err))
			return true
		}
		if o.refs != refs[id] || o.refs == 0 {
			report(fmt.Sprintf("block %d of shared bodies counts %d references and has %d", id, o.refs, refs[id]))
		}
		delete(refs, id)
		bodies[id] = o.bodies
		return true
	})
	if err != nil {
		return err
	}
	for id, n := range refs {
		report(fmt.Sprintf("block %d of shared bodies has %d references and no count", id, n))
	}
	return countSharedBodies(v, bodies, report)
}

// countRefs counts the references of all records, also of those that queues
// left behind, and follows each.
func countRefs(v *store.View, report func(string)) (map[uint64]uint64, error) {
	refs := map[uint64]uint64{}
	for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
		var failed error
		err := v.Scan([]byte{space}, []byte{space + 1}, func(k, value []byte) bool {
			var m Message
			if decodeRecord(value, &m) != nil || m.shared.block == 0 {
				return true // checkBodies says what cannot be read
			}
			refs[m.shared.block]++
			var b key
			body, ok, err := v.Get(b.body(m.shared.block, m.shared.number))
			if failed = err; err == nil && (!ok || len(body) != int(m.shared.size)) {
				report(fmt.Sprintf("message %d of queue %d: %v", u64at(k, 9), u64at(k, 1), errBodyGone))
			}
			return failed == nil
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return nil, err
		}
	}
	return refs, nil
}

// countSharedBodies checks that blocks have as many bodies as they say. want is
// used up.
func countSharedBodies(v *store.View, want map[uint64]uint32, report func(string)) error {
	err := v.Scan([]byte{store.SpaceSharedBody}, []byte{store.SpaceSharedBody + 1}, func(k, _ []byte) bool {
		if len(k) != 11 {
			report(fmt.Sprintf("key %x of a shared body has %d bytes", k, len(k)))
			return true
		}
		id, number := u64at(k, 1), binary.BigEndian.Uint16(k[9:])
		if want[id] == 0 {
			report(fmt.Sprintf("nothing refers to body %d of block %d", number, id))
			return true
		}
		want[id]--
		return true
	})
	for id, n := range want {
		if n > 0 {
			report(fmt.Sprintf("block %d of shared bodies lacks %d of its bodies", id, n))
		}
	}
	return err
}
