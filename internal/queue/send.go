package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Sent is what became of a Send.
type Sent struct {
	ID        [16]byte // of the first message where Duplicate
	Seq       uint64
	Duplicate bool // acknowledged as a repeat, not stored again
}

// Send stores d's message.
func Send(tx *store.Tx, q *Queue, d Draft) (Sent, error) {
	c := &q.settings.Config
	if err := c.check(&d); err != nil {
		return Sent{}, err
	}
	if err := q.load(tx); err != nil {
		return Sent{}, err
	}
	if c.FIFO {
		return q.sendOnce(tx, &d)
	}
	delay := c.DelayFor
	if d.hasDelay {
		delay = d.delay
	}
	seq, err := q.post(tx, &d, delay)
	return Sent{ID: d.id, Seq: seq}, err
}

func (c *Config) check(d *Draft) error {
	switch {
	case c.MaxMessageBytes > 0 && d.size() > c.MaxMessageBytes:
		return ErrTooLarge
	case !c.FIFO:
		return nil
	case d.group == "":
		return ErrNoGroup
	case d.dedup == "" && !c.ContentDedup:
		return ErrNoDedup
	case d.hasDelay && d.delay != 0:
		return ErrDelayOnFIFO
	}
	return nil
}

// sendOnce is Send to a FIFO queue.
func (q *Queue) sendOnce(tx *store.Tx, d *Draft) (Sent, error) {
	if d.dedup == "" {
		sum := sha256.Sum256(d.text())
		d.setDedup(hex.EncodeToString(sum[:]))
	}
	scope := ""
	if q.settings.Config.DedupPerGroup {
		scope = d.group
	}
	if first, ok, err := q.seen(tx, scope, d.dedup); ok || err != nil {
		return first, err
	}
	seq, err := q.post(tx, d, 0)
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{ID: d.id, Seq: seq}
	return sent, q.remember(tx, scope, d.dedup, sent)
}

// setDedup puts the id that content-based deduplication gives into the record.
func (d *Draft) setDedup(id string) {
	var m Message
	if decodeRecord(d.record, &m) != nil {
		panic("queue: a draft that cannot be read")
	}
	in := DraftInput{
		ID: m.ID, Body: m.Body, Sum: m.Sum, Attributes: m.Attributes, Sender: m.Sender, Trace: m.Trace,
		Group: m.Group, Dedup: id, Delay: d.delay, HasDelay: d.hasDelay, Shared: d.shared, Inset: d.inset,
	}
	*d = NewDraft(in)
}

// post stores a draft's message.
func (q *Queue) post(tx *store.Tx, d *Draft, delay time.Duration) (uint64, error) {
	stampSentAt(d.record, tx.Now())
	if err := d.refer(tx); err != nil {
		return 0, err
	}
	if d.shared != nil {
		q.counters.sharedTo = q.counters.nextSeq
	}
	return q.put(tx, d.record, d.group, delay)
}

// put stores a record under the next seq, where its kind belongs.
func (q *Queue) put(tx *store.Tx, record []byte, group string, delay time.Duration) (uint64, error) {
	seq := q.counters.nextSeq
	q.counters.nextSeq++
	q.counters.total++
	q.touch(tx)
	if err := q.scheduleSweep(tx, recordSentAt(record)); err != nil {
		return 0, err
	}
	var k key
	if group == "" && delay <= 0 {
		q.fresh.sent(seq, record)
		q.announce(tx)
		return seq, tx.Set(k.seq(store.SpaceQueueBody, q.id, seq), record)
	}
	q.fresh.sent(seq, nil)
	if err := tx.Set(k.seq(store.SpaceQueueMessage, q.id, seq), record); err != nil {
		return 0, err
	}
	if delay > 0 {
		due := tx.Now().Add(delay)
		q.wakeAt(tx, due)
		return seq, q.postpone(tx, seq, due, group)
	}
	if c := &q.settings.Config; c.FIFO && c.DelayFor > 0 {
		q.groups.sends.note(tx.Now(), c.DelayFor)
		q.wakeAt(tx, tx.Now().Add(c.DelayFor))
	} else if _, locked := q.groups.locked[group]; !locked {
		q.announce(tx)
	}
	return seq, q.enqueue(tx, group, seq)
}

// announce lets a waiting receiver come for a message that is ready now.
func (q *Queue) announce(tx *store.Tx) { q.wakeOne(tx) }
