package topic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// Refs of timers of timer.TopicSweep: one letter, and what it is about.
const (
	refDeleted = 'd' // {topic 8}: the next step of a deletion
	refPending = 'p' // {topic 8}{id 16}: the end of a subscription that nobody confirmed
	refArchive = 'a' // {topic 8}: what is too old in its archive
	refReplay  = 'r' // {topic 8}{id 16}: the next step of a replay
)

// deleteStep is how many subscriptions a step of a deletion removes: three keys
// each, so that the shard serves others in between.
const deleteStep = 500

// Delete removes a topic; no error where there is none. Its subscriptions are
// not found any more, and go in steps.
func (c *Core) Delete(tx *store.Tx, n Name) error {
	var rec topicRecord
	found, err := get(tx, n.key(), &rec)
	if err != nil || !found {
		return err
	}
	if rec.Settings.Config.ArchiveDays > 0 {
		return fmt.Errorf("delete topic %s: %w", n.Topic, ErrArchiving)
	}
	used, err := usageIn(tx, n.Account, n.Region)
	if err != nil {
		return err
	}
	*used.kind(rec.Settings.Config.FIFO)--
	if err := tx.Delete(n.key()); err != nil {
		return err
	}
	if err := tx.Delete(numbered(nameSpace, rec.Number)); err != nil {
		return err
	}
	if err := forgotten(tx, n, rec.Number); err != nil {
		return err
	}
	c.unmeasured(tx, n)
	tx.AfterCommit(func() { c.hints.Delete(n) }) // an audience may be large, and nobody may publish to it again
	if err := keepDeletion(tx, rec.Number, n.Region, ID{}); err != nil {
		return err
	}
	return timer.Set(tx, timer.TopicSweep, tx.Now(), deletionRef(rec.Number))
}

func deletionRef(topic uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{refDeleted}, topic)
}

func keepDeletion(tx *store.Tx, topic uint64, region string, next ID) error {
	v := append([]byte{recordVersion}, next[:]...)
	return tx.Set(numbered(deletedSpace, topic), append(v, region...))
}

// Sweep is the handler of timer.TopicSweep.
func (c *Core) Sweep(tx *store.Tx, at time.Time, ref []byte) error {
	switch {
	case len(ref) == 9 && ref[0] == refArchive:
		return c.sweepArchive(tx, at, binary.BigEndian.Uint64(ref[1:]))
	case len(ref) == 25 && ref[0] == refReplay:
		return c.stepReplay(tx, at, binary.BigEndian.Uint64(ref[1:]), ID(ref[9:]))
	case len(ref) == 9 && ref[0] == refDeleted:
		return c.stepDelete(tx, binary.BigEndian.Uint64(ref[1:]))
	case len(ref) == 25 && ref[0] == refPending:
		return c.endPending(tx, binary.BigEndian.Uint64(ref[1:]), ID(ref[9:]))
	}
	return nil
}

// endPending removes a subscription that nobody has confirmed.
func (c *Core) endPending(tx *store.Tx, topic uint64, id ID) error {
	n, found, err := nameOf(tx, topic)
	if err != nil || !found { // its deletion is under way
		return err
	}
	var rec subscriptionRecord
	found, err = get(tx, subKey(topic, id), &rec)
	if err != nil || !found || !rec.Pending || tx.Now().Before(rec.CreatedAt.Add(ConfirmFor)) {
		return err
	}
	return remove(tx, place{topic, n.Region, id}, &rec, false)
}

// stepDelete removes some of the subscriptions of a deleted topic.
func (c *Core) stepDelete(tx *store.Tx, topic uint64) error {
	mark, found, err := tx.Get(numbered(deletedSpace, topic))
	if err != nil || !found {
		return err
	}
	if len(mark) < 17 || mark[0] != recordVersion {
		return fmt.Errorf("deletion of topic %d: %w", topic, errDamaged)
	}
	region := string(mark[17:])
	ids, records, more, err := page(tx, topic, ID(mark[1:17]), deleteStep)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := remove(tx, place{topic, region, id}, &records[i], true); err != nil {
			return err
		}
	}
	if !more {
		if err := forgetCounts(tx, topic); err != nil {
			return err
		}
		return tx.Delete(numbered(deletedSpace, topic))
	}
	if err := keepDeletion(tx, topic, region, ids[len(ids)-1]); err != nil {
		return err
	}
	return timer.Set(tx, timer.TopicSweep, tx.Now(), deletionRef(topic))
}

// page is up to limit subscriptions of a topic from an id on, and whether there
// are more. It reads from where it is told to: behind lie the tombstones of
// those that went.
func page(r Reader, topic uint64, from ID, limit int) (ids []ID, records []subscriptionRecord, more bool, err error) {
	prefix := numbered(subSpace, topic)
	scanErr := r.Scan(subKey(topic, from), store.PrefixEnd(prefix), func(k, v []byte) bool {
		if more = len(ids) == limit; more {
			return false
		}
		var id ID
		var rec subscriptionRecord
		if id, err = idOf(bytes.TrimPrefix(k, prefix)); err == nil {
			err = decode(v, &rec)
		}
		ids, records = append(ids, id), append(records, rec)
		return err == nil
	})
	if scanErr != nil {
		err = scanErr
	}
	return ids, records, more, err
}
