package queue

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// attempts remembers what each receive request attempt of a FIFO queue got, so
// that a receiver whose answer was lost can ask again. Memory only: after a
// restart the messages come back when their visibility timeout ends.
type attempts struct {
	byID  map[string]attempt
	order []string // oldest first
}

type attempt struct {
	at       time.Time
	receipts []Receipt
}

const (
	attemptFor  = 5 * time.Minute
	maxAttempts = 10_000
)

func (a *attempts) note(id string, at time.Time, messages []Message) {
	if len(messages) == 0 {
		return
	}
	if a.byID == nil {
		a.byID = map[string]attempt{}
	}
	for len(a.order) > 0 && (len(a.order) >= maxAttempts || at.Sub(a.byID[a.order[0]].at) >= attemptFor) {
		delete(a.byID, a.order[0])
		a.order = a.order[1:]
	}
	t := attempt{at: at}
	for _, m := range messages {
		t.receipts = append(t.receipts, m.Receipt)
	}
	if _, ok := a.byID[id]; !ok {
		a.order = append(a.order, id)
	}
	a.byID[id] = t
}

// repeat gives the messages of an earlier attempt again, hidden anew; nil if
// one of them was deleted, changed or came back since.
func (q *Queue) repeat(tx *store.Tx, id string, hideFor time.Duration) ([]Message, error) {
	t, ok := q.attempts.byID[id]
	if !ok || len(t.receipts) == 0 || tx.Now().Sub(t.at) >= attemptFor {
		return nil, nil
	}
	for _, r := range t.receipts {
		if a := q.flight.bySeq[r.Seq]; a == nil || a.receives != r.Receives || a.changed {
			return nil, nil
		}
	}
	out := make([]Message, 0, len(t.receipts))
	for _, r := range t.receipts {
		a := q.flight.bySeq[r.Seq]
		var k key
		record, ok, err := tx.Get(a.bodyKey(&k, q.id, r.Seq))
		if err != nil || !ok {
			return nil, err
		}
		var m Message
		if err := decodeRecord(record, &m); err != nil {
			return nil, err
		}
		if err := m.open(tx); err != nil {
			return nil, err
		}
		if err := q.hide(tx, a, hideFor); err != nil {
			return nil, err
		}
		out = append(out, q.handOut(m, r.Seq, a.state))
	}
	return out, nil
}
