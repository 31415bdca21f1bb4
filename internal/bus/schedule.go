package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/schedule"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// lateFor is how late an occurrence that was missed may still make its event:
// as long as AWS's services retry what EventBridge could not take
// (docs/adr/0019-missed-ticks.md).
const lateFor = 24 * time.Hour

// Key and value of a timetable, beside the rule that has a schedule, so that an
// occurrence does not rewrite the rule. Instants are i64 nanoseconds since 1970.
//
//	's' {account} 0 {region} 0 {bus} 0 {rule}    {version 1 = 1}{started at}{next at, 0 for never}
//
// The rule's timer is one of timer.RuleSchedule at next at, and its ref is the
// key without its first byte. A timer of another instant is stale and does nothing.
const timetableSize = 1 + 8 + 8

type timetable struct {
	startedAt time.Time // what a rate counts from
	nextAt    time.Time // when the timer fires; zero if there is none
}

func (n Name) timetableKey(rule string) []byte {
	return key(store.SpaceTimetable, n.Account, n.Region, n.Bus, rule)
}

func (t timetable) encode() []byte {
	b := binary.BigEndian.AppendUint64([]byte{recordVersion}, uint64(t.startedAt.UnixNano()))
	if t.nextAt.IsZero() {
		return binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(t.nextAt.UnixNano()))
}

func readTimetable(r Reader, key []byte) (t timetable, found bool, err error) {
	v, found, err := r.Get(key)
	if err != nil || !found {
		return t, false, err
	}
	if t, err = decodeTimetable(v); err != nil {
		return t, false, fmt.Errorf("%w: %q", err, key)
	}
	return t, true, nil
}

func decodeTimetable(v []byte) (t timetable, err error) {
	if len(v) != timetableSize || v[0] != recordVersion {
		return t, errors.New("bus: damaged timetable")
	}
	t.startedAt = time.Unix(0, int64(binary.BigEndian.Uint64(v[1:]))).UTC()
	if next := int64(binary.BigEndian.Uint64(v[9:])); next != 0 {
		t.nextAt = time.Unix(0, next).UTC()
	}
	return t, nil
}

// after sets nextAt to e's first occurrence after now. One that lies beyond what
// a key can hold, the year 2262, is never.
func (t *timetable) after(e schedule.Expression, now time.Time) {
	next, ok := e.StartingAt(t.startedAt).Next(now)
	if t.nextAt = next; !ok || next.Year() > 2261 {
		t.nextAt = time.Time{}
	}
}

// write puts the timetable in the place of old, and moves the timer.
func (t timetable) write(tx *store.Tx, key []byte, old timetable) error {
	if !old.nextAt.IsZero() && !old.nextAt.Equal(t.nextAt) {
		if err := timer.Cancel(tx, timer.RuleSchedule, old.nextAt, key[1:]); err != nil {
			return err
		}
	}
	if !t.nextAt.IsZero() && !old.nextAt.Equal(t.nextAt) {
		if err := timer.Set(tx, timer.RuleSchedule, t.nextAt, key[1:]); err != nil {
			return err
		}
	}
	return tx.Set(key, t.encode())
}

// keepTime starts, stops or leaves alone the timer of a rule that was changed
// to rec, or deleted if rec is nil. anew says that its schedule is another one.
//
// A rate counts from when the rule got it: "A rate expression starts when you
// create the scheduled event rule". Neither a put with the same expression nor a
// time off moves it, or a rule that is deployed more often than it occurs would
// never occur.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
func keepTime(tx *store.Tx, n Name, rule string, rec *ruleRecord, anew bool) error {
	key := n.timetableKey(rule)
	old, found, err := readTimetable(tx, key)
	if err != nil {
		return err
	}
	if rec == nil || rec.Schedule == "" {
		return forgetTime(tx, key, old, found)
	}
	now := old
	if !found || anew {
		now = timetable{startedAt: tx.Now()}
	}
	if rec.State == Disabled {
		now.nextAt = time.Time{}
	} else if now.nextAt.IsZero() {
		e, err := schedule.Parse(rec.Schedule)
		if err != nil {
			return fmt.Errorf("schedule of rule %s: %w", rule, err)
		}
		now.after(e, tx.Now())
	}
	return now.write(tx, key, old)
}

