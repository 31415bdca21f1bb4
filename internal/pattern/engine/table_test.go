package engine

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every version of a table stays what it was, whatever becomes of later ones.
func TestATableIsAMapOfWhichEveryVersionStays(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var now table[int]
	model := map[uint64]int{}
	type version struct {
		table table[int]
		model map[uint64]int
	}
	var kept []version
	key := func() uint64 { return random.Uint64N(6000) * 0x9E3779B97F4A7C15 }
	for by := edit(1); by < 400; by++ {
		for range 1 + random.IntN(60) {
			switch k := key(); random.IntN(3) {
			case 0:
				now.remove(k, by)
				delete(model, k)
			default:
				v := random.Int()
				now.set(k, v, by)
				model[k] = v
			}
		}
		if by%40 == 0 {
			kept = append(kept, version{now, maps.Clone(model)})
		}
	}
	if len(now.dir) < 2 {
		t.Fatalf("the table has %d pages: it never grew", len(now.dir))
	}
	for i, v := range kept {
		if v.table.n != len(v.model) {
			t.Fatalf("version %d has %d keys, want %d", i, v.table.n, len(v.model))
		}
		for k := range uint64(6000) {
			k *= 0x9E3779B97F4A7C15
			got, ok := v.table.get(k)
			want, there := v.model[k]
			if ok != there || got != want {
				t.Fatalf("version %d: %x is %d, %v, want %d, %v", i, k, got, ok, want, there)
			}
		}
	}
}

func TestIntervalsThatHoldAPointAreFound(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var now *intervals
	model := map[uint64]interval{}
	for number := range uint64(3000) {
		a, b := random.Uint64N(50), random.Uint64N(50)
		i := interval{point{min(a, b), 0}, point{max(a, b), 9}}
		now = now.with(&intervals{interval: i, sub: &subrule{number: number}, number: number, priority: random.Uint64()})
		model[number] = i
		if random.IntN(3) > 0 {
			for n, i := range model { // any one
				now = now.without(i, n)
				delete(model, n)
				break
			}
		}
	}
	for at := range uint64(51) {
		p := point{at, 5}
		var got, want []uint64
		now.each(p, func(s *subrule) { got = append(got, s.number) })
		for n, i := range model {
			if !p.less(i.low) && !i.high.less(p) {
				want = append(want, n)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("at %d: %d intervals, want %d", at, len(got), len(want))
		}
	}
}

func TestIntervalsThatComeInOrderStandInAShallowTree(t *testing.T) {
	var now *intervals
	for number := range uint64(10_000) {
		at := point{high: number}
		now = now.with(&intervals{interval: interval{at, at}, number: number, priority: mix(number, 1)})
	}
	var depth func(t *intervals) int
	depth = func(t *intervals) int {
		if t == nil {
			return 0
		}
		return 1 + max(depth(t.left), depth(t.right))
	}
	if d := depth(now); d > 60 {
		t.Errorf("10,000 intervals are %d deep", d)
	}
}
