package topic

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Verify is a store.Invariant: every subscription is of a topic, or of one whose
// deletion is under way; it is found by its endpoint and its owner, and by
// nobody else's; everything is counted; what a topic keeps for its fan-out are the
// messages that it says, all of which can be read; and so are those of archives,
// where there is nothing that nobody needs (verifyreplay.go).
func Verify(v *store.View, report func(problem string)) error {
	c := &check{v: v, report: report, regions: map[uint64]string{}, counts: map[uint64]*Counts{}, usages: map[string]*Usage{}, keeps: map[uint64]bool{}}
	for _, step := range []func() error{c.topics, c.deletions, c.subscriptions, c.indexes, c.compare, c.fanouts, c.replays, c.archives} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// check is what Verify has found.
type check struct {
	v       *store.View
	report  func(string)
	regions map[uint64]string // of topics by number, deleted ones too
	counts  map[uint64]*Counts
	usages  map[string]*Usage // by what is in their keys
	found   int               // subscriptions
	held    int               // of these

	keeps map[uint64]bool // topics that archive, or have a replay that has something to send
}

func (c *check) usage(account, region string) *Usage {
	key := account + "\x00" + region
	if c.usages[key] == nil {
		c.usages[key] = &Usage{}
	}
	return c.usages[key]
}

func (c *check) topics() error {
	return store.Each(c.v, []byte(topicSpace), "", func(text string, value []byte) (bool, error) {
		var rec topicRecord
		n, ok := parseName(text)
		if err := decode(value, &rec); err != nil || !ok {
			c.report(fmt.Sprintf("topic %q: %v", text, err))
			return true, nil
		}
		if other, taken := c.counts[rec.Number]; taken {
			c.report(fmt.Sprintf("topic %q has number %d, as another (%v)", text, rec.Number, *other))
		}
		c.regions[rec.Number], c.counts[rec.Number] = n.Region, &Counts{}
		if rec.Settings.Config.ArchiveDays > 0 {
			c.keeps[rec.Number] = true
		}
		*c.usage(n.Account, n.Region).kind(rec.Settings.Config.FIFO)++
		if named, found, err := nameOf(c.v, rec.Number); err != nil || !found || named != n {
			c.report(fmt.Sprintf("topic %q has number %d, which is that of %v (%v)", text, rec.Number, named, err))
		}
		return true, nil
	})
}

func (c *check) deletions() error {
	return store.Each(c.v, []byte(deletedSpace), "", func(rest string, value []byte) (bool, error) {
		if len(rest) != 8 || len(value) < 17 {
			c.report(fmt.Sprintf("deletion %x: %x", rest, value))
			return true, nil
		}
		number := binary.BigEndian.Uint64([]byte(rest))
		if c.counts[number] != nil {
			c.report(fmt.Sprintf("topic %d is there, and being deleted", number))
		}
		c.regions[number] = string(value[17:])
		return true, nil
	})
}

func (c *check) subscriptions() error {
	return store.Each(c.v, []byte(subSpace), "", func(rest string, value []byte) (bool, error) {
		var rec subscriptionRecord
		if err := decode(value, &rec); err != nil || len(rest) != 24 {
			c.report(fmt.Sprintf("subscription %x: %v", rest, err))
			return true, nil
		}
		number, id := binary.BigEndian.Uint64([]byte(rest)), ID([]byte(rest[8:]))
		region, ok := c.regions[number]
		if !ok {
			c.report(fmt.Sprintf("subscription %s is of topic %d, which does not exist", id, number))
			return true, nil
		}
		c.found++
		if rec.HeldFrom > 0 {
			c.held++
		}
		counts := c.counts[number]
		if counts == nil {
			counts = &Counts{} // of a deleted topic
		}
		rec.counted(counts, c.usage(rec.Owner, region), func(n *uint64) { *n++ })
		at, found, err := c.v.Get(endpointKey(number, rec.Protocol, rec.Endpoint))
		if err != nil {
			return false, err
		}
		if !found || string(at) != string(append([]byte{recordVersion}, id[:]...)) {
			c.report(fmt.Sprintf("subscription %s of topic %d is not found by its endpoint", id, number))
		}
		_, found, err = c.v.Get(ownerKey(rec.Owner, region, number, id))
		if err == nil && !found {
			c.report(fmt.Sprintf("subscription %s of topic %d is not found by its owner", id, number))
		}
		return true, err
	})
}

// indexes have one key for each subscription, and no more.
func (c *check) indexes() error {
	for _, space := range []string{endpointSpace, ownerSpace} {
		keys := 0
		err := store.Each(c.v, []byte(space), "", func(string, []byte) (bool, error) {
			keys++
			return true, nil
		})
		if err != nil {
			return err
		}
		if keys != c.found {
			c.report(fmt.Sprintf("%d subscriptions, and %d keys under %s", c.found, keys, space))
		}
	}
	return nil
}

func (c *check) compare() error {
	for number, want := range c.counts {
		got, err := CountsOf(c.v, number)
		if err != nil {
			return err
		}
		want.Deleted = got.Deleted // nothing is left of those
		if got != *want {
			c.report(fmt.Sprintf("topic %d counts %+v, and has %+v", number, got, *want))
		}
	}
	seen := 0
	err := store.Each(c.v, []byte(usageSpace), "", func(of string, value []byte) (bool, error) {
		var got, want Usage
		if c.usages[of] != nil {
			want = *c.usages[of]
			seen++
		}
		if err := decodeFields(value, got.fields()); err != nil || got != want {
			c.report(fmt.Sprintf("account and region %q count %+v, and have %+v (%v)", of, got, want, err))
		}
		return true, nil
	})
	if err == nil && seen != len(c.usages) {
		c.report(fmt.Sprintf("%d accounts and regions have topics or subscriptions, and %d count them", len(c.usages), seen))
	}
	return err
}

func (c *check) fanouts() error {
	left := map[uint64]*fanout{} // what has yet to be found
	err := store.Each(c.v, []byte(progressSpace), "", func(rest string, value []byte) (bool, error) {
		f, err := decodeFanout(value)
		if err != nil || len(rest) != 8 {
			c.report(fmt.Sprintf("fan-out of topic %x: %v", rest, err))
			return true, nil
		}
		left[binary.BigEndian.Uint64([]byte(rest))] = f
		return true, nil
	})
	if err != nil {
		return err
	}
	err = store.Each(c.v, []byte(keptSpace), "", func(rest string, value []byte) (bool, error) {
		if len(rest) != 16 {
			c.report(fmt.Sprintf("message %x", rest))
			return true, nil
		}
		topic, number := binary.BigEndian.Uint64([]byte(rest)), binary.BigEndian.Uint64([]byte(rest[8:]))
		f := left[topic]
		if _, err := decodeMessage(value); err != nil || f == nil || f.first != number || !f.waits() {
			c.report(fmt.Sprintf("message %d of topic %d waits, and its fan-out does not have it there (%v)", number, topic, err))
			return true, nil
		}
		f.first++
		return true, nil
	})
	for topic, f := range left {
		if f.waits() {
			c.report(fmt.Sprintf("topic %d lacks messages %d to %d that wait", topic, f.first, f.next-1))
		}
	}
	return err
}
