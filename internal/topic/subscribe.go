package topic

import (
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Subscription is what is known of a subscription.
type Subscription struct {
	Topic     Name
	Number    uint64 // of the topic
	ID        ID
	Protocol  Protocol
	Endpoint  string
	Owner     string // account
	Principal string // ARN of who subscribed
	Settings  Subscribed

	Pending       bool // it waits to be confirmed, and gets nothing
	Authenticated bool // who confirmed it was known
	Guarded       bool // only who is known may end it
	CreatedAt     time.Time
}

// OwnersOnly tells whether nobody but its owner and its topic's may end it: one
// that was confirmed so, and all in queues.
// https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
func (s *Subscription) OwnersOnly() bool { return s.Guarded || s.Protocol == Queue }

// ARN is the subscription's ARN.
func (s Subscription) ARN() arn.ARN {
	a := s.Topic.ARN()
	a.Resource += ":" + s.ID.String()
	return a
}

func (rec *subscriptionRecord) subscription(n Name, number uint64, id ID) Subscription {
	return Subscription{
		Topic: n, Number: number, ID: id, Protocol: rec.Protocol, Endpoint: rec.Endpoint, Owner: rec.Owner,
		Principal: rec.Principal, Settings: rec.Settings, Pending: rec.Pending, Authenticated: rec.Authenticated,
		Guarded: rec.Guarded, CreatedAt: rec.CreatedAt,
	}
}

// Request is what somebody wants to subscribe.
type Request struct {
	ID        ID // of the subscription, if it is a new one
	Protocol  Protocol
	Endpoint  string
	Owner     string
	Principal string
	Settings  Subscribed
	Confirmed bool // nobody needs to be asked
}

// Subscribe makes a subscription. If the endpoint is subscribed already, that
// subscription is returned with ErrSubscribed, and nothing has changed; whoever
// called decides whether that is as good, and calls Remind.
func (c *Core) Subscribe(tx *store.Tx, n Name, r Request) (Subscription, error) {
	t, err := getTopic(tx, n)
	if err != nil {
		return Subscription{}, err
	}
	v, found, err := tx.Get(endpointKey(t.Number, r.Protocol, r.Endpoint))
	if err != nil {
		return Subscription{}, err
	}
	if found {
		return c.subscribed(tx, n, t.Number, v)
	}
	if err := c.checkRoom(tx, n, &t, r); err != nil {
		return Subscription{}, fmt.Errorf("subscribe to %s: %w", n.Topic, err)
	}
	rec := subscriptionRecord{
		Protocol: r.Protocol, Endpoint: r.Endpoint, Owner: r.Owner, Principal: r.Principal, Settings: r.Settings,
		Pending: !r.Confirmed, Authenticated: r.Confirmed, CreatedAt: tx.Now(),
	}
	p := place{t.Number, n.Region, r.ID}
	if r.Settings.Replay != nil {
		if err := c.askReplay(tx, n, p, &rec); err != nil {
			return Subscription{}, err
		}
	}
	if err := add(tx, p, &rec); err != nil {
		return Subscription{}, err
	}
	s := rec.subscription(n, t.Number, r.ID)
	return s, c.Remind(tx, s)
}

// Remind asks the endpoint of a subscription that waits.
func (c *Core) Remind(tx *store.Tx, s Subscription) error {
	if !s.Pending || c.asker == nil {
		return nil
	}
	return c.asker.Ask(tx, s, c.tokens.make(s.Number, s.ID))
}

func (c *Core) subscribed(tx *store.Tx, n Name, topic uint64, value []byte) (Subscription, error) {
	if len(value) == 0 || value[0] != recordVersion {
		return Subscription{}, fmt.Errorf("an endpoint of topic %s: %w", n.Topic, errDamaged)
	}
	id, err := idOf(value[1:])
	if err != nil {
		return Subscription{}, err
	}
	var rec subscriptionRecord
	if found, err := get(tx, subKey(topic, id), &rec); err != nil || !found {
		return Subscription{}, errors.Join(err, fmt.Errorf("an endpoint of topic %s without its subscription: %w", n.Topic, errDamaged))
	}
	return rec.subscription(n, topic, id), fmt.Errorf("topic %s: %w", n.Topic, ErrSubscribed)
}

// checkRoom checks the limits.
func (c *Core) checkRoom(tx *store.Tx, n Name, t *topicRecord, r Request) error {
	counts, err := countsIn(tx, t.Number)
	if err != nil {
		return err
	}
	used, err := usageIn(tx, r.Owner, n.Region)
	if err != nil {
		return err
	}
	most := c.limits.Subscriptions
	if t.Settings.Config.FIFO {
		most = c.limits.FIFOSubscriptions
	}
	switch {
	case counts.Confirmed+counts.Pending >= uint64(most):
		return ErrTooManySubscriptions
	case !r.Confirmed && used.Pending >= uint64(c.limits.Pending):
		return ErrTooManyPending
	case r.Settings.Filter != "":
		return c.checkFilters(counts, used)
	}
	return nil
}

func (c *Core) checkFilters(counts *Counts, used *Usage) error {
	if counts.Filtered >= uint64(c.limits.FiltersPerTopic) || used.Filtered >= uint64(c.limits.FiltersPerAccount) {
		return ErrTooManyFilters
	}
	return nil
}

// Confirm confirms the subscription of a token, as often as it is told to.
func (c *Core) Confirm(tx *store.Tx, n Name, token string, authenticated, guard bool) (Subscription, error) {
	t, err := getTopic(tx, n)
	if err != nil {
		return Subscription{}, err
	}
	id, ok := c.tokens.open(t.Number, token)
	if !ok {
		return Subscription{}, fmt.Errorf("confirm a subscription of %s: %w", n.Topic, ErrToken)
	}
	var old subscriptionRecord
	found, err := get(tx, subKey(t.Number, id), &old)
	if err != nil {
		return Subscription{}, err
	}
	if !found { // it waited for too long, or was ended
		return Subscription{}, fmt.Errorf("confirm a subscription of %s: %w", n.Topic, ErrToken)
	}
	rec := old
	if old.Pending {
		rec.Pending, rec.Authenticated, rec.Guarded = false, authenticated, guard && authenticated
		if rec.Settings.Replay != nil && t.Settings.Config.ArchiveDays > 0 {
			if err := c.beginReplay(tx, &t, place{t.Number, n.Region, id}, &rec); err != nil {
				return Subscription{}, err
			}
		}
		if err := replace(tx, place{t.Number, n.Region, id}, &old, &rec); err != nil {
			return Subscription{}, err
		}
	}
	return rec.subscription(n, t.Number, id), nil
}

// ChangeSubscription replaces a subscription's settings by what edit makes of
// them. An error of edit is returned, and nothing has changed.
func (c *Core) ChangeSubscription(tx *store.Tx, n Name, id ID, edit func(s *Subscription) error) error {
	return c.changeSubscription(tx, n, id, edit, func(place, *subscriptionRecord) error { return nil })
}

// ChangeReplay is ChangeSubscription, and has a replay begin as the settings say
// then, in the place of one that is going on; or end, if they say nothing of one.
// What the subscription has not got yet, it gets in either case.
func (c *Core) ChangeReplay(tx *store.Tx, n Name, id ID, edit func(s *Subscription) error) error {
	return c.changeSubscription(tx, n, id, edit, func(p place, rec *subscriptionRecord) error {
		if rec.Settings.Replay == nil {
			return stopReplay(tx, p)
		}
		return c.askReplay(tx, n, p, rec)
	})
}

// changeSubscription lets also do what it does last before the subscription is
// written: it may refuse, as edit may.
func (c *Core) changeSubscription(tx *store.Tx, n Name, id ID, edit func(*Subscription) error, also func(place, *subscriptionRecord) error) error {
	number, old, err := getSubscription(tx, n, id)
	if err != nil {
		return err
	}
	s := old.subscription(n, number, id)
	if err := edit(&s); err != nil {
		return err
	}
	rec := old
	rec.Settings = s.Settings
	if rec.Settings.Filter != "" && old.Settings.Filter == "" {
		counts, err := countsIn(tx, number)
		if err != nil {
			return err
		}
		used, err := usageIn(tx, rec.Owner, n.Region)
		if err != nil {
			return err
		}
		if err := c.checkFilters(counts, used); err != nil {
			return fmt.Errorf("filter policy of a subscription of %s: %w", n.Topic, err)
		}
	}
	p := place{number, n.Region, id}
	if err := also(p, &rec); err != nil {
		return err
	}
	return replace(tx, p, &old, &rec)
}

// Unsubscribe ends a subscription.
func (c *Core) Unsubscribe(tx *store.Tx, n Name, id ID) error {
	number, rec, err := getSubscription(tx, n, id)
	if err != nil {
		return err
	}
	return remove(tx, place{number, n.Region, id}, &rec, false)
}

// Leave is Unsubscribe for a stranger, who has only the address by which a
// subscription over HTTP is ended: it gets nothing more, and waits as one that
// was never confirmed, so that its endpoint can have it go on. Others end, but
// for those that are OwnersOnly: ErrOwnersOnly.
func (c *Core) Leave(tx *store.Tx, n Name, id ID) error {
	number, old, err := getSubscription(tx, n, id)
	if err != nil {
		return err
	}
	s := old.subscription(n, number, id)
	if s.OwnersOnly() {
		return fmt.Errorf("leave topic %s: %w", n.Topic, ErrOwnersOnly)
	}
	if old.Pending || c.asker == nil || s.Protocol != HTTPPlain && s.Protocol != HTTPS {
		return remove(tx, place{number, n.Region, id}, &old, false)
	}
	rec := old
	rec.Pending, rec.Authenticated, rec.Guarded, rec.CreatedAt = true, false, false, tx.Now()
	if err := replace(tx, place{number, n.Region, id}, &old, &rec); err != nil {
		return err
	}
	return c.asker.Farewell(tx, rec.subscription(n, number, id), c.tokens.make(number, id))
}
