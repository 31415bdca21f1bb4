package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// State is where a replay is.
type State string

// The states of a replay.
const (
	Starting   State = "starting"
	Running    State = "running"
	Cancelling State = "cancelling"
	Completed  State = "completed"
	Cancelled  State = "cancelled"
	Failed     State = "failed"
)

// from says what a state may come after.
var from = map[State][]State{
	Running:    {Starting},
	Cancelling: {Starting, Running},
	Completed:  {Running},
	Cancelled:  {Cancelling},
	Failed:     {Running},
}

// Ended tells whether nothing comes after s.
func (s State) Ended() bool { return s == Completed || s == Cancelled || s == Failed }

// keepReplays is how long a replay is remembered after its end, and its name
// not given again.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
const keepReplays = 90 * 24 * time.Hour

// Request is what a replay shall do.
type Request struct {
	Archive     Name      `json:"archive"`
	Description string    `json:"description,omitempty"`
	Bus         string    `json:"bus"`             // ARN of where to
	Rules       []string  `json:"rules,omitempty"` // ARNs of those that get the events; empty for all
	From        time.Time `json:"from"`            // replays the events whose times lie
	To          time.Time `json:"to"`              // from From up to, not with, To
	Speed       float64   `json:"speed,omitempty"` // times real time, as the events' times have it; 0: as fast as it goes
}

// until is the place that no event of the request's lies at or behind.
func (r *Request) until() place {
	at := r.To.Unix()
	if r.To.Nanosecond() > 0 {
		at++
	}
	return place{At: at}
}

// Replay is a replay and how far it is.
type Replay struct {
	Name Name `json:"-"`
	Request

	State          State     `json:"state"`
	Reason         string    `json:"reason,omitempty"` // why it failed
	StartedAt      time.Time `json:"startedAt"`
	EndedAt        time.Time `json:"endedAt,omitzero"`
	LastReplayedAt time.Time `json:"lastReplayedAt,omitzero"` // the last event's own time
	Replayed       uint64    `json:"replayed"`                // events

	Number  uint64    `json:"number"`         // the archive's
	Next    place     `json:"next"`           // where it goes on
	Below   uint64    `json:"below"`          // events from this number on came after the start, and are left out
	Pace    *pace     `json:"pace,omitempty"` // of a replay with a speed, from its first event on
	TimerAt time.Time `json:"timerAt"`        // the one instant at which its timer counts
}

// pace is when the first event of a replay with a speed was replayed.
type pace struct {
	First int64     `json:"first"` // the event's time
	At    time.Time `json:"at"`
}

// Start starts a replay of what is in the archive now.
func (c *Core) Start(tx *store.Tx, n Name, in Request) (Replay, error) {
	rec, found, err := get(tx, in.Archive)
	if err != nil {
		return Replay{}, err
	}
	if !found {
		return Replay{}, fmt.Errorf("replay %s: %w", n.Name, ErrNotFound)
	}
	switch _, found, err := tx.Get(replayKey(n)); {
	case err != nil:
		return Replay{}, err
	case found:
		return Replay{}, fmt.Errorf("replay %s: %w", n.Name, ErrReplayExists)
	}
	if err := c.roomForReplay(tx, n); err != nil {
		return Replay{}, err
	}
	below, err := nextSeq(tx, rec.Number)
	if err != nil {
		return Replay{}, err
	}
	r := Replay{
		Name: n, Request: in, State: Starting, StartedAt: tx.Now(),
		Number: rec.Number, Next: place{At: in.From.Unix()}, Below: below, TimerAt: tx.Now(),
	}
	if err := tx.Set(activeKey(n), nil); err != nil {
		return Replay{}, err
	}
	return r, r.save(tx)
}

func nextSeq(tx *store.Tx, number uint64) (uint64, error) {
	m, err := memory.In(tx)
	if err != nil {
		return 0, err
	}
	live, err := m.open(tx, number)
	if err != nil {
		return 0, err
	}
	if live == nil {
		return 0, fmt.Errorf("archive %d has no counts: %w", number, errDamaged)
	}
	return live.next, nil
}

