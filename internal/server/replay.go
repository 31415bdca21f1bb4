package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"time"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ReplayPath answers a POST of a ReplayRequest. It does what StartReplay has no
// words for: a speed, another bus than the archive's, a dry run. In strict mode
// the request is signed for the service carillon. docs/replay.md has it all.
const ReplayPath = "/_carillon/replay"

// ReplayRequest asks for one of these, by Do:
//
//	start    start a replay                     → ReplayStatus
//	dry-run  say what a replay would do         → lines of DryRun
//	list     100 replays whose names come after After → ReplayList
//	show     one replay                         → ReplayStatus
//	cancel   stop it                            → ReplayStatus
type ReplayRequest struct {
	Do     string `json:"do"`
	Name   string `json:"name,omitempty"`   // of the replay
	Region string `json:"region,omitempty"` // empty: the signature's, or the server's own

	Archive     string    `json:"archive,omitempty"`
	Bus         string    `json:"bus,omitempty"`   // name; empty: the archive's
	Rules       []string  `json:"rules,omitempty"` // names; empty: all of the bus
	From        time.Time `json:"from,omitzero"`   // of events' times; zero: from the first on
	To          time.Time `json:"to,omitzero"`     // zero: to the last
	Speed       float64   `json:"speed,omitempty"` // times real time; 0: as fast as it goes
	Description string    `json:"description,omitempty"`

	After string `json:"after,omitempty"`
}

// ReplayStatus is how far a replay is.
type ReplayStatus struct {
	Name        string        `json:"name"`
	State       archive.State `json:"state"`
	Reason      string        `json:"reason,omitempty"` // why it failed
	Archive     string        `json:"archive"`
	Bus         string        `json:"bus"`             // ARN
	Rules       []string      `json:"rules,omitempty"` // ARNs
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	Speed       float64       `json:"speed,omitempty"`
	Description string        `json:"description,omitempty"`
	StartedAt   time.Time     `json:"startedAt"`
	EndedAt     time.Time     `json:"endedAt,omitzero"`
	Replayed    uint64        `json:"replayed"` // events
	FirstAt     time.Time     `json:"firstEventTime,omitzero"`
	LastAt      time.Time     `json:"lastEventTime,omitzero"` // of the event replayed last
}

// ReplayList is a page of replays by name.
type ReplayList struct {
	Replays []ReplayStatus `json:"replays"`
	More    bool           `json:"more,omitempty"`
}

// lastTime is when the last event can have happened.
var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

const (
	maxReplayRequest = 256 << 10
	maxReplayRules   = 1000
	maxReplaySpeed   = 1e6
	replayPage       = 100
)

// replays is the handler of ReplayPath.
type replays struct {
	shard    *store.Shard
	archives *archive.Core
	stopping func() bool
	dry      chan struct{} // holds a token for each dry run that may run at the time
}

// maxDryRuns: each keeps a core busy, beside those who put events.
const maxDryRuns = 2

func newReplays(shard *store.Shard, archives *archive.Core, stopping func() bool) *replays {
	return &replays{shard: shard, archives: archives, stopping: stopping, dry: make(chan struct{}, maxDryRuns)}
}

// ServeHTTP implements http.Handler.
func (h *replays) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := *edge.CallOf(r)
	in, err := readReplay(r.Body)
	var out any
	if err == nil {
		if in.Region != "" {
			c.Region = in.Region
		}
		switch in.Do {
		case "start":
			out, err = h.start(r, &c, in)
		case "dry-run":
			if err = h.dryRun(w, r, &c, in); err == nil {
				return
			}
		case "list":
			out, err = h.list(&c, in)
		case "show":
			out, err = h.show(&c, in)
		case "cancel":
			out, err = h.cancel(r, &c, in)
		default:
			err = badReplay("do", "It must be start, dry-run, list, show or cancel.")
		}
	}
	if err != nil {
		text, status := explainReplay(err)
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // who is gone needs no answer
}

