// Package audit is the answer to "who did that?": an append-only record of calls
// that change or look at how things are set up, and of every denial, chained so
// that nobody changes, removes or inserts one unnoticed.
//
// It owns the log: entries with numbers without gaps, the chain over them, how
// long they are kept, and how they are found. What an entry says beyond what it is
// found by is a text of whoever appends it, which this package does not read.
//
// The chain: an entry's link is the SHA-256 of the link before it, its number and
// all that it says. So each link stands for everything before, and anybody can
// verify a range who knows the link in front of it. The links are also signed with
// a key of the node (HMAC-SHA-256), as is the state that says where the chain
// begins and ends: who has the files and not the key can make a new chain, but not
// one that the key has signed.
//
// Retention removes whole segments from the front, without reading them. The link
// before the first entry that is left, the anchor, is kept and signed, so that what
// is left is verified as before.
//
// Invariants:
//
//  1. Entries have the numbers from the floor up to, not with, the next one.
//  2. Every entry's link follows from the one before it, the first one's from the
//     anchor, and the last one's is the state's.
//  3. A segment counts its entries, with their bytes.
//  4. While there is a segment and a limit to keep, there is a timer.
//
// It refuses to know what AWS calls things, and to change an entry.
package audit

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Options are how a log is kept. Where For or MaxBytes is 0, nothing is recorded,
// and what there is stays.
type Options struct {
	For      time.Duration // how long an entry is kept
	MaxBytes int64         // of keys and values, before compression
	Key      Key           // signs the links
}

// Log records who did what.
type Log struct {
	keepFor  time.Duration
	maxBytes uint64
	key      Key
	recorded atomic.Uint64
}

// New is a Log.
func New(o Options) *Log {
	l := &Log{keepFor: o.For, key: o.Key}
	if o.MaxBytes > 0 {
		l.maxBytes = uint64(o.MaxBytes)
	}
	return l
}

// On tells whether anything is recorded.
func (l *Log) On() bool { return l != nil && l.keepFor > 0 && l.maxBytes > 0 }

// Recorded is how many entries were appended since the start.
func (l *Log) Recorded() uint64 { return l.recorded.Load() }

// Entry is a call, or a denial.
type Entry struct {
	Number uint64    // given by Append
	At     time.Time // when it was answered

	Account   string // in whose log it is
	Region    string
	Principal string // ARN of the caller; empty: nobody knows
	Action    string // "sqs:CreateQueue"
	Resources []string
	Code      string // of the error; empty: it succeeded
	Reason    string // of a denial, if it is known
	RequestID string
	ID        string // of the entry, as others see it

	ReadOnly, Denied, Data bool // it changes nothing, it was denied, it is about what flows and not how

	Record []byte // the whole of it, as others see it

	Link Link // given by Append
}

// MaxRecord bounds an entry's Record.
const MaxRecord = 512 << 10

// ErrTooLarge: an entry's Record has more than MaxRecord bytes.
var ErrTooLarge = errors.New("audit: the record is too large")

// errDamaged: something cannot be read.
var errDamaged = errors.New("audit: damaged record")

// Append records an entry. Its error is the store's, or ErrTooLarge, and nothing
// was written then.
func (l *Log) Append(tx *store.Tx, e *Entry) error {
	if !l.On() {
		return nil
	}
	if len(e.Record) > MaxRecord {
		return ErrTooLarge
	}
	m, err := cell.In(tx)
	if err != nil {
		return err
	}
	e.Number = m.next
	m.scratch = e.append(m.scratch[:0])
	e.Link = m.last.follow(e.Number, m.scratch)
	key := entryKey(e.Number)
	value := tx.SetDeferred(key, headSize+len(m.scratch))
	value[0] = entryVersion
	mac := l.key.sign(e.Link[:])
	copy(value[headSize:], m.scratch)
	copy(value[1+copy(value[1:], e.Link[:]):], mac[:])
	m.grow(tx.Now(), uint64(len(key)+len(value)), e.Link)
	l.recorded.Add(1)
	m.touch(tx, l)
	return nil
}
