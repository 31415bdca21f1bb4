package topic

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

// modelTopic is a topic as it is told of: by endpoint, who subscribed and how.
type modelTopic struct {
	subs    map[string]*modelSub
	deleted uint64
}

type modelSub struct {
	id        ID
	owner     string
	pending   bool
	filter    bool
	createdAt time.Time
}

type modelStep struct {
	Do, Topic, Endpoint, Owner string
	Flag                       bool
}

var owners = []string{"111122223333", "444455556666"}

// Whatever the order of what happens, restarts and days: topics and accounts
// have the subscriptions that they should, in pages of any size, and count them.
func TestTopicsAndSubscriptionsAreAsTheirModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) modelStep {
			return modelStep{
				Do: rapid.SampledFrom([]string{
					"create", "create", "create", "subscribe", "subscribe", "subscribe", "subscribe", "confirm", "confirm", "filter", "filter",
					"unsubscribe", "unsubscribe", "leave", "leave", "delete", "restart", "day", "check", "check",
				}).Draw(rt, "do"),
				Topic:    rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "topic"),
				Endpoint: rapid.SampledFrom([]string{"u", "v", "w", "x"}).Draw(rt, "endpoint"),
				Owner:    rapid.SampledFrom(owners).Draw(rt, "owner"),
				Flag:     rapid.Bool().Draw(rt, "flag"),
			}
		}), 1, 25).Draw(rt, "steps")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = play(t, steps) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

func play(t *testing.T, steps []modelStep) error {
	limits := DefaultLimits
	m := &model{node: start(t, limits), topics: map[string]*modelTopic{}}
	defer func() {
		m.endTimers()
		m.store.Stop()
	}()
	for i, s := range append(steps, modelStep{Do: "check"}) {
		if err := m.act(s); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, s, err)
		}
	}
	return nil
}

type model struct {
	*node
	topics map[string]*modelTopic
}

func (m *model) act(s modelStep) error {
	topic := m.topics[s.Topic]
	var sub *modelSub
	if topic != nil {
		sub = topic.subs[s.Endpoint]
	}
	switch s.Do {
	case "create":
		err := m.create(s.Topic, Config{FIFO: s.Topic == "b"})
		if exists := errors.Is(err, ErrExists); exists != (topic != nil) || err != nil && !exists {
			return err
		}
		if topic == nil {
			m.topics[s.Topic] = &modelTopic{subs: map[string]*modelSub{}}
		}
	case "delete":
		delete(m.topics, s.Topic)
		return m.update(func(tx *store.Tx) error { return m.Delete(tx, named(s.Topic)) })
	case "restart":
		m.restart()
	case "day":
		m.sleep(24 * time.Hour)
		synctest.Wait()
		for _, topic := range m.topics {
			for endpoint, sub := range topic.subs {
				if sub.pending && time.Since(sub.createdAt) >= ConfirmFor {
					delete(topic.subs, endpoint)
					topic.deleted++
				}
			}
		}
	case "subscribe":
		return m.subscribeTo(s, topic, sub)
	case "check":
		return m.check()
	}
	if sub == nil {
		return nil
	}
	return m.update(func(tx *store.Tx) error {
		switch s.Do {
		case "confirm":
			sub.pending = false
			t, err := Get(tx, named(s.Topic))
			if err != nil {
				return err
			}
			_, err = m.Confirm(tx, named(s.Topic), m.tokens.make(t.Number, sub.id), s.Flag, s.Flag)
			return err
		case "filter":
			sub.filter = s.Flag
			return m.ChangeSubscription(tx, named(s.Topic), sub.id, func(sub *Subscription) error {
				sub.Settings.Filter = map[bool]string{true: "f"}[s.Flag]
				return nil
			})
		case "unsubscribe":
			delete(topic.subs, s.Endpoint)
			topic.deleted++
			return m.Unsubscribe(tx, named(s.Topic), sub.id)
		case "leave":
			if protocolAt(s.Endpoint) == Queue {
				if err := m.Leave(tx, named(s.Topic), sub.id); !errors.Is(err, ErrOwnersOnly) {
					return fmt.Errorf("a queue's: %w", err)
				}
				return nil
			}
			if sub.pending {
				delete(topic.subs, s.Endpoint)
				topic.deleted++
			} else {
				sub.pending, sub.createdAt = true, tx.Now()
			}
			return m.Leave(tx, named(s.Topic), sub.id)
		}
		return nil
	})
}

