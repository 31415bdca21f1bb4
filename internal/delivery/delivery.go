// Package delivery moves things to their targets: rule to queue now, and every
// other pair as it comes.
//
// A sender (a bus) calls Send for each delivery inside the transaction that
// accepts the event. A target in the same shard is applied in that transaction:
// exactly once. Where the target cannot take it now, the delivery becomes an
// outbox record in the same transaction, and Run tries again until it is
// delivered, too old, or has been tried too often; then its event goes to the
// delivery's dead-letter queue, in the transaction that takes it out of the
// outbox. Where there is none, it is dropped, counted and logged. So an accepted
// event is in its targets, in the outbox or with the dead letters, never nowhere.
//
// Invariants:
//
//  1. Send and its retries either apply a delivery and leave no record, or
//     leave exactly one record and apply nothing.
//  2. A body is stored once; a retry rewrites only the small due key.
//  3. Nothing here reads the clock or randomness: the store brings the time, and
//     the jitter of a retry is made from the delivery's key.
//  4. Deliveries end in Run only. One that Send finds hopeless is kept together
//     with its end, and Run does not try it again.
//
// It refuses to know what a body means and what a target is.
package delivery

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Delivery is one thing on its way to one target.
type Delivery struct {
	Key        Key
	Source     string  // ARN of what sends: the rule
	TargetID   string  // the target's id at the source
	Target     arn.ARN // where to
	GroupID    string  // message group of a queue; empty for none
	Trace      string  // the producer's trace header, handed on
	EventID    string  // of the event that it is made of; for Witness, who has nothing else to know it by
	Body       []byte
	AcceptedAt time.Time

	Event      []byte  // what Body was made of; nil: Body is the event
	Unfit      error   // why no Body could be made of the event; it is not tried then
	Policy     *Policy // nil: the outbox's
	DeadLetter arn.ARN // where the event goes if it is not delivered; zero: nowhere
	Ended      *End    // set on a dead letter: how its delivery ended

	// Shared is what Sharing.Share made of Body, for the target's Prepare; nil
	// where Body is this delivery's alone.
	Shared any

	prepared any // of Target.Prepare
}

// Key is stable over all attempts at a delivery and unique among deliveries: a
// UUID. A target uses it as the id of what it makes, and to recognise a repeat.
type Key [16]byte

// String is the key as a UUID is written.
func (k Key) String() string {
	var b [36]byte
	at := 0
	for i := range k {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b[at] = '-'
			at++
		}
		hex.Encode(b[at:at+2], k[i:i+1])
		at += 2
	}
	return string(b[:])
}

// Target applies deliveries of one kind inside the transaction that it is
// given.
type Target interface {
	// Prepare does what can be done without a transaction, to spare the shard's
	// writer. What it returns is given to the next Deliver of d; Deliver gets nil
	// where nobody prepared, and must then do all itself.
	Prepare(d *Delivery) (prepared any)

	// Deliver returns nil when all is written. It returns an error that wraps
	// ErrUnavailable, having written nothing, if a later attempt may succeed,
	// and ErrRefused, having written nothing, if none will. Any other error is
	// the store's, and ends the transaction.
	//
	// A delivery with Ended is a dead letter, which says how it ended.
	Deliver(tx *store.Tx, d *Delivery, prepared any) error
}

// Sharing is a Target that can keep a body once for several deliveries.
type Sharing interface {
	Target

	// Share prepares a body for n deliveries that are sent in one transaction. It
	// needs no transaction. Nil if they are better off without.
	Share(body []byte, n int) any
}

// Remote is a target of one kind outside the shard: what is sent to it is kept
// in the outbox and delivered at least once, from Run.
type Remote interface {
	// Attempt tries d once, on a goroutine of its own; several run at a time, also
	// for one target, which the Remote may slow down by waiting. It returns when the
	// target has answered or ctx has ended, after which nothing is recorded and d is
	// tried again after a restart. d is not to be changed.
	Attempt(ctx context.Context, d *Delivery) Answer
}

// Answer is what came of an attempt at a remote target.
type Answer struct {
	Err   error         // nil: delivered; wraps ErrUnavailable or ErrRefused, as in Target.Deliver
	After time.Duration // d is not to be tried again earlier; 0: whenever its policy says
	Says  string        // in a few words what the target said: "HTTP 503"; kept on the trail
}

