package topic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// A replay sends a subscription what lies in the archive of its topic, from one
// instant to another, again; and then what was published meanwhile, so that the
// subscription gets everything, in order. From its start to its end the
// subscription is held: it gets nothing but through its replay. In steps
// (replaystep.go), each of which makes deliveries and moves the replay's cursor in
// one commit, it
//
//   - waits until the messages that were published before its start, and are
//     left to the fan-out, have gone out;
//   - sends again what came in before its start and lies in its window;
//   - sends what came in since, for the first time (CatchingUp);
//   - ends, when nothing is left, in the commit that holds it no more.
//
// Values begin with {version 1 = 1}.
//
//	'N' 'r' {topic 8}{id 16}                          the last replay of a subscription: JSON of replayRecord
//	'N' 'o' {account} 0 {region} 0 {topic 8}{id 16}   a subscription that is held, by its owner; no more than the version
const (
	replaySpace = "Nr"
	heldSpace   = "No"
)

// What is wrong with a replay. Nothing was written then.
var (
	ErrNoArchive      = errors.New("topic does not archive its messages")
	ErrTooManyReplays = errors.New("too many replays are going on")
)

// ReasonNoArchive is why a replay failed.
const ReasonNoArchive = "the topic's archive was removed"

// Window is what is replayed: the messages that came in from one instant to
// another, both included, to the millisecond, which is what a subscriber sees of
// a message's time. To may be zero: to what came in last.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// end is the position behind the last message of the window.
func (w *Window) end() position {
	if w.To.IsZero() {
		return position{At: 1<<63 - 1}
	}
	return from(w.To.Truncate(time.Millisecond).Add(time.Millisecond))
}

// ReplayState is how far a replay is.
type ReplayState string

// The states of a replay.
const (
	ReplayPending   ReplayState = "pending"
	ReplayRunning   ReplayState = "running"
	ReplayCompleted ReplayState = "completed"
	ReplayFailed    ReplayState = "failed"
	ReplayStopped   ReplayState = "stopped" // by the subscriber; what was published meanwhile is still sent
)

// replayFrom is from where a state is reached. A replay that failed or was stopped
// stays that while it catches up.
var replayFrom = map[ReplayState][]ReplayState{
	ReplayRunning:   {ReplayPending},
	ReplayCompleted: {ReplayRunning},
	ReplayFailed:    {ReplayPending, ReplayRunning},
	ReplayStopped:   {ReplayPending, ReplayRunning, ReplayFailed},
}

// Replay is what is known of a subscription's last replay.
type Replay struct {
	State     ReplayState
	Reason    string // why it failed
	Replayed  uint64 // messages that were sent again
	StartedAt time.Time
}

type replayRecord struct {
	Number     uint64      `json:"number"` // how many the subscription has had
	Window     Window      `json:"window"`
	State      ReplayState `json:"state"`
	Reason     string      `json:"reason,omitempty"`
	Holding    bool        `json:"holding,omitempty"`    // it has still something to send
	CatchingUp bool        `json:"catchingUp,omitempty"` // it is past the window
	Next       position    `json:"next"`                 // where it goes on
	Since      position    `json:"since"`                // from here on, messages are new to the subscription
	Replayed   uint64      `json:"replayed,omitempty"`
	StartedAt  time.Time   `json:"startedAt"`
	TimerAt    time.Time   `json:"timerAt,omitzero"` // the one instant at which its timer counts
}

func replayKey(topic uint64, id ID) []byte { return append(numbered(replaySpace, topic), id[:]...) }

func heldPrefix(account, region string) []byte {
	return []byte(heldSpace + account + "\x00" + region + "\x00")
}

func heldKey(account, region string, topic uint64, id ID) []byte {
	return append(binary.BigEndian.AppendUint64(heldPrefix(account, region), topic), id[:]...)
}

// replayRef is that of the timer of a replay's next step.
func replayRef(topic uint64, id ID) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{refReplay}, topic), id[:]...)
}

// ReplayOf is the last replay of a subscription; false if it has had none that
// still matters.
func ReplayOf(r Reader, topic uint64, id ID) (Replay, bool, error) {
	var rec replayRecord
	found, err := get(r, replayKey(topic, id), &rec)
	return Replay{rec.State, rec.Reason, rec.Replayed, rec.StartedAt}, found, err
}

// eachReplay calls fn with the replays of a topic's subscriptions, of which a FIFO
// topic has few.
func eachReplay(r Reader, topic uint64, fn func(id ID, rec *replayRecord) error) error {
	return store.Each(r, numbered(replaySpace, topic), "", func(rest string, value []byte) (bool, error) {
		id, err := idOf([]byte(rest))
		if err != nil {
			return false, err
		}
		var rec replayRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		return true, fn(id, &rec)
	})
}

// neededFrom is the position of the first message that a replay has still to send;
// false if there is none that has.
func neededFrom(r Reader, topic uint64) (first position, found bool, err error) {
	err = eachReplay(r, topic, func(_ ID, rec *replayRecord) error {
		if rec.Holding && (!found || rec.Next.before(first)) {
			first, found = rec.Next, true
		}
		return nil
	})
	return first, found, err
}

