package topic

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// GetSubscription describes a subscription.
func GetSubscription(r Reader, n Name, id ID) (Subscription, error) {
	number, rec, err := getSubscription(r, n, id)
	return rec.subscription(n, number, id), err
}

func getSubscription(r Reader, n Name, id ID) (number uint64, rec subscriptionRecord, err error) {
	t, err := getTopic(r, n)
	if err != nil {
		return 0, rec, err
	}
	found, err := get(r, subKey(t.Number, id), &rec)
	if err == nil && !found {
		err = fmt.Errorf("subscription %s of topic %s: %w", id, n.Topic, ErrNotSubscribed)
	}
	return t.Number, rec, err
}

// ByTopic has up to limit subscriptions of a topic that come after the cursor,
// and the cursor for the rest: empty if that is all. It begins with "".
func ByTopic(r Reader, n Name, cursor string, limit int) (subs []Subscription, next string, err error) {
	t, err := getTopic(r, n)
	if err != nil {
		return nil, "", err
	}
	var from ID
	if cursor != "" {
		b, err := hex.DecodeString(cursor)
		if err == nil {
			from, err = idOf(b)
		}
		if err != nil {
			return nil, "", err
		}
		from, _ = from.next()
	}
	ids, records, more, err := page(r, t.Number, from, limit)
	if err != nil {
		return nil, "", err
	}
	for i, id := range ids {
		subs = append(subs, records[i].subscription(n, t.Number, id))
	}
	if more {
		next = hex.EncodeToString(ids[len(ids)-1][:])
	}
	return subs, next, nil
}

// next is the id after id; false after the last.
func (id ID) next() (ID, bool) {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			return id, true
		}
	}
	return ID{}, false
}

// ownerLooks bounds how many subscriptions ByOwner passes over that are of
// deleted topics: their page is short, and there is a next one.
const ownerLooks = 1000

// ByOwner is ByTopic for what an account has subscribed to in a region.
func ByOwner(r Reader, account, region, cursor string, limit int) (subs []Subscription, next string, err error) {
	after, err := hex.DecodeString(cursor)
	if err != nil || len(after) != 0 && len(after) != 24 {
		return nil, "", fmt.Errorf("topic: cursor %.100q: %w", cursor, errDamaged)
	}
	var found []string
	more := false
	err = store.Each(r, ownerPrefix(account, region), string(after), func(rest string, _ []byte) (bool, error) {
		if len(rest) != 24 {
			return false, fmt.Errorf("topic: an owner's key of %d bytes: %w", len(rest), errDamaged)
		}
		if more = len(found) == ownerLooks; more {
			return false, nil
		}
		found = append(found, rest)
		return true, nil
	})
	if err != nil {
		return nil, "", err
	}
	names := naming{r: r}
	for i, at := range found {
		number, id := binary.BigEndian.Uint64([]byte(at)), ID([]byte(at[8:]))
		n, alive, err := names.of(number)
		if err != nil {
			return nil, "", err
		}
		if alive {
			var rec subscriptionRecord
			if _, err := get(r, subKey(number, id), &rec); err != nil {
				return nil, "", err
			}
			subs = append(subs, rec.subscription(n, number, id))
		}
		if last := i == len(found)-1; len(subs) == limit && !last || last && more {
			return subs, hex.EncodeToString([]byte(at)), nil
		}
	}
	return subs, "", nil
}

// naming is nameOf for many of the same topic, one after another.
type naming struct {
	r      Reader
	number uint64
	name   Name
	alive  bool
}

func (c *naming) of(number uint64) (Name, bool, error) {
	if c.number != number {
		n, alive, err := nameOf(c.r, number)
		if err != nil {
			return n, false, err
		}
		c.number, c.name, c.alive = number, n, alive
	}
	return c.name, c.alive, nil
}
