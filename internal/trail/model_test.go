package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// naive is the trail as a list.
type naive struct {
	keepFor time.Duration
	all     []*heard
}

type heard struct {
	id, name string
	at       time.Time
	rules    []Rule
	waiting  bool
	attempts map[string][]Outcome // by rule and target
}

func (h *heard) text() string {
	text := h.id + " " + h.name + " " + h.at.Format(time.RFC3339Nano)
	for _, r := range h.rules {
		for _, t := range r.Targets {
			text += " " + r.Name() + "/" + t.ID + fmt.Sprint(h.attempts[r.Name()+"/"+t.ID])
		}
	}
	return text
}

func textOf(p *Passage) string {
	name := p.Name
	if name == p.EventID {
		name = ""
	}
	text := p.EventID + " " + name + " " + p.At.Format(time.RFC3339Nano)
	for _, m := range p.Matches {
		for _, d := range m.Deliveries {
			var all []Outcome
			for _, a := range d.Attempts {
				all = append(all, a.Outcome)
			}
			text += " " + m.Rule.Name() + "/" + d.Target.ID + fmt.Sprint(all)
		}
	}
	return text
}

// sure tells whether an event must be there, or must not: between, nobody
// promises when a sweep comes.
func (m *naive) sure(h *heard) (there, gone bool) {
	age := time.Since(h.at)
	return age < m.keepFor-aboutFor-bucketFor, age > m.keepFor+aboutFor+bucketFor+2*time.Minute
}

// Whatever is accepted, tried and restarted in whatever time, the trail tells
// what the list does, for as long as it keeps it.
func TestTheTrailTellsWhatTheModelDoes(t *testing.T) {
	pool := []Rule{rule("a", "one"), rule("b", "one", "two", "three"), rule("c")}
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			keepFor := rapid.SampledFrom([]time.Duration{20 * time.Minute, 3 * time.Hour}).Draw(rt, "for")
			n := start(t, Options{keepFor, 1 << 40})
			defer func() { n.stop() }()
			m := &naive{keepFor: keepFor}
			for step := range rapid.IntRange(1, 30).Draw(rt, "steps") {
				switch rapid.IntRange(0, 9).Draw(rt, "what") {
				default:
					m.accept(rt, n, step, pool)
				case 3, 4, 5:
					m.attempt(rt, n)
				case 6, 7:
					time.Sleep(time.Duration(rapid.IntRange(1, 100*60).Draw(rt, "seconds")) * time.Second)
				case 8:
					n.restart(Options{keepFor, 1 << 40})
				}
			}
			m.compare(rt, n)
			n.verify()
		})
	})
}

func (m *naive) accept(rt *rapid.T, n *node, step int, pool []Rule) {
	h := &heard{id: newID(step), attempts: map[string][]Outcome{}, waiting: rapid.Bool().Draw(rt, "waiting")}
	switch rapid.IntRange(0, 5).Draw(rt, "id") {
	case 0:
		h.id = fmt.Sprint("id ", step)
	case 1, 2:
		if len(m.all) > 0 { // again
			h.id = rapid.SampledFrom(m.all).Draw(rt, "again").id
			h.name = fmt.Sprint("again ", step)
		}
	}
	for _, r := range pool {
		if rapid.Bool().Draw(rt, "matches") {
			h.rules = append(h.rules, r)
		}
	}
	h.at = n.accept(h.id, h.name, h.waiting, h.rules...)
	m.all = append(m.all, h)
}

func (m *naive) attempt(rt *rapid.T, n *node) {
	if len(m.all) == 0 {
		return
	}
	h := rapid.SampledFrom(m.all).Draw(rt, "event")
	if !h.waiting || len(h.rules) == 0 {
		return
	}
	r := rapid.SampledFrom(h.rules).Draw(rt, "rule")
	if len(r.Targets) == 0 {
		return
	}
	i := rapid.IntRange(0, len(r.Targets)-1).Draw(rt, "target")
	outcome := rapid.SampledFrom([]Outcome{delivery.Waiting, delivery.Delivered, delivery.DeadLettered, delivery.Dropped}).Draw(rt, "outcome")
	n.attempt(h.id, h.name, h.at, r, i, 1, outcome)
	key := r.Name() + "/" + r.Targets[i].ID
	h.attempts[key] = append(h.attempts[key], outcome)
}

