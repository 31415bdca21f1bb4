package queue

import (
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// DeleteMessage deletes the message of a receipt. Nil where it is gone already
// and, in a standard queue, where somebody else has received it since. In a
// FIFO queue the receipt must not have expired: ErrReceiptStale.
func DeleteMessage(tx *store.Tx, q *Queue, r Receipt) error {
	if err := q.settle(tx); err != nil {
		return err
	}
	a := q.flight.bySeq[r.Seq]
	if a != nil && a.receives == r.Receives {
		return q.deleteInFlight(tx, a)
	}
	if a != nil {
		if q.settings.Config.FIFO {
			return fmt.Errorf("delete from %s: %w", q.name.Name, ErrReceiptStale)
		}
		return nil
	}
	return q.deleteReturned(tx, r)
}

func (q *Queue) deleteInFlight(tx *store.Tx, a *airborne) error {
	if err := q.land(tx, a); err != nil {
		return err
	}
	if err := q.drop(tx, a.seq, a.state); err != nil {
		return err
	}
	if q.full { // there is room again for one more
		q.full = false
		q.wakeOne(tx)
	}
	return q.release(tx, a.group)
}

// deleteReturned deletes a message whose visibility timeout has ended and that
// nobody has received since. Its index entry stays until a receiver meets it.
func (q *Queue) deleteReturned(tx *store.Tx, r Receipt) error {
	s := state{indexed: r.Indexed}
	if r.Seq < q.counters.expireFrom { // at most a leftover of before a purge
		return nil
	}
	var k key
	record, ok, err := tx.Get(s.bodyKey(&k, q.id, r.Seq))
	if err != nil || !ok {
		return err
	}
	if q.settings.Config.FIFO {
		return fmt.Errorf("delete from %s: %w", q.name.Name, ErrReceiptStale)
	}
	var m Message
	if err := decodeRecord(record, &m); err != nil {
		return err
	}
	s.block = m.shared.block
	if m.Group != "" {
		if err := tx.Delete(k.group(q.id, m.Group, r.Seq)); err != nil {
			return err
		}
		if err := tx.Delete(k.seq(store.SpaceQueueState, q.id, r.Seq)); err != nil {
			return err
		}
	}
	return q.drop(tx, r.Seq, s)
}

// ChangeVisibility hides a message in flight for hideFor from now on; 0 gives
// it back at once. ErrNotInFlight if it can be received, ErrMessageGone if it
// was deleted, ErrReceiptStale if somebody else has it (FIFO; ErrNotInFlight in
// a standard queue), ErrHiddenTooLong.
func ChangeVisibility(tx *store.Tx, q *Queue, r Receipt, hideFor time.Duration) error {
	if err := q.settle(tx); err != nil {
		return err
	}
	a := q.flight.bySeq[r.Seq]
	switch {
	case a == nil:
		return fmt.Errorf("hide a message of %s: %w", q.name.Name, q.whyNotInFlight(tx, r))
	case a.receives != r.Receives && q.settings.Config.FIFO:
		return fmt.Errorf("hide a message of %s: %w", q.name.Name, ErrReceiptStale)
	case a.receives != r.Receives:
		return fmt.Errorf("hide a message of %s: %w", q.name.Name, ErrNotInFlight)
	case tx.Now().Add(hideFor).Sub(a.lastAt) > MaxHideFor:
		return fmt.Errorf("hide a message of %s: %w", q.name.Name, ErrHiddenTooLong)
	}
	if err := q.hide(tx, a, hideFor); err != nil {
		return err
	}
	q.flight.bySeq[r.Seq].changed = true
	q.watch(tx)
	if hideFor == 0 {
		q.wakeOne(tx)
	}
	return nil
}

// whyNotInFlight tells a message that can be received from one that is gone.
func (q *Queue) whyNotInFlight(tx *store.Tx, r Receipt) error {
	if r.Seq < q.counters.expireFrom {
		return ErrMessageGone
	}
	var k key
	switch _, ok, err := tx.Get(state{indexed: r.Indexed}.bodyKey(&k, q.id, r.Seq)); {
	case err != nil:
		return err
	case ok:
		return ErrNotInFlight
	}
	return ErrMessageGone
}

// hide sets the deadline of a message in flight.
func (q *Queue) hide(tx *store.Tx, a *airborne, hideFor time.Duration) error {
	if err := q.land(tx, a); err != nil {
		return err
	}
	return q.takeOff(tx, a.seq, a.state, hideFor)
}
