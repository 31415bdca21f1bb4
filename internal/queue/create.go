package queue

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Create makes a queue. ErrExists, or ErrDeletedRecently within DeletedFor of
// the deletion of one of the same name.
func Create(tx *store.Tx, n Name, s Settings) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	if m.byName[n] != nil {
		return fmt.Errorf("create %s: %w", n.Name, ErrExists)
	}
	gone, ok, err := tx.Get(goneKey(n))
	if err != nil {
		return err
	}
	if ok && len(gone) == 8 && tx.Now().Sub(timeAt(gone, 0)) < DeletedFor {
		return fmt.Errorf("create %s: %w", n.Name, ErrDeletedRecently)
	}
	if m.byID[m.lastID] == nil { // a mark of Delete, of which the largest is enough
		var k key
		if err := tx.Delete(k.start(store.SpaceQueueCounter, m.lastID).bytes()); err != nil {
			return err
		}
	}
	q := &Queue{id: m.lastID + 1, fresh: freshPage{all: &m.pages}, name: n, settings: s, createdAt: tx.Now(), modifiedAt: tx.Now()}
	now := micros(tx.Now())
	q.counters = counters{nextSeq: 1, freshFrom: 1, expireFrom: 1, laterFrom: now, delayedFrom: now, bucket: bucketOf(tx.Now())}
	q.open()
	q.groups.complete = true
	q.dedup.known = true
	if err := q.save(tx); err != nil {
		return err
	}
	m.add(q)
	q.touch(tx)
	return nil
}

func (q *Queue) save(tx *store.Tx) error {
	v, err := json.Marshal(saved{Version: 1, Name: q.name, Settings: q.settings, CreatedAt: q.createdAt, ModifiedAt: q.modifiedAt})
	if err != nil {
		return fmt.Errorf("save %s: %w", q.name.Name, err)
	}
	var k key
	return tx.Set(k.start(store.SpaceQueue, q.id).bytes(), v)
}

// Configure replaces a queue's settings.
func Configure(tx *store.Tx, q *Queue, s Settings) error {
	retain := s.Config.RetainFor != q.settings.Config.RetainFor
	q.settings, q.modifiedAt = s, tx.Now()
	q.groups.sends.known = false
	if err := q.save(tx); err != nil {
		return err
	}
	q.wakeOne(tx) // a shorter delay may have made a message ready
	if retain {
		return q.reschedule(tx)
	}
	return nil
}

// reschedule sets the sweep anew after a change of how long messages are kept.
func (q *Queue) reschedule(tx *store.Tx) error {
	if err := q.settle(tx); err != nil {
		return err
	}
	if err := q.cancelSweep(tx); err != nil || q.settings.Config.RetainFor == 0 {
		return err
	}
	return q.sweepAt(tx, tx.Now())
}

// SetTags replaces a queue's tags.
func SetTags(tx *store.Tx, q *Queue, tags map[string]string) error {
	q.settings.Tags = tags
	return q.save(tx)
}

// Delete removes a queue with its messages. Who waits for one learns that the
// queue does not exist.
func Delete(tx *store.Tx, q *Queue) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	if err := q.cancelSweep(tx); err != nil {
		return err
	}
	if err := q.clear(tx); err != nil {
		return err
	}
	for _, space := range []byte{store.SpaceQueue, store.SpaceQueueDedup} {
		if err := tx.DeleteRange(spaceOf(space, q.id)); err != nil {
			return err
		}
	}
	// The counters of the largest number stay as a mark that it is taken: a queue
	// of the same number must not inherit receipts or timers.
	q.deleted = true
	if err := m.moves.forget(tx, q.name); err != nil {
		return err
	}
	if err := tx.Set(goneKey(q.name), binary.BigEndian.AppendUint64(nil, micros(tx.Now()))); err != nil {
		return err
	}
	delete(m.byName, q.name)
	delete(m.byID, q.id)
	m.sorted = nil
	tx.Wake(q.topic(), tx.Waiting(q.topic()))
	return m.forgetGone(tx)
}

// Purge deletes a queue's messages, also those in flight. ErrPurging within
// DeletedFor of the last one.
func Purge(tx *store.Tx, q *Queue) error {
	last := time.UnixMicro(int64(q.counters.purgedAt))
	if q.counters.purgedAt != 0 && tx.Now().Sub(last) < DeletedFor {
		return fmt.Errorf("purge %s: %w", q.name.Name, ErrPurging)
	}
	if err := q.cancelSweep(tx); err != nil {
		return err
	}
	q.counters.purgedAt = micros(tx.Now())
	return q.clear(tx)
}

// clear deletes all messages. Sequence numbers go on.
func (q *Queue) clear(tx *store.Tx) error {
	for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
		if err := q.clearRecords(tx, space); err != nil {
			return err
		}
	}
	for _, space := range []byte{
		store.SpaceQueueDelayed, store.SpaceQueueLater,
		store.SpaceQueueState, store.SpaceQueueGroup, store.SpaceQueueHead, store.SpaceQueueActive,
	} {
		if err := tx.DeleteRange(spaceOf(space, q.id)); err != nil {
			return err
		}
	}
	c := &q.counters
	c.freshFrom, c.expireFrom = c.nextSeq, c.nextSeq
	c.total, c.delayed, c.headFrom = 0, 0, 0
	c.laterFrom, c.delayedFrom = micros(tx.Now()), micros(tx.Now())
	q.open()
	q.groups.complete = true
	q.touch(tx)
	return nil
}

func goneKey(n Name) []byte { return append([]byte{store.SpaceQueueGone}, n.text()...) }

// forgetGone removes marks of deletion that no longer matter, looking at a few
// each time.
func (m *memory) forgetGone(tx *store.Tx) error {
	var old [][]byte
	seen := 0
	from := append([]byte{store.SpaceQueueGone}, m.goneFrom...)
	m.goneFrom = nil
	err := tx.Scan(from, []byte{store.SpaceQueueGone + 1}, func(k, v []byte) bool {
		if seen++; seen > 20 {
			m.goneFrom = append([]byte(nil), k[1:]...)
			return false
		}
		if len(v) == 8 && tx.Now().Sub(timeAt(v, 0)) >= DeletedFor {
			old = append(old, append([]byte(nil), k...))
		}
		return true
	})
	for _, k := range old {
		if err == nil {
			err = tx.Delete(k)
		}
	}
	return err
}
