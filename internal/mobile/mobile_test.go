package mobile

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

var (
	here = Place{"111122223333", "eu-west-1"}
	shop = App{here, "GCM", "shop"}
)

type node struct {
	t     *testing.T
	store *storetest.Store
}

func (n node) do(what string, fails error, fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.store.Update(context.Background(), fn); !errors.Is(err, fails) {
		n.t.Errorf("%s: %v, want %v", what, err, fails)
	}
}

func (n node) want(what string, want any, fn func(v *store.View) (any, error)) {
	n.t.Helper()
	err := n.store.View(func(v *store.View) error {
		got, err := fn(v)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			n.t.Errorf("%s: %+v, want %+v", what, got, want)
		}
		return err
	})
	if err != nil {
		n.t.Errorf("%s: %v", what, err)
	}
}

func TestAnApplicationThatIsTheSameIsAsGoodAsMade(t *testing.T) {
	n := node{t, storetest.Open(t)}
	create := func(what string, fails error, labels, secrets map[string]string) {
		n.do(what, fails, func(tx *store.Tx) error { return CreateApp(tx, shop, labels, secrets) })
	}
	secret := map[string]string{"key": "secret"}
	create("new", nil, map[string]string{"a": "1"}, secret)
	create("again", nil, map[string]string{"a": "1"}, secret)
	create("another label", ErrAppDiffers, map[string]string{"a": "2"}, secret)
	create("another secret", ErrAppDiffers, map[string]string{"a": "1"}, map[string]string{"key": "other"})
	n.do("change", nil, func(tx *store.Tx) error {
		return ChangeApp(tx, shop, map[string]string{"a": "", "b": "2"}, map[string]string{"key": "other"})
	})
	create("what it is now", nil, map[string]string{"b": "2"}, map[string]string{"key": "other"})
	n.want("labels", map[string]string{"b": "2"}, func(v *store.View) (any, error) {
		a, err := GetApp(v, shop)
		return a.Labels, err
	})
	n.do("change none", ErrNoApp, func(tx *store.Tx) error { return ChangeApp(tx, App{here, "GCM", "x"}, nil, nil) })
}

func TestATokenIsThatOfOneEndpoint(t *testing.T) {
	n := node{t, storetest.Open(t)}
	one, two := ID{1}, ID{2}
	register := func(what string, fails error, id ID, d Device, want ID) {
		t.Helper()
		n.do(what, fails, func(tx *store.Tx) error {
			got, err := Register(tx, shop, id, d)
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
			return err
		})
	}
	register("no application", ErrNoApp, one, Device{Token: "t"}, ID{})
	n.do("create", nil, func(tx *store.Tx) error { return CreateApp(tx, shop, nil, nil) })
	register("new", nil, one, Device{Token: "t", UserData: "u"}, one)
	register("again", nil, two, Device{Token: "t", UserData: "u"}, one)
	register("other data", ErrTokenTaken, two, Device{Token: "t"}, one)
	register("another", nil, two, Device{Token: "t2"}, two)
	n.do("take a token", ErrTokenTaken, func(tx *store.Tx) error {
		return ChangeEndpoint(tx, shop, two, func(d *Device) { d.Token = "t" })
	})
	n.do("a new token", nil, func(tx *store.Tx) error {
		return ChangeEndpoint(tx, shop, one, func(d *Device) { d.Token, d.Disabled = "t3", true })
	})
	register("the old token is free", nil, ID{3}, Device{Token: "t"}, ID{3})
	n.want("first page", "[1 2] true", func(v *store.View) (any, error) {
		list, next, err := ListEndpoints(v, shop, "", 2)
		return fmt.Sprint([]byte{list[0].ID[0], list[1].ID[0]}, " ", next != ""), err
	})
	for range 2 {
		n.do("unregister", nil, func(tx *store.Tx) error { return Unregister(tx, shop, two) })
	}
	n.do("delete", nil, func(tx *store.Tx) error { return DeleteApp(tx, shop) })
	left := 0
	n.want("keys", 0, func(v *store.View) (any, error) {
		err := v.Scan([]byte{store.SpaceMobile}, []byte{store.SpaceMobile + 1}, func(_, _ []byte) bool { left++; return true })
		return left, err
	})
}

