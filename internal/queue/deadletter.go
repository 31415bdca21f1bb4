package queue

import (
	"errors"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/store"
)

// deadLetter moves a message that no index leads to any more into the
// dead-letter queue. False if there is no such queue, or one of the other kind,
// where the message could not be received: it stays.
func (q *Queue) deadLetter(tx *store.Tx, seq uint64, s state, m *Message) (bool, error) {
	dead, err := Find(tx, q.settings.Config.DeadLetter.Target)
	if errors.Is(err, ErrNotFound) || err == nil && dead.settings.Config.FIFO != q.settings.Config.FIFO {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := q.drop(tx, seq, s); err != nil {
		return false, err
	}
	return true, dead.adopt(tx, m, origin(q.name, m.before+int(s.receives)))
}

// adopt stores a message that comes from another queue. In a standard queue it
// keeps its age, as retention counts from the day it was first sent. In all of
// them it keeps the count of its receipts, as AWS shows it, but a dead-letter
// queue of this one's own begins to count anew.
func (q *Queue) adopt(tx *store.Tx, m *Message, origin string) error {
	if err := q.load(tx); err != nil {
		return err
	}
	sentAt := m.SentAt
	if q.settings.Config.FIFO {
		sentAt = tx.Now()
	}
	_, err := q.put(tx, redirect(m, origin, sentAt), m.Group, 0)
	return err
}

func (n Name) text() string { return n.Account + "/" + n.Region + "/" + n.Name }

// origin is what the record of a dead letter says of its past.
func origin(source Name, receives int) string {
	return source.text() + "/" + strconv.Itoa(receives)
}

func parseOrigin(s string) (source Name, receives int, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) == 3 { // of an early Carillon, which did not count
		parts = append(parts, "0")
	}
	if len(parts) != 4 {
		return Name{}, 0, false
	}
	receives, err := strconv.Atoi(parts[3])
	return Name{parts[0], parts[1], parts[2]}, receives, err == nil
}
