package queue

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// stored is a message as it lies in the store.
type stored struct {
	queue string
	Message
}

// contents are all messages of all queues.
func (m *machine) contents() map[string]stored {
	all := map[string]stored{}
	var failed error // not reported from within: panics of the writer are its own
	m.must(m.node.sh.Update(context.Background(), func(tx *store.Tx) error {
		for name, q := range m.queues {
			for _, space := range []byte{store.SpaceQueueBody, store.SpaceQueueMessage} {
				lo, hi := spaceOf(space, q.id)
				if err := tx.Scan(lo, hi, func(k, v []byte) bool {
					s := stored{queue: name}
					failed = errors.Join(failed, decodeRecord(append([]byte(nil), v...), &s.Message))
					s.Seq = u64at(k, 9)
					name := label(s.Trace, s.Body)
					if twice, ok := all[name]; ok {
						failed = errors.Join(failed, fmt.Errorf("%s is in %s and in %s", name, twice.queue, s.queue))
					}
					all[name] = s
					return true
				}); err != nil {
					return err
				}
			}
		}
		for name, s := range all {
			failed = errors.Join(failed, s.open(tx))
			all[name] = s
		}
		return failed
	}))
	return all
}

// reconcile holds what is stored against the model after each step: nothing is
// lost, nothing comes from nowhere. What time did by itself, and which poison a
// receipt came upon, the model learns here, if it was allowed.
func (m *machine) reconcile() {
	synctest.Wait()
	now := time.Now()
	all := m.contents()
	var arrived []arrival
	for name, q := range m.queues {
		for _, o := range append([]*modelMessage(nil), q.messages...) {
			s, ok := all[o.body]
			if ok && s.Body != o.text {
				m.Fatalf("%s has the body %q, want %q", o.body, s.Body, o.text)
			}
			if ok && s.queue == name && s.Seq == o.seq {
				continue
			}
			q.remove(o)
			switch {
			case ok:
				m.mayGo(name, q, o, s, now)
				arrived = append(arrived, arrival{o, s})
			case !q.expired(o, now) && !m.diedElsewhere(q, o, now):
				m.Fatalf("%s of %s is lost: %+v", o.body, name, *o)
			}
		}
	}
	m.arrive(arrived)
	known := map[string]bool{}
	for _, q := range m.queues {
		for _, o := range q.messages {
			known[o.body] = true
		}
	}
	for body, s := range all {
		if !known[body] {
			m.Fatalf("%s of %s came from nowhere", body, s.queue)
		}
	}
	m.finishMoves()
	m.last = now
	m.verify()
}

// diedElsewhere is whether a message of q may have gone to another queue and
// become too old there, all since the last step.
func (m *machine) diedElsewhere(q *modelQueue, o *modelMessage, now time.Time) bool {
	for name, other := range m.queues {
		if other == q || other.RetainFor == 0 || q.FIFO != other.FIFO {
			continue
		}
		since := o.sentAt
		if q.FIFO {
			since = m.last
		}
		if q.poison(o) && q.DeadLetter.Target.Name == name && now.Sub(since) >= other.RetainFor {
			return true
		}
		if _, moving := m.moving[nameOf(m, q)]; moving && now.Sub(m.last) >= other.RetainFor {
			return true
		}
	}
	return false
}

func nameOf(m *machine, q *modelQueue) string {
	for name, other := range m.queues {
		if other == q {
			return name
		}
	}
	return ""
}

// mayGo checks that a message of q may lie elsewhere now.
func (m *machine) mayGo(name string, q *modelQueue, o *modelMessage, s stored, now time.Time) {
	dead := q.poison(o) && q.DeadLetter.Target.Name == s.queue && s.Source != nil && s.Source.Name == name
	to, moving := m.moving[name]
	if to == "" {
		to = o.source
	}
	moved := moving && s.queue == to && s.Source == nil
	if !dead && !moved {
		m.Fatalf("%s went from %s to %s: %+v", o.body, name, s.queue, *o)
	}
	if o.inFlight(now) && o.inFlight(m.last) || !q.FIFO && q.delayed(o, now) {
		m.Fatalf("%s went from %s to %s while it was hidden: %+v", o.body, name, s.queue, *o)
	}
	if sent := s.SentAt; dead && !q.FIFO {
		if !sent.Equal(o.sentAt) {
			m.Fatalf("%s, sent at %s, has an age from %s in the dead-letter queue", o.body, o.sentAt, sent)
		}
	} else if sent.Before(m.last) || sent.After(now) {
		m.Fatalf("%s, moved at %s, has an age from %s", o.body, now, sent)
	}
}

type arrival struct {
	was *modelMessage
	now stored
}

// arrive puts messages where they are now; those of one FIFO group in the order
// in which they were.
func (m *machine) arrive(arrived []arrival) {
	for i, a := range arrived {
		for _, b := range arrived[:i] {
			if a.now.queue == b.now.queue && a.was.group == b.was.group && m.queues[a.now.queue].FIFO && (a.was.seq < b.was.seq) != (a.now.Seq < b.now.Seq) {
				m.Fatalf("%s and %s changed places in %s", a.was.body, b.was.body, a.now.queue)
			}
		}
		o := &modelMessage{seq: a.now.Seq, body: a.was.body, text: a.was.text, group: a.was.group, sentAt: a.now.SentAt}
		if a.now.Source != nil {
			o.source = a.now.Source.Name
			o.before = a.was.before + a.was.receives
		}
		m.queues[a.now.queue].add(o)
	}
}

// finishMoves forgets the tasks that have ended.
func (m *machine) finishMoves() {
	for source := range m.moving {
		q := m.queues[source]
		if q == nil {
			delete(m.moving, source)
			continue
		}
		m.must(m.on(source, func(tx *store.Tx, real *Queue) error {
			tasks, err := Moves(tx, real, 1)
			if err != nil || len(tasks) > 0 && tasks[0].Status.active() {
				return err
			}
			delete(m.moving, source)
			return nil
		}))
	}
}

func (m *machine) verify() {
	var problems []string
	m.must(m.node.sh.View(func(v *store.View) error {
		return Verify(v, func(problem string) { problems = append(problems, problem) })
	}))
	if len(problems) > 0 {
		m.Fatalf("%s", problems)
	}
}
