package topic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/timer"
)

// node is a core on a store in memory, with its timers.
type node struct {
	*Core
	t     testing.TB
	store *storetest.Store
	asked []string // "{endpoint} {token}"
	left  []string // likewise

	stopTimers context.CancelFunc
	timersDone chan error
	ids        int
}

var testLimits = Limits{
	Topics: 3, FIFOTopics: 1, Tags: 2, Subscriptions: 1000, FIFOSubscriptions: 2, Pending: 3, FiltersPerTopic: 2, FiltersPerAccount: 3,
}

func start(t testing.TB, limits Limits) *node {
	t.Helper()
	n := &node{t: t, store: storetest.OpenOn(t, vfs.NewMem())}
	n.Core = New(limits, [32]byte{1}, n)
	n.runTimers()
	t.Cleanup(n.endTimers)
	return n
}

// Ask implements Asker.
func (n *node) Ask(_ *store.Tx, s Subscription, token string) error {
	n.asked = append(n.asked, s.Endpoint+" "+token)
	return nil
}

// Farewell implements Asker.
func (n *node) Farewell(_ *store.Tx, s Subscription, token string) error {
	n.left = append(n.left, s.Endpoint+" "+token)
	return nil
}

func (n *node) runTimers() {
	loop := &timer.Loop{
		Shard: n.store.Shard, Handlers: map[timer.Kind]timer.Handler{timer.TopicSweep: n.Sweep},
		Logger: slog.New(slog.DiscardHandler),
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stopTimers, n.timersDone = stop, make(chan error, 1)
	go func() { n.timersDone <- loop.Run(ctx) }()
}

func (n *node) endTimers() {
	if n.stopTimers == nil {
		return
	}
	n.stopTimers()
	n.stopTimers = nil
	if err := <-n.timersDone; err != nil {
		n.t.Error(err)
	}
}

func (n *node) restart() {
	n.endTimers()
	n.store.Restart()
	n.runTimers()
}

// sleep is a long time, in which nothing runs: a store that idles for days has
// the bubble turn millions of ticks.
func (n *node) sleep(d time.Duration) {
	n.endTimers()
	n.store.Stop()
	time.Sleep(d)
	n.restart()
}

func (n *node) update(fn func(tx *store.Tx) error) error {
	return n.store.Update(context.Background(), fn)
}

// must is update that succeeds.
func (n *node) must(fn func(tx *store.Tx) error) {
	n.t.Helper()
	if err := n.update(fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) view(fn func(v *store.View) error) {
	n.t.Helper()
	if err := n.store.View(fn); err != nil {
		n.t.Fatal(err)
	}
}

func named(topic string) Name { return Name{"111122223333", "eu-west-1", topic} }

func (n *node) create(topic string, c Config) error {
	return n.update(func(tx *store.Tx) error { return n.Create(tx, named(topic), Settings{Config: c}, nil) })
}

func (n *node) nextID() (id ID) {
	n.ids++
	id[0], id[14], id[15] = byte(n.ids*37), byte(n.ids>>8), byte(n.ids)
	return id
}

func (n *node) subscribe(topic string, r Request) (s Subscription, err error) {
	if r.ID == (ID{}) {
		r.ID = n.nextID()
	}
	if r.Owner == "" {
		r.Owner = "111122223333"
	}
	err = n.update(func(tx *store.Tx) (err error) {
		s, err = n.Subscribe(tx, named(topic), r)
		return err
	})
	return s, err
}

// counts of a topic; problems of the store are the test's.
func (n *node) counts(topic string) (c Counts) {
	n.t.Helper()
	n.view(func(v *store.View) error {
		t, err := Get(v, named(topic))
		if err != nil {
			return err
		}
		c, err = CountsOf(v, t.Number)
		return err
	})
	return c
}

func (n *node) verify() error {
	var problems []string
	err := n.store.View(func(v *store.View) error {
		return Verify(v, func(p string) { problems = append(problems, p) })
	})
	if err == nil && problems != nil {
		err = fmt.Errorf("%q", problems)
	}
	return err
}

func want(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestLimitsAreKept(t *testing.T) {
	n := start(t, testLimits)
	for _, topic := range []string{"a", "b", "c"} {
		wantError(t, topic, n.create(topic, Config{}), nil)
	}
	wantError(t, "again", n.create("a", Config{}), ErrExists)
	wantError(t, "a fourth", n.create("d", Config{}), ErrTooManyTopics)
	wantError(t, "a FIFO topic", n.create("e", Config{FIFO: true}), nil)
	wantError(t, "another", n.create("f", Config{FIFO: true}), ErrTooManyTopics)

	try := func(what, topic string, r Request, fails error) {
		t.Helper()
		_, err := n.subscribe(topic, r)
		wantError(t, what, err, fails)
	}
	for i := range 2 {
		try("to a FIFO topic", "e", Request{Protocol: Queue, Endpoint: fmt.Sprint(i), Confirmed: true}, nil)
		try("with a filter", "a", Request{Protocol: Queue, Endpoint: fmt.Sprint(i), Confirmed: true, Settings: Subscribed{Filter: "f"}}, nil)
	}
	try("one more to a FIFO topic", "e", Request{Protocol: Queue, Endpoint: "x", Confirmed: true}, ErrTooManySubscriptions)
	try("one more filter", "a", Request{Protocol: Queue, Endpoint: "x", Confirmed: true, Settings: Subscribed{Filter: "f"}}, ErrTooManyFilters)
	try("a filter elsewhere", "b", Request{Protocol: Queue, Endpoint: "x", Confirmed: true, Settings: Subscribed{Filter: "f"}}, nil)
	try("one too many in the account", "b", Request{Protocol: Queue, Endpoint: "y", Confirmed: true, Settings: Subscribed{Filter: "f"}}, ErrTooManyFilters)
	for i := range 3 {
		try("pending", "a", Request{Protocol: Mail, Endpoint: fmt.Sprint(i)}, nil)
	}
	try("one more pending", "a", Request{Protocol: Mail, Endpoint: "x"}, ErrTooManyPending)
	try("no topic", "z", Request{Protocol: Queue, Endpoint: "x"}, ErrNotFound)

	s, err := n.subscribe("a", Request{Protocol: Queue, Endpoint: "plain", Confirmed: true})
	wantError(t, "plain", err, nil)
	err = n.update(func(tx *store.Tx) error {
		return n.ChangeSubscription(tx, s.Topic, s.ID, func(s *Subscription) error {
			s.Settings.Filter = "f"
			return nil
		})
	})
	wantError(t, "a filter later", err, ErrTooManyFilters)
	err = n.update(func(tx *store.Tx) error {
		return n.ChangeTags(tx, s.Topic, map[string]string{"a": "", "b": "", "c": ""}, nil)
	})
	wantError(t, "tags", err, ErrTooManyTags)
	want(t, "counts", n.counts("a"), Counts{Confirmed: 3, Pending: 3, Filtered: 2})
	wantError(t, "verify", n.verify(), nil)
}

func TestAnEndpointIsSubscribedOnce(t *testing.T) {
	n := start(t, testLimits)
	wantError(t, "create", n.create("a", Config{}), nil)
	first, err := n.subscribe("a", Request{Protocol: Queue, Endpoint: "q", Confirmed: true})
	wantError(t, "first", err, nil)
	again, err := n.subscribe("a", Request{Protocol: Queue, Endpoint: "q"})
	wantError(t, "again", err, ErrSubscribed)
	want(t, "again", again, first)
	other, err := n.subscribe("a", Request{Protocol: Mail, Endpoint: "q"})
	wantError(t, "of another protocol", err, nil)
	want(t, "which waits", other.Pending, true)
	want(t, "counts", n.counts("a"), Counts{Confirmed: 1, Pending: 1})
}

func TestATokenConfirmsItsOwnSubscriptionOnly(t *testing.T) {
	n := start(t, testLimits)
	for _, topic := range []string{"a", "b"} {
		wantError(t, "create", n.create(topic, Config{}), nil)
	}
	s, err := n.subscribe("a", Request{Protocol: HTTPS, Endpoint: "x"})
	wantError(t, "subscribe", err, nil)
	want(t, "asked", len(n.asked), 1)
	token := n.asked[0][2:]
	n.must(func(tx *store.Tx) error { return n.Remind(tx, s) })
	want(t, "asked again", n.asked[1], n.asked[0])

	confirm := func(topic, token string, guard bool) (s Subscription, err error) {
		err = n.update(func(tx *store.Tx) (err error) {
			s, err = n.Confirm(tx, named(topic), token, true, guard)
			return err
		})
		return s, err
	}
	flipped := "0" + token[1:]
	if flipped == token {
		flipped = "1" + token[1:]
	}
	for what, bad := range map[string]string{"none": "", "short": token[:40], "another": flipped, "not hex": "z" + token[1:], "long": token + "00"} {
		_, err := confirm("a", bad, false)
		wantError(t, what, err, ErrToken)
	}
	_, err = confirm("b", token, false)
	wantError(t, "of another topic", err, ErrToken)
	_, err = confirm("z", token, false)
	wantError(t, "of no topic", err, ErrNotFound)
	got, err := confirm("a", token, true)
	wantError(t, "confirm", err, nil)
	want(t, "confirmed", []any{got.ID, got.Pending, got.Authenticated, got.Guarded}, []any{s.ID, false, true, true})
	got, err = confirm("a", token, false)
	wantError(t, "as often as you like", err, nil)
	want(t, "and nothing changes", got.Guarded, true)
	want(t, "counts", n.counts("a"), Counts{Confirmed: 1})
	n.must(func(tx *store.Tx) error {
		return n.Unsubscribe(tx, s.Topic, s.ID)
	})
	_, err = confirm("a", token, false)
	wantError(t, "of one that went", err, ErrToken)
	want(t, "counts", n.counts("a"), Counts{Deleted: 1})
}

func TestASubscriptionThatNobodyConfirmsEndsAfterTwoDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, testLimits)
		wantError(t, "create", n.create("a", Config{}), nil)
		for _, endpoint := range []string{"x", "y"} {
			_, err := n.subscribe("a", Request{Protocol: Mail, Endpoint: endpoint})
			wantError(t, "subscribe", err, nil)
		}
		n.must(func(tx *store.Tx) error {
			_, err := n.Confirm(tx, named("a"), n.asked[0][2:], false, true)
			return err
		})
		n.sleep(ConfirmFor - time.Second)
		synctest.Wait()
		want(t, "before", n.counts("a"), Counts{Confirmed: 1, Pending: 1})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want(t, "after", n.counts("a"), Counts{Confirmed: 1, Deleted: 1})
		wantError(t, "verify", n.verify(), nil)
		n.endTimers()
		n.store.Stop()
	})
}

