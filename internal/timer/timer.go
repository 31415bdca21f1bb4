// Package timer keeps durable timers in a shard and fires them when they are
// due, each in one commit with the effect of its handler.
//
// Invariants:
//
//  1. A timer is removed in the commit that holds its handler's effect; so a
//     handler's effect happens once, whatever crashes in between.
//  2. Timers fire in the order of their instants, never before them, and none
//     is found by scanning from the start: a cursor that is kept beside them
//     lies below every live timer and above the tombstones of the fired ones.
//  3. A handler that fails delays its own timer (it is tried again later, ever
//     more seldom) and no other one.
//
// A timer may fire after it was cancelled if its handler had failed before; so
// handlers check their own state first, as they must anyway.
//
// It refuses to know what a timer means: kinds are listed here only so that two
// owners never share one.
package timer

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Kind says whose a timer is, and which handler fires it.
type Kind byte

// The kinds in use. A number is never used again for something else.
const (
	QueueSweep    Kind = 1 // queue: retention, deduplication windows
	QueueMove     Kind = 2 // queue: the next step of a message move task
	DeliveryRetry Kind = 3 // delivery: the next attempt
	RuleSchedule  Kind = 4 // bus: the next occurrence of a rule's schedule
	ArchiveSweep  Kind = 8 // archive: retention
	ArchiveReplay Kind = 9 // archive: the next step of a replay

	TopicSweep Kind = 12 // topic: the next step of a deletion, the end of an unconfirmed subscription
	TrailSweep Kind = 10 // trail: retention
	AuditSweep Kind = 20 // audit: retention
	QueueClear Kind = 16 // queue: records of a purged or deleted queue that share their bodies
)

// Keys, below store.SpaceTimer:
//
//	T                            the cursor: no timer's key is below it
//	T{fireAt uint64}{kind}{ref}  a timer; fireAt in nanoseconds since 1970
//
// A timer's value is empty, or for one that was postponed
// {version=1 byte}{attempts uint32}{the instant it was set for uint64}. All big endian.
const timerHeader = 1 + 8 + 1

// topic is what the loop waits for.
var topic = store.Topic{Space: store.SpaceTimer}

// Set starts a timer: kind's handler is called with at and ref when tx.Now has
// reached at, or at once if it has already. The same kind, at and ref are one
// timer, however often they are set.
func Set(tx *store.Tx, kind Kind, at time.Time, ref []byte) error {
	m, err := cell.In(tx)
	if err != nil {
		return err
	}
	return m.set(tx, timerKey(nanos(at), kind, ref), nil)
}

// Cancel removes a timer; no error where there is none.
func Cancel(tx *store.Tx, kind Kind, at time.Time, ref []byte) error {
	m, err := cell.In(tx)
	if err != nil {
		return err
	}
	m.cancels++
	return tx.Delete(timerKey(nanos(at), kind, ref))
}

// memory of the timers of a shard.
type memory struct {
	cursor    []byte // no timer's key is below; nil where there is no timer at all
	persisted []byte // the cursor on disk, at or below cursor
	none      bool   // cursor is above everything
	cancels   int    // grows with every Cancel
}

var cell = store.NewCell(func(tx *store.Tx) (*memory, error) {
	v, _, err := tx.Get([]byte{store.SpaceTimer})
	return &memory{cursor: v, persisted: v}, err
})

func (m *memory) set(tx *store.Tx, key, value []byte) error {
	if bytes.Compare(key, m.persisted) < 0 {
		if err := m.persist(tx, key); err != nil {
			return err
		}
	}
	// The loop has an alarm for the timer at the cursor. This one is earlier.
	if m.none || bytes.Compare(key, m.cursor) < 0 {
		m.cursor, m.none = key, false
		tx.WakeAt(topic, keyTime(key))
	}
	return tx.Set(key, value)
}

// advance moves the cursor up to key, and to disk.
func (m *memory) advance(tx *store.Tx, key []byte) error {
	m.cursor = key
	return m.persist(tx, key)
}

func (m *memory) persist(tx *store.Tx, key []byte) error {
	m.persisted = key
	return tx.Set([]byte{store.SpaceTimer}, key)
}

func timerKey(fireAt uint64, kind Kind, ref []byte) []byte {
	key := make([]byte, 0, timerHeader+len(ref))
	key = append(key, store.SpaceTimer)
	key = binary.BigEndian.AppendUint64(key, fireAt)
	key = append(key, byte(kind))
	return append(key, ref...)
}

func keyTime(key []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(key[1:]))).UTC()
}

func keyKind(key []byte) Kind  { return Kind(key[9]) }
func keyRef(key []byte) []byte { return key[timerHeader:] }

// nanos of instants that a key can hold: from 1970 to 2262.
func nanos(at time.Time) uint64 {
	const last = 1<<63 - 1
	switch {
	case at.Unix() < 0:
		return 0
	case at.Unix() >= last/int64(time.Second):
		return last
	}
	return uint64(at.UnixNano())
}