func (h *replays) start(r *http.Request, c *wire.Call, in *ReplayRequest) (*ReplayStatus, error) {
	if in.Name == "" {
		return nil, badReplay("name", "It must not be empty.")
	}
	// Which bus that is can be another one in the transaction only if the archive
	// was made anew in between; Request has the one that was asked about.
	var want archive.Request
	err := h.shard.View(func(v *store.View) (err error) {
		want, err = replayOf(v, c, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.Authorize(r.Context(), want.Bus); err != nil {
		return nil, err
	}
	var started archive.Replay
	err = h.shard.Update(r.Context(), func(tx *store.Tx) (err error) {
		if _, err := replayOf(tx, c, in); err != nil {
			return err
		}
		started, err = h.archives.Start(tx, nameIn(c, in.Name), want)
		return err
	})
	if err != nil {
		return nil, err
	}
	return statusOf(nil, &started)
}

func (h *replays) show(c *wire.Call, in *ReplayRequest) (status *ReplayStatus, err error) {
	err = h.shard.View(func(v *store.View) error {
		replay, err := archive.GetReplay(v, nameIn(c, in.Name))
		if err == nil {
			status, err = statusOf(v, &replay)
		}
		return err
	})
	return status, err
}

func (h *replays) list(c *wire.Call, in *ReplayRequest) (*ReplayList, error) {
	out := &ReplayList{Replays: []ReplayStatus{}}
	filter := archive.ReplayFilter{}
	if in.Archive != "" {
		filter.Archive = nameIn(c, in.Archive)
	}
	err := h.shard.View(func(v *store.View) error {
		found, more, err := archive.ListReplays(v, nameIn(c, ""), filter, in.After, replayPage)
		for i := range found {
			status, err := statusOf(nil, &found[i])
			if err != nil {
				return err
			}
			out.Replays = append(out.Replays, *status)
		}
		out.More = more
		return err
	})
	return out, err
}

func (h *replays) cancel(r *http.Request, c *wire.Call, in *ReplayRequest) (*ReplayStatus, error) {
	var replay archive.Replay
	err := h.shard.Update(r.Context(), func(tx *store.Tx) (err error) {
		replay, err = h.archives.Cancel(tx, nameIn(c, in.Name))
		return err
	})
	if err != nil {
		return nil, err
	}
	return statusOf(nil, &replay)
}

func nameIn(c *wire.Call, name string) archive.Name {
	return archive.Name{Account: c.Account, Region: c.Region, Name: name}
}

// statusOf is a replay as it is shown; with a reader, also of when its first
// event is.
func statusOf(r archive.Reader, in *archive.Replay) (*ReplayStatus, error) {
	out := &ReplayStatus{
		Name: in.Name.Name, State: in.State, Reason: in.Reason, Archive: in.Archive.Name, Bus: in.Bus, Rules: in.Rules,
		From: in.From, To: in.To, Speed: in.Speed, Description: in.Description,
		StartedAt: in.StartedAt, EndedAt: in.EndedAt, Replayed: in.Replayed, LastAt: in.LastReplayedAt,
	}
	if r == nil {
		return out, nil
	}
	var err error
	out.FirstAt, err = in.FirstAt(r)
	return out, err
}

// replayOf is what the core shall replay. It finds out that the archive, the bus
// and its rules exist.
func replayOf(r bus.Reader, c *wire.Call, in *ReplayRequest) (archive.Request, error) {
	out := archive.Request{Archive: nameIn(c, in.Archive), Description: in.Description, From: in.From.UTC(), To: in.To.UTC(), Speed: in.Speed}
	if in.To.IsZero() {
		out.To = lastTime
	}
	a, err := archive.Get(r, out.Archive)
	if err != nil {
		return out, err
	}
	to := bus.Name{Account: c.Account, Region: c.Region, Bus: in.Bus}
	if in.Bus == "" {
		to.Bus, _ = a.Bus.BusName()
	}
	out.Bus = to.ARN().String()
	if _, err := bus.GetBus(r, to); err != nil {
		return out, err
	}
	for _, rule := range in.Rules {
		if _, err := bus.GetRule(r, to, rule); err != nil {
			return out, err
		}
		out.Rules = append(out.Rules, to.RuleARN(rule).String())
	}
	return out, nil
}

// replayError is an answer to a request that makes no sense.
type replayError struct{ field, reason string }

func (e *replayError) Error() string { return "Field " + e.field + " is not valid: " + e.reason }

func badReplay(field, reason string) error { return &replayError{field, reason} }

var (
	entityName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)
	busName    = regexp.MustCompile(`^[/.\-_A-Za-z0-9]{1,256}$`)
)

// readReplay reads a request and checks its fields by themselves.
func readReplay(body io.Reader) (*ReplayRequest, error) {
	d := json.NewDecoder(io.LimitReader(body, maxReplayRequest))
	d.DisallowUnknownFields()
	var in ReplayRequest
	if err := d.Decode(&in); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotAReplay, err)
	}
	for field, name := range map[string]string{"name": in.Name, "archive": in.Archive, "after": in.After} {
		if name != "" && !entityName.MatchString(name) {
			return nil, badReplay(field, "It must have 1 to 64 letters, digits, dots, hyphens and underscores.")
		}
	}
	if in.Region != "" && !edge.ValidRegion(in.Region) {
		return nil, badReplay("region", "It must have lower-case letters, digits and hyphens.")
	}
	if in.Bus != "" && !busName.MatchString(in.Bus) {
		return nil, badReplay("bus", "It must be the name of an event bus.")
	}
	if len(in.Rules) > maxReplayRules {
		return nil, badReplay("rules", fmt.Sprintf("There must be at most %d.", maxReplayRules))
	}
	for _, rule := range in.Rules {
		if !entityName.MatchString(rule) {
			return nil, badReplay("rules", fmt.Sprintf("%q is not the name of a rule.", rule))
		}
	}
	switch from, to := in.From.UTC(), in.To.UTC(); {
	case len(in.Description) > 512:
		return nil, badReplay("description", "It must have at most 512 bytes.")
	case math.IsNaN(in.Speed) || in.Speed < 0 || in.Speed > maxReplaySpeed:
		return nil, badReplay("speed", fmt.Sprintf("It must be from 0, for as fast as it goes, to %g times real time.", maxReplaySpeed))
	case from.Year() < 1 || from.Year() > 9999 || to.Year() < 1 || to.Year() > 9999:
		return nil, badReplay("from, to", "The year must be from 1 to 9999.")
	case !in.To.IsZero() && !from.Before(to):
		return nil, badReplay("to", "It must be after from.")
	}
	return &in, nil
}

