package topic

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// A message that many get, or that was published behind such a one, is stored
// once, and its fan-out goes on in steps, each a transaction of bounded size that
// moves a cursor. Values begin with {version 1 = 1}.
//
//	'N' 'm' {topic 8}{number 8}   a message that has not gone to all (fanoutrecord.go)
//	'N' 'p' {topic 8}             {first number u64}{next number u64}{id 16}{sent u64}: the messages from first on, up to,
//	                              not with, next are to go out; of the first, all subscriptions up to id have it,
//	                              which it was sent to so many times
//
// Numbers of a topic are never given twice. A subscription that begins while
// messages wait notes the next number (Since), and gets none before.
const (
	keptSpace     = "Nm"
	progressSpace = "Np"
)

// fanout is how far a topic's messages have gone out.
type fanout struct {
	first, next uint64
	cursor      ID
	sent        uint64 // deliveries of the first
	job         *Job   // nil: nobody has begun
}

func (f *fanout) waits() bool { return f.first < f.next }

func keptKey(topic, number uint64) []byte {
	return binary.BigEndian.AppendUint64(numbered(keptSpace, topic), number)
}

func (f *fanout) encode() []byte {
	v := binary.BigEndian.AppendUint64([]byte{recordVersion}, f.first)
	v = append(binary.BigEndian.AppendUint64(v, f.next), f.cursor[:]...)
	return binary.BigEndian.AppendUint64(v, f.sent)
}

func decodeFanout(v []byte) (*fanout, error) {
	if len(v) != 41 || v[0] != recordVersion {
		return nil, fmt.Errorf("topic: a fan-out: %w", errDamaged)
	}
	u64 := func(at int) uint64 { return binary.BigEndian.Uint64(v[at:]) }
	return &fanout{first: u64(1), next: u64(9), cursor: ID(v[17:33]), sent: u64(33)}, nil
}

// lively is what a shard's memory has of topics that were used since the start.
type lively struct {
	byName  map[Name]*working
	byTopic map[uint64]*working
	loads   map[uint64]*loading
	fanouts map[uint64]*fanout // with messages that wait
	ready   []uint64           // topics of these that nobody works on, in turn
}

var live = store.NewCell(func(tx *store.Tx) (*lively, error) {
	l := &lively{byName: map[Name]*working{}, byTopic: map[uint64]*working{}, loads: map[uint64]*loading{}, fanouts: map[uint64]*fanout{}}
	err := store.Each(tx, []byte(progressSpace), "", func(rest string, value []byte) (bool, error) {
		f, err := decodeFanout(value)
		if err != nil || len(rest) != 8 {
			return false, err
		}
		if topic := binary.BigEndian.Uint64([]byte(rest)); f.waits() {
			l.fanouts[topic] = f
			l.ready = append(l.ready, topic)
		}
		return true, nil
	})
	return l, err
})

func (l *lively) keep(w *working) {
	l.byName[w.now.name], l.byTopic[w.now.number] = w, w
}

// fanoutTopic is what those wait for who do the fan-outs.
var fanoutTopic = store.Topic{Space: store.SpaceTopic}

// waitsFor tells whether messages of a topic wait.
func waitsFor(tx *store.Tx, topic uint64) (bool, error) {
	l, err := live.In(tx)
	if err != nil {
		return false, err
	}
	return l.fanouts[topic] != nil, nil
}

// keep leaves a message to the fan-out.
func keep(tx *store.Tx, topic uint64, m *Message) error {
	l, err := live.In(tx)
	if err != nil {
		return err
	}
	f := l.fanouts[topic]
	if f == nil {
		if f, err = fanoutOf(tx, topic); err != nil {
			return err
		}
		l.fanouts[topic] = f
		l.ready = append(l.ready, topic)
		tx.Wake(fanoutTopic, 1)
	}
	if err := tx.Set(keptKey(topic, f.next), m.encode()); err != nil {
		return err
	}
	f.next++
	return tx.Set(numbered(progressSpace, topic), f.encode())
}

// nextKept is the number that the next message gets which is left to the fan-out.
func nextKept(tx *store.Tx, topic uint64) (uint64, error) {
	f, err := fanoutIn(tx, topic)
	if err != nil {
		return 0, err
	}
	return f.next, nil
}

// firstKept is the number of the first message that has not gone out; that of the
// next where there is none.
func firstKept(tx *store.Tx, topic uint64) (uint64, error) {
	f, err := fanoutIn(tx, topic)
	if err != nil {
		return 0, err
	}
	return f.first, nil
}

// fanoutIn is the fan-out of a topic, to be looked at.
func fanoutIn(tx *store.Tx, topic uint64) (*fanout, error) {
	l, err := live.In(tx)
	if err != nil {
		return nil, err
	}
	if f := l.fanouts[topic]; f != nil {
		return f, nil
	}
	return fanoutOf(tx, topic)
}

// fanoutOf is the fan-out of a topic without messages that wait.
func fanoutOf(tx *store.Tx, topic uint64) (*fanout, error) {
	v, found, err := tx.Get(numbered(progressSpace, topic))
	if err != nil {
		return nil, err
	}
	if !found {
		return &fanout{first: 1, next: 1}, nil
	}
	return decodeFanout(v)
}

// changed tells memory that a subscription is now rec; nil for gone. It is
// called where subscriptions come, change and go.
func changed(tx *store.Tx, p place, rec *subscriptionRecord) error {
	l, err := live.In(tx)
	if err != nil {
		return err
	}
	if load := l.loads[p.topic]; load != nil {
		load.changed[p.id] = true
	}
	w := l.byTopic[p.topic]
	if w == nil {
		return nil // not used yet: read from keys when it is
	}
	var m *member
	if rec != nil && !rec.Pending {
		m = rec.member(p.id)
	}
	if m == nil && w.byID[p.id] == nil {
		return nil
	}
	w.put(p.id, m)
	w.publish()
	return nil
}

// begins notes of a subscription that becomes one in tx what it does not get:
// what waits already.
func begins(tx *store.Tx, topic uint64, rec *subscriptionRecord) error {
	l, err := live.In(tx)
	if err != nil {
		return err
	}
	if f := l.fanouts[topic]; f != nil && !rec.Pending {
		rec.Since = f.next
	}
	return nil
}

// reconfigured tells memory of a topic's new settings.
func reconfigured(tx *store.Tx, topic uint64, c Config) error {
	l, err := live.In(tx)
	if err != nil {
		return err
	}
	if load := l.loads[topic]; load != nil {
		load.stale = true
	}
	if w := l.byTopic[topic]; w != nil {
		w.config = c
		w.publish()
	}
	return nil
}

// forgotten removes what memory and the store keep of a topic that is deleted,
// but for messages that wait: their fan-out finds it gone.
func forgotten(tx *store.Tx, n Name, topic uint64) error {
	l, err := live.In(tx)
	if err != nil {
		return err
	}
	delete(l.byName, n)
	delete(l.byTopic, topic)
	if load := l.loads[topic]; load != nil {
		if err := load.end(tx, topic); err != nil {
			return err
		}
	}
	if l.fanouts[topic] == nil {
		if err := tx.Delete(numbered(progressSpace, topic)); err != nil {
			return err
		}
	}
	return forgetFIFO(tx, topic)
}
