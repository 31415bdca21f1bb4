// Package queue holds the rules of queues: what may be received, by whom, in
// which order, how often, and until when.
//
// It speaks no AWS: the service translates. It is deterministic: time comes
// from tx.Now, IDs from the caller. Everything here runs on the shard's writer.
//
// A message is in exactly one place:
//
//	fresh     B{seq}, seq >= the fresh cursor: never received, no group, no delay.
//	          Ready by implication, so that a send writes one key.
//	delayed   D{due}{seq} leads to M{seq}
//	in flight L{deadline}{seq}, deadline in the future; also in Queue.flight
//	returned  L{deadline}{seq}, deadline passed: nothing is written when a
//	          visibility timeout ends
//	grouped   G{group}{seq} leads to M{seq}; H{tag}{group} says that the group
//	          may be received from (groups.go)
//
// The record is stored under B or M, and is never rewritten. It has the body, or
// refers to one that several messages share (shared.go). L, D and H are
// read from cursors that only move forward, never from the start: behind a
// cursor lie the tombstones of everything received before.
//
// Memory holds what is in flight (bounded by Limits) and a page of each index.
package queue

import (
	"errors"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Errors. The service has the codes.
var (
	ErrNotFound        = errors.New("queue does not exist")
	ErrExists          = errors.New("queue exists")
	ErrDeletedRecently = errors.New("queue of that name was deleted less than 60 seconds ago")
	ErrPurging         = errors.New("queue was purged less than 60 seconds ago")
	ErrTooLarge        = errors.New("message is larger than the queue allows")
	ErrNoGroup         = errors.New("a FIFO queue needs a message group")
	ErrNoDedup         = errors.New("a FIFO queue needs a deduplication id or content-based deduplication")
	ErrDelayOnFIFO     = errors.New("a FIFO queue has no delay for a single message")
	ErrInFlightLimit   = errors.New("too many messages in flight")
	ErrReceiptStale    = errors.New("receipt has expired")
	ErrNotInFlight     = errors.New("message is not in flight")
	ErrMessageGone     = errors.New("message does not exist any more")
	ErrHiddenTooLong   = errors.New("message would be hidden for more than 12 hours in all")
)

// MaxHideFor is how long a receiver may hide a message in all, from its receipt on.
const MaxHideFor = 12 * time.Hour

// DeletedFor is how long the name of a deleted queue cannot be used again, and
// how long after a purge the next one is refused.
const DeletedFor = 60 * time.Second

// Name identifies a queue to its users.
type Name struct{ Account, Region, Name string }

// Config is what the rules need to know.
type Config struct {
	FIFO            bool          `json:"fifo,omitempty"`
	DelayFor        time.Duration `json:"delayFor,omitempty"`  // before a sent message can be received
	HideFor         time.Duration `json:"hideFor,omitempty"`   // visibility timeout
	RetainFor       time.Duration `json:"retainFor,omitempty"` // 0: for ever
	WaitFor         time.Duration `json:"waitFor,omitempty"`   // how long a receive waits that does not say
	MaxMessageBytes int           `json:"maxMessageBytes,omitempty"`
	ContentDedup    bool          `json:"contentDedup,omitempty"`  // FIFO: the body's digest is the deduplication id
	DedupPerGroup   bool          `json:"dedupPerGroup,omitempty"` // FIFO: deduplicate within a group
	DeadLetter      *DeadLetter   `json:"deadLetter,omitempty"`
	Allow           RedriveAllow  `json:"allow,omitzero"`
}

// DeadLetter says where a message goes that was received MaxReceives times.
type DeadLetter struct {
	Target      Name `json:"target"`
	MaxReceives int  `json:"maxReceives"`
}

// RedriveAllow says which queues may have this one as their dead-letter queue.
type RedriveAllow struct {
	Mode    AllowMode `json:"mode,omitempty"`
	Sources []Name    `json:"sources,omitempty"`
}

// AllowMode is the kind of a RedriveAllow.
type AllowMode string

// The modes.
const (
	AllowAll AllowMode = ""
	DenyAll  AllowMode = "deny"
	ByQueue  AllowMode = "by-queue"
)

// Settings are kept with a queue.
type Settings struct {
	Config Config            `json:"config"`
	Labels map[string]string `json:"labels,omitempty"` // the service's own, opaque here
	Tags   map[string]string `json:"tags,omitempty"`
}

// Limits of messages in flight per queue.
type Limits struct{ InFlight, InFlightFIFO int }

// DefaultLimits are AWS's.
var DefaultLimits = Limits{InFlight: 120_000, InFlightFIFO: 20_000}

// Queue is a queue's live state. It is valid inside the closure that found it.
type Queue struct {
	id         uint64
	name       Name
	settings   Settings
	createdAt  time.Time
	modifiedAt time.Time
	counters   counters
	deleted    bool
	dirty      bool // counters are to be written at the end of the group

	flight   flight
	fresh    freshPage
	returned laterPage
	delayed  laterPage
	groups   groups
	attempts attempts
	dedup    dedup
	turn     int // alternates between sources

	unfinished bool // the last Receive gave up with nothing to give, though there may be more
	full       bool // the last Receive found the limit of messages in flight reached
}

// Name is the queue's name.
func (q *Queue) Name() Name { return q.name }

// Settings are the queue's; callers must not change them.
func (q *Queue) Settings() *Settings { return &q.settings }

// CreatedAt is when the queue was created.
func (q *Queue) CreatedAt() time.Time { return q.createdAt }

// ModifiedAt is when the queue's settings last changed.
func (q *Queue) ModifiedAt() time.Time { return q.modifiedAt }

// Handle is the Receipt.Queue of this queue's receipts.
func (q *Queue) Handle() uint64 { return q.id }

func (q *Queue) topic() store.Topic { return store.Topic{Space: store.SpaceQueue, ID: q.id} }

// Wait parks the call until a message may be there: return what it returns.
// What a Receive that found nothing has tidied up stands.
func (q *Queue) Wait(tx *store.Tx) error {
	tx.Keep()
	if q.unfinished {
		tx.WakeAt(q.topic(), tx.Now())
	}
	if at, ok := q.nextReadyAt(); ok {
		tx.WakeAt(q.topic(), at)
	}
	return tx.Wait(q.topic())
}

// watch has one of those who wait look again when time alone makes the next
// message ready. Whoever uses up an alarm, or makes an earlier one necessary,
// calls it.
func (q *Queue) watch(tx *store.Tx) {
	if tx.Waiting(q.topic()) == 0 {
		return
	}
	if at, ok := q.nextReadyAt(); ok {
		tx.WakeAt(q.topic(), at)
	}
}

// nextReadyAt is when time alone makes the next message ready.
func (q *Queue) nextReadyAt() (time.Time, bool) {
	at, ok := q.flight.next()
	if q.full && ok {
		return at, ok // until then there is no room for what else is due
	}
	for _, other := range []func() (time.Time, bool){q.delayed.next, q.groups.nextDelayed} {
		if t, found := other(); found && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok
}

// wakeOne lets one waiting receiver look again.
func (q *Queue) wakeOne(tx *store.Tx) { tx.Wake(q.topic(), 1) }

// wakeAt lets a waiting receiver look again at that time.
func (q *Queue) wakeAt(tx *store.Tx, at time.Time) {
	if tx.Waiting(q.topic()) > 0 {
		tx.WakeAt(q.topic(), at)
	}
}