func (m *naive) compare(rt *rapid.T, n *node) {
	byID := map[string][]string{}
	var must []string
	for _, h := range m.all {
		there, gone := m.sure(h)
		if there {
			must = append(must, h.text())
		}
		if _, asked := byID[h.id]; !asked {
			byID[h.id] = nil
			for _, p := range n.get(h.id) {
				byID[h.id] = append(byID[h.id], textOf(&p))
			}
		}
		if has := slices.Contains(byID[h.id], h.text()); there && !has || gone && has {
			rt.Fatalf("%s\nthere %v, gone %v, in\n%q", h.text(), there, gone, byID[h.id])
		}
	}
	for _, oldest := range []bool{false, true} {
		limit := rapid.IntRange(1, 5).Draw(rt, "limit")
		m.find(rt, n, must, Query{OldestFirst: oldest, Limit: limit})
	}
}

// find wants a walk over all pages to meet all that must be there, once.
func (m *naive) find(rt *rapid.T, n *node, must []string, q Query) {
	seen := map[string]int{}
	for {
		var page Page
		n.view(func(v *store.View) (err error) {
			page, err = Find(v, q)
			return err
		})
		for i := range page.Passages {
			seen[textOf(&page.Passages[i])]++
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for text, times := range seen {
		if times != 1 {
			rt.Fatalf("%d times: %s", times, text)
		}
	}
	for _, text := range must {
		if seen[text] == 0 {
			rt.Fatalf("not found: %s", text)
		}
	}
}

// FuzzEntry: whatever is stored, reading it ends, with a record or an error, and
// what was written is read.
func FuzzEntry(f *testing.F) {
	r := rule("a", "one", "two")
	a := Acceptance{ID: ReadID("x"), Bus: shop, Name: "n", From: "f", ReceivedAt: time.Unix(1, 2), Rules: []Sent{{Rule: r.Ref(), Targets: 2}}}
	f.Add(append(a.append(nil, time.Unix(3, 4)), "{}"...))
	a.Rules[0].Put(1, Result{Outcome: delivery.Waiting, Reason: errors.New("no")})
	f.Add(append(a.append(nil, time.Unix(3, 4)), "{}"...))
	f.Add(appendAttempt(nil, &delivery.Report{Delivery: &delivery.Delivery{}, Outcome: delivery.Dropped, Lost: errors.New("x")}, time.Unix(5, 6)))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEntry(b)
		if err != nil {
			return
		}
		if e.accepted == nil && e.attempt == nil {
			t.Fatal("an entry of nothing")
		}
		if e.accepted != nil {
			again, err := decodeEntry(append(e.accepted.append(nil, e.at), e.accepted.Envelope...))
			if err != nil || again.accepted.Bus != e.accepted.Bus || len(again.accepted.Rules) != len(e.accepted.Rules) || !bytes.Equal(again.accepted.Envelope, e.accepted.Envelope) {
				t.Fatalf("%+v\n%+v, %v", e.accepted, again.accepted, err)
			}
		}
	})
}

func TestARuleIsReadAsItWasWritten(t *testing.T) {
	input := `"<&>"`
	r := Rule{ARN: "a", Pattern: `{"a":["\ud83d\ude00é"]}`, Managed: true, Targets: []Target{{ID: "t", ARN: "q", Input: &input}, {ID: "u", Transformer: &Transformer{map[string]string{"b": "$.b", "a": "$.a"}, "<a>"}}}}
	got, err := decodeRule(r.encode())
	if err != nil || got.Ref() != r.Ref() {
		x, _ := json.Marshal(got)
		t.Errorf("%s, %v", x, err)
	}
	if _, err := decodeRule([]byte{9}); !errors.Is(err, errDamaged) {
		t.Error(err)
	}
}
