package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
	run := localRun{atOnce: atOnce}
	for {
		var over []ended
		run.began = false
		err := shard.Update(ctx, func(tx *store.Tx) error {
			over = over[:0]
			return o.retryDue(tx, &run, &over)
		})
		if stop, err := ends(ctx, err, logger); stop {
			return err
		}
		run.learn(err)
		if err != nil {
			continue
		}
		for i := range over {
			o.report(&over[i], logger)
		}
	}
}

// localRun finds the entry at which a transaction fails again and again, such as
// by a panic of its target, so that it does not hold up all others.
type localRun struct {
	atOnce   int    // entries of the next transaction
	first    uint64 // the first of the last one
	began    bool   // it came to that
	failed   uint64 // the entry that has failed alone
	times    int    // how often, in a row
	poisoned bool   // failed is put off without an attempt
}

// suspectAfter is how often an entry has failed alone when it is to blame: a group
// that is thrown away may have failed by somebody else.
const suspectAfter = 3

func (r *localRun) learn(err error) {
	switch {
	case !r.began: // it waited, or failed by somebody else
	case err == nil:
		r.atOnce, r.times, r.poisoned = min(2*r.atOnce, atOnce), 0, false
	case !errors.Is(err, store.ErrAborted):
	case r.atOnce > 1:
		r.atOnce = 1
	case r.times > 0 && r.failed == r.first:
		r.times++
		r.poisoned = r.times >= suspectAfter
	default:
		r.failed, r.times = r.first, 1
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
func (o *Outbox) retryDue(tx *store.Tx, run *localRun, over *[]ended) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	entries, next, err := scanDue(tx, m.from, run.atOnce)
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
	run.first, run.began = entries[0].seq, true
	for _, e := range entries {
		if err := o.retry(tx, e, run.poisoned && e.seq == run.failed, over); err != nil {
			return err
		}
	}
	return nil
}

var never = time.Unix(0, 1<<63-1)

// scanDue has the first entries that are due, and the time of the next one.
func scanDue(tx *store.Tx, from int64, most int) (entries []due, next time.Time, err error) {
	next = never
	lo := dueKey(time.Unix(0, from), 0)
	err = tx.Scan(lo, store.PrefixEnd([]byte(dueSpace)), func(k, v []byte) bool {
		at, seq := readDueKey(k)
		if at.After(tx.Now()) {
			next = at
			return false
		}
		retries, tried := binary.Uvarint(v)
		e := due{at: at, seq: seq, tries: int(retries)}
		if tried == 0 {
			e.tries = -1
		}
		entries = append(entries, e)
		return len(entries) < most
	})
	return entries, next, err
}

// errPoisoned puts off a delivery whose attempt throws its transaction away.
var errPoisoned = fmt.Errorf("%w: the attempt fails inside Carillon, see its log", ErrUnavailable)

// retry tries an entry again, and ends it or puts it off. One that is poisoned
// is not tried.
func (o *Outbox) retry(tx *store.Tx, e due, poisoned bool, over *[]ended) error {
	d, end, err := load(tx, e.seq, tx.Now())
	if err != nil {
		return err
	}
	var wait delay
	retry := 0
	if end == nil {
		retry = e.tries + 1
		if retry > 0 {
			o.counts.retried.Add(1)
		}
		if poisoned {
			wait, end, err = o.judge(d, retry, errPoisoned, 0, tx.Now())
		} else {
			wait, end, err = o.attempt(tx, d, retry)
		}
		if err != nil {
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
