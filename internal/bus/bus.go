// Package bus is the event bus: buses, their rules, the rules' targets, what
// happens when an event is put, and when a rule's schedule occurs.
//
// An event is accepted and handed to the targets of every rule that matches
// it in one transaction. Matching costs time that the shard's one writer does
// not have, so it is done before the transaction, against a snapshot of the
// bus's compiled rules; in the transaction the snapshot is compared with the
// one that holds there. If a rule has changed in between, the transaction is
// left with the new snapshot and tried again, and only if rules keep changing
// is the event matched inside.
//
// Invariants:
//
//  1. What an event is matched to is the rules as of its own transaction.
//
//  2. A ruleset is never changed. A transaction that changes a rule or a target
//     puts a new one in its place, in the same transaction.
//
//  3. Every account has, in every region, the bus "default", which has no
//     record until something is said of it.
//
//  4. The memory holds no bus that does not exist.
//
//  5. Of the events of one key that a bus recognises, one is routed; the others
//     have its id. They are told apart in the transaction that accepts them.
//
//  6. A rule that is on and has a schedule that occurs again has one timer, at
//     its next occurrence; other rules have none. The event of an occurrence is
//     made in the transaction that sets the next timer.
//
// It refuses to know what AWS calls things, and where a target's deliveries go.
package bus

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/trail"
)

// Name names a bus.
type Name struct{ Account, Region, Bus string }

// ARN is the bus's ARN.
func (n Name) ARN() arn.ARN { return arn.Bus(n.Region, n.Account, n.Bus) }

// RuleARN is the ARN of a rule on the bus.
func (n Name) RuleARN(rule string) arn.ARN { return arn.Rule(n.Region, n.Account, n.Bus, rule) }

// What can be wrong with a change. Nothing was written then.
var (
	ErrBusExists      = errors.New("bus exists")
	ErrBusNotFound    = errors.New("bus does not exist")
	ErrBusHasRules    = errors.New("bus has rules")
	ErrBusIsDefault   = errors.New("bus is the default bus")
	ErrRuleNotFound   = errors.New("rule does not exist")
	ErrRuleHasTargets = errors.New("rule has targets")
	ErrTooManyBuses   = errors.New("too many buses")
	ErrTooManyRules   = errors.New("too many rules on the bus")
	ErrTooManyTargets = errors.New("too many targets on the rule")
	ErrTooManyTags    = errors.New("too many tags on the resource")
	ErrPolicyTooLong  = errors.New("policy of the bus is too long")
)

// Limits bound what an account can make in a region. Sources are those that
// partners make for one account, and the accounts for which there is one name.
type Limits struct {
	Buses, RulesPerBus, TargetsPerRule, Tags, Sources int

	Patterns pattern.Limits // of rules
}

// DefaultLimits are AWS's quotas; it names none for sources.
var DefaultLimits = Limits{
	Buses: 100, RulesPerBus: 300, TargetsPerRule: 5, Tags: 50, Sources: 100, Patterns: pattern.DefaultLimits,
}

// Core is the bus of one shard.
type Core struct {
	outbox *delivery.Outbox
	limits Limits
	hints  sync.Map // Name -> *ruleset: the last that a Put saw
	counts counts

	observer Observer     // may be nil
	trail    *trail.Trail // may be nil
}

// New is a Core that hands deliveries to outbox.
func New(outbox *delivery.Outbox, limits Limits) *Core {
	return &Core{outbox: outbox, limits: limits}
}

// ParsePattern reads a rule's pattern within the limits of rules.
func (c *Core) ParsePattern(text string) (*pattern.Pattern, error) {
	return c.limits.Patterns.Parse(text)
}

// Counts are what happened to events since the start.
type Counts struct {
	Accepted   uint64 // events
	Matched    uint64 // pairs of event and rule
	NoBus      uint64 // accepted for a bus that does not exist, and gone
	TooComplex uint64 // pairs that could not be matched in bounded time
	Rematched  uint64 // events matched in the transaction, since rules kept changing
	Scheduled  uint64 // events that rules made on their schedule
	Forwarded  uint64 // events that a bus got from another
	TooFar     uint64 // targets that a forwarded event did not go to, being a third bus
	Repeated   uint64 // events that were acknowledged as repeats of another
}

type counts struct {
	accepted, matched, noBus, tooComplex, rematched, scheduled, forwarded, tooFar, repeated atomic.Uint64
}

// Counts is what happened so far.
func (c *Core) Counts() Counts {
	n := &c.counts
	return Counts{
		Accepted: n.accepted.Load(), Matched: n.matched.Load(), NoBus: n.noBus.Load(),
		TooComplex: n.tooComplex.Load(), Rematched: n.rematched.Load(), Scheduled: n.scheduled.Load(),
		Forwarded: n.forwarded.Load(), TooFar: n.tooFar.Load(), Repeated: n.repeated.Load(),
	}
}

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}