// askReplay begins the replay that the settings of rec ask for; that of a
// subscription that waits to be confirmed begins then. Whoever called writes rec.
func (c *Core) askReplay(tx *store.Tx, n Name, p place, rec *subscriptionRecord) error {
	t, err := getTopic(tx, n)
	if err != nil {
		return err
	}
	if t.Settings.Config.ArchiveDays == 0 {
		return fmt.Errorf("replay to a subscription of %s: %w", n.Topic, ErrNoArchive)
	}
	if rec.Pending {
		return nil
	}
	return c.beginReplay(tx, &t, p, rec)
}

// beginReplay begins a replay and holds the subscription, which whoever called
// writes. Errors but ErrTooManyReplays are the store's.
func (c *Core) beginReplay(tx *store.Tx, t *topicRecord, p place, rec *subscriptionRecord) error {
	var r replayRecord
	var err error
	if _, err := get(tx, replayKey(p.topic, p.id), &r); err != nil {
		return err
	}
	since := r.Since
	switch {
	case !r.Holding:
		if since, err = c.hold(tx, p, rec); err != nil {
			return fmt.Errorf("replay to subscription %s: %w", p.id, err)
		}
	case r.CatchingUp:
		since = r.Next
	}
	next := from(rec.Settings.Replay.From)
	if oldest := t.oldest(tx.Now()); next.before(oldest) {
		next = oldest
	}
	if since.before(next) {
		next = since
	}
	rec.Replays++
	r = replayRecord{
		Number: rec.Replays, Window: *rec.Settings.Replay, State: ReplayPending, Holding: true, Next: next, Since: since, StartedAt: tx.Now(),
	}
	return r.step(tx, p.topic, p.id, tx.Now())
}

// hold has a subscription get nothing but through its replay, and gives the
// position of what it gets nothing of from now on.
func (c *Core) hold(tx *store.Tx, p place, rec *subscriptionRecord) (position, error) {
	held, prefix := 0, heldPrefix(rec.Owner, p.region)
	err := store.Each(tx, prefix, "", func(string, []byte) (bool, error) {
		held++
		return held < c.limits.Replays, nil
	})
	if err != nil {
		return position{}, err
	}
	if held >= c.limits.Replays {
		return position{}, ErrTooManyReplays
	}
	if rec.HeldFrom, err = nextKept(tx, p.topic); err != nil {
		return position{}, err
	}
	s, err := fifoOf(tx, p.topic)
	if err != nil {
		return position{}, err
	}
	return s.next(), tx.Set(heldKey(rec.Owner, p.region, p.topic, p.id), []byte{recordVersion})
}

// stopReplay ends a replay that nobody wants any more.
func stopReplay(tx *store.Tx, p place) error {
	var r replayRecord
	found, err := get(tx, replayKey(p.topic, p.id), &r)
	if err != nil || !found {
		return err
	}
	if !r.Holding {
		return tx.Delete(replayKey(p.topic, p.id))
	}
	if r.State == ReplayStopped {
		return nil
	}
	r.become(ReplayStopped)
	r.catchUp()
	return r.save(tx, p.topic, p.id)
}

// fail ends what is left of the window.
func (r *replayRecord) fail(reason string) {
	r.become(ReplayFailed)
	r.Reason = reason
	r.catchUp()
}

// catchUp goes on with what came in since the start.
func (r *replayRecord) catchUp() {
	if !r.CatchingUp {
		r.CatchingUp, r.Next = true, r.Since
	}
}

// become is the only place that changes a replay's state.
func (r *replayRecord) become(s ReplayState) {
	if !slices.Contains(replayFrom[s], r.State) {
		panic(fmt.Sprintf("topic: a replay cannot become %s: it is %s", s, r.State))
	}
	r.State = s
}

// step writes the replay, and sets the timer of its next step.
func (r *replayRecord) step(tx *store.Tx, topic uint64, id ID, at time.Time) error {
	r.TimerAt = at
	if err := timer.Set(tx, timer.TopicSweep, at, replayRef(topic, id)); err != nil {
		return err
	}
	return r.save(tx, topic, id)
}

func (r *replayRecord) save(tx *store.Tx, topic uint64, id ID) error {
	return tx.Set(replayKey(topic, id), encode(r))
}

// forgetReplay removes the replay of a subscription that ends.
func forgetReplay(tx *store.Tx, p place, rec *subscriptionRecord) error {
	var r replayRecord
	found, err := get(tx, replayKey(p.topic, p.id), &r)
	if err != nil || !found {
		return err
	}
	if err := tx.Delete(replayKey(p.topic, p.id)); err != nil || !r.Holding {
		return err
	}
	if err := timer.Cancel(tx, timer.TopicSweep, r.TimerAt, replayRef(p.topic, p.id)); err != nil {
		return err
	}
	if err := tx.Delete(heldKey(rec.Owner, p.region, p.topic, p.id)); err != nil {
		return err
	}
	return trimUnlessArchiving(tx, p.topic)
}
