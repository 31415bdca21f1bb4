package queue

import (
	"slices"
	"time"
)

// The model: what queues are to their users, in slices and maps. The machine in
// machine_test.go drives it beside the real thing.

type modelQueue struct {
	Config
	id       uint64
	messages []*modelMessage // in order of seq
	purgedAt time.Time
	dedup    map[string]modelSent
}

type modelSent struct {
	at  time.Time
	id  [16]byte
	seq uint64
}

type modelMessage struct {
	seq         uint64
	body, group string // body is its label
	text        string // the body itself
	source      string // queue it was dead lettered from
	sentAt      time.Time
	dueAt       time.Time // standard: end of its delay
	hiddenUntil time.Time
	receivedAt  time.Time // its last receipt
	firstAt     time.Time
	receives    uint32
	before      uint32 // receipts elsewhere, of a dead letter
}

// label is what tells a message from all others: its body, or its trace where
// it shares its body.
func label(trace, body string) string {
	if trace != "" {
		return trace
	}
	return body
}

func (q *modelQueue) expired(m *modelMessage, now time.Time) bool {
	return q.RetainFor > 0 && now.Sub(m.sentAt) >= q.RetainFor
}

func (q *modelQueue) delayed(m *modelMessage, now time.Time) bool {
	if q.FIFO {
		return m.sentAt.Add(q.DelayFor).After(now)
	}
	return m.dueAt.After(now)
}

func (m *modelMessage) inFlight(now time.Time) bool { return m.hiddenUntil.After(now) }

func (q *modelQueue) inFlight(now time.Time) int {
	n := 0
	for _, m := range q.messages {
		if m.inFlight(now) && !q.expired(m, now) {
			n++
		}
	}
	return n
}

func (q *modelQueue) locked(group string, now time.Time) bool {
	return q.FIFO && slices.ContainsFunc(q.messages, func(m *modelMessage) bool {
		return m.group == group && m.inFlight(now) && !q.expired(m, now)
	})
}

// ready are the messages that could be received now, in order; of a FIFO group
// only those that nothing before them holds up.
func (q *modelQueue) ready(now time.Time) []*modelMessage {
	var ready []*modelMessage
	heldUp := map[string]bool{}
	for _, m := range q.messages {
		switch {
		case q.expired(m, now):
		case m.inFlight(now), q.delayed(m, now), q.locked(m.group, now):
			heldUp[m.group] = true
		case q.FIFO && heldUp[m.group]:
		default:
			ready = append(ready, m)
		}
	}
	return ready
}

// good are the ready messages that are handed out, not dead lettered.
func (q *modelQueue) good(now time.Time, deadLetters bool) []*modelMessage {
	return slices.DeleteFunc(q.ready(now), func(m *modelMessage) bool { return deadLetters && q.poison(m) })
}

func (q *modelQueue) poison(m *modelMessage) bool {
	return q.DeadLetter != nil && int(m.receives) >= q.DeadLetter.MaxReceives
}

// readyAt is the first instant, from now up to end, at which something can be
// handed out.
func (q *modelQueue) readyAt(now, end time.Time, deadLetters bool) (time.Time, bool) {
	instants := []time.Time{now}
	for _, m := range q.messages {
		delay := m.dueAt
		if q.FIFO {
			delay = m.sentAt.Add(q.DelayFor)
		}
		instants = append(instants, m.hiddenUntil, delay, m.sentAt.Add(q.RetainFor))
	}
	slices.SortFunc(instants, time.Time.Compare)
	for _, at := range instants {
		if !at.Before(now) && !at.After(end) && len(q.good(at, deadLetters)) > 0 {
			return at, true
		}
	}
	return time.Time{}, false
}

func (q *modelQueue) counts(now time.Time) Counts {
	var c Counts
	for _, m := range q.messages {
		switch {
		case q.expired(m, now):
		case m.inFlight(now):
			c.InFlight++
		case q.delayed(m, now):
			c.Delayed++
		default:
			c.Ready++
		}
	}
	return c
}

func (q *modelQueue) remove(m *modelMessage) {
	q.messages = slices.DeleteFunc(q.messages, func(o *modelMessage) bool { return o == m })
}

func (q *modelQueue) add(m *modelMessage) {
	q.messages = append(q.messages, m)
	slices.SortFunc(q.messages, func(a, b *modelMessage) int { return int(a.seq) - int(b.seq) })
}
