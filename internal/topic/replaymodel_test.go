package topic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/store"
)

// item is something that a subscription of the model gets.
type item struct {
	text     string
	replayed bool // the replay's, of the window
	held     bool // published while the subscription was held
}

type archiveReader struct {
	id     ID
	filter string
	policy bool // it has a replay policy
	wants  []item
}

func (r *archiveReader) takes(attribute string) bool {
	return r.filter == "" || strings.Contains(r.filter, attribute)
}

type kept struct {
	text, attribute string
	at              time.Time
}

// replays is a FIFO topic as it is told of.
type replays struct {
	*mail
	days       int
	archivedAt time.Time
	archive    []kept
	all, now   []*archiveReader
}

// Whatever the order of what happens, and wherever the power fails: who replays
// gets what it had not got yet, then its window, then what came in since, in order
// and once each; who does not, notices nothing.
func TestReplaysAreAsTheirModel(t *testing.T) {
	inSmall(t)
	old := replayMessages
	replayMessages = 2
	t.Cleanup(func() { replayMessages = old })
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) mailStep {
			return mailStep{
				Do: rapid.SampledFrom([]string{
					"subscribe", "subscribe", "subscribe", "unsubscribe", "publish", "publish", "publish", "publish", "publish",
					"work", "work", "tick", "tick", "tick", "tick", "crash", "archive", "archive", "replay", "replay", "replay", "stop", "hour", "sweep", "filter", "unarchive", "delete",
				}).Draw(rt, "do"),
				N: rapid.IntRange(0, 7).Draw(rt, "n"), Seed: rapid.Uint64().Draw(rt, "seed"),
			}
		}), 1, 70).Draw(rt, "steps")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = playReplays(t, steps) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

func playReplays(t *testing.T, steps []mailStep) error {
	m := &replays{mail: startMail(t)}
	defer func() { m.stop() }()
	m.begin()
	for i, s := range steps {
		if err := m.act(i, s); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, s, err)
		}
		if err := m.sound(); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, s, err)
		}
	}
	for m.work(0) || m.work(1) || m.tick(0) || m.tick(1) {
		time.Sleep(replayPatience)
	}
	for _, r := range m.all {
		if err := m.leaves(r); err != nil {
			return err
		}
		if got := m.got(r.id); len(got) != len(r.wants) {
			return fmt.Errorf("subscriber %s got %v, want %+v", r.id, got, r.wants)
		}
	}
	if err := m.sound(); err != nil {
		return err
	}
	return m.wantNothingLeft()
}

// begin makes the topic.
func (m *replays) begin() {
	m.archiving(2)
	m.days, m.archivedAt, m.archive, m.now = 2, time.Now(), nil, nil
}

// ends deletes it, and makes another of its name.
func (m *replays) ends() error {
	err := m.shard.Update(context.Background(), func(tx *store.Tx) error { return m.core.Delete(tx, named("t")) })
	if m.days > 0 {
		if !errors.Is(err, ErrArchiving) {
			return fmt.Errorf("delete a topic that archives: %w", err)
		}
		return nil
	}
	for _, r := range m.now {
		if err := m.leaves(r); err != nil {
			return err
		}
		r.wants = r.wants[:len(m.got(r.id))]
	}
	m.begin()
	return err
}

func (m *replays) act(i int, s mailStep) error {
	switch s.Do {
	case "subscribe":
		return m.subscribes(i, s)
	case "publish":
		return m.publishes(fmt.Sprint("m", i), []string{"x", "y", "z"}[s.N%3])
	case "work":
		m.work(s.N % 2)
	case "tick":
		m.tick(s.N)
	case "crash":
		m.crash(rand.New(rand.NewPCG(s.Seed, 1)))
	case "archive", "unarchive":
		days := 1 + s.N%3
		if s.Do == "unarchive" {
			days = 0
		}
		return m.reconfigure(days)
	case "delete":
		return m.ends()
	case "hour":
		m.stop()
		time.Sleep(time.Duration(1+s.N*s.N) * time.Hour)
		m.open()
		if s.Seed%2 == 1 {
			m.sweep()
		}
	case "sweep":
		m.sweep()
	}
	return m.actOn(s)
}

