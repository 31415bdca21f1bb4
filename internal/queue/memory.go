package queue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// memory is every queue of the shard. Opening it reads the queues' own records,
// not their messages.
type memory struct {
	byName map[Name]*Queue
	byID   map[uint64]*Queue
	sorted []Name // nil when it has to be made anew
	lastID uint64
	moves  moves

	pages    int    // bytes of all fresh pages
	goneFrom []byte // where forgetGone goes on
}

var memories = store.NewCell(load)

// saved is the value of Q.
type saved struct {
	Version    int       `json:"v"`
	Name       Name      `json:"name"`
	Settings   Settings  `json:"settings"`
	CreatedAt  time.Time `json:"createdAt"`
	ModifiedAt time.Time `json:"modifiedAt"`
}

func load(tx *store.Tx) (*memory, error) {
	m := &memory{byName: map[Name]*Queue{}, byID: map[uint64]*Queue{}}
	var failed error
	err := tx.Scan([]byte{store.SpaceQueue}, []byte{store.SpaceQueue + 1}, func(k, v []byte) bool {
		var s saved
		if failed = json.Unmarshal(v, &s); failed != nil {
			failed = fmt.Errorf("settings of queue %x: %w", k, failed)
			return false
		}
		q := &Queue{id: u64at(k, 1), fresh: freshPage{all: &m.pages}, name: s.Name, settings: s.Settings, createdAt: s.CreatedAt, modifiedAt: s.ModifiedAt}
		m.add(q)
		return true
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("load queues: %w", err)
	}
	if err := m.loadCounters(tx); err != nil {
		return nil, err
	}
	return m, m.moves.load(tx)
}

func (m *memory) loadCounters(tx *store.Tx) error {
	var failed error
	err := tx.Scan([]byte{store.SpaceQueueCounter}, []byte{store.SpaceQueueCounter + 1}, func(k, v []byte) bool {
		id := u64at(k, 1)
		m.lastID = max(m.lastID, id)
		if q := m.byID[id]; q != nil {
			failed = q.counters.decode(v)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("load queues' counters: %w", err)
	}
	for _, q := range m.byID {
		q.open()
	}
	return nil
}

// open sets the cursors where the counters say.
func (q *Queue) open() {
	c := &q.counters
	q.flight = flight{}
	q.fresh.open(c.freshFrom)
	q.returned.open(store.SpaceQueueLater, c.laterFrom)
	q.delayed.open(store.SpaceQueueDelayed, c.delayedFrom)
	q.groups.open(c.headFrom)
	q.attempts = attempts{}
}

func (m *memory) add(q *Queue) {
	m.byName[q.name], m.byID[q.id], m.sorted = q, q, nil
	m.lastID = max(m.lastID, q.id)
}

// Find is the queue of that name, or ErrNotFound.
func Find(tx *store.Tx, n Name) (*Queue, error) {
	m, err := memories.In(tx)
	if err != nil {
		return nil, err
	}
	if q := m.byName[n]; q != nil {
		return q, nil
	}
	return nil, ErrNotFound
}

// Each calls fn with every queue, in no order.
func Each(tx *store.Tx, fn func(q *Queue)) error {
	m, err := memories.In(tx)
	if err != nil {
		return err
	}
	for _, q := range m.byName {
		fn(q)
	}
	return nil
}

// List is up to limit names that start with prefix and come after after, in order.
func List(tx *store.Tx, account, region, prefix, after string, limit int) ([]string, error) {
	m, err := memories.In(tx)
	if err != nil {
		return nil, err
	}
	if m.sorted == nil {
		m.sorted = slices.SortedFunc(maps.Keys(m.byName), compareNames)
	}
	from := Name{account, region, max(prefix, after)}
	var names []string
	for i := sort.Search(len(m.sorted), func(i int) bool { return compareNames(m.sorted[i], from) >= 0 }); i < len(m.sorted) && len(names) < limit; i++ {
		n := m.sorted[i]
		if n.Account != account || n.Region != region || !strings.HasPrefix(n.Name, prefix) {
			break
		}
		if n.Name > after {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

func compareNames(a, b Name) int {
	if c := strings.Compare(a.Account, b.Account); c != 0 {
		return c
	}
	if c := strings.Compare(a.Region, b.Region); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// Sources are the queues whose dead-letter queue is q, in order.
func Sources(tx *store.Tx, q *Queue) ([]Name, error) {
	m, err := memories.In(tx)
	if err != nil {
		return nil, err
	}
	var names []Name
	for n, other := range m.byName {
		if dl := other.settings.Config.DeadLetter; dl != nil && dl.Target == q.name {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, compareNames)
	return names, nil
}
