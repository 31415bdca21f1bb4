package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// TrailPath answers a GET with events that were accepted and what became of
// them: TrailPage. TrailPath/ID has all of one (TrailAnswer), and
// TrailPath/ID/explain why a rule matches it or not (TrailExplanation).
// docs/trail-api.md has the parameters. In strict mode the request is signed for
// the service carillon.
const TrailPath = "/_carillon/trail"

// Limits of what one request may ask for.
const (
	defaultTrailLimit = 50
	maxTrailLimit     = 500
	maxUnmatched      = 100
)

// badQuery is a parameter that says nothing.
type badQuery struct{ name, why string }

func (e badQuery) Error() string { return "parameter " + e.name + ": " + e.why }

// errNoTrail: the trail does not have the event.
var errNoTrail = errors.New("the trail does not have this event: it never was, or is too old (--trail-for, --trail-max-bytes)")

// findTrail is TrailPath.
func (r *Running) findTrail(w http.ResponseWriter, req *http.Request) {
	q, err := trailQuery(req.URL.Query())
	if err != nil {
		failTrail(w, err)
		return
	}
	page := TrailPage{Events: []TrailEvent{}}
	err = r.store.Shard(0).View(func(v *store.View) error {
		found, err := trail.Find(v, q)
		if err != nil {
			return err
		}
		page.Scanned, page.Next = found.Scanned, found.Next
		for i := range found.Passages {
			e, err := trailEvent(v, &found.Passages[i], false)
			if err != nil {
				return err
			}
			page.Events = append(page.Events, e)
		}
		return nil
	})
	answerTrail(w, req, page, err)
}

// trailQuery reads the parameters of TrailPath.
func trailQuery(in url.Values) (q trail.Query, err error) {
	q = trail.Query{
		Bus: in.Get("bus"), Rule: in.Get("rule"), Target: in.Get("target"),
		OldestFirst: in.Get("order") == "oldest", Limit: defaultTrailLimit, After: in.Get("token"),
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		if text := in.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil || at.Year() < 1970 || at.Year() > 2261 {
				return q, badQuery{name, "want a time such as 2026-11-25T17:30:00Z"}
			}
		}
	}
	if text := in.Get("order"); text != "" && text != "oldest" && text != "newest" {
		return q, badQuery{"order", "want newest or oldest"}
	}
	if text := in.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > maxTrailLimit {
			return q, badQuery{"limit", fmt.Sprintf("want 1 to %d", maxTrailLimit)}
		}
	}
	if text := in.Get("outcome"); text != "" {
		known := false
		if q.Outcome, known = trail.OutcomeNamed(text); !known && text != "unmatched" {
			return q, badQuery{"outcome", "want delivered, waiting, dead-lettered, dropped, too-far or unmatched"}
		}
		q.Unmatched = !known
	}
	if text := in.Get("pattern"); text != "" {
		if q.Match, err = matcher(text); err != nil {
			return q, badQuery{"pattern", err.Error()}
		}
	}
	return q, nil
}

// matcher tells whether an event matches a pattern.
func matcher(text string) (func([]byte) bool, error) {
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, err
	}
	set := pattern.NewSet()
	set.Add(p.Rule(nil))
	rules, memory := set.Snapshot(), new(pattern.Memory)
	return func(envelope []byte) bool {
		matched, _, err := rules.Match(memory, envelope)
		return err == nil && len(matched) > 0
	}, nil
}

// showTrail is what lies below TrailPath.
func (r *Running) showTrail(w http.ResponseWriter, req *http.Request) {
	id, what, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, TrailPath+"/"), "/")
	var answer any
	err := r.store.Shard(0).View(func(v *store.View) (err error) {
		passages, err := trail.Get(v, id)
		switch {
		case err != nil:
			return err
		case len(passages) == 0:
			return errNoTrail
		case what == "":
			answer, err = trailAnswer(v, id, passages, req.URL.Query())
		case what == "explain":
			answer, err = explainTrail(v, id, passages, req.URL.Query())
		default:
			err = badQuery{"path", "want " + TrailPath + "/ID or " + TrailPath + "/ID/explain"}
		}
		return err
	})
	answerTrail(w, req, answer, err)
}

func answerTrail(w http.ResponseWriter, req *http.Request, answer any, err error) {
	if err != nil {
		failTrail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if req.Method == http.MethodHead {
		return
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(answer) // to a client who may have gone
}

func failTrail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, new(badQuery)), errors.Is(err, trail.ErrToken):
		status = http.StatusBadRequest
	case errors.Is(err, errNoTrail), errors.Is(err, bus.ErrRuleNotFound), errors.Is(err, bus.ErrBusNotFound):
		status = http.StatusNotFound
	}
	http.Error(w, err.Error(), status)
}
