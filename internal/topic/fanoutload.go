package topic

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/carillon-events/carillon/internal/store"
)

// loading is an audience that is being gathered from a view, beside
// transactions: what they change meanwhile is looked at again at the end.
type loading struct {
	changed map[ID]bool
	stale   bool // the topic's settings have changed, too
}

// loadPage is how many subscriptions are read at a time.
const loadPage = 10_000

// errGone: the topic was deleted.
var errGone = errors.New("topic: it was deleted")

// load gathers the audience of a topic that has more subscriptions than can be
// read inside a transaction. errGone if it is deleted meanwhile.
func (c *Core) load(ctx context.Context, shard *store.Shard, topic uint64) error {
	for {
		var name Name
		mine := &loading{changed: map[ID]bool{}}
		err := shard.Update(ctx, func(tx *store.Tx) error {
			l, err := live.In(tx)
			if err != nil {
				return err
			}
			found := false
			if name, found, err = nameOf(tx, topic); err == nil && !found {
				err = errGone
			}
			if err == nil { // else nobody would take it away again
				l.loads[topic] = mine
			}
			return err
		})
		if err != nil {
			return err
		}
		w, err := gather(shard, name, topic)
		if err != nil {
			return err
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

// gather reads a topic's audience. What has changed since the view, it does not
// know.
func gather(shard *store.Shard, name Name, topic uint64) (w *working, err error) {
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
	if l.loads[topic] != mine {
		_, found, err := nameOf(tx, topic)
		if err == nil && !found {
			err = errGone
		}
		return true, err
	}
	if l.byTopic[topic] != nil { // it was gathered in a transaction meanwhile
		delete(l.loads, topic)
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
	delete(l.loads, topic)
	l.keep(w)
	return false, nil
}
