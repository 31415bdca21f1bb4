package server

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DryRun is one line of a dry run's answer: what was counted so far. The last
// line has Done or Error.
type DryRun struct {
	Events     uint64             `json:"events"`
	Unmatched  uint64             `json:"unmatched"` // of them, those that no rule would take
	Deliveries uint64             `json:"deliveries"`
	Rules      map[string]DryRule `json:"rules"` // of those that would take any
	// TooComplex is how many pairs of event and rule could not be matched in
	// bounded time.
	TooComplex uint64 `json:"tooComplex,omitempty"`
	Done       bool   `json:"done,omitempty"`
	Error      string `json:"error,omitempty"`
}

// DryRule is what a rule would take of a replay.
type DryRule struct {
	Events     uint64 `json:"events"`
	Deliveries uint64 `json:"deliveries"`
}

// dryEvery is how often a dry run says how far it is.
const dryEvery = time.Second

// dryRun says what a replay would do by the rules that there are now. An error
// is of before the first line.
func (h *replays) dryRun(w http.ResponseWriter, r *http.Request, c *wire.Call, in *ReplayRequest) error {
	select {
	case h.dry <- struct{}{}:
		defer func() { <-h.dry }()
	default:
		return errTooManyDry
	}
	name := in.Name
	if name == "" {
		name = "dry-run"
	}
	var survey *archive.Survey
	var trial *bus.Trial
	err := h.shard.View(func(v *store.View) error {
		want, err := replayOf(v, c, in)
		if err != nil {
			return err
		}
		to, err := busOfARN(want.Bus)
		if err != nil {
			return err
		}
		if survey, err = archive.NewSurvey(v, name, want); err != nil {
			return err
		}
		trial, err = bus.NewTrial(v, to, want.Rules)
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // not supported by test recorders only
	h.count(r, &patientWriter{w: w, control: control}, survey, trial)
	return nil
}

// count writes lines until all is counted, the client goes or the server stops.
func (h *replays) count(r *http.Request, w *patientWriter, survey *archive.Survey, trial *bus.Trial) {
	so := DryRun{Rules: map[string]DryRule{}}
	say := func() bool {
		line, err := json.Marshal(&so)
		if err != nil {
			panic("a dry run does not encode: " + err.Error())
		}
		_, err = w.Write(append(line, '\n'))
		return err == nil && w.control.Flush() == nil
	}
	said := time.Now()
	for !survey.Done() {
		if r.Context().Err() != nil {
			return
		}
		if h.stopping() {
			so.Error = "The server stops."
			break
		}
		if err := h.countStep(&so, survey, trial); err != nil {
			so.Error = err.Error()
			break
		}
		if time.Since(said) > dryEvery {
			said = time.Now()
			if !say() {
				return
			}
		}
	}
	so.Done = so.Error == ""
	say()
}

// countStep counts the next events. They are read from a view of their own and
// matched after it is closed: a snapshot that is held for long keeps the store
// from tidying up.
func (h *replays) countStep(so *DryRun, survey *archive.Survey, trial *bus.Trial) error {
	var events [][]byte
	err := h.shard.View(func(v *store.View) (err error) {
		events, err = survey.Step(v)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range events {
		matches, tooComplex, err := trial.Match(e)
		if err != nil {
			return err
		}
		so.Events++
		so.TooComplex += uint64(tooComplex)
		if len(matches) == 0 {
			so.Unmatched++
		}
		for _, m := range matches {
			rule := so.Rules[m.Rule]
			rule.Events++
			rule.Deliveries += uint64(m.Targets)
			so.Rules[m.Rule] = rule
			so.Deliveries += uint64(m.Targets)
		}
	}
	return nil
}
