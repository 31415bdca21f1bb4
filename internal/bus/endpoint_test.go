package bus

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
)

func (n *node) managed(on Name) (names []string) {
	n.t.Helper()
	n.view(func(v *store.View) error {
		return store.Each(v, on.managedKey(""), "", func(name string, _ []byte) (bool, error) {
			names = append(names, name)
			return true, nil
		})
	})
	return names
}

// However endpoints come, change and go, also over a restart: their ids lead to
// them and to nothing else, and a bus has a managed rule for each endpoint that
// replicates it, and no other.
func TestEndpointsAreAsTheirModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := start(t)
		defer func() { n.stop(); n.stop = func() {} }()
		home, away := "eu-west-1", "us-east-1"
		on := func(region, name string) Name { return Name{"111122223333", region, name} }
		for _, b := range []string{"a", "b"} {
			n.must(func(tx *store.Tx) error {
				return errors.Join(n.core.CreateBus(tx, on(home, b), "", nil), n.core.CreateBus(tx, on(away, b), "", nil))
			})
		}
		type endpoint struct {
			id  string
			set EndpointSettings
		}
		model := map[EndpointName]endpoint{}
		gone := map[string]bool{}
		ids := 0
		pick := func(rt *rapid.T) (EndpointName, EndpointSettings) {
			// An endpoint of either region, with the same name.
			from, to := home, away
			if rapid.Bool().Draw(rt, "turned") {
				from, to = to, from
			}
			b := rapid.SampledFrom([]string{"a", "b", "none"}).Draw(rt, "bus")
			return EndpointName{"111122223333", from, rapid.SampledFrom([]string{"e", "f"}).Draw(rt, "name")},
				EndpointSettings{Buses: [2]Name{on(to, b), on(from, b)}, Secondary: to, Replicate: rapid.Bool().Draw(rt, "replicate")}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				name, set := pick(rt)
				ids++
				id := fmt.Sprint("id", ids)
				err := n.update(func(tx *store.Tx) error {
					_, err := n.core.CreateEndpoint(tx, name, id, set)
					return err
				})
				_, exists := model[name]
				switch {
				case exists:
					if !errors.Is(err, ErrEndpointExists) {
						rt.Fatalf("a second %v: %v", name, err)
					}
				case set.Buses[0].Bus == "none":
					if !errors.Is(err, ErrBusNotFound) {
						rt.Fatalf("without a bus: %v", err)
					}
				case err != nil:
					rt.Fatal(err)
				default:
					model[name] = endpoint{id, set}
				}
			},
			"change": func(rt *rapid.T) {
				name, set := pick(rt)
				err := n.update(func(tx *store.Tx) error {
					_, err := n.core.ChangeEndpoint(tx, name, func(s *EndpointSettings) error { *s = set; return nil })
					return err
				})
				old, exists := model[name]
				if works := exists && set.Buses[0].Bus != "none"; works != (err == nil) {
					rt.Fatalf("change %v to %v: %v", name, set, err)
				} else if works {
					model[name] = endpoint{old.id, set}
				}
			},
			"delete": func(rt *rapid.T) {
				name, _ := pick(rt)
				err := n.update(func(tx *store.Tx) error { return n.core.DeleteEndpoint(tx, name) })
				if _, exists := model[name]; exists != (err == nil) {
					rt.Fatalf("delete %v: %v", name, err)
				}
				gone[model[name].id] = true
				delete(model, name)
			},
			"restart": func(*rapid.T) { n.stop(); n.open() },
			"": func(rt *rapid.T) {
				want := map[Name]map[string]bool{}
				for name, e := range model {
					n.view(func(v *store.View) error {
						got, err := EndpointByID(v, e.id)
						if got.Name != name || got.EndpointSettings != e.set || got.Primary().Region != name.Region {
							rt.Fatalf("endpoint %s is %+v, want %v %+v", e.id, got, name, e.set)
						}
						return err
					})
					for _, b := range e.set.Buses {
						if e.set.Replicate {
							if want[b] == nil {
								want[b] = map[string]bool{}
							}
							want[b]["Events-Endpoint-"+name.Region+"-"+name.Name] = true
						}
					}
				}
				for _, region := range []string{home, away} {
					for _, b := range []string{"a", "b"} {
						if got, want := n.managed(on(region, b)), slices.Sorted(maps.Keys(want[on(region, b)])); !slices.Equal(got, want) {
							rt.Fatalf("bus %s in %s has %q, want %q", b, region, got, want)
						}
					}
				}
				for id := range gone {
					if err := n.shard.View(func(v *store.View) error { _, err := EndpointByID(v, id); return err }); !errors.Is(err, ErrEndpointNotFound) {
						rt.Fatalf("id %q of a deleted endpoint: %v", id, err)
					}
				}
			},
		})
	})
}
