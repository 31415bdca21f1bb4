package topic

import (
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// A step of a replay reads so many messages at most, and none behind so many
// bytes: the shard serves others in between. Variables, so that tests can do with
// less.
var (
	replayMessages = 100
	replayBytes    = 1 << 20
)

// replayPatience is how long a replay leaves the fan-out alone that goes before it.
const replayPatience = 20 * time.Millisecond

// stepReplay makes the next deliveries of a replay.
func (c *Core) stepReplay(tx *store.Tx, at time.Time, topic uint64, id ID) error {
	n, alive, err := nameOf(tx, topic)
	if err != nil || !alive { // its subscriptions are going
		return err
	}
	var r replayRecord
	if found, err := get(tx, replayKey(topic, id), &r); err != nil || !found || !r.Holding || !r.TimerAt.Equal(at) {
		return err
	}
	var rec subscriptionRecord
	if found, err := get(tx, subKey(topic, id), &rec); err != nil || !found {
		return err
	}
	first, err := firstKept(tx, topic)
	if err != nil {
		return err
	}
	if first < rec.HeldFrom {
		return r.step(tx, topic, id, tx.Now().Add(replayPatience))
	}
	if r.State == ReplayPending {
		r.become(ReplayRunning)
	}
	t, err := getTopic(tx, n)
	if err != nil {
		return err
	}
	list, over, err := r.read(tx, topic)
	if err != nil {
		return err
	}
	if err := c.replay(tx, newWorking(n, topic, t.Settings.Config), rec.member(id), &r, list); err != nil {
		return err
	}
	switch {
	case !over:
	case r.CatchingUp:
		return r.end(tx, place{topic, n.Region, id}, &rec)
	default:
		r.catchUp()
	}
	return r.step(tx, topic, id, tx.Now())
}

// read reads the messages of a step, and moves the cursor behind them; over if
// there are no others in the window, or, where it catches up, none at all.
func (r *replayRecord) read(tx *store.Tx, topic uint64) (list []*Message, over bool, err error) {
	hi := store.PrefixEnd(numbered(archiveSpace, topic))
	if !r.CatchingUp {
		end := r.Window.end()
		if r.Since.before(end) {
			end = r.Since
		}
		if !r.Next.before(end) {
			return nil, true, nil
		}
		hi = archiveKey(topic, end)
	}
	over = true
	size := 0
	scanErr := tx.Scan(archiveKey(topic, r.Next), hi, func(k, v []byte) bool {
		var at position
		if at, err = positionOf(k); err != nil {
			return false
		}
		if len(list) == replayMessages || size >= replayBytes {
			over, r.Next = false, at
			return false
		}
		r.Next = position{at.At, at.Sequence + 1}
		if m, err := decodeMessage(v); err == nil { // else nobody gets it, as in a fan-out
			list = append(list, &m)
			size += len(v)
		}
		return true
	})
	if err == nil {
		err = scanErr
	}
	return list, over, err
}

// replay sends a member what it wants of the messages.
func (c *Core) replay(tx *store.Tx, w *working, m *member, r *replayRecord, list []*Message) error {
	w.put(m.id, m)
	w.publish()
	for _, message := range list {
		if !m.unfiltered() {
			if matched, _ := w.now.filtered(message); len(matched) == 0 {
				continue
			}
		}
		message.signatures = c.signaturesOf()
		what := trailCaughtUp
		if !r.CatchingUp {
			message.replay, what = r.Number, trailReplayed
			r.Replayed++
			c.counts.replayed.Add(1)
		}
		one := renderer{audience: w.now, message: message}
		d := one.deliveries(c.outbox, []*member{m})
		d[0].AcceptedAt = tx.Now()
		result, err := c.outbox.Send(tx, &d[0])
		if err != nil {
			return err
		}
		if result.Outcome == delivery.Delivered {
			c.meterOf(w.now.name).Delivered(1)
			c.sent(tx, w.now, message, &d[0])
		}
		c.counts.matched.Add(1)
		if err := c.note(tx, w.now, message, what, 1); err != nil {
			return err
		}
	}
	return nil
}

// end ends a replay: from here on the subscription gets messages as others do.
func (r *replayRecord) end(tx *store.Tx, p place, old *subscriptionRecord) error {
	if r.State == ReplayRunning {
		r.become(ReplayCompleted)
	}
	r.Holding, r.TimerAt = false, time.Time{}
	rec := *old
	rec.HeldFrom = 0
	if err := begins(tx, p.topic, &rec); err != nil { // what waits, it has
		return err
	}
	if err := replace(tx, p, old, &rec); err != nil {
		return err
	}
	if err := tx.Delete(heldKey(rec.Owner, p.region, p.topic, p.id)); err != nil {
		return err
	}
	if rec.Settings.Replay == nil {
		if err := tx.Delete(replayKey(p.topic, p.id)); err != nil {
			return err
		}
	} else if err := r.save(tx, p.topic, p.id); err != nil {
		return err
	}
	return trimUnlessArchiving(tx, p.topic)
}

// replayID is what a message is called in its n-th replay to a subscription: a
// FIFO queue shall not take it for the message of some minutes ago.
func replayID(id string, n uint64) string { return fmt.Sprintf("%s-replay-%d", id, n) }
