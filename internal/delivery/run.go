package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// atOnce bounds the retries of one transaction, so that a large outbox does
// not hold up everybody else on the shard.
const atOnce = 64

// Run retries what is in the outbox until ctx ends or the shard closes. It
// costs nothing while nothing is due.
func (o *Outbox) Run(ctx context.Context, shard *store.Shard, logger *slog.Logger) error {
	for {
		var dropped []drop
		err := shard.Update(ctx, func(tx *store.Tx) error {
			dropped = dropped[:0]
			return o.retryDue(tx, &dropped)
		})
		switch {
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed):
			return nil
		case errors.Is(err, store.ErrFailed):
			return err
		case errors.Is(err, store.ErrWaitEnded):
			continue
		case err != nil:
			logger.Error("outbox: retries failed, trying again", "error", err)
			pause(ctx, time.Second)
			continue
		}
		for _, d := range dropped {
			o.counts.dropped.Add(1)
			logger.Warn("delivery dropped", "target", d.target, "target_id", d.id, "source", d.source,
				"key", d.key, "retries", d.retries, "age", d.age, "reason", d.reason)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// drop is a delivery that was given up.
type drop struct {
	key                Key
	source, id, target string
	retries            int
	age                time.Duration
	reason             error
}

// due is an entry of the outbox.
type due struct {
	at      time.Time
	seq     uint64
	retries int
}

// retryDue retries what is due, or waits until something is.
func (o *Outbox) retryDue(tx *store.Tx, dropped *[]drop) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	entries, next, err := scanDue(tx, m.from)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		m.from = next.UnixNano()
		if !next.Equal(never) {
			tx.WakeAt(topic, next)
		}
		return tx.Wait(topic)
	}
	m.from = entries[0].at.UnixNano()
	for _, e := range entries {
		if err := o.retry(tx, e, dropped); err != nil {
			return err
		}
	}
	return nil
}

var never = time.Unix(0, 1<<63-1)

// scanDue has the first entries that are due, and the time of the next one.
func scanDue(tx *store.Tx, from int64) (entries []due, next time.Time, err error) {
	next = never
	lo := dueKey(time.Unix(0, from), 0)
	err = tx.Scan(lo, store.PrefixEnd([]byte(dueSpace)), func(k, v []byte) bool {
		at, seq := readDueKey(k)
		if at.After(tx.Now()) {
			next = at
			return false
		}
		retries, _ := binary.Uvarint(v)
		entries = append(entries, due{at, seq, int(retries)})
		return len(entries) < atOnce
	})
	return entries, next, err
}

// retry tries an entry again, and ends it or puts it off.
func (o *Outbox) retry(tx *store.Tx, e due, dropped *[]drop) error {
	d, reason, err := o.attempt(tx, e.seq)
	if err != nil {
		return err
	}
	o.counts.retried.Add(1)
	if err := tx.Delete(dueKey(e.at, e.seq)); err != nil {
		return err
	}
	if reason == nil {
		o.counts.delivered.Add(1)
		return tx.Delete(bodyKey(e.seq))
	}
	if errors.Is(reason, ErrUnavailable) && e.retries+1 < o.policy.MaxAttempts {
		at := tx.Now().Add(backoff(d.Key, e.retries+2))
		if at.Sub(d.AcceptedAt) < o.policy.MaxAge {
			return schedule(tx, e.seq, at, e.retries+1)
		}
	}
	*dropped = append(*dropped, drop{
		key: d.Key, source: d.Source, id: d.TargetID, target: d.Target.String(),
		retries: e.retries + 1, age: tx.Now().Sub(d.AcceptedAt), reason: reason,
	})
	return tx.Delete(bodyKey(e.seq))
}

// attempt tries the delivery of a record. reason says why it was not
// delivered; err is the store's, and then nothing was written.
func (o *Outbox) attempt(tx *store.Tx, seq uint64) (d *Delivery, reason, err error) {
	v, _, err := tx.Get(bodyKey(seq))
	if err != nil {
		return nil, nil, err
	}
	d, reason = decode(v)
	if reason != nil {
		return &Delivery{AcceptedAt: tx.Now()}, reason, nil
	}
	reason = o.try(tx, d)
	if reason != nil && !errors.Is(reason, ErrUnavailable) && !errors.Is(reason, ErrRefused) {
		return d, nil, reason
	}
	return d, reason, nil
}
