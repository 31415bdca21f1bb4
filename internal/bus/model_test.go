package bus

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// model is a bus in ten lines: rules by name, each with the source that it
// wants, whether it is on, and its targets.
type model map[string]*struct {
	source  string
	on      bool
	targets map[string]bool
}

func (m model) want(source string) (out []string) {
	for name, r := range m {
		for id := range r.targets {
			if r.on && r.source == source {
				out = append(out, name+" "+id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Whatever the order of changes, events and restarts, an event reaches the
// targets that the model says, once each.
func TestABusDeliversAsItsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := start(t)
		defer func() { n.stop(); n.stop = func() {} }()
		m := model{}
		def := Name{orders.Account, orders.Region, arn.DefaultBus}
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		ids := rapid.SampledFrom([]string{"t", "u", "v"})
		events := 0
		rt.Repeat(map[string]func(*rapid.T){
			"put rule": func(rt *rapid.T) {
				name, source, on := names.Draw(rt, "rule"), names.Draw(rt, "source"), rapid.Bool().Draw(rt, "on")
				state := Disabled
				if on {
					state = Enabled
				}
				n.rule(def, name, fmt.Sprintf(`{"source":[%q]}`, source), state)
				if m[name] == nil {
					m[name] = &struct {
						source  string
						on      bool
						targets map[string]bool
					}{targets: map[string]bool{}}
				}
				m[name].source, m[name].on = source, on
			},
			"delete rule": func(rt *rapid.T) {
				name := names.Draw(rt, "rule")
				err := n.update(func(tx *store.Tx) error { return n.core.DeleteRule(tx, def, name) })
				if full := m[name] != nil && len(m[name].targets) > 0; full != (err != nil) {
					rt.Fatalf("delete %s: %v", name, err)
				}
				if err == nil {
					delete(m, name)
				}
			},
			"switch rule": func(rt *rapid.T) {
				name, state := names.Draw(rt, "rule"), rapid.SampledFrom([]State{Enabled, Disabled}).Draw(rt, "state")
				err := n.update(func(tx *store.Tx) error { return n.core.SetRuleState(tx, def, name, state) })
				if (err != nil) != (m[name] == nil) {
					rt.Fatalf("switch %s: %v", name, err)
				}
				if err == nil {
					m[name].on = state == Enabled
				}
			},
			"put target": func(rt *rapid.T) {
				name, id := names.Draw(rt, "rule"), ids.Draw(rt, "target")
				err := n.update(func(tx *store.Tx) error {
					return n.core.PutTargets(tx, def, name, []Target{{ID: id, ARN: boxARN(id)}})
				})
				if (err != nil) != (m[name] == nil) {
					rt.Fatalf("put target on %s: %v", name, err)
				}
				if err == nil {
					m[name].targets[id] = true
				}
			},
			"remove target": func(rt *rapid.T) {
				name, id := names.Draw(rt, "rule"), ids.Draw(rt, "target")
				err := n.update(func(tx *store.Tx) error {
					_, err := n.core.RemoveTargets(tx, def, name, []string{id})
					return err
				})
				if (err != nil) != (m[name] == nil) {
					rt.Fatalf("remove target from %s: %v", name, err)
				}
				if err == nil {
					delete(m[name].targets, id)
				}
			},
			"put event": func(rt *rapid.T) {
				events++
				source := names.Draw(rt, "source")
				if got, want := n.put(def, fmt.Sprint(events), source, `{}`), m.want(source); !slices.Equal(got, want) {
					rt.Fatalf("event of %s went to %q, want %q", source, got, want)
				}
			},
			"restart": func(*rapid.T) {
				n.stop()
				n.open()
			},
		})
	})
}
