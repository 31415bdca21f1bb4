package demo

import (
	"slices"
	"sync"
)

// Ledger is what the client knows of its puts. Instants are steps of a counter:
// all that matters is what came before what.
type Ledger struct {
	events []Event

	mu    sync.Mutex
	clock int
	puts  []put // by event
	acked int
}

// put is what became of one event's puts.
type put struct {
	id      string // of the attempt that was acknowledged
	lost    int    // attempts without an answer: the server may have accepted them
	began   int    // when the acknowledged attempt was made
	ackedAt int    // when it was acknowledged; 0: not yet
}

// NewLedger is a ledger of events of which none is put yet.
func NewLedger(events []Event) *Ledger {
	return &Ledger{events: events, puts: make([]put, len(events))}
}

// Begin notes that a batch is about to be sent and answers when that is.
func (l *Ledger) Begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	return l.clock
}

// Acknowledge notes the ids that the server gave to a batch that began then.
func (l *Ledger) Acknowledge(batch []int, ids []string, began int) (acked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	for n, i := range batch {
		p := &l.puts[i]
		p.id, p.began, p.ackedAt = ids[n], began, l.clock
	}
	l.acked += len(batch)
	return l.acked
}

// Lose notes that a batch was sent and that its answer will never come.
func (l *Ledger) Lose(batch []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range batch {
		l.puts[i].lost++
	}
}

// Totals is how many events are acknowledged, and how many attempts were lost.
func (l *Ledger) Totals() (acked, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.puts {
		lost += p.lost
	}
	return l.acked, lost
}

// Received is one message as it came out of a queue.
type Received struct {
	Event  int    // number, from its resources
	ID     string // of the event
	Intact bool   // source, detail-type and detail are those that were put
}

// Verdict is what was found in one queue.
type Verdict struct {
	Rule     Rule
	Expected int // events that the rule matches and whose put was acknowledged
	Received int // messages

	Missing int // expected and not there
	Twice   int // there again although nothing explains it
	Foreign int // nobody put it, or the rule does not match it, or it is damaged
	Swapped int // FIFO: there before one that was put earlier

	// Retried is how often the queue also holds an attempt whose answer was
	// lost: by event, its other ids. The client's retry explains them.
	Retried map[int][]string
}

// Sound says that the queue holds what it should, and nothing else.
func (v *Verdict) Sound() bool {
	return v.Missing == 0 && v.Twice == 0 && v.Foreign == 0 && v.Swapped == 0
}

// Retries is the number of messages in Retried.
func (v *Verdict) Retries() (n int) {
	for _, ids := range v.Retried {
		n += len(ids)
	}
	return n
}

// Check compares what a rule's queue held, in the order it came, with what
// the ledger says it should hold.
func (l *Ledger) Check(rule Rule, received []Received) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := Verdict{Rule: rule, Received: len(received), Retried: map[int][]string{}}
	there := map[int]bool{} // the acknowledged attempt is
	for _, r := range received {
		l.judge(&v, there, r)
	}
	for i := range l.puts {
		if l.puts[i].ackedAt > 0 && rule.Matches(&l.events[i]) {
			v.Expected++
			if !there[i] {
				v.Missing++
			}
		}
	}
	if rule.FIFO {
		v.Swapped = l.swapped(received)
	}
	return v
}

// judge adds one message to the verdict.
func (l *Ledger) judge(v *Verdict, there map[int]bool, r Received) {
	if r.Event < 0 || r.Event >= len(l.puts) || !r.Intact || !v.Rule.Matches(&l.events[r.Event]) {
		v.Foreign++
		return
	}
	p := &l.puts[r.Event]
	switch others := v.Retried[r.Event]; {
	case r.ID == p.id && !there[r.Event]:
		there[r.Event] = true
	case r.ID == p.id, slices.Contains(others, r.ID), len(others) == p.lost:
		v.Twice++
	default:
		v.Retried[r.Event] = append(others, r.ID)
	}
}

// swapped counts the messages that came before one whose put was acknowledged
// before theirs began. Lost attempts began nobody knows when.
func (l *Ledger) swapped(received []Received) (n int) {
	earliest := 0 // acknowledgement among the messages after this one; 0: none
	for _, r := range slices.Backward(received) {
		if r.Event < 0 || r.Event >= len(l.puts) || r.ID != l.puts[r.Event].id {
			continue
		}
		p := l.puts[r.Event]
		if earliest > 0 && p.began > earliest {
			n++
		}
		if earliest == 0 || p.ackedAt < earliest {
			earliest = p.ackedAt
		}
	}
	return n
}

// Torn counts the lost attempts that were accepted by halves: they are in the
// queue of one rule that matches their event and not in that of another.
func Torn(events []Event, verdicts []Verdict) (n int) {
	found := map[string]int{} // id of an attempt: in how many queues
	event := map[string]int{}
	for _, v := range verdicts {
		for i, ids := range v.Retried {
			for _, id := range ids {
				found[id]++
				event[id] = i
			}
		}
	}
	for id, queues := range found {
		want := 0
		for _, v := range verdicts {
			if v.Rule.Matches(&events[event[id]]) {
				want++
			}
		}
		if queues != want {
			n++
		}
	}
	return n
}