// sweep is what the archive's timer does.
func (m *replays) sweep() {
	m.must(func(tx *store.Tx) error {
		rec, err := getTopic(tx, named("t"))
		if err != nil {
			return err
		}
		return m.core.Sweep(tx, rec.SweepAt, archiveRef(rec.Number))
	})
}

// actOn is act where it is about one who subscribes.
func (m *replays) actOn(s mailStep) error {
	if len(m.now) == 0 {
		return nil
	}
	n := s.N % len(m.now)
	r := m.now[n]
	switch s.Do {
	case "unsubscribe":
		m.must(func(tx *store.Tx) error {
			return m.core.Unsubscribe(tx, named("t"), r.id)
		})
		m.now = slices.Delete(m.now, n, n+1)
		if err := m.leaves(r); err != nil {
			return err
		}
		r.wants = r.wants[:len(m.got(r.id))]
	case "replay":
		return m.replays(r, m.window(s))
	case "stop":
		return m.replays(r, nil)
	case "filter": // what waits is matched when it is sent, so only where nothing does
		if m.held(r) || m.waits() {
			return nil
		}
		r.filter = filters[s.Seed%3]
		m.must(func(tx *store.Tx) error {
			return m.core.ChangeSubscription(tx, named("t"), r.id, func(sub *Subscription) error { sub.Settings.Filter = r.filter; return nil })
		})
	}
	return nil
}

var filters = []string{"", `{"a":["x"]}`, `{"a":["y"]}`}

// window is one around what is archived, or a bit of it.
func (m *replays) window(s mailStep) *Window {
	w := &Window{From: time.Now().Add(-time.Duration(s.Seed%72) * time.Hour)}
	if s.N > 2 {
		w.To = w.From.Add(time.Duration(s.Seed/72%72+1) * time.Hour)
	}
	return w
}

func (m *replays) subscribes(i int, s mailStep) error {
	r := &archiveReader{id: ID{byte(s.Seed), byte(i + 1)}, filter: filters[s.N%3]}
	settings := Subscribed{Raw: s.N > 3, Filter: r.filter}
	if s.N%2 == 1 && m.days > 0 {
		settings.Replay, r.policy = m.window(s), true
	}
	m.all, m.now = append(m.all, r), append(m.now, r)
	m.must(func(tx *store.Tx) error {
		_, err := m.core.Subscribe(tx, named("t"), Request{
			ID: r.id, Protocol: Queue, Endpoint: arn.Queue("eu-west-1", "111122223333", r.id.String()).String(), Owner: "111122223333",
			Settings: settings, Confirmed: true,
		})
		return err
	})
	if settings.Replay != nil {
		r.wants = m.windowed(r, settings.Replay)
	}
	return nil
}

// windowed is what a replay sends that begins now.
func (m *replays) windowed(r *archiveReader, w *Window) (out []item) {
	from, now := w.From, time.Now()
	for _, oldest := range []time.Time{m.archivedAt, now.AddDate(0, 0, -m.days)} {
		if oldest.After(from) {
			from = oldest
		}
	}
	for _, k := range m.archive {
		if r.takes(k.attribute) && !k.at.Before(from) && (w.To.IsZero() || k.at.Before(w.To.Truncate(time.Millisecond).Add(time.Millisecond))) {
			out = append(out, item{text: k.text, replayed: true})
		}
	}
	return out
}

func (m *replays) publishes(text, attribute string) error {
	holding := map[*archiveReader]bool{}
	for _, r := range m.now {
		holding[r] = m.held(r)
	}
	p := m.core.NewPublication(named("t"), []Message{{
		ID: [16]byte([]byte(fmt.Sprintf("%-16s", text))), Text: text, Group: "g", Attributes: []notification.Attribute{{Name: "a", Type: "String", Value: []byte(attribute)}},
	}})
	if err := m.core.Publish(context.Background(), m.shard, p); err != nil {
		return err
	}
	if m.days > 0 {
		m.archive = append(m.archive, kept{text, attribute, time.Now()})
	}
	for _, r := range m.now {
		if r.takes(attribute) {
			r.wants = append(r.wants, item{text: text, held: holding[r]})
		}
	}
	return nil
}