func TestANumberIsOptedInOnceIn30Days(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node{t, storetest.Open(t)}
		defer n.store.Stop()
		out := func(want bool) {
			n.want("opted out", want, func(v *store.View) (any, error) { return OptedOut(v, here, "+1") })
		}
		in := func(tx *store.Tx) error { return OptIn(tx, here, "+1") }
		stop := func(tx *store.Tx) error { return OptOut(tx, here, "+1") }
		n.do("one that never was out", nil, in)
		out(false)
		n.do("out", nil, stop)
		out(true)
		n.do("in", nil, in)
		out(false)
		n.do("out again", nil, stop)
		n.do("in too early", ErrOptedInBefore, in)
		n.want("list", "[[+1]  <nil>]", func(v *store.View) (any, error) {
			list, next, err := ListOptedOut(v, here, "", 1)
			return []any{list, next, err}, nil
		})
		// A month of sleep is long even in a bubble.
		n.do("a month later", nil, func(tx *store.Tx) error {
			return tx.Set(here.key(optSpace, "+1"), encode(optRecord{OptedOut: true, OptedInAt: tx.Now().Add(-optInEvery)}))
		})
		n.do("in", nil, in)
		out(false)
	})
}

func TestANumberOfTheSandboxIsVerifiedByItsCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node{t, storetest.Open(t)}
		defer n.store.Stop()
		verify := func(code string) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				right, err := VerifyNumber(tx, here, "+1", code)
				if err == nil && !right {
					err = ErrWrongCode
				}
				return err
			}
		}
		remove := func(tx *store.Tx) error { return RemoveNumber(tx, here, "+1") }
		n.do("none", ErrNoNumber, verify("1"))
		n.do("none", ErrNoNumber, remove)
		for i := range maxNumbers {
			n.do("add", nil, func(tx *store.Tx) error { return addKnown(tx, fmt.Sprintf("+%d", i), "12345") })
		}
		n.do("too many", ErrManyNumbers, func(tx *store.Tx) error { return addKnown(tx, "+99", "1") })
		n.do("a new code", nil, func(tx *store.Tx) error { return addKnown(tx, "+1", "54321") })
		n.do("the old code", ErrWrongCode, verify("12345"))
		n.do("the code", nil, verify("54321"))
		n.do("any code", nil, verify("0"))
		n.want("list", "[{+0 false} {+1 true}] +1", func(v *store.View) (any, error) {
			list, next, err := ListNumbers(v, here, "", 2)
			return fmt.Sprint(list, " ", next), err
		})
		n.do("remove", ErrVerifiedNow, remove)
		n.store.Stop() // a store that idles for a day turns a million ticks
		time.Sleep(verifiedFor)
		n.store.Restart()
		n.do("remove", nil, remove)
	})
}

func TestSettingsForTextMessagesAreMerged(t *testing.T) {
	n := node{t, storetest.Open(t)}
	for _, change := range []map[string]string{{"a": "1", "b": "1"}, {"b": "2"}} {
		n.do("set", nil, func(tx *store.Tx) error { return SetTextSettings(tx, here, change) })
	}
	n.want("settings", map[string]string{"a": "1", "b": "2"}, func(v *store.View) (any, error) { return TextSettings(v, here) })
}

func addKnown(tx *store.Tx, number, code string) error {
	send, err := AddNumber(tx, here, number, code, true)
	if err == nil && send {
		err = errors.New("a code that everybody knows is to be sent")
	}
	return err
}

func TestACodeThatIsSentIsGoodForAWhileAndForAFewGuesses(t *testing.T) {
	n := node{t, storetest.Open(t)}
	send := func(want bool) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			got, err := AddNumber(tx, here, "+1", "123456", false)
			if err == nil && got != want {
				t.Errorf("send is %v", got)
			}
			return err
		}
	}
	guess := func(what, code string, want bool) {
		t.Helper()
		n.do(what, nil, func(tx *store.Tx) error {
			right, err := VerifyNumber(tx, here, "+1", code)
			if err == nil && right != want {
				t.Errorf("%s: %v", what, right)
			}
			return err
		})
	}
	// edit has what was, be so long ago.
	edit := func(change func(rec *numberRecord)) {
		n.do("edit", nil, func(tx *store.Tx) error {
			rec, err := getNumber(tx, here, "+1")
			if err != nil {
				return err
			}
			change(&rec)
			return tx.Set(here.key(sandboxSpace, "+1"), encode(rec))
		})
	}
	n.do("sent", nil, send(true))
	for range maxGuesses {
		guess("a wrong guess", "000000", false)
	}
	guess("after too many guesses", "123456", false)
	n.do("a new code", nil, send(true))
	edit(func(rec *numberRecord) { rec.GoodUntil = rec.GoodUntil.Add(-codeFor) })
	guess("too late", "123456", false)
	for range maxCodes - 2 {
		n.do("again", nil, send(true))
	}
	n.do("too often", ErrManyCodes, send(true))
	guess("the last one", "654321", false)
	edit(func(rec *numberRecord) { rec.SentAt[0] = rec.SentAt[0].Add(-codesEvery) })
	n.do("a day after the first", nil, send(true))
	guess("the code", "123456", true)
	n.do("of a number that is verified", nil, send(false))
	guess("and whatever is said", "0", true)
}
