package demo

import (
	"slices"
	"sync"
)

// Ledger is what the senders know of their events. Instants are steps of a
// counter: all that matters is what came before what.
type Ledger struct {
	events []Event

	mu    sync.Mutex
	clock int
	sent  []sent // by event
	acked int
}

// sent is what became of one event.
type sent struct {
	id      string // that the server gave it
	began   int    // when the first attempt was made
	ackedAt int    // when it was acknowledged; 0: not yet
}

// NewLedger is a ledger of events of which none is sent yet.
func NewLedger(events []Event) *Ledger {
	return &Ledger{events: events, sent: make([]sent, len(events))}
}

// Begin notes that an event is about to be sent and answers when that is.
func (l *Ledger) Begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	return l.clock
}

// Acknowledge notes the id that the server gave to an event whose first attempt
// began then, and answers how many are acknowledged.
func (l *Ledger) Acknowledge(event int, id string, began int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	l.sent[event] = sent{id, began, l.clock}
	l.acked++
	return l.acked
}

// Acknowledged is how many events are.
func (l *Ledger) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// Received is one message as it came out of a queue.
type Received struct {
	Event  int    // number, from the sender's id of its delivery
	ID     string // of the event
	Intact bool   // source, detail-type and detail are those that were sent
}

// Verdict is what was found in one queue.
type Verdict struct {
	Filter   Filter
	Expected int // events that the filter is for and that were acknowledged
	Received int // messages

	Missing int // expected and not there
	Twice   int // there again
	Foreign int // nobody sent it, or the filter is not for it, or it is damaged
	Swapped int // FIFO: there before one that was sent earlier
}

// Sound says that the queue holds what it should, and nothing else.
func (v *Verdict) Sound() bool {
	return v.Missing == 0 && v.Twice == 0 && v.Foreign == 0 && v.Swapped == 0
}

// Check compares what a queue held, in the order it came, with what the ledger
// says it should hold. Whatever else was attempted, each event is there once,
// under the id that its sender was told.
func (l *Ledger) Check(f Filter, received []Received) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := Verdict{Filter: f, Received: len(received)}
	there := map[int]bool{}
	for _, r := range received {
		switch {
		case r.Event < 0 || r.Event >= len(l.sent) || !r.Intact || !f.Matches(&l.events[r.Event]):
			v.Foreign++
		case there[r.Event] || r.ID != l.sent[r.Event].id:
			v.Twice++
		default:
			there[r.Event] = true
		}
	}
	for i := range l.sent {
		if l.sent[i].ackedAt > 0 && f.Matches(&l.events[i]) {
			v.Expected++
			if !there[i] {
				v.Missing++
			}
		}
	}
	if f.FIFO {
		v.Swapped = l.swapped(received)
	}
	return v
}

// swapped counts the messages that came before one which was acknowledged before
// the first attempt at theirs began.
func (l *Ledger) swapped(received []Received) (n int) {
	earliest := 0 // acknowledgement among the messages after this one; 0: none
	for _, r := range slices.Backward(received) {
		if r.Event < 0 || r.Event >= len(l.sent) || r.ID != l.sent[r.Event].id {
			continue
		}
		s := l.sent[r.Event]
		if earliest > 0 && s.began > earliest {
			n++
		}
		if earliest == 0 || s.ackedAt < earliest {
			earliest = s.ackedAt
		}
	}
	return n
}