func TestADeletedTopicIsGoneAtOnceAndItsSubscriptionsInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, testLimits)
		wantError(t, "create", n.create("a", Config{}), nil)
		var old Subscription
		n.must(func(tx *store.Tx) (err error) {
			for i := range 2*deleteStep - 100 + 3 {
				r := Request{ID: n.nextID(), Protocol: Queue, Endpoint: fmt.Sprint(i), Owner: "111122223333", Confirmed: i > 2}
				if i%10 == 0 {
					r.Owner = "444455556666"
				}
				if old, err = n.Subscribe(tx, named("a"), r); err != nil {
					return err
				}
			}
			return nil
		})
		n.endTimers() // nothing moves
		n.must(func(tx *store.Tx) error {
			if err := n.Delete(tx, named("a")); err != nil {
				return err
			}
			return n.Delete(tx, named("a")) // is no error
		})
		wantError(t, "verify", n.verify(), nil)
		wantError(t, "the name is free", n.create("a", Config{}), nil)
		n.view(func(v *store.View) error {
			_, err := GetSubscription(v, named("a"), old.ID)
			wantError(t, "an old subscription", err, ErrNotSubscribed)
			subs, next, err := ByOwner(v, "444455556666", "eu-west-1", "", 10)
			want(t, "of an owner", []any{subs, next, err}, []any{[]Subscription(nil), "", nil})
			return nil
		})
		_, err := n.subscribe("a", Request{Protocol: Queue, Endpoint: "7", Confirmed: true})
		wantError(t, "the same endpoint again", err, nil)
		n.restart()
		synctest.Wait()
		wantError(t, "verify", n.verify(), nil)
		want(t, "counts", n.counts("a"), Counts{Confirmed: 1})
		left := 0
		n.view(func(v *store.View) error {
			return v.Scan([]byte{store.SpaceTopic}, []byte{store.SpaceTopic + 1}, func(k, _ []byte) bool {
				left++
				return true
			})
		})
		want(t, "keys", left, 9) // the topic and its name, two accounts' usage, last number, counts; the subscription's three
		n.endTimers()
		n.store.Stop()
	})
}

