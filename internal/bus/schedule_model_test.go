package bus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
)

// clockwork is rules with schedules as a child would run them: it looks at
// every second that passes, and asks of every rule whether it is time.
type clockwork struct {
	now   int64 // seconds since the bubble began, at midnight
	rules map[string]*wound
	got   []string // events, not yet compared
}

type wound struct {
	expression string
	started    int64
	on, target bool
	missed     int64 // the last occurrence while the server was away; 0 for none
}

const oneDay = 24 * 60 * 60

// schedules are the expressions of the test, each with its naive reading.
var schedules = []struct {
	text string
	due  func(now, started int64) bool
}{
	{"rate(1 minute)", func(now, started int64) bool { return now > started && (now-started)%60 == 0 }},
	{"rate(7 minutes)", func(now, started int64) bool { return now > started && (now-started)%420 == 0 }},
	{"rate(1 day)", func(now, started int64) bool { return now > started && (now-started)%oneDay == 0 }},
	{"cron(* * * * ? *)", func(now, _ int64) bool { return now%60 == 0 }},
	{"cron(0/7 * * * ? *)", func(now, _ int64) bool { return now%60 == 0 && now/60%60%7 == 0 }},
	{"cron(30 1 * * ? *)", func(now, _ int64) bool { return now%oneDay == 90*60 }},
}

func (r *wound) due(now int64) bool {
	for _, s := range schedules {
		if s.text == r.expression {
			return r.on && s.due(now, r.started)
		}
	}
	return false
}

func (c *clockwork) occur(name string, at int64) {
	if c.rules[name].target {
		c.got = append(c.got, fmt.Sprint(name, " ", time.Unix(946684800+at, 0).UTC().Format(time.RFC3339)))
	}
}

// pass lets seconds pass; up says whether the server is there.
func (c *clockwork) pass(seconds int64, up bool) {
	for range seconds {
		c.now++
		for name, r := range c.rules {
			switch {
			case !r.due(c.now):
			case up:
				c.occur(name, c.now)
			default:
				r.missed = c.now
			}
		}
	}
}

// back is the server starting again.
func (c *clockwork) back() {
	for name, r := range c.rules {
		if r.missed > 0 && c.now-r.missed <= oneDay {
			c.occur(name, r.missed)
		}
		r.missed = 0
	}
}

func (c *clockwork) put(name, expression string, on bool) {
	r := c.rules[name]
	if r == nil {
		r = &wound{}
		c.rules[name] = r
	}
	if r.expression != expression {
		r.expression, r.started = expression, c.now
	}
	r.on = on
}

// step is something that happens to the rules, or to the server.
type step struct {
	what       string
	rule       string
	expression string
	on         bool
	seconds    int64
}

var steps = rapid.Custom(func(t *rapid.T) step {
	s := step{
		what:       rapid.SampledFrom([]string{"put", "put", "again", "again", "pass", "pass", "pass", "away", "away", "switch", "switch", "delete", "pattern", "untarget"}).Draw(t, "what"),
		rule:       rapid.SampledFrom([]string{"a", "b"}).Draw(t, "rule"),
		expression: schedules[rapid.IntRange(0, len(schedules)-1).Draw(t, "schedule")].text,
		on:         rapid.IntRange(0, 3).Draw(t, "on") > 0,
		seconds:    rapid.Int64Range(0, 600).Draw(t, "seconds"),
	}
	if s.what == "away" && rapid.IntRange(0, 3).Draw(t, "long") == 0 {
		s.seconds += rapid.SampledFrom([]int64{60 * 60, oneDay - 300, 2*oneDay - 300}).Draw(t, "hours")
	}
	return s
})

// Whatever is put, switched, deleted and restarted when, targets get the events
// of the naive reading, each once, and of those that were missed the last.
func TestSchedulesOccurAsTheirModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		todo := rapid.SliceOfN(steps, 10, 30).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = playSchedules(t, todo) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

func playSchedules(t *testing.T, todo []step) string {
	n := ticking(t)
	m := &clockwork{rules: map[string]*wound{}}
	for i, s := range todo {
		if err := n.play(m, s); err != nil {
			return fmt.Sprintf("step %d, %+v: %v", i, s, err)
		}
		var got []string
		for _, e := range n.ticks() {
			rule := strings.TrimPrefix(e.Resources[0], "arn:aws:events:eu-west-1:111122223333:rule/")
			got = append(got, rule+" "+e.Time)
		}
		slices.Sort(got)
		slices.Sort(m.got)
		if !slices.Equal(got, m.got) {
			return fmt.Sprintf("step %d, %+v: events %q, want %q", i, s, got, m.got)
		}
		m.got = nil
	}
	return ""
}

// play does a step to the node and to the model.
func (n *node) play(m *clockwork, s step) error {
	r := m.rules[s.rule]
	state := Disabled
	if s.on {
		state = Enabled
	}
	switch {
	case s.what == "pass":
		time.Sleep(time.Duration(s.seconds) * time.Second)
		m.pass(s.seconds, true)
	case s.what == "away":
		n.away(time.Duration(s.seconds) * time.Second)
		m.pass(s.seconds, false)
		m.back()
	case s.what == "put":
		return n.putBoth(m, s.rule, s.expression, s.on)
	case s.what == "pattern":
		m.put(s.rule, "", s.on)
		n.rule(ours, s.rule, `{"source":["a"]}`, state)
	case r == nil:
	case s.what == "again":
		return n.putBoth(m, s.rule, r.expression, s.on)
	case s.what == "untarget":
		r.target = false
		return n.untarget(s.rule)
	case s.what == "switch":
		r.on = s.on
		n.state(s.rule, state)
	case s.what == "delete":
		delete(m.rules, s.rule)
		if err := n.untarget(s.rule); err != nil {
			return err
		}
		return n.update(func(tx *store.Tx) error { return n.core.DeleteRule(tx, ours, s.rule) })
	}
	return nil
}

// putBoth puts a rule with a target into the node and into the model.
func (n *node) putBoth(m *clockwork, rule, expression string, on bool) error {
	state := Disabled
	if on {
		state = Enabled
	}
	m.put(rule, expression, on)
	m.rules[rule].target = true
	if err := n.scheduled(ours, rule, expression, state); err != nil {
		return err
	}
	n.targets(ours, rule, "t")
	return nil
}

func (n *node) untarget(rule string) error {
	return n.update(func(tx *store.Tx) error {
		_, err := n.core.RemoveTargets(tx, ours, rule, []string{"t"})
		return err
	})
}
