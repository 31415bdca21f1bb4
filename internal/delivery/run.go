package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// atOnce bounds the retries of one transaction, so that a large outbox does
// not hold up everybody else on the shard.
const atOnce = 64

// Run delivers what is in the outbox until ctx ends or the shard closes. It
// costs nothing while nothing is due.
func (o *Outbox) Run(ctx context.Context, shard *store.Shard, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	remote := make(chan error, 1)
	go func() {
		defer cancel() // if one part fails, so does the other
		remote <- o.runRemote(ctx, shard, logger)
	}()
	err := o.runLocal(ctx, shard, logger)
	cancel()
	return errors.Join(err, <-remote)
}

// runLocal is the part of Run that delivers inside the shard.
func (o *Outbox) runLocal(ctx context.Context, shard *store.Shard, logger *slog.Logger) error {
	for {
		var over []ended
		err := shard.Update(ctx, func(tx *store.Tx) error {
			over = over[:0]
			return o.retryDue(tx, &over)
		})
		if stop, err := ends(ctx, err, logger); stop {
			return err
		}
		if err != nil {
			continue
		}
		for i := range over {
			o.report(&over[i], logger)
		}
	}
}

// report counts and logs a delivery that has ended.
func (o *Outbox) report(e *ended, logger *slog.Logger) {
	d := e.delivery
	about := []any{
		"target", d.Target.String(), "target_id", d.TargetID, "source", d.Source,
		"key", d.Key, "retries", e.end.Retries, "age", e.age, "reason", e.end.Reason,
	}
	if e.lost == nil {
		o.counts.deadLettered.Add(1)
		logger.Warn("delivery given up, event is in the dead-letter queue", append(about, "dead_letter", d.DeadLetter.String())...)
		return
	}
	o.counts.dropped.Add(1)
	if d.DeadLetter != (arn.ARN{}) {
		about = append(about, "dead_letter", d.DeadLetter.String(), "dead_letter_reason", e.lost)
	}
	logger.Warn("delivery dropped", about...)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// ended is a delivery that was given up.
type ended struct {
	delivery *Delivery
	end      *End
	age      time.Duration
	lost     error // why it is not in a dead-letter queue; nil if it is
}

// retryDue retries what is due, or waits until something is.
func (o *Outbox) retryDue(tx *store.Tx, over *[]ended) error {
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
		if err := o.retry(tx, e, over); err != nil {
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
		entries = append(entries, due{at: at, seq: seq, tries: int(retries)})
		return len(entries) < atOnce
	})
	return entries, next, err
}

// retry tries an entry again, and ends it or puts it off.
func (o *Outbox) retry(tx *store.Tx, e due, over *[]ended) error {
	d, end, err := load(tx, e.seq, tx.Now())
	if err != nil {
		return err
	}
	var wait delay
	retry := 0
	if end == nil {
		retry = e.tries + 1
		o.counts.retried.Add(1)
		if wait, end, err = o.attempt(tx, d, retry); err != nil {
			return err
		}
	}
	r := Report{Delivery: d, Retry: retry}
	return o.settle(tx, e, &r, wait, end, over)
}

// settle writes what an attempt at an entry came to, of which r knows the
// beginning.
func (o *Outbox) settle(tx *store.Tx, e due, r *Report, wait delay, end *End, over *[]ended) error {
	if err := tx.Delete(e.key()); err != nil {
		return err
	}
	switch {
	case !wait.until.IsZero():
		r.Outcome, r.Reason, r.Next = Waiting, wait.reason, wait.until
		again := due{lane: e.lane, at: wait.until, seq: e.seq, tries: e.tries + 1}
		if err := schedule(tx, again); err != nil {
			return err
		}
		return o.tell(tx, r)
	case end == nil:
		r.Outcome = Delivered
		o.counts.delivered.Add(1)
	default:
		lost, err := o.bury(tx, r.Delivery, end)
		if err != nil {
			return err
		}
		r.Outcome, r.Reason, r.Lost = DeadLettered, end.Reason, lost
		if lost != nil {
			r.Outcome = Dropped
		}
		*over = append(*over, ended{r.Delivery, end, tx.Now().Sub(r.Delivery.AcceptedAt), lost})
	}
	if err := o.tell(tx, r); err != nil {
		return err
	}
	return tx.Delete(bodyKey(e.seq))
}

func (o *Outbox) tell(tx *store.Tx, r *Report) error {
	o.observe(tx, r)
	for _, w := range o.witness {
		if err := w.Witness(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// reader is a *store.Tx or a *store.View.
type reader interface {
	Get(key []byte) ([]byte, bool, error)
}

// load reads the delivery of a record, and its end if it has ended. One that
// cannot be read has ended, and nothing else is known of it.
func load(r reader, seq uint64, now time.Time) (*Delivery, *End, error) {
	v, _, err := r.Get(bodyKey(seq))
	if err != nil {
		return nil, nil, err
	}
	d, end, damaged := decode(v)
	if damaged != nil {
		return &Delivery{AcceptedAt: now}, &End{Reason: damaged}, nil
	}
	return d, end, nil
}
