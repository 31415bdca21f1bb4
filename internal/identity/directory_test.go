package identity_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

// town is a store with a directory.
func town(t testing.TB) (*storetest.Store, *identity.Core, *identity.Directory) {
	t.Helper()
	s := storetest.Open(t)
	directory := identity.NewDirectory(s.Shard, box(t))
	limits := identity.DefaultLimits
	limits.Users = 1_000_000
	return s, identity.New(limits, directory), directory
}

func change(t testing.TB, s *storetest.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func newUser(name string) identity.Record {
	return identity.Record{Kind: identity.User, Account: account, Name: name, Path: "/", ID: "AIDA" + name}
}

func TestTheZeroDirectoryKnowsNobody(t *testing.T) {
	var d identity.Directory
	if _, ok := d.Key("AKIA"); ok {
		t.Error("knows a key")
	}
	if _, ok := d.User(account, "u"); ok {
		t.Error("knows a user")
	}
	if _, ok := d.OIDC(account, "u"); ok {
		t.Error("knows a provider")
	}
}

// Readers who look all the time must not keep what a change has made old.
func TestWhatAClientWasToldHoldsForItsNextCallWhileOthersLook(t *testing.T) {
	s, core, directory := town(t)
	group := identity.Ref{Kind: identity.Group, Account: account, Name: "g"}
	user := identity.Ref{Kind: identity.User, Account: account, Name: "u"}
	change(t, s, func(tx *store.Tx) error { return core.Create(tx, newUser("u")) })
	change(t, s, func(tx *store.Tx) error {
		return core.Create(tx, identity.Record{Kind: identity.Group, Account: account, Name: "g", Path: "/", ID: "AGPA"})
	})
	change(t, s, func(tx *store.Tx) error { return core.Join(tx, account, "g", "u") })

	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					directory.User(account, "u")
				}
			}
		})
	}
	const everything = "arn:aws:iam::aws:policy/AdministratorAccess"
	for i := range 300 {
		of, want := user, 1
		if i%2 == 1 {
			of = group
		}
		change(t, s, func(tx *store.Tx) error { return core.Attach(tx, of, everything, false) })
		if e, ok := directory.User(account, "u"); !ok || len(e.Policies) != want {
			t.Fatalf("round %d: the user has %d policies, want %d", i, len(e.Policies), want)
		}
		change(t, s, func(tx *store.Tx) error { return core.Detach(tx, of, everything) })
		if e, _ := directory.User(account, "u"); len(e.Policies) != 0 {
			t.Fatalf("round %d: the user has what was taken away", i)
		}
	}
	close(done)
	readers.Wait()
}

func TestUsesOfKeysAreKeptWhenTheyAreTaken(t *testing.T) {
	s, core, directory := town(t)
	sealed, _ := box(t).Seal([]byte("x"), identity.KeyOwner("AKIA1"))
	change(t, s, func(tx *store.Tx) error {
		_, err := core.CreateKey(tx, identity.KeyRecord{ID: "AKIA1", Account: account, Sealed: sealed})
		return err
	})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	directory.Used("AKIA1", identity.Use{At: at, Service: "sqs", Region: "eu-west-1"})
	directory.Used("AKIA1", identity.Use{At: at.Add(time.Second), Service: "sqs", Region: "eu-west-1"}) // too soon to note
	directory.Used("AKIAGONE", identity.Use{At: at})
	uses := directory.TakeUses()
	if len(uses) != 2 || !uses["AKIA1"].At.Equal(at) || len(directory.TakeUses()) != 0 {
		t.Fatalf("took %v", uses)
	}
	change(t, s, func(tx *store.Tx) error { return identity.NoteUse(tx, uses) })
	err := s.View(func(v *store.View) error {
		k, err := identity.GetKey(v, "AKIA1")
		if err == nil && (k.LastUse == nil || !k.LastUse.At.Equal(at)) {
			t.Errorf("kept %+v", k.LastUse)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDirectory has 50,000 users, each with an inline policy and a key.
func BenchmarkDirectory(b *testing.B) {
	s, core, _ := town(b)
	const users = 50_000
	doc := document(b)
	seals := box(b)
	for i := 0; i < users; i += 500 {
		change(b, s, func(tx *store.Tx) error {
			for j := i; j < i+500; j++ {
				name, id := fmt.Sprintf("user-%d", j), fmt.Sprintf("AKIA%016d", j)
				if err := core.Create(tx, newUser(name)); err != nil {
					return err
				}
				if err := core.PutInline(tx, identity.Ref{Kind: identity.User, Account: account, Name: name}, "p", doc); err != nil {
					return err
				}
				sealed, err := seals.Seal([]byte("secret"), identity.KeyOwner(id))
				if err != nil {
					return err
				}
				if _, err := core.CreateKey(tx, identity.KeyRecord{ID: id, Account: account, User: name, Sealed: sealed}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	b.Run("first look at all", func(b *testing.B) {
		for b.Loop() {
			before := heap()
			directory := identity.NewDirectory(s.Shard, seals)
			began := time.Now()
			for j := range users {
				if k, ok := directory.Key(fmt.Sprintf("AKIA%016d", j)); !ok || k.Owner == nil {
					b.Fatal("a key is not known")
				}
			}
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/users, "ns/key")
			b.ReportMetric(float64(heap()-before)/users, "B/user")
			runtime.KeepAlive(directory)
		}
	})
	b.Run("again", func(b *testing.B) {
		directory := identity.NewDirectory(s.Shard, seals)
		for b.Loop() {
			directory.Key("AKIA0000000000000007")
		}
	})
}
