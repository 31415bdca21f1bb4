package demo

import (
	"testing"
)

// threeAcknowledged is a ledger of three events, one sent after the other.
func threeAcknowledged() *Ledger {
	l := NewLedger([]Event{{DetailType: "a"}, {DetailType: "b"}, {DetailType: "c"}})
	for i, id := range []string{"id0", "id1", "id2"} {
		l.Acknowledge(i, id, l.Begin())
	}
	return l
}

func anything(*Event) bool { return true }

func received(ids ...string) (all []Received) {
	number := map[string]int{"id0": 0, "id1": 1, "id2": 2, "other2": 2}
	for _, id := range ids {
		all = append(all, Received{Event: number[id], ID: id, Intact: true})
	}
	return all
}

func TestAQueueThatHoldsEverythingOnceIsSound(t *testing.T) {
	v := threeAcknowledged().Check(Filter{Matches: anything, FIFO: true}, received("id0", "id1", "id2"))
	if !v.Sound() || v.Expected != 3 || v.Received != 3 {
		t.Errorf("%+v", v)
	}
}

func TestEveryFaultIsFound(t *testing.T) {
	onlyA := func(e *Event) bool { return e.DetailType == "a" }
	damaged := received("id0", "id1", "id2")
	damaged[1].Intact = false
	stranger := append(received("id0", "id1", "id2"), Received{Event: -1})
	for name, c := range map[string]struct {
		filter   Filter
		received []Received
		want     Verdict
	}{
		"a message is missing":                     {Filter{}, received("id0", "id2"), Verdict{Missing: 1}},
		"all are missing":                          {Filter{}, nil, Verdict{Missing: 3}},
		"a message is there twice":                 {Filter{}, received("id0", "id1", "id1", "id2"), Verdict{Twice: 1}},
		"another attempt is there, too":            {Filter{}, received("id0", "id1", "id2", "other2"), Verdict{Twice: 1}},
		"another attempt is there instead":         {Filter{}, received("id0", "id1", "other2"), Verdict{Twice: 1, Missing: 1}},
		"a message that nobody sent":               {Filter{}, stranger, Verdict{Foreign: 1}},
		"a message is damaged":                     {Filter{}, damaged, Verdict{Foreign: 1, Missing: 1}},
		"a message that the filter does not match": {Filter{Matches: onlyA}, received("id0", "id1"), Verdict{Foreign: 1}},
		"the order is lost":                        {Filter{FIFO: true}, received("id1", "id0", "id2"), Verdict{Swapped: 1}},
		"the last comes first":                     {Filter{FIFO: true}, received("id2", "id0", "id1"), Verdict{Swapped: 1}},
	} {
		if c.filter.Matches == nil {
			c.filter.Matches = anything
		}
		v := threeAcknowledged().Check(c.filter, c.received)
		if v.Sound() || v.Missing != c.want.Missing || v.Twice != c.want.Twice || v.Foreign != c.want.Foreign || v.Swapped != c.want.Swapped {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestEventsSentAtTheSameTimeMayComeInAnyOrder(t *testing.T) {
	l := NewLedger(make([]Event, 2))
	first, second := l.Begin(), l.Begin()
	l.Acknowledge(0, "id0", first)
	l.Acknowledge(1, "id1", second)
	for _, order := range [][]string{{"id0", "id1"}, {"id1", "id0"}} {
		if v := l.Check(Filter{Matches: anything, FIFO: true}, received(order...)); !v.Sound() {
			t.Errorf("%v: %+v", order, v)
		}
	}
}

func TestAnEventThatWasNeverAcknowledgedIsNotMissed(t *testing.T) {
	l := NewLedger(make([]Event, 1))
	l.Begin()
	if v := l.Check(Filter{Matches: anything}, nil); !v.Sound() || v.Expected != 0 {
		t.Errorf("%+v", v)
	}
}