var (
	errNotAReplay = errors.New("the request cannot be read")
	errTooManyDry = fmt.Errorf("%d dry runs are under way already: wait for one", maxDryRuns)
)

// explainReplay is an error for a person, and an HTTP status for it.
func explainReplay(err error) (string, int) {
	var bad *replayError
	var denied *wire.Error
	switch {
	case errors.As(err, &denied):
		return denied.Message, max(denied.Status, http.StatusForbidden)
	case errors.As(err, &bad), errors.Is(err, errNotAReplay):
		return err.Error(), http.StatusBadRequest
	case errors.Is(err, archive.ErrNotFound), errors.Is(err, archive.ErrReplayNotFound), errors.Is(err, bus.ErrBusNotFound), errors.Is(err, bus.ErrRuleNotFound):
		return err.Error(), http.StatusNotFound
	case errors.Is(err, archive.ErrReplayExists), errors.Is(err, archive.ErrReplayEnded):
		return err.Error(), http.StatusConflict
	case errors.Is(err, archive.ErrTooManyReplays), errors.Is(err, errTooManyDry):
		return err.Error(), http.StatusTooManyRequests
	}
	return err.Error(), http.StatusInternalServerError
}

// busOfARN is the bus of a request's ARN, which replayOf made.
func busOfARN(text string) (bus.Name, error) {
	a, err := arn.Parse(text)
	name, _ := a.BusName()
	return bus.Name{Account: a.Account, Region: a.Region, Bus: name}, err
}
