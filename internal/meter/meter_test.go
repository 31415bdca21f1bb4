package meter_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/meter"
)

func TestWhatIsBeyondTheLimitIsCountedTogether(t *testing.T) {
	b := meter.NewBook(2)
	for i := range 5 {
		name := fmt.Sprint(i)
		b.Bus(meter.BusKey{Bus: name}).Accepted(i%2 == 0)
		b.Rule(name).Matched()
		b.Target(name, "t").Delivered()
	}
	s := b.Snapshot()
	if len(s.Buses) != 3 || len(s.Rules) != 3 || len(s.Targets) != 3 {
		t.Fatalf("got %+v", s)
	}
	bus, rule, target := s.Buses[2], s.Rules[2], s.Targets[2]
	if !bus.Other || bus.Accepted != 3 || bus.Matched != 2 || bus.Unmatched != 1 || !rule.Other || rule.Matched != 3 || !target.Other || target.Delivered != 3 {
		t.Errorf("the others: %+v %+v %+v", bus, rule, target)
	}
}

func TestATargetThatIsForgottenStaysUntilNothingWaitsForIt(t *testing.T) {
	b := meter.NewBook(10)
	m := b.Target("rule", "t")
	m.Kept()
	b.ForgetTarget("rule", "t")
	if got := b.Snapshot().Targets; len(got) != 1 || got[0].Waiting != 1 {
		t.Fatalf("while a delivery waits: %+v", got)
	}
	b.Waiting("rule", "t").Ended(meter.Dropped, time.Minute)
	if got := b.Snapshot().Targets; len(got) != 0 {
		t.Fatalf("afterwards: %+v", got)
	}
	m = b.Target("rule", "t")
	m.Kept()
	b.ForgetTarget("rule", "t")
	b.Target("rule", "t").Retried() // it was put again
	m.Ended(meter.Arrived, time.Minute)
	if got := b.Snapshot().Targets; len(got) != 1 || got[0].Delivered != 1 || got[0].Retried != 1 {
		t.Errorf("a target that is put again: %+v", got)
	}
	b.ForgetTarget("rule", "t")
	b.ForgetRule("never seen")
	b.ForgetBus(meter.BusKey{})
	if got := b.Snapshot(); len(got.Targets) != 0 {
		t.Errorf("forgotten: %+v", got)
	}
}

func TestAgesAreCountedUpToTheirBound(t *testing.T) {
	b := meter.NewBook(1)
	m := b.Target("rule", "t")
	m.Delivered()
	for _, age := range []time.Duration{-time.Second, time.Millisecond, 2 * time.Second, 48 * time.Hour} {
		m.Kept()
		m.Ended(meter.Arrived, age)
	}
	a := b.Snapshot().Targets[0].Ages
	if a.Count != 5 || a.Counts[0] != 3 || a.Counts[7] != 4 || a.Counts[len(a.Counts)-1] != 4 || a.Sum != 48*time.Hour+2*time.Second+time.Millisecond {
		t.Errorf("got %+v", a)
	}
}

func TestNobodyCountsWithoutABook(t *testing.T) {
	var b *meter.Book
	b.Bus(meter.BusKey{}).Accepted(true)
	b.Rule("").Matched()
	m := b.Target("", "")
	m.Delivered()
	m.Kept()
	m.Retried()
	m.Ended(meter.Arrived, 0)
	b.ForgetBus(meter.BusKey{})
	b.ForgetRule("")
	b.ForgetTarget("", "")
}

// The model: what waits is what was kept or found and has not ended, for every
// target that was not forgotten or is waited for.
func TestTheBookAgreesWithANaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := meter.NewBook(100)
		type counts struct{ delivered, waiting int }
		known, gone := map[string]*counts{}, map[string]bool{}
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		get := func(n string) *counts {
			if known[n] == nil {
				known[n] = &counts{}
			}
			return known[n]
		}
		t.Repeat(map[string]func(*rapid.T){
			"deliver": func(t *rapid.T) {
				n := name.Draw(t, "target")
				b.Target("r", n).Delivered()
				delete(gone, n)
				get(n).delivered++
			},
			"keep": func(t *rapid.T) {
				n := name.Draw(t, "target")
				b.Target("r", n).Kept()
				delete(gone, n)
				get(n).waiting++
			},
			"end": func(t *rapid.T) {
				n := name.Draw(t, "target")
				if known[n] == nil || known[n].waiting == 0 {
					t.Skip()
				}
				b.Waiting("r", n).Ended(meter.Dropped, 0)
				if known[n].waiting--; known[n].waiting == 0 && gone[n] {
					delete(known, n)
					delete(gone, n)
				}
			},
			"forget": func(t *rapid.T) {
				n := name.Draw(t, "target")
				b.ForgetTarget("r", n)
				if c := known[n]; c != nil && c.waiting > 0 {
					gone[n] = true
				} else {
					delete(known, n)
				}
			},
			"": func(t *rapid.T) {
				got := map[string]*counts{}
				for _, c := range b.Snapshot().Targets {
					got[c.Target] = &counts{int(c.Delivered), int(c.Waiting)}
				}
				if !reflect.DeepEqual(got, known) {
					t.Fatalf("got %v, want %v", got, known)
				}
			},
		})
	})
}
