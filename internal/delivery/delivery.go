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
//  3. No transaction here reads the clock or randomness: the store brings the
//     time, and the jitter of a retry is made from the delivery's key.
//  4. Deliveries end in Run only. One that Send finds hopeless is kept together
//     with its end, and Run does not try it again.
//  5. A target outside the shard (Remote) is delivered to at least once, always
//     from the outbox, and what it answered is written before its entry is gone.
//     A repeat has the same Key. What waits for it is on disk, in a lane of its
//     own (remote.go).
//
// It refuses to know what a body means and what a target is.
package delivery

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/meter"
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
	Params     []byte // what else the target was given for it, in words of sender and target
	AcceptedAt time.Time

	Event      []byte  // what Body was made of; nil: Body is the event
	Unfit      error   // why no Body could be made of the event; it is not tried then
	Policy     *Policy // nil: the outbox's
	DeadLetter arn.ARN // where the event goes if it is not delivered; zero: nowhere
	Ended      *End    // set on a dead letter: how its delivery ended

	// Shared is what Sharing.Share made of Body, for the target's Prepare; nil
	// where Body is this delivery's alone.
	Shared any

	// Inset goes into Body where what is delivered differs from that of others only
	// there, so that they can have one Body. What is stored has none.
	Inset *Inset

	// Role is the role in whose name it is sent (its ARN); empty: in that of whatever
	// sends. Own deliveries are Carillon's, and nobody is asked about them.
	Role string
	Own  bool

	Permission *Permission   // of this source and target; may be nil; not stored
	Meter      *meter.Target // counts what becomes of it; not stored

	prepared any // of Target.Prepare
}

// Key is stable over all attempts at a delivery and unique among deliveries: a
// UUID. A target uses it as the id of what it makes, and to recognise a repeat.
type Key [16]byte

// Inset is a text, and the offset at which it is to be put into a Body.
type Inset struct {
	At   int
	Text string
}

// Whole is Body with its Inset.
func (d *Delivery) Whole() []byte {
	if d.Inset == nil {
		return d.Body
	}
	b := make([]byte, 0, len(d.Body)+len(d.Inset.Text))
	b = append(append(b, d.Body[:d.Inset.At]...), d.Inset.Text...)
	return append(b, d.Body[d.Inset.At:]...)
}

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

// Policy says how long a delivery is tried: until either bound is reached.
type Policy struct {
	MaxAge      time.Duration
	MaxAttempts int // after the first

	// Schedule is when it is tried again; after its end, and where there is none,
	// the backoff below says.
	Schedule Schedule
}

// wait is how long d waits before a retry.
func (p *Policy) wait(key Key, retry int) time.Duration {
	if retry <= p.Schedule.Retries() {
		return max(jitter(key, retry, p.Schedule.Delay(retry)), 1) // never at once, as below
	}
	return backoff(key, retry)
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
	return 1 + time.Duration(h.Sum64()%uint64(most)) // never at once: lane.from has gone by
}

// Outbox sends deliveries to the targets that it knows, and keeps those that
// have to wait. One for each shard.
type Outbox struct {
	targets map[string]Target       // by the service of the target's ARN
	remotes map[string][]remoteKind // by the same
	policy  Policy
	witness []Witness
	counts  counts
	observation

	guard     Guard // nil: everything may be sent
	permitted atomic.Pointer[Verdict]
}

// Tell has w, too, hear of every attempt. Call it before Run.
func (o *Outbox) Tell(w Witness) { o.witness = append(o.witness, w) }

// New is an outbox that delivers to targets, by the service in their ARN.
func New(targets map[string]Target, policy Policy) *Outbox {
	return &Outbox{targets: targets, policy: policy}
}

// Knows tells whether anything delivers to targets like a.
func (o *Outbox) Knows(a arn.ARN) bool { return o.targets[a.Service] != nil || o.remote(&a) != nil }

// Prepare prepares d for Send. It needs no transaction, and Send does not need
// it: it only saves the writer's time.
func (o *Outbox) Prepare(d *Delivery) {
	d.Trace = o.tracer.Hand(d.Trace, d.Key)
	o.foresee(d)
	if t := o.targets[d.Target.Service]; t != nil && o.remote(&d.Target) == nil {
		d.prepared = t.Prepare(d)
	}
}

// Keep leaves d to Run, which tries it at once: for what would make its
// sender's transaction too long. An error is the store's.
func (o *Outbox) Keep(tx *store.Tx, d *Delivery) error {
	return o.enter(tx, d, nil, due{at: tx.Now(), tries: -1})
}

// Send delivers d now, or keeps it for Run. An error is the store's.
func (o *Outbox) Send(tx *store.Tx, d *Delivery) (Result, error) {
	if d.Unfit == nil && o.remote(&d.Target) != nil {
		return Result{Outcome: Waiting}, o.keep(tx, d, nil, tx.Now())
	}
	wait, end, err := o.attempt(tx, d, 0)
	switch {
	case err != nil:
		return Result{}, err
	case end != nil:
		result := Result{Waiting, end.Reason}
		o.sent(tx, d, result)
		return result, o.keep(tx, d, end, tx.Now())
	case !wait.until.IsZero():
		result := Result{Waiting, wait.reason}
		o.sent(tx, d, result)
		return result, o.keep(tx, d, nil, wait.until)
	}
	o.applies(tx, d)
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
	policy := o.policyOf(d)
	if retry >= policy.MaxAttempts {
		return time.Time{}, MaxAttempts
	}
	at := now.Add(max(policy.wait(d.Key, retry+1), atLeast))
	if at.Sub(d.AcceptedAt) >= policy.MaxAge {
		return time.Time{}, MaxAge
	}
	return at, 0
}

func (o *Outbox) policyOf(d *Delivery) *Policy {
	if d.Policy != nil {
		return d.Policy
	}
	return &o.policy
}

func (o *Outbox) try(tx *store.Tx, d *Delivery) error {
	if d.Unfit != nil {
		return fmt.Errorf("%w: %w", ErrUnfit, d.Unfit)
	}
	t := o.targets[d.Target.Service]
	if t == nil {
		return fmt.Errorf("%w: nothing delivers to %s", ErrRefused, d.Target.Service)
	}
	if why := o.permit(d, tx.Now()); why != nil {
		return denied(tx, t, d, why)
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
