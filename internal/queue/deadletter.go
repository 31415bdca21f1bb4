package queue

import (
	"errors"
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
	return true, dead.adopt(tx, m, q.name)
}

// adopt stores a message that comes from another queue. In a standard queue it
// keeps its age, as retention counts from the day it was first sent.
func (q *Queue) adopt(tx *store.Tx, m *Message, source Name) error {
	if err := q.load(tx); err != nil {
		return err
	}
	sentAt := m.SentAt
	if q.settings.Config.FIFO {
		sentAt = tx.Now()
	}
	_, err := q.put(tx, redirect(m, source, sentAt), m.Group, 0)
	return err
}

func (n Name) text() string { return n.Account + "/" + n.Region + "/" + n.Name }

func parseName(s string) (Name, bool) {
	account, rest, ok := strings.Cut(s, "/")
	region, name, ok2 := strings.Cut(rest, "/")
	return Name{account, region, name}, ok && ok2
}
