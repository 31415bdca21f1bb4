package demo

import (
	"testing"
)

// threeAcknowledged is a ledger of three events, put in one batch after the
// other, of which the last needed a second attempt.
func threeAcknowledged() *Ledger {
	l := NewLedger([]Event{{DetailType: "a"}, {DetailType: "b"}, {DetailType: "c"}})
	for i, id := range []string{"id0", "id1"} {
		l.Acknowledge([]int{i}, []string{id}, l.Begin())
	}
	l.Begin()
	l.Lose([]int{2})
	l.Acknowledge([]int{2}, []string{"id2"}, l.Begin())
	return l
}

func anything(*Event) bool { return true }

func received(ids ...string) (all []Received) {
	number := map[string]int{"id0": 0, "id1": 1, "id2": 2, "lost2": 2, "lost1": 1, "also2": 2}
	for _, id := range ids {
		all = append(all, Received{Event: number[id], ID: id, Intact: true})
	}
	return all
}

func TestAQueueThatHoldsEverythingOnceIsSound(t *testing.T) {
	v := threeAcknowledged().Check(Rule{Matches: anything, FIFO: true}, received("id0", "id1", "id2"))
	if !v.Sound() || v.Expected != 3 || v.Received != 3 || v.Retries() != 0 {
		t.Errorf("%+v", v)
	}
}

func TestALostAttemptMayBeThereOnce(t *testing.T) {
	v := threeAcknowledged().Check(Rule{Matches: anything}, received("id0", "id1", "lost2", "id2"))
	if !v.Sound() || v.Retries() != 1 {
		t.Errorf("%+v", v)
	}
}

func TestEveryFaultIsFound(t *testing.T) {
	onlyA := func(e *Event) bool { return e.DetailType == "a" }
	damaged := received("id0", "id1", "id2")
	damaged[1].Intact = false
	stranger := append(received("id0", "id1", "id2"), Received{Event: -1})
	for name, c := range map[string]struct {
		rule     Rule
		received []Received
		want     Verdict
	}{
		"a message is missing":                    {Rule{}, received("id0", "id2"), Verdict{Missing: 1}},
		"all are missing":                         {Rule{}, nil, Verdict{Missing: 3}},
		"only the lost attempt is there":          {Rule{}, received("id0", "id1", "lost2"), Verdict{Missing: 1}},
		"a message is there twice":                {Rule{}, received("id0", "id1", "id1", "id2"), Verdict{Twice: 1}},
		"a lost attempt is there twice":           {Rule{}, received("id0", "id1", "id2", "lost2", "lost2"), Verdict{Twice: 1}},
		"more attempts than were lost":            {Rule{}, received("id0", "id1", "id2", "lost2", "also2"), Verdict{Twice: 1}},
		"another attempt of an event without one": {Rule{}, received("id0", "id1", "lost1", "id2"), Verdict{Twice: 1}},
		"a message that nobody put":               {Rule{}, stranger, Verdict{Foreign: 1}},
		"a message is damaged":                    {Rule{}, damaged, Verdict{Foreign: 1, Missing: 1}},
		"a message that the rule does not match":  {Rule{Matches: onlyA}, received("id0", "id1"), Verdict{Foreign: 1}},
		"the order is lost":                       {Rule{FIFO: true}, received("id1", "id0", "id2"), Verdict{Swapped: 1}},
		"the last comes first":                    {Rule{FIFO: true}, received("id2", "id0", "id1"), Verdict{Swapped: 1}},
	} {
		if c.rule.Matches == nil {
			c.rule.Matches = anything
		}
		v := threeAcknowledged().Check(c.rule, c.received)
		if v.Sound() || v.Missing != c.want.Missing || v.Twice != c.want.Twice || v.Foreign != c.want.Foreign || v.Swapped != c.want.Swapped {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestEventsPutAtTheSameTimeMayComeInAnyOrder(t *testing.T) {
	l := NewLedger(make([]Event, 2))
	first, second := l.Begin(), l.Begin()
	l.Acknowledge([]int{0}, []string{"id0"}, first)
	l.Acknowledge([]int{1}, []string{"id1"}, second)
	for _, order := range [][]string{{"id0", "id1"}, {"id1", "id0"}} {
		if v := l.Check(Rule{Matches: anything, FIFO: true}, received(order...)); !v.Sound() {
			t.Errorf("%v: %+v", order, v)
		}
	}
}

func TestAnEventThatWasNeverAcknowledgedIsNotMissed(t *testing.T) {
	l := NewLedger(make([]Event, 1))
	l.Begin()
	l.Lose([]int{0})
	if v := l.Check(Rule{Matches: anything}, nil); !v.Sound() || v.Expected != 0 {
		t.Errorf("%+v", v)
	}
}

func TestALostPutThatOnlySomeQueuesHaveIsTorn(t *testing.T) {
	l := threeAcknowledged()
	onlyA := Rule{Name: "a", Matches: func(e *Event) bool { return e.DetailType == "a" }}
	all := Rule{Name: "all", Matches: anything}
	with, without := received("id0", "id1", "id2", "lost2"), received("id0", "id1", "id2")
	check := func(queues ...[]Received) int {
		verdicts := []Verdict{l.Check(onlyA, received("id0"))}
		for _, q := range queues {
			verdicts = append(verdicts, l.Check(all, q))
		}
		return Torn(l.events, verdicts)
	}
	if n := check(with, with); n != 0 {
		t.Errorf("a put that all of its queues have counts as %d torn", n)
	}
	if n := check(without, without); n != 0 {
		t.Errorf("a put that none of its queues has counts as %d torn", n)
	}
	if n := check(with, without); n != 1 {
		t.Errorf("a put that one of two queues has counts as %d torn", n)
	}
}
