package identity_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
)

func parsed(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(policy.Identity, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func policyText(action string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"*"}}`
}

// A user is made, gets a key, policies and a boundary, loses them and is deleted,
// and another of its name is made: whatever was answered holds for the next look,
// while others look all the time.
func TestNothingOfSomebodyIsLeftForWhoIsMadeAnewUnderTheName(t *testing.T) {
	s, core, directory := town(t)
	user := identity.Ref{Kind: identity.User, Account: account, Name: "Ann"}
	managed := identity.Managed{Account: account, Name: "p", Path: "/", ID: "ANPA1"}
	change(t, s, func(tx *store.Tx) (err error) {
		_, err = core.CreatePolicy(tx, managed, parsed(t, policyText("sqs:v1")))
		return err
	})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
					directory.User(account, "Ann")
					directory.Key(fmt.Sprintf("AKIA%d", i%50))
					directory.Managed(managed.ARN())
				}
			}
		})
	}
	do := func(fn func(tx *store.Tx) error) { t.Helper(); change(t, s, fn) }
	for i := range 50 {
		rec := newUser("Ann")
		rec.ID = fmt.Sprintf("AIDA%d", i)
		key := fmt.Sprintf("AKIA%d", i)
		do(func(tx *store.Tx) error { return core.Create(tx, rec) })
		if e, ok := directory.User(account, "Ann"); !ok || e.ID != rec.ID || len(e.Policies) > 0 || e.Boundary.Document != nil {
			t.Fatalf("made: %+v, %v", e, ok)
		}
		sealed, err := box(t).Seal([]byte("hush"), identity.KeyOwner(key))
		if err != nil {
			t.Fatal(err)
		}
		do(func(tx *store.Tx) error {
			_, err := core.CreateKey(tx, identity.KeyRecord{ID: key, Account: account, User: "ann", Sealed: sealed})
			return err
		})
		do(func(tx *store.Tx) error { return core.Attach(tx, user, managed.ARN(), false) })
		do(func(tx *store.Tx) error { return core.SetBoundary(tx, user, managed.ARN()) })
		var v identity.Version
		text := policyText(fmt.Sprintf("sqs:v%d", i+2))
		do(func(tx *store.Tx) (err error) {
			v, err = core.AddVersion(tx, account, managed.ARN(), parsed(t, text), true)
			return err
		})
		k, ok := directory.Key(key)
		if !ok || !k.Active || k.Owner == nil || k.Owner.ID != rec.ID || k.Owner.Policies[0].Document.Text() != text || k.Owner.Boundary.Document.Text() != text {
			t.Fatalf("another version: %+v, %v", k, ok)
		}
		do(func(tx *store.Tx) error { return core.ActivateKey(tx, account, "ann", key, false) })
		if k, ok := directory.Key(key); !ok || k.Active {
			t.Fatalf("inactive: %+v, %v", k, ok)
		}
		do(func(tx *store.Tx) error { return core.SetDefault(tx, account, managed.ARN(), v.Number-1) })
		if e, ok := directory.User(account, "Ann"); !ok || e.Policies[0].Document.Text() == text || e.Boundary.Document.Text() == text {
			t.Fatalf("the version before: %+v, %v", e, ok)
		}
		do(func(tx *store.Tx) error { return core.SetDefault(tx, account, managed.ARN(), v.Number) })
		do(func(tx *store.Tx) error { return core.DropVersion(tx, account, managed.ARN(), v.Number-1) })
		do(func(tx *store.Tx) error { return core.SetBoundary(tx, user, "") })
		do(func(tx *store.Tx) error { return core.Detach(tx, user, managed.ARN()) })
		if e, ok := directory.User(account, "Ann"); !ok || len(e.Policies) > 0 || e.Boundary.Document != nil {
			t.Fatalf("taken away: %+v, %v", e, ok)
		}
		do(func(tx *store.Tx) error { return core.DeleteKey(tx, account, "Ann", key) })
		if k, ok := directory.Key(key); ok {
			t.Fatalf("a key that is deleted: %+v", k)
		}
		do(func(tx *store.Tx) error { return core.Delete(tx, user, false) })
		if e, ok := directory.User(account, "Ann"); ok {
			t.Fatalf("deleted: %+v", e)
		}
	}
	close(done)
	readers.Wait()
}
