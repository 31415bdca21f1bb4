package bus

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
)

// A bus with many rules costs a new rule no more than one with few.
func BenchmarkPutRule(b *testing.B) {
	for _, rules := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("beside=%d", rules), func(b *testing.B) {
			n := start(b)
			n.core.limits.RulesPerBus = math.MaxInt
			n.must(func(tx *store.Tx) error { return n.core.CreateBus(tx, orders, "", nil) })
			put := func(first, count int) {
				n.must(func(tx *store.Tx) error {
					for i := range count {
						if err := n.core.PutRule(tx, orders, Rule{Name: fmt.Sprint("r", first+i), State: Disabled, Pattern: `{"a":[1]}`}, nil); err != nil {
							return err
						}
					}
					return nil
				})
			}
			put(0, rules)
			b.ResetTimer()
			for i := range b.N {
				put(rules+i, 1)
			}
		})
	}
}

// However rules and buses come and go, also over a restart, the limit is
// reached where so many rules are there.
func TestTheLimitOfRulesCountsThoseThatAreThere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := start(t)
		defer func() { n.stop(); n.stop = func() {} }()
		const limit = 3
		n.core.limits.RulesPerBus = limit
		there := map[string]bool{}
		names := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		exists := false
		rt.Repeat(map[string]func(*rapid.T){
			"bus": func(rt *rapid.T) {
				if exists && len(there) > 0 {
					rt.Skip("has rules")
				}
				n.must(func(tx *store.Tx) error {
					if exists {
						return n.core.DeleteBus(tx, orders)
					}
					return n.core.CreateBus(tx, orders, "", nil)
				})
				exists = !exists
			},
			"put": func(rt *rapid.T) {
				name := names.Draw(rt, "rule")
				err := n.update(func(tx *store.Tx) error {
					return n.core.PutRule(tx, orders, Rule{Name: name, State: Disabled, Pattern: `{"a":[1]}`}, nil)
				})
				if taken := exists && (there[name] || len(there) < limit); (err == nil) != taken {
					rt.Fatalf("put %s beside %v on a bus (%v): %v", name, there, exists, err)
				}
				if err == nil {
					there[name] = true
				}
			},
			"delete": func(rt *rapid.T) {
				if !exists {
					rt.Skip("no bus")
				}
				name := names.Draw(rt, "rule")
				n.must(func(tx *store.Tx) error { return n.core.DeleteRule(tx, orders, name) })
				delete(there, name)
			},
			"restart": func(*rapid.T) {
				n.stop()
				n.open()
				n.core.limits.RulesPerBus = limit
			},
		})
	})
}