func (c *Core) roomForReplay(tx *store.Tx, n Name) error {
	active := 0
	err := store.Each(tx, activeKey(Name{n.Account, n.Region, ""}), "", func(string, []byte) (bool, error) {
		active++
		return true, nil
	})
	if err == nil && active >= c.limits.ActiveReplays {
		err = fmt.Errorf("replay %s: %w", n.Name, ErrTooManyReplays)
	}
	return err
}

// Cancel stops a replay; what it has sent stays sent.
func (c *Core) Cancel(tx *store.Tx, n Name) (Replay, error) {
	r, err := GetReplay(tx, n)
	if err != nil {
		return Replay{}, err
	}
	if !slices.Contains(from[Cancelling], r.State) {
		return Replay{}, fmt.Errorf("cancel replay %s: %w", n.Name, ErrReplayEnded)
	}
	r.become(Cancelling)
	r.TimerAt = tx.Now() // it may have been waiting for an event's turn
	return r, r.save(tx)
}

// GetReplay describes a replay.
func GetReplay(r Reader, n Name) (Replay, error) {
	v, found, err := r.Get(replayKey(n))
	if err != nil {
		return Replay{}, err
	}
	if !found {
		return Replay{}, fmt.Errorf("replay %s: %w", n.Name, ErrReplayNotFound)
	}
	return decodeReplay(n, v)
}

func decodeReplay(n Name, value []byte) (Replay, error) {
	r := Replay{Name: n}
	if err := decode(value, &r); err != nil {
		return Replay{}, err
	}
	if _, err := arn.Parse(r.Bus); err != nil {
		return Replay{}, fmt.Errorf("replay %s: %w: %w", n.Name, errDamaged, err)
	}
	return r, nil
}

// FirstAt is when the first event of the archive happened that the replay is
// about; zero if there is none.
func (r *Replay) FirstAt(in Reader) (at time.Time, err error) {
	var damaged error
	err = in.Scan(eventKey(r.Number, place{At: r.From.Unix()}), eventKey(r.Number, r.until()), func(k, _ []byte) bool {
		var first place
		if first, damaged = placeOf(k); damaged == nil {
			at = first.time()
		}
		return false
	})
	return at, errors.Join(err, damaged)
}

// ReplayFilter is which replays ListReplays has; the zero value has all.
type ReplayFilter struct {
	Prefix  string
	State   State
	Archive Name
}

// ListReplays has up to limit replays of n's account and region whose names
// come after `after`, and whether there are more.
func ListReplays(r Reader, n Name, f ReplayFilter, after string, limit int) (replays []Replay, more bool, err error) {
	prefix := replayKey(Name{n.Account, n.Region, ""})
	err = store.Each(r, prefix, after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, f.Prefix) {
			return name < f.Prefix, nil
		}
		replay, err := decodeReplay(Name{n.Account, n.Region, name}, value)
		if err != nil {
			return false, err
		}
		if f.State != "" && f.State != replay.State || f.Archive != (Name{}) && f.Archive != replay.Archive {
			return true, nil
		}
		if len(replays) == limit {
			more = true
			return false, nil
		}
		replays = append(replays, replay)
		return true, nil
	})
	return replays, more, err
}

// become is the only place that changes a replay's state.
func (r *Replay) become(s State) {
	if !slices.Contains(from[s], r.State) {
		panic(fmt.Sprintf("archive: replay %s cannot become %s: it is %s", r.Name.Name, s, r.State))
	}
	r.State = s
}

// save writes the replay and sets its timer.
func (r *Replay) save(tx *store.Tx) error {
	v, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := tx.Set(replayKey(r.Name), append([]byte{recordVersion}, v...)); err != nil {
		return err
	}
	return timer.Set(tx, timer.ArchiveReplay, r.TimerAt, replayKey(r.Name)[len(replaySpace):])
}