func TestATopicThatArchivesIsNotDeleted(t *testing.T) {
	n := start(t, testLimits)
	wantError(t, "create", n.create("a", Config{FIFO: true, ArchiveDays: 1}), nil)
	remove := func() error { return n.update(func(tx *store.Tx) error { return n.Delete(tx, named("a")) }) }
	wantError(t, "delete", remove(), ErrArchiving)
	n.must(func(tx *store.Tx) error {
		return n.Change(tx, named("a"), func(s *Settings) error {
			s.Config.ArchiveDays = 0
			return nil
		})
	})
	wantError(t, "delete", remove(), nil)
}

func TestTheHTTPPolicyOfASubscriptionIsThatOfItsTopicPartByPart(t *testing.T) {
	four, five := Retry{Retries: 4}, Retry{Retries: 5}
	for name, c := range map[string]struct {
		topic Config
		sub   *Subscribed
		want  HTTP
	}{
		"nothing said":   {Config{}, &Subscribed{}, HTTP{&DefaultRetry, 0, DefaultContentType}},
		"the topic":      {Config{HTTP: &HTTP{Retry: &four, PerSecond: 3}}, nil, HTTP{&four, 3, DefaultContentType}},
		"both":           {Config{HTTP: &HTTP{Retry: &four, PerSecond: 3}}, &Subscribed{HTTP: &HTTP{Retry: &five, ContentType: "a/b"}}, HTTP{&five, 3, "a/b"}},
		"the topic only": {Config{OnlyHTTP: true, HTTP: &HTTP{PerSecond: 3}}, &Subscribed{HTTP: &HTTP{Retry: &five}}, HTTP{&DefaultRetry, 3, DefaultContentType}},
	} {
		got := EffectiveHTTP(c.topic, c.sub)
		want(t, name, *got.Retry, *c.want.Retry)
		got.Retry, c.want.Retry = nil, nil
		want(t, name, got, c.want)
	}
}

func TestWhoIsUnknownHasASubscriptionOverHTTPWaitToBeConfirmedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, testLimits)
		must := func(err error) { wantError(t, "step", err, nil) }
		must(n.create("a", Config{}))
		s, err := n.subscribe("a", Request{ID: ID{1}, Protocol: HTTPS, Endpoint: "e", Owner: "111122223333"})
		must(err)
		token := n.asked[0][2:]
		confirm := func() error {
			return n.update(func(tx *store.Tx) error { _, err := n.Confirm(tx, named("a"), token, false, false); return err })
		}
		leave := func() error {
			return n.update(func(tx *store.Tx) error {
				return n.Leave(tx, named("a"), s.ID)
			})
		}
		must(confirm())
		time.Sleep(47 * time.Hour)
		must(leave())
		want(t, "told", n.left[0], "e "+token)
		time.Sleep(47 * time.Hour) // longer than it had at first
		must(confirm())
		must(leave())
		time.Sleep(49 * time.Hour)
		synctest.Wait()
		if err := confirm(); !errors.Is(err, ErrToken) {
			t.Errorf("after two days: %v", err)
		}
	})
}