// Outcome is what an attempt at a delivery came to.
type Outcome byte

// The outcomes. They are stored.
const (
	Delivered    Outcome = 1
	Waiting      Outcome = 2 // in the outbox; it is tried again, or ended if it is hopeless
	DeadLettered Outcome = 3 // given up, and its event is in the dead-letter queue
	Dropped      Outcome = 4 // given up, and gone
)

// Result is what became of a delivery that was sent.
type Result struct {
	Outcome Outcome // Delivered or Waiting
	Reason  error   // why it waits; nil if nobody has tried yet
}

// Report says what an attempt at a delivery of the outbox came to.
type Report struct {
	Delivery *Delivery
	Retry    int // its number; 0 is the first attempt
	Outcome  Outcome
	Reason   error         // why it is not delivered
	Says     string        // Answer.Says
	Took     time.Duration // how long a remote target took to answer
	Next     time.Time     // when a delivery that waits is tried again
	Lost     error         // why the event of one that was dropped is in no dead-letter queue
}

// Witness is told what becomes of the deliveries in the outbox, in the
// transaction in which it does. Of Send, the sender knows.
type Witness interface {
	// Witness must be quick: it runs on the shard's writer. An error is the store's.
	Witness(tx *store.Tx, r *Report) error
}

// What a Target answers.
var (
	ErrUnavailable = errors.New("target is not available")
	ErrRefused     = errors.New("target refuses the delivery")
)

// Policy says how long a delivery is tried: until either bound is reached.
type Policy struct {
	MaxAge      time.Duration
	MaxAttempts int // after the first
}

// DefaultPolicy is EventBridge's: 24 hours and up to 185 retries.
var DefaultPolicy = Policy{MaxAge: 24 * time.Hour, MaxAttempts: 185}

// The wait before retry n (from 1) is a random part of the lesser of
// firstBackoff doubled n-1 times and maxBackoff ("full jitter"). With
// maxBackoff the 185 retries of DefaultPolicy take about its 24 hours.
const (
	firstBackoff = time.Second
	maxBackoff   = 15 * time.Minute
)

// backoff takes its randomness from the key, which is random enough, so that
// a transaction needs none of its own.
func backoff(key Key, retry int) time.Duration {
	most := maxBackoff
	if doubled := firstBackoff << min(retry-1, 20); doubled < most {
		most = doubled
	}
	h := fnv.New64a()
	_, _ = h.Write(append(key[:], byte(retry)))
	return time.Duration(h.Sum64() % uint64(most))
}

// Outbox sends deliveries to the targets that it knows, and keeps those that
// have to wait. One for each shard.
type Outbox struct {
	targets map[string]Target // by the service of the target's ARN
	policy  Policy
	witness Witness // nil: nobody
	counts  counts
}

// Tell has w hear of every attempt. Call it before Run.
func (o *Outbox) Tell(w Witness) { o.witness = w }

// New is an outbox that delivers to targets, by the service in their ARN.
func New(targets map[string]Target, policy Policy) *Outbox {
	return &Outbox{targets: targets, policy: policy}
}

// Knows tells whether there is a target for ARNs of that service.
func (o *Outbox) Knows(service string) bool { return o.targets[service] != nil }

// Prepare prepares d for Send. It needs no transaction, and Send does not need
// it: it only saves the writer's time.
func (o *Outbox) Prepare(d *Delivery) {
	if t := o.targets[d.Target.Service]; t != nil {
		d.prepared = t.Prepare(d)
	}
}

// PrepareAll prepares deliveries that are sent in one transaction. Those that
// have the event itself as their body may share it.
func (o *Outbox) PrepareAll(ds []Delivery, event []byte) {
	for service, target := range o.targets {
		if sharing, ok := target.(Sharing); ok && len(ds) > 1 {
			share(ds, service, event, sharing)
		}
	}
	for i := range ds {
		if ds[i].Unfit == nil {
			o.Prepare(&ds[i])
		}
	}
}

func share(ds []Delivery, service string, event []byte, sharing Sharing) {
	shares := func(d *Delivery) bool { return d.Target.Service == service && d.Event == nil && d.Unfit == nil }
	n := 0
	for i := range ds {
		if shares(&ds[i]) {
			n++
		}
	}
	if n < 2 {
		return
	}
	shared := sharing.Share(event, n)
	for i := range ds {
		if shares(&ds[i]) {
			ds[i].Shared = shared
		}
	}
}

