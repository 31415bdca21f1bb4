package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// Every version of the fields stays what it was, as a table does.
func TestFieldsAreNumberedWhileTheyAreUsedAndOldOnesStay(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	name := func() string {
		n := fmt.Sprintf("k%d", random.IntN(40))
		for range random.IntN(3) {
			n += fmt.Sprintf(".longer-key-%d", random.IntN(5))
		}
		return n
	}
	type version struct {
		fields fields
		paths  map[string]int32
	}
	var now fields
	var kept []version
	uses, paths := map[string]int{}, map[string]int32{}
	for by := edit(1); by < 300; by++ {
		fewer := by/50%2 == 1
		for range 20 {
			n := name()
			switch {
			case !fewer || random.IntN(4) == 0:
				uses[n]++
				paths[n] = now.use(n, by)
			case uses[n] > 0:
				now.release(n, by)
				if uses[n]--; uses[n] == 0 {
					delete(paths, n)
				}
			}
		}
		if by%25 == 0 {
			kept = append(kept, version{now, maps.Clone(paths)})
		}
	}
	for i, v := range kept {
		numbers := map[int32]string{}
		for n, want := range v.paths {
			if got := v.fields.find(n); got != want {
				t.Fatalf("version %d: %s is %d, want %d", i, n, got, want)
			}
			if other, twice := numbers[want]; twice {
				t.Fatalf("version %d: %s and %s are both %d", i, n, other, want)
			}
			numbers[want] = n
		}
		for range 200 {
			n := name()
			if _, there := v.paths[n]; !there && v.fields.find(n) >= 0 {
				t.Fatalf("version %d: %s is there", i, n)
			}
		}
	}
	for n, k := range uses {
		for range k {
			now.release(n, 300)
		}
	}
	if len(now.root.kids) != 0 || len(now.free) != now.paths {
		t.Fatalf("%d nodes are left of no fields, %d of %d numbers are free", len(now.root.kids), len(now.free), now.paths)
	}
}
