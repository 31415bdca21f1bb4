package topic

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// archives: every archived message can be read, lies where it says, and is of a
// topic that archives, or that has a replay which is still to send it.
func (c *check) archives() error {
	return store.Each(c.v, []byte(archiveSpace), "", func(rest string, value []byte) (bool, error) {
		key := []byte(archiveSpace + rest)
		at, err := positionOf(key)
		if err == nil {
			var m Message
			if m, err = decodeMessage(value); err == nil && m.position() != at {
				err = fmt.Errorf("it says that it lies at %+v: %w", m.position(), errDamaged)
			}
		}
		if err != nil {
			c.report(fmt.Sprintf("archived message %x: %v", key, err))
			return true, nil
		}
		topic := binary.BigEndian.Uint64([]byte(rest))
		if !c.keeps[topic] {
			c.report(fmt.Sprintf("topic %d has message %d in its archive, which nobody needs", topic, at.Sequence))
		}
		v, _, err := c.v.Get(numbered(fifoSpace, topic))
		if err != nil {
			return false, err
		}
		if s, err := decodeFIFO(v); err != nil || at.Sequence > s.sequence || at.At > s.archived {
			c.report(fmt.Sprintf("topic %d has archived message %+v, and its last is %+v (%v)", topic, at, s, err))
		}
		return true, nil
	})
}

// replays: a subscription is held as long as its replay has something to send, and
// found by its owner then.
func (c *check) replays() error {
	held := 0
	err := store.Each(c.v, []byte(replaySpace), "", func(rest string, value []byte) (bool, error) {
		var r replayRecord
		if err := decode(value, &r); err != nil || len(rest) != 24 {
			c.report(fmt.Sprintf("replay %x: %v", rest, err))
			return true, nil
		}
		topic, id := binary.BigEndian.Uint64([]byte(rest)), ID([]byte(rest[8:]))
		if r.Holding {
			held++
			c.keeps[topic] = true
		}
		return true, c.replay(topic, id, &r)
	})
	if err != nil {
		return err
	}
	if held != c.held {
		c.report(fmt.Sprintf("%d subscriptions are held, and %d replays have something to send", c.held, held))
	}
	keys := 0
	err = store.Each(c.v, []byte(heldSpace), "", func(string, []byte) (bool, error) { keys++; return true, nil })
	if err == nil && keys != held {
		c.report(fmt.Sprintf("%d replays have something to send, and %d are found by owners", held, keys))
	}
	return err
}

func (c *check) replay(topic uint64, id ID, r *replayRecord) error {
	var rec subscriptionRecord
	found, err := get(c.v, subKey(topic, id), &rec)
	if err != nil {
		return err
	}
	if !found || (rec.HeldFrom > 0) != r.Holding || r.Number > rec.Replays || rec.Settings.Replay == nil && !r.Holding {
		c.report(fmt.Sprintf("topic %d has a replay %+v to subscription %s (%v), which is %+v", topic, *r, id, found, rec))
	}
	if !r.Holding {
		return nil
	}
	_, found, err = c.v.Get(heldKey(rec.Owner, c.regions[topic], topic, id))
	if err == nil && !found {
		c.report(fmt.Sprintf("the replay to subscription %s of topic %d is not found by its owner", id, topic))
	}
	return err
}
