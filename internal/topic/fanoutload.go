package topic

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/carillon-events/carillon/internal/store"
)

// loading is an audience that is being gathered from a view, beside
// transactions: what they change meanwhile is looked at again at the end.
type loading struct {
	changed map[ID]bool
	stale   bool // the topic's settings have changed, too

	// The memory that it is of, and whether messages of the topic wait in it for
	// nobody but this.
	of    *lively
	waits bool
}

// loadPage is how many subscriptions are read at a time.
const loadPage = 10_000

// errGone: the topic was deleted.
var errGone = errors.New("topic: it was deleted")

// load gathers the audience of a topic that has more subscriptions than can be
// read inside a transaction. errGone if it is deleted meanwhile. ahead: nobody
// needs it yet, and who does must not be in its way.
func (c *Core) load(ctx context.Context, shard *store.Shard, topic uint64, ahead bool) error {
	for {
		name, mine, err := beginLoad(ctx, shard, topic, ahead)
		if err != nil || mine == nil {
			return err
		}
		w, err := gather(ctx, shard, name, topic)
		if err != nil {
			return errors.Join(err, shard.Update(ctx, func(tx *store.Tx) error { return mine.end(tx, topic) }))
		}
		again := false
		err = shard.Update(ctx, func(tx *store.Tx) error {
			again, err = install(tx, w, mine)
			return err
		})
		if err != nil || !again {
			return err
		}
	}
}

// beginLoad notes that a topic's audience is being gathered; nil if that is not
// wanted ahead, since there is one, or somebody is at it.
func beginLoad(ctx context.Context, shard *store.Shard, topic uint64, ahead bool) (name Name, mine *loading, err error) {
	err = shard.Update(ctx, func(tx *store.Tx) error {
		l, err := live.In(tx)
		if err != nil {
			return err
		}
		found := false
		if name, found, err = nameOf(tx, topic); err == nil && !found {
			err = errGone
		}
		if err != nil || ahead && (l.byTopic[topic] != nil || l.fanouts[topic] != nil || l.loads[topic] != nil) {
			return err
		}
		mine = &loading{changed: map[ID]bool{}, of: l}
		l.loads[topic] = mine
		return nil
	})
	return name, mine, err
}

// end has messages go out that waited for it. Memory may be new by now, and
// have them go out by itself.
func (load *loading) end(tx *store.Tx, topic uint64) error {
	l, err := live.In(tx)
	if err != nil || l != load.of {
		return err
	}
	if l.loads[topic] == load {
		delete(l.loads, topic)
	}
	if load.waits {
		load.waits = false
		l.ready = append(l.ready, topic)
		tx.Wake(fanoutTopic, 1)
	}
	return nil
}

// aheadMost bounds the subscriptions that Ahead reads: a million filter policies
// take about 600 MB.
const aheadMost = 1_000_000

// Ahead gathers the audiences of topics with many subscriptions, before somebody
// publishes to them: a million filter policies take half a minute to read, and
// what is published meanwhile has to wait.
func (c *Core) Ahead(ctx context.Context, shard *store.Shard) error {
	var topics []uint64
	room := uint64(aheadMost)
	err := shard.View(func(v *store.View) error {
		return store.Each(v, []byte(countSpace), "", func(rest string, value []byte) (bool, error) {
			var counts Counts
			if len(rest) != 8 {
				return false, fmt.Errorf("topic: a count's key of %d bytes: %w", len(rest), errDamaged)
			}
			topic := binary.BigEndian.Uint64([]byte(rest))
			if topic == 0 { // the last number
				return true, nil
			}
			if err := decodeFields(value, counts.fields()); err != nil {
				return false, err
			}
			if all := counts.Confirmed + counts.Pending; all > uint64(loadInside) && all <= room {
				room -= all
				topics = append(topics, topic)
			}
			return true, nil
		})
	})
	if err != nil {
		return err
	}
	for _, topic := range topics {
		if err := c.load(ctx, shard, topic, true); err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
	return nil
}

// gather reads a topic's audience. What has changed since the view, it does not
// know.
func gather(ctx context.Context, shard *store.Shard, name Name, topic uint64) (w *working, err error) {
	err = shard.View(func(v *store.View) error {
		rec, err := getTopic(v, name)
		if errors.Is(err, ErrNotFound) || err == nil && rec.Number != topic {
			return errGone
		}
		if err != nil {
			return err
		}
		w = newWorking(name, topic, rec.Settings.Config)
		from, more := ID{}, true
		for more {
			if ctx.Err() != nil { // whoever stops the process waits for this
				return ctx.Err()
			}
			var ids []ID
			var records []subscriptionRecord
			if ids, records, more, err = page(v, topic, from, loadPage); err != nil {
				return err
			}
			w.loadAll(ids, records)
			if len(ids) > 0 {
				from, _ = ids[len(ids)-1].next()
			}
		}
		return nil
	})
	return w, err
}

// install makes w, with what has changed since, the topic's working; again if
// that cannot be told any more.
func install(tx *store.Tx, w *working, mine *loading) (again bool, err error) {
	l, err := live.In(tx)
	if err != nil {
		return false, err
	}
	topic := w.now.number
	defer func() { err = errors.Join(err, mine.end(tx, topic)) }()
	if l.loads[topic] != mine {
		_, found, err := nameOf(tx, topic)
		if err == nil && !found {
			err = errGone
		}
		return true, err
	}
	if l.byTopic[topic] != nil { // it was gathered in a transaction meanwhile
		return false, nil
	}
	if mine.stale {
		rec, err := getTopic(tx, w.now.name)
		if err != nil {
			return false, err
		}
		w.config = rec.Settings.Config
	}
	for _, id := range slices.SortedFunc(maps.Keys(mine.changed), func(a, b ID) int { return bytes.Compare(a[:], b[:]) }) {
		var rec subscriptionRecord
		found, err := get(tx, subKey(topic, id), &rec)
		if err != nil {
			return false, err
		}
		var m *member
		if found && !rec.Pending {
			m = rec.member(id)
		}
		if m != nil || w.byID[id] != nil {
			w.put(id, m)
		}
	}
	w.publish()
	l.keep(w)
	return false, nil
}