// Keep leaves d to Run, which tries it at once: for what would make its
// sender's transaction too long. An error is the store's.
func (o *Outbox) Keep(tx *store.Tx, d *Delivery) error {
	o.counts.kept.Add(1)
	return keep(tx, d, nil, tx.Now())
}

// Send delivers d now, or keeps it for Run. An error is the store's.
func (o *Outbox) Send(tx *store.Tx, d *Delivery) (Result, error) {
	at, end, err := o.attempt(tx, d, 0)
	switch {
	case err != nil:
		return Result{}, err
	case end != nil:
		o.counts.kept.Add(1)
		return Result{Waiting, end.Reason}, keep(tx, d, end, tx.Now())
	case !at.until.IsZero():
		o.counts.kept.Add(1)
		return Result{Waiting, at.reason}, keep(tx, d, nil, at.until)
	}
	o.counts.delivered.Add(1)
	return Result{Outcome: Delivered}, nil
}

// delay is why and until when a delivery waits.
type delay struct {
	until  time.Time // zero: it does not
	reason error
}

// attempt tries d, for which it is the retry of that number; 0 is the first
// attempt. If d was not delivered, it waits or has ended. err is the store's,
// and then nothing was written.
func (o *Outbox) attempt(tx *store.Tx, d *Delivery, retry int) (wait delay, end *End, err error) {
	reason := o.try(tx, d)
	if reason == nil {
		return delay{}, nil, nil
	}
	return o.judge(d, retry, reason, 0, tx.Now())
}

// judge says what follows when the retry of that number has failed for a reason:
// d waits, at least so long, or has ended. A reason that no target gives is the
// store's, and comes back.
func (o *Outbox) judge(d *Delivery, retry int, reason error, atLeast time.Duration, now time.Time) (wait delay, end *End, err error) {
	switch {
	case errors.Is(reason, ErrUnavailable):
		at, exhausted := o.next(d, retry, atLeast, now)
		if exhausted == 0 {
			return delay{at, reason}, nil, nil
		}
		return delay{}, &End{Target: d.Target, Reason: reason, Exhausted: exhausted, Retries: retry}, nil
	case errors.Is(reason, ErrRefused):
		return delay{}, &End{Target: d.Target, Reason: reason, Retries: retry}, nil
	}
	return delay{}, nil, reason
}

// next is when d is tried again after its retry of that number, or which bound
// of its policy that would pass.
func (o *Outbox) next(d *Delivery, retry int, atLeast time.Duration, now time.Time) (time.Time, Bound) {
	policy := d.Policy
	if policy == nil {
		policy = &o.policy
	}
	if retry >= policy.MaxAttempts {
		return time.Time{}, MaxAttempts
	}
	at := now.Add(max(backoff(d.Key, retry+1), atLeast))
	if at.Sub(d.AcceptedAt) >= policy.MaxAge {
		return time.Time{}, MaxAge
	}
	return at, 0
}

func (o *Outbox) try(tx *store.Tx, d *Delivery) error {
	if d.Unfit != nil {
		return fmt.Errorf("%w: %w", ErrUnfit, d.Unfit)
	}
	t := o.targets[d.Target.Service]
	if t == nil {
		return fmt.Errorf("%w: nothing delivers to %s", ErrRefused, d.Target.Service)
	}
	prepared := d.prepared
	d.prepared = nil
	return t.Deliver(tx, d, prepared)
}

// Counts are how many deliveries had which fate since the start. A group of
// transactions that the store threw away counts too.
type Counts struct {
	Delivered uint64 // applied, at once or later
	Kept      uint64 // could not be applied at once
	Retried   uint64 // tried again
	Dropped   uint64 // given up, and gone

	DeadLettered uint64 // given up, and in the dead-letter queue
}

type counts struct{ delivered, kept, retried, dropped, deadLettered atomic.Uint64 }

// Counts is what happened so far.
func (o *Outbox) Counts() Counts {
	c := &o.counts
	return Counts{c.delivered.Load(), c.kept.Load(), c.retried.Load(), c.dropped.Load(), c.deadLettered.Load()}
}
