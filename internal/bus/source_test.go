package bus

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
)

var billing = SourceID{"111122223333", "eu-west-1", "aws.partner/example.com/shop/billing"}

// state is a source's state; "gone" if there is none.
func (n *node) sourceState(id SourceID) string {
	n.t.Helper()
	state := "gone"
	n.must(func(tx *store.Tx) error {
		s, err := GetSource(tx, id, tx.Now())
		if err == nil {
			state = string(s.State)
		} else if !errors.Is(err, ErrSourceNotFound) {
			return err
		}
		return nil
	})
	return state
}

// sleep lets time pass while the node is stopped, for an open store has a lot
// to do in two weeks.
func (n *node) sleep(d time.Duration) {
	n.stop()
	time.Sleep(d)
	n.open()
}

func TestASourceGoesFromStateToState(t *testing.T) {
	const partner = "999999999999"
	do := map[string]func(n *node, tx *store.Tx) error{
		"create":     func(n *node, tx *store.Tx) error { return n.core.CreateSource(tx, billing, partner) },
		"delete":     func(n *node, tx *store.Tx) error { return n.core.DeleteSource(tx, billing, partner) },
		"activate":   func(n *node, tx *store.Tx) error { return n.core.ActivateSource(tx, billing) },
		"deactivate": func(n *node, tx *store.Tx) error { return n.core.DeactivateSource(tx, billing) },
		"match":      func(n *node, tx *store.Tx) error { return n.core.CreatePartnerBus(tx, billing.name(), "", nil) },
		"unmatch":    func(n *node, tx *store.Tx) error { return n.core.DeleteBus(tx, billing.name()) },
		"stranger":   func(n *node, tx *store.Tx) error { return n.core.DeleteSource(tx, billing, "000000000000") },
	}
	type step struct {
		do    string
		err   error
		state string
	}
	for name, steps := range map[string][]step{
		"made, matched, parted": {
			{"create", nil, "pending"}, {"create", ErrSourceExists, "pending"}, {"match", nil, "active"},
			{"match", ErrBusExists, "active"}, {"create", ErrSourceExists, "active"}, {"unmatch", nil, "pending"}, {"match", nil, "active"},
		},
		"off and on": {
			{"create", nil, "pending"}, {"activate", ErrSourceState, "pending"}, {"deactivate", ErrSourceState, "pending"},
			{"match", nil, "active"}, {"activate", ErrSourceState, "active"}, {"deactivate", nil, "pending"},
			{"deactivate", ErrSourceState, "pending"}, {"activate", nil, "active"},
		},
		"deleted with a bus": {
			{"create", nil, "pending"}, {"match", nil, "active"}, {"stranger", nil, "active"}, {"delete", nil, "deleted"},
			{"activate", ErrSourceState, "deleted"}, {"delete", nil, "deleted"}, {"create", nil, "pending"}, {"activate", nil, "active"},
			{"delete", nil, "deleted"}, {"unmatch", nil, "gone"}, {"delete", nil, "gone"}, {"create", nil, "pending"},
		},
		"deleted without": {
			{"create", nil, "pending"}, {"delete", nil, "gone"}, {"match", ErrSourceNotFound, "gone"},
			{"activate", ErrSourceNotFound, "gone"}, {"deactivate", ErrSourceNotFound, "gone"},
		},
		"forgotten": {
			{"create", nil, "pending"}, {"wait", nil, "gone"}, {"create", nil, "pending"}, {"match", nil, "active"},
			{"wait", nil, "active"}, {"deactivate", nil, "pending"}, {"wait", nil, "deleted"}, {"create", nil, "pending"},
			{"activate", nil, "active"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := start(t)
				for i, s := range steps {
					var err error
					if s.do == "wait" {
						n.sleep(PendingFor)
					} else {
						err = n.update(func(tx *store.Tx) error { return do[s.do](n, tx) })
					}
					if got := n.sourceState(billing); !errors.Is(err, s.err) || got != s.state {
						t.Fatalf("step %d, %s: %s, %v; want %s, %v", i, s.do, got, err, s.state, s.err)
					}
				}
			})
		})
	}
}

func (id SourceID) name() Name { return Name{id.Account, id.Region, id.Name} }

