package archive

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// step is a step of the model test, drawn before the bubble begins.
type step struct {
	do       string
	archive  string
	days     int
	times    []int
	from, to int
}

// model is archives as they are told of: the events of each, in the order of
// their arrival, with the day of each, and what each replay has to send.
type model struct {
	*node
	archives map[string]*modelArchive
	replays  map[string][]string
	events   int
	today    int // days since the start
	hours    int // and hours
}

type modelArchive struct {
	Archive
	days   int // of retention
	events []modelEvent
}

type modelEvent struct {
	day int
	id  string
}

// Whatever the order of changes, events, replays, restarts and days, archives
// count what they have, and a replay sends what was in its window when it was
// started, each event once, in order.
func TestArchivesAndReplaysAreAsTheirModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			return step{
				do:      rapid.SampledFrom([]string{"create", "put", "put", "put", "replay", "replay", "restart", "delete", "update", "day", "check"}).Draw(rt, "do"),
				archive: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "archive"),
				days:    rapid.SampledFrom([]int{0, 1, 3}).Draw(rt, "days"),
				times:   rapid.SliceOfN(rapid.IntRange(-5, 1), 1, 150).Draw(rt, "times"),
				from:    rapid.IntRange(-5, 5).Draw(rt, "from"),
				to:      rapid.IntRange(-5, 7).Draw(rt, "to"),
			}
		}), 1, 25).Draw(rt, "steps")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = play(t, steps) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

func play(t *testing.T, steps []step) error {
	m := &model{node: start(t), archives: map[string]*modelArchive{}, replays: map[string][]string{}}
	defer m.stop()
	epoch := time.Now().Unix()
	for i, s := range append(steps, step{do: "check"}) {
		if err := m.act(s, epoch); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, s, err)
		}
	}
	return nil
}

func (m *model) act(s step, epoch int64) error {
	a := m.archives[s.archive]
	second := func(day int) int64 { return epoch + int64(day)*86400 }
	switch s.do {
	case "create":
		made, err := m.create(s.archive, Settings{RetentionDays: s.days})
		if exists := errors.Is(err, ErrExists); exists != (a != nil) || err != nil && !exists {
			return err
		}
		if a == nil {
			m.archives[s.archive] = &modelArchive{Archive: made, days: s.days}
		}
	case "restart":
		m.restart()
	case "day":
		if err := m.settle(); err != nil { // else events may go before a replay comes to them
			return err
		}
		m.tomorrow()
		return m.settle()
	case "check":
		return m.settle()
	}
	if a == nil {
		return nil
	}
	switch s.do {
	case "put":
		var at []int64
		for i, day := range s.times {
			at = append(at, second(m.today+day))
			a.events = append(a.events, modelEvent{m.today + day, fmt.Sprint(m.events + i)})
		}
		m.put(a.Archive, m.events, at...)
		m.events += len(at)
	case "delete":
		if err := m.settle(); err != nil { // else replays fail, which has a test of its own
			return err
		}
		delete(m.archives, s.archive)
		return m.update(func(tx *store.Tx) error { return m.core.Delete(tx, named(s.archive)) })
	case "update":
		if err := m.settle(); err != nil {
			return err
		}
		a.days = s.days
		if err := m.update(func(tx *store.Tx) error { return m.core.Update(tx, named(s.archive), Settings{RetentionDays: s.days}) }); err != nil {
			return err
		}
		return m.settle()
	case "replay":
		if err := m.settle(); err != nil { // retention is done with
			return err
		}
		name := fmt.Sprint("r", len(m.replays))
		m.replays[name] = a.window(s.from, s.to)
		if got, err := m.survey(name, s.archive, second(s.from), second(s.to)); err != nil || !slices.Equal(got, m.replays[name]) {
			return fmt.Errorf("a survey of replay %s has %v, %v, want %v", name, got, err, m.replays[name])
		}
		return m.startReplay(name, s.archive, second(s.from), second(s.to), 0)
	}
	return nil
}

// survey is the ids that a survey of a replay has.
func (n *node) survey(name, of string, from, to int64) (ids []string, err error) {
	var s *Survey
	err = n.s.View(func(v *store.View) (err error) {
		s, err = NewSurvey(v, name, Request{Archive: named(of), From: time.Unix(from, 0), To: time.Unix(to, 0)})
		return err
	})
	for err == nil && !s.Done() {
		err = n.s.View(func(v *store.View) error {
			events, err := s.Step(v)
			if len(events) > stepLooks {
				return fmt.Errorf("a step has %d events", len(events))
			}
			for _, e := range events {
				if !bytes.HasSuffix(e, []byte(`,"replay-name":"`+name+`"}`)) {
					return fmt.Errorf("event %s is not of replay %s", e, name)
				}
				ids = append(ids, event.IDOf(e))
			}
			return err
		})
	}
	return ids, err
}

// window is the ids of the events in a window, as a replay sends them.
func (a *modelArchive) window(from, to int) (ids []string) {
	sorted := slices.Clone(a.events)
	slices.SortStableFunc(sorted, func(x, y modelEvent) int { return cmp.Compare(x.day, y.day) })
	for _, e := range sorted {
		if e.day >= from && e.day < to {
			ids = append(ids, e.id)
		}
	}
	return ids
}

func (m *model) tomorrow() {
	m.restartAfter(time.Duration(24-m.hours) * time.Hour)
	m.today, m.hours = m.today+1, 0
}

// settle lets replays end and retention do its work, and compares.
func (m *model) settle() error {
	synctest.Wait()
	if m.hours == 20 {
		m.tomorrow()
		synctest.Wait()
	}
	m.hours++
	m.restartAfter(sweepEvery)
	synctest.Wait()
	for name, want := range m.replays {
		if got := m.replayed(name); !slices.Equal(got, want) {
			return fmt.Errorf("replay %s sent %v, want %v", name, got, want)
		}
	}
	for name, a := range m.archives {
		if a.days > 0 { // sweeps come after midnight of the day
			a.events = slices.DeleteFunc(a.events, func(e modelEvent) bool { return e.day <= m.today-a.days })
		}
		var got Archive
		if err := m.update(func(tx *store.Tx) (err error) { got, err = Get(tx, named(name)); return err }); err != nil {
			return err
		}
		if got.Events != uint64(len(a.events)) {
			return fmt.Errorf("archive %s has %d events, want %d", name, got.Events, len(a.events))
		}
	}
	m.verify()
	return nil
}