// replays begins a replay, or stops it.
func (m *replays) replays(r *archiveReader, w *Window) error {
	holding := m.held(r)
	if err := m.leaves(r); err != nil {
		return err
	}
	err := m.shard.Update(context.Background(), func(tx *store.Tx) error {
		return m.core.ChangeReplay(tx, named("t"), r.id, func(s *Subscription) error { s.Settings.Replay = w; return nil })
	})
	if w != nil && m.days == 0 {
		if !errors.Is(err, ErrNoArchive) {
			return fmt.Errorf("a replay without an archive: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	r.policy = w != nil
	var again []item
	if w != nil {
		again = m.windowed(r, w)
	}
	m.replan(r, again, holding)
	return nil
}

// replan: of what a reader has still to get, the window is another now.
func (m *replays) replan(r *archiveReader, again []item, holding bool) {
	got := len(m.got(r.id))
	var before, since []item
	for _, i := range r.wants[got:] {
		switch {
		case i.replayed:
		case i.held && holding:
			since = append(since, i)
		default:
			i.held = false
			before = append(before, i)
		}
	}
	again = slices.DeleteFunc(again, func(i item) bool { // it comes anyhow
		return slices.ContainsFunc(since, func(s item) bool { return s.text == i.text })
	})
	r.wants = slices.Concat(r.wants[:got:got], before, again, since)
}

func (m *replays) archives(days int) {
	m.must(func(tx *store.Tx) error {
		return m.core.Change(tx, named("t"), func(s *Settings) error { s.Config.ArchiveDays = days; return nil })
	})
}

func (m *replays) reconfigure(days int) error {
	holding := map[*archiveReader]bool{}
	for _, r := range m.now {
		holding[r] = m.held(r)
		if err := m.leaves(r); err != nil {
			return err
		}
	}
	m.archives(days)
	switch {
	case days == 0:
		m.archive = nil
		for _, r := range m.now {
			m.replan(r, nil, holding[r])
		}
	case m.days == 0:
		m.archivedAt, m.archive = time.Now(), nil
	case days < m.days:
		if oldest := time.Now().AddDate(0, 0, -days); oldest.After(m.archivedAt) {
			m.archivedAt = oldest
		}
	}
	m.days = days
	return nil
}

// waits tells whether messages wait for the fan-out.
func (m *replays) waits() (waits bool) {
	m.must(func(tx *store.Tx) error {
		t, err := getTopic(tx, named("t"))
		if err == nil {
			waits, err = waitsFor(tx, t.Number)
		}
		return err
	})
	return waits
}

// held looks into the store: when a replay ends is its own affair.
func (m *replays) held(r *archiveReader) (held bool) {
	m.must(func(tx *store.Tx) error {
		_, rec, err := getSubscription(tx, named("t"), r.id)
		held = rec.HeldFrom > 0
		return err
	})
	return held
}

// tick has the n-th replay that is going on make a step.
func (m *replays) tick(n int) (ticked bool) {
	m.must(func(tx *store.Tx) error {
		t, err := getTopic(tx, named("t"))
		if err != nil {
			return err
		}
		var refs [][]byte
		var at []time.Time
		err = eachReplay(tx, t.Number, func(id ID, r *replayRecord) error {
			if r.Holding {
				refs, at = append(refs, replayRef(t.Number, id)), append(at, r.TimerAt)
			}
			return nil
		})
		if ticked = len(refs) > 0; !ticked || err != nil {
			return err
		}
		return m.core.Sweep(tx, at[n%len(at)], refs[n%len(at)])
	})
	return ticked
}

// leaves checks that what a reader has is the beginning of what it wants.
func (m *replays) leaves(r *archiveReader) error {
	got := m.got(r.id)
	for i, text := range got {
		if i >= len(r.wants) || text != r.wants[i].text && text != r.wants[i].text+"*" {
			return fmt.Errorf("subscriber %s got %v, want %+v", r.id, got, r.wants)
		}
		if marked := strings.HasSuffix(text, "*"); marked != r.wants[i].replayed {
			return fmt.Errorf("subscriber %s got %v, want %+v", r.id, got, r.wants)
		}
	}
	return nil
}
