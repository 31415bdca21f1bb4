package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

const (
	// readAhead bounds the entries that a lane holds in memory; their bodies are
	// read when their attempt begins.
	readAhead = 64

	// Concurrency is how many attempts run at a time at a target that answers.
	Concurrency = 32

	// A target that has failed so often in a row is tried by one attempt at a time,
	// failingGap apart, until it answers: its backlog would else be written anew as
	// fast as it fails.
	failingAfter = 10
	failingGap   = 4 * time.Millisecond

	// idleFor is how long a lane's goroutine waits before it asks whether it is
	// needed.
	idleFor = 30 * time.Second
)

// lane is the goroutine of a remote target.
type lane struct {
	*runner
	number uint64
	again  bool // has begun again since it was found empty; guarded by runner.mu

	// from is behind the last entry that was read. Entries are only ever made
	// behind it: a new one is due now, with a higher number, and one that is put off
	// is due later.
	from []byte

	freed chan struct{} // an attempt has ended

	mu       sync.Mutex // guards the rest
	inFlight int
	failures int // in a row
}

func newLane(r *runner, number uint64, from []byte) *lane {
	if from == nil {
		from = lanePrefix(number)
	}
	return &lane{
		runner: r, number: number, from: from,
		freed: make(chan struct{}, 1),
	}
}

// run delivers what is in the lane until there is nothing.
func (l *lane) run(ctx context.Context) {
	for {
		alone := l.flying() == 0
		entries, empty, err := l.read(ctx, alone)
		if stop, err := ends(ctx, err, l.log); stop {
			if err != nil {
				l.log.Error("outbox: a lane has stopped", "error", err)
			}
			return
		}
		if empty && l.end(l) {
			return
		}
		for _, e := range entries {
			if !l.begin(ctx, e) {
				return
			}
		}
	}
}

// read has the next entries that are due, or waits for some. empty: there is
// none, due or not, which only a lane without attempts in flight can tell.
func (l *lane) read(ctx context.Context, alone bool) (entries []due, empty bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, idleFor, store.ErrWaitEnded)
	defer cancel()
	err = l.shard.Update(ctx, func(tx *store.Tx) error {
		m, err := memory.In(tx)
		if err != nil {
			return err
		}
		var next time.Time
		entries, next, err = scanLane(tx, l.number, l.from)
		switch {
		case err != nil || len(entries) > 0:
			return err
		case next.IsZero() && alone:
			empty = true
			delete(m.lanes, l.number)
			return nil
		case !next.IsZero():
			tx.WakeAt(l.topic(), next)
		}
		return tx.Wait(l.topic())
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrWaitEnded):
		return nil, false, nil // not needed for a while
	case err != nil: // and what the closure found does not count
		return nil, false, err
	case len(entries) > 0:
		l.from = append(entries[len(entries)-1].key(), 0)
	}
	return entries, empty, nil
}

func (l *lane) topic() store.Topic { return store.Topic{Space: store.SpaceOutbox, ID: l.number} }

// scanLane has the first entries of a lane from a key on that are due, and else
// the time of the next one.
func scanLane(tx *store.Tx, lane uint64, from []byte) (entries []due, next time.Time, err error) {
	err = tx.Scan(from, store.PrefixEnd(lanePrefix(lane)), func(k, v []byte) bool {
		e := readLaneKey(k)
		if e.at.After(tx.Now()) {
			next = e.at
			return false
		}
		tries, _ := binary.Uvarint(v)
		e.tries = int(tries)
		entries = append(entries, e)
		return len(entries) < readAhead
	})
	return entries, next, err
}

// errTooOld ends a delivery that nobody tried in the time that its policy gives.
var errTooOld = fmt.Errorf("%w in the time that the event had", ErrUnavailable)

// begin starts the next attempt at an entry when one may run; false if ctx ended
// before that.
func (l *lane) begin(ctx context.Context, e due) bool {
	d, end, err := l.load(e.seq)
	if err != nil {
		l.log.Error("outbox: a delivery cannot be read, and waits for the next start", "error", err)
		return ctx.Err() == nil
	}
	// What is too old needs no attempt, so that a dead target's backlog ends with
	// its age, however slowly the target is tried.
	tooOld := end == nil && time.Since(d.AcceptedAt) >= l.outbox.policyOf(d).MaxAge
	if !l.takeSlot(ctx, !tooOld) {
		return false
	}
	l.wait.Go(func() {
		var answer Answer
		if tooOld {
			answer.Err = errTooOld
		}
		defer func() { l.freeSlot(answer.Err) }()
		l.attempt(e, d, end, &answer)
	})
	return true
}

