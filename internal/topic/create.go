package topic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Topic is what is known of a topic.
type Topic struct {
	Name       Name
	Number     uint64
	Settings   Settings
	Tags       map[string]string
	CreatedAt  time.Time
	ArchivedAt time.Time // since when it archives its messages; zero if it does not
}

func (rec *topicRecord) topic(n Name) Topic {
	return Topic{n, rec.Number, rec.Settings, rec.Tags, rec.CreatedAt, rec.ArchivedAt}
}

// Create makes a topic.
func (c *Core) Create(tx *store.Tx, n Name, s Settings, tags map[string]string) error {
	switch _, err := Get(tx, n); {
	case err == nil:
		return fmt.Errorf("create topic %s: %w", n.Topic, ErrExists)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	if len(tags) > c.limits.Tags {
		return fmt.Errorf("create topic %s: %w", n.Topic, ErrTooManyTags)
	}
	used, err := usageIn(tx, n.Account, n.Region)
	if err != nil {
		return err
	}
	count, limit := used.kind(s.Config.FIFO), c.limits.Topics
	if s.Config.FIFO {
		limit = c.limits.FIFOTopics
	}
	if *count >= uint64(limit) {
		return fmt.Errorf("create topic %s: %w", n.Topic, ErrTooManyTopics)
	}
	number, err := nextNumber(tx)
	if err != nil {
		return err
	}
	*count++
	rec := topicRecord{Number: number, Settings: s, Tags: maps.Clone(tags), CreatedAt: tx.Now()}
	if err := rec.noteArchive(tx, Config{}); err != nil {
		return err
	}
	if err := tx.Set(numbered(nameSpace, number), append([]byte{recordVersion}, n.text()...)); err != nil {
		return err
	}
	return tx.Set(n.key(), encode(rec))
}

// kind is the count of topics that are FIFO or are not.
func (u *Usage) kind(fifo bool) *uint64 {
	if fifo {
		return &u.FIFOTopics
	}
	return &u.Topics
}

// nextNumber takes a number that no topic had.
func nextNumber(tx *store.Tx) (uint64, error) {
	v, found, err := tx.Get(numbered(countSpace, 0))
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	if found {
		if len(v) != 9 || v[0] != recordVersion {
			return 0, fmt.Errorf("topic: last number: %w", errDamaged)
		}
		last = binary.BigEndian.Uint64(v[1:])
	}
	return last + 1, tx.Set(numbered(countSpace, 0), binary.BigEndian.AppendUint64([]byte{recordVersion}, last+1))
}

// Change replaces a topic's settings by what edit makes of them. An error of
// edit is returned, and nothing has changed. Whether a topic is FIFO is for
// ever.
func (c *Core) Change(tx *store.Tx, n Name, edit func(s *Settings) error) error {
	rec, err := getTopic(tx, n)
	if err != nil {
		return err
	}
	before := rec.Settings.Config
	if err := edit(&rec.Settings); err != nil {
		return err
	}
	if err := rec.noteArchive(tx, before); err != nil {
		return err
	}
	if err := reconfigured(tx, rec.Number, rec.Settings.Config); err != nil {
		return err
	}
	return tx.Set(n.key(), encode(rec))
}

// ChangeTags sets and removes tags.
func (c *Core) ChangeTags(tx *store.Tx, n Name, set map[string]string, remove []string) error {
	rec, err := getTopic(tx, n)
	if err != nil {
		return err
	}
	tags := map[string]string{}
	maps.Copy(tags, rec.Tags)
	maps.Copy(tags, set)
	for _, k := range remove {
		delete(tags, k)
	}
	if len(tags) > c.limits.Tags && len(tags) > len(rec.Tags) {
		return fmt.Errorf("tag topic %s: %w", n.Topic, ErrTooManyTags)
	}
	rec.Tags = tags
	return tx.Set(n.key(), encode(rec))
}

// Get describes a topic.
func Get(r Reader, n Name) (Topic, error) {
	rec, err := getTopic(r, n)
	return rec.topic(n), err
}

func getTopic(r Reader, n Name) (rec topicRecord, err error) {
	found, err := get(r, n.key(), &rec)
	if err == nil && !found {
		err = fmt.Errorf("topic %s: %w", n.Topic, ErrNotFound)
	}
	return rec, err
}

// List has up to limit names of an account's topics in a region that come after
// `after`, and whether there are more.
func List(r Reader, account, region, after string, limit int) (names []string, more bool, err error) {
	err = store.Each(r, Name{account, region, ""}.key(), after, func(name string, _ []byte) (bool, error) {
		if more = len(names) == limit; more {
			return false, nil
		}
		names = append(names, name)
		return true, nil
	})
	return names, more, err
}

// Each calls fn with every topic of every account.
func Each(r Reader, fn func(t Topic) error) error {
	return store.Each(r, []byte(topicSpace), "", func(text string, value []byte) (bool, error) {
		n, ok := parseName(text)
		if !ok {
			return false, fmt.Errorf("topic %q: %w", text, errDamaged)
		}
		var rec topicRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		return true, fn(rec.topic(n))
	})
}

// nameOf is the name of the topic with that number; false if it was deleted.
func nameOf(r Reader, number uint64) (Name, bool, error) {
	v, found, err := r.Get(numbered(nameSpace, number))
	if err != nil || !found {
		return Name{}, false, err
	}
	if len(v) == 0 || v[0] != recordVersion {
		return Name{}, false, fmt.Errorf("topic %d: its name: %w", number, errDamaged)
	}
	n, ok := parseName(string(v[1:]))
	if !ok {
		return n, false, fmt.Errorf("topic %d: its name: %w", number, errDamaged)
	}
	return n, true, nil
}