// protocolAt is that of an endpoint: of some, a subscription goes on if they want.
func protocolAt(endpoint string) Protocol {
	if endpoint > "v" {
		return HTTPS
	}
	return Queue
}

func (m *model) subscribeTo(s modelStep, topic *modelTopic, sub *modelSub) error {
	r := Request{ID: m.nextID(), Protocol: protocolAt(s.Endpoint), Endpoint: s.Endpoint, Owner: s.Owner, Confirmed: s.Flag}
	made, err := m.subscribe(s.Topic, r)
	switch {
	case topic == nil:
		if !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("to no topic: %w", err)
		}
	case sub != nil:
		if !errors.Is(err, ErrSubscribed) || made.ID != sub.id || made.Owner != sub.owner {
			return fmt.Errorf("again: %+v, %w", made, err)
		}
	case err != nil:
		return err
	default:
		topic.subs[s.Endpoint] = &modelSub{id: r.ID, owner: s.Owner, pending: !s.Flag, createdAt: made.CreatedAt}
	}
	return nil
}

func (m *model) check() error {
	synctest.Wait() // deletions are done
	if err := m.verify(); err != nil {
		return err
	}
	byOwner := map[string][]string{}
	for name, topic := range m.topics {
		var all []string
		want := Counts{Deleted: topic.deleted}
		for endpoint, sub := range topic.subs {
			all = append(all, endpoint)
			byOwner[sub.owner] = append(byOwner[sub.owner], name+endpoint)
			if sub.pending {
				want.Pending++
			} else {
				want.Confirmed++
			}
			if sub.filter {
				want.Filtered++
			}
		}
		if got := m.counts(name); got != want {
			return fmt.Errorf("topic %s counts %+v, want %+v", name, got, want)
		}
		got, err := pages(func(cursor string, limit int) ([]Subscription, string, error) {
			return list(m, func(v *store.View) ([]Subscription, string, error) { return ByTopic(v, named(name), cursor, limit) })
		}, func(s Subscription) string { return s.Endpoint })
		slices.Sort(all)
		if err != nil || !slices.Equal(got, all) {
			return fmt.Errorf("topic %s has %q, %w; want %q", name, got, err, all)
		}
	}
	for _, owner := range owners {
		got, err := pages(func(cursor string, limit int) ([]Subscription, string, error) {
			return list(m, func(v *store.View) ([]Subscription, string, error) {
				return ByOwner(v, owner, "eu-west-1", cursor, limit)
			})
		}, func(s Subscription) string { return s.Topic.Topic + s.Endpoint })
		slices.Sort(byOwner[owner])
		if err != nil || !slices.Equal(got, byOwner[owner]) {
			return fmt.Errorf("%s has %q, %w; want %q", owner, got, err, byOwner[owner])
		}
	}
	return nil
}

func list(m *model, fn func(v *store.View) ([]Subscription, string, error)) (subs []Subscription, next string, err error) {
	viewErr := m.store.View(func(v *store.View) error {
		subs, next, err = fn(v)
		return nil
	})
	return subs, next, errors.Join(err, viewErr)
}

// pages reads a list in pages of two.
func pages(read func(cursor string, limit int) ([]Subscription, string, error), show func(Subscription) string) (all []string, err error) {
	for cursor := ""; ; {
		subs, next, err := read(cursor, 2)
		if err != nil || len(subs) > 2 {
			return nil, fmt.Errorf("a page of %d: %w", len(subs), err)
		}
		for _, s := range subs {
			all = append(all, show(s))
		}
		if cursor = next; cursor == "" {
			slices.Sort(all)
			return all, nil
		}
	}
}