// takeSlot waits until one more may be in flight. One that will ask the target
// is held back if that fails.
func (l *lane) takeSlot(ctx context.Context, asks bool) bool {
	for {
		free, failing := l.tryTakeSlot(asks)
		if free && failing {
			pause(ctx, failingGap)
		}
		switch {
		case free && ctx.Err() != nil:
			l.freeSlot(errTooOld)
			return false
		case free:
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-l.freed:
		}
	}
}

func (l *lane) tryTakeSlot(asks bool) (free, failing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	failing = asks && l.failures >= failingAfter
	if l.inFlight >= Concurrency || failing && l.inFlight > 0 {
		return false, failing
	}
	l.inFlight++
	return true, failing
}

func (l *lane) flying() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight
}

// freeSlot ends an attempt that was answered so, or not at all.
func (l *lane) freeSlot(answer error) {
	l.mu.Lock()
	l.inFlight--
	switch {
	case errors.Is(answer, errTooOld): // nobody was asked
	case errors.Is(answer, ErrUnavailable):
		l.failures++
	default:
		l.failures = 0
	}
	l.mu.Unlock()
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

// attempt asks the target, unless answer says already why not, and writes what
// came of it.
func (l *lane) attempt(e due, d *Delivery, end *End, answer *Answer) {
	began := time.Now()
	if end == nil && answer.Err == nil {
		*answer = l.ask(d)
		if errors.Is(answer.Err, ErrUnavailable) && l.attempts.Err() != nil {
			return // cut off: nobody knows what the target has seen
		}
	}
	l.settleUntilWritten(e, d, end, *answer, time.Since(began))
}

// ask has the target's Remote make an attempt.
func (l *lane) ask(d *Delivery) (answer Answer) {
	r := l.outbox.remote(&d.Target)
	if r == nil {
		return Answer{Err: fmt.Errorf("%w: nothing delivers to %s", ErrRefused, d.Target.Service)}
	}
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("outbox: an attempt panicked", "target", d.Target.String(), "panic", p, "stack", string(debug.Stack()))
			answer = Answer{Err: fmt.Errorf("%w: the attempt failed inside Carillon", ErrUnavailable)}
		}
	}()
	if why := l.outbox.permit(d, time.Now()); why != nil {
		return Answer{Err: why}
	}
	answer = r.Attempt(l.attempts, d)
	if answer.Err != nil && !errors.Is(answer.Err, ErrUnavailable) && !errors.Is(answer.Err, ErrRefused) {
		answer.Err = fmt.Errorf("%w: %w", ErrUnavailable, answer.Err)
	}
	return answer
}

// load reads the delivery of an entry that was durable when it was read.
func (l *lane) load(seq uint64) (d *Delivery, end *End, err error) {
	err = l.shard.View(func(v *store.View) (err error) {
		d, end, err = load(v, seq, time.Now())
		return err
	})
	return d, end, err
}

// settleUntilWritten writes what came of an attempt, however often that needs to
// be tried: it was made.
func (l *lane) settleUntilWritten(e due, d *Delivery, end *End, answer Answer, took time.Duration) {
	ctx := context.WithoutCancel(l.attempts)
	for {
		var over []ended
		err := l.shard.Update(ctx, func(tx *store.Tx) error {
			over = over[:0]
			return l.settle(tx, e, &Report{Delivery: d, Retry: e.tries, Says: answer.Says, Code: answer.Code, Took: took}, end, answer, &over)
		})
		if err == nil {
			for i := range over {
				l.outbox.report(&over[i], l.log)
			}
			return
		}
		if stop, _ := ends(ctx, err, l.log); stop {
			return
		}
	}
}

func (l *lane) settle(tx *store.Tx, e due, r *Report, end *End, answer Answer, over *[]ended) (err error) {
	var wait delay
	switch {
	case end != nil || answer.Err == nil:
	case errors.Is(answer.Err, errTooOld):
		r.Retry = max(e.tries-1, 0) // the last that was made
		end = &End{Target: r.Delivery.Target, Reason: answer.Err, Exhausted: MaxAge, Retries: r.Retry}
	default:
		if wait, end, err = l.outbox.judge(r.Delivery, e.tries, answer.Err, answer.After, tx.Now()); err != nil {
			return err
		}
	}
	if r.Retry > 0 {
		l.outbox.counts.retried.Add(1)
	}
	return l.outbox.settle(tx, e, r, wait, end, over)
}