func TestANameBelongsToOnePartner(t *testing.T) {
	n := start(t)
	other := billing
	other.Account = "222222222222"
	create := func(id SourceID, partner string) error {
		return n.update(func(tx *store.Tx) error { return n.core.CreateSource(tx, id, partner) })
	}
	if err := errors.Join(create(billing, "999999999999"), create(other, "999999999999")); err != nil {
		t.Fatal(err)
	}
	third := billing
	third.Account = "333333333333"
	if err := create(third, "888888888888"); !errors.Is(err, ErrSourceExists) {
		t.Errorf("%v", err)
	}
	third.Region = "us-east-1"
	if err := create(third, "888888888888"); err != nil {
		t.Errorf("in another region: %v", err)
	}
	n.view(func(v *store.View) error {
		mine, err := PartnerSource(v, "999999999999", billing.Region, billing.Name, time.Now())
		if err != nil || len(mine) != 2 || mine[0].ID != billing || mine[1].ID != other {
			t.Errorf("%+v, %v", mine, err)
		}
		if _, err := PartnerSource(v, "888888888888", billing.Region, billing.Name, time.Now()); !errors.Is(err, ErrSourceNotFound) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

func TestSourcesAreLimitedAndForgottenOnesDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		n.core.limits.Sources = 2
		create := func(i int) error {
			id := billing
			id.Name += fmt.Sprint(i)
			return n.update(func(tx *store.Tx) error { return n.core.CreateSource(tx, id, "999999999999") })
		}
		if err := errors.Join(create(1), create(2)); err != nil {
			t.Fatal(err)
		}
		if err := create(3); !errors.Is(err, ErrTooManySources) {
			t.Errorf("third source: %v", err)
		}
		n.sleep(PendingFor)
		n.core.limits.Sources = 2
		if err := create(3); err != nil {
			t.Errorf("third source, the others being forgotten: %v", err)
		}
		n.must(func(tx *store.Tx) error {
			keys := 0
			err := tx.Scan([]byte{store.SpaceSource}, []byte{store.SpaceSource + 1}, func([]byte, []byte) bool { keys++; return true })
			if keys != 2 {
				t.Errorf("%d keys are left of forgotten sources and one other", keys)
			}
			return err
		})
	})
}

// Lists have, page by page, what a sorted list has.
func TestListsOfSourcesArePagedInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := start(t)
		defer func() { n.stop(); n.stop = func() {} }()
		accounts, partners := []string{"111111111111", "222222222222"}, []string{"888888888888", "999999999999"}
		have := map[SourceID]string{}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`aws\.partner/p/[ab\-/.]{1,3}`), 1, 12, rapid.ID).Draw(rt, "names") {
			partner := rapid.SampledFrom(partners).Draw(rt, "partner")
			for _, account := range rapid.SliceOfDistinct(rapid.SampledFrom(accounts), rapid.ID).Draw(rt, "accounts") {
				id := SourceID{account, "eu-west-1", name}
				n.must(func(tx *store.Tx) error { return n.core.CreateSource(tx, id, partner) })
				have[id] = partner
			}
		}
		prefix := rapid.SampledFrom([]string{"aws.partner/p/", "aws.partner/p/a", "aws.partner/p/a-"}).Draw(rt, "prefix")
		limit := rapid.IntRange(1, 3).Draw(rt, "limit")
		pages := func(fn func(v *store.View, after string) ([]string, bool, error)) (all []string) {
			n.view(func(v *store.View) error {
				for after, more := "", true; more; after = all[len(all)-1] {
					var page []string
					var err error
					page, more, err = fn(v, after)
					if err != nil || more && len(page) != limit {
						rt.Fatalf("page of %d after %q: %v", len(page), after, err)
					}
					if all = append(all, page...); len(all) == 0 {
						break
					}
				}
				return nil
			})
			return all
		}
		want := func(keep func(id SourceID, partner string) bool) (names []string) {
			for id, partner := range have {
				if keep(id, partner) && len(id.Name) >= len(prefix) && id.Name[:len(prefix)] == prefix {
					names = append(names, id.Name)
				}
			}
			slices.Sort(names)
			return slices.Compact(names)
		}
		mine := pages(func(v *store.View, after string) ([]string, bool, error) {
			return PartnerSources(v, partners[0], "eu-west-1", prefix, after, limit, time.Now())
		})
		if want := want(func(_ SourceID, p string) bool { return p == partners[0] }); !slices.Equal(mine, want) {
			rt.Fatalf("a partner's: %q, want %q", mine, want)
		}
		theirs := pages(func(v *store.View, after string) (names []string, more bool, err error) {
			list, more, err := ListSources(v, accounts[0], "eu-west-1", prefix, after, limit, time.Now())
			for _, s := range list {
				names = append(names, s.ID.Name)
			}
			return names, more, err
		})
		if want := want(func(id SourceID, _ string) bool { return id.Account == accounts[0] }); !slices.Equal(theirs, want) {
			rt.Fatalf("an account's: %q, want %q", theirs, want)
		}
	})
}