func forgetTime(tx *store.Tx, key []byte, old timetable, found bool) error {
	if !found {
		return nil
	}
	if !old.nextAt.IsZero() {
		if err := timer.Cancel(tx, timer.RuleSchedule, old.nextAt, key[1:]); err != nil {
			return err
		}
	}
	return tx.Delete(key)
}

// Fire is the handler of timer.RuleSchedule: it sends the event of an occurrence
// to the targets of the rule and sets the timer of the next one. Of occurrences
// that were missed, the last one makes an event, if it is not older than lateFor.
func (c *Core) Fire(tx *store.Tx, at time.Time, ref []byte) error {
	parts := bytes.Split(ref, []byte{0})
	if len(parts) != 4 {
		return fmt.Errorf("bus: timer of no rule: %q", ref)
	}
	n, rule := Name{string(parts[0]), string(parts[1]), string(parts[2])}, string(parts[3])
	key := n.timetableKey(rule)
	old, found, err := readTimetable(tx, key)
	if err != nil || !found || !old.nextAt.Equal(at) {
		return err
	}
	var rec ruleRecord
	if found, err = get(tx, n.ruleKey(rule), &rec); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("bus: a timetable, and no rule: %s", n.RuleARN(rule))
	}
	e, err := schedule.Parse(rec.Schedule)
	if err != nil {
		return fmt.Errorf("schedule of rule %s: %w", n.RuleARN(rule), err)
	}
	if tick := lastTick(e.StartingAt(old.startedAt), at, tx.Now()); tx.Now().Sub(tick) <= lateFor {
		if err := c.tick(tx, n, rule, rec.Pattern, tick); err != nil {
			return err
		}
	}
	next := timetable{startedAt: old.startedAt}
	next.after(e, tx.Now())
	return next.write(tx, key, timetable{}) // the timer at at is gone already
}

// lastTick is the last occurrence up to now, of which at is one.
func lastTick(e schedule.Expression, at, now time.Time) time.Time {
	if last, ok := e.Prev(now); ok && last.After(at) {
		return last
	}
	return at
}

// What the event of a schedule says. It goes to the targets of its own rule; no
// pattern is asked about it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
const (
	scheduledSource = "aws.events"
	scheduledType   = "Scheduled Event"
)

// tick sends the event of one occurrence of a rule.
func (c *Core) tick(tx *store.Tx, n Name, rule, pattern string, at time.Time) error {
	targets, _, err := listTargets(tx, n, rule, "", math.MaxInt)
	if err != nil {
		return err
	}
	source := n.RuleARN(rule).String()
	e := event.Event{
		ID:     occurrenceID(source, at),
		Source: scheduledSource, DetailType: scheduledType, Detail: "{}",
		Account: n.Account, Region: n.Region, Time: at, Resources: []string{source},
	}
	p := newPending(n, e.ID, e.ID, "", "", e.Append(make([]byte, 0, 2*event.EnvelopeSize)), tx.Now())
	r := &compiled{name: rule, source: source, targets: compileTargets(targets)}
	p.deliver(r.refer(pattern), c.outbox.Meters())
	c.outbox.PrepareAll(p.deliveries, p.body)
	r.count(c.outbox.Meters())
	c.observed(tx, &p)
	c.counts.scheduled.Add(1)
	return c.send(tx, &p)
}

// occurrenceID is the id of the event of an occurrence: a UUID of version 7,
// whose time is the occurrence's, so that one occurrence is one event also after a
// backup was restored.
func occurrenceID(rule string, at time.Time) string {
	id := delivery.KeyOf(rule, scheduledType, at.UTC().Format(time.RFC3339Nano))
	var milli [8]byte
	binary.BigEndian.PutUint64(milli[:], uint64(max(at.UnixMilli(), 0))<<16)
	copy(id[:6], milli[:])
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}
