package delivery

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Outcome is what an attempt at a delivery came to.
type Outcome byte

// The outcomes. They are stored.
const (
	Delivered    Outcome = 1
	Waiting      Outcome = 2 // in the outbox; it is tried again, or ended if it is hopeless
	DeadLettered Outcome = 3 // given up, and its event is in the dead-letter queue
	Dropped      Outcome = 4 // given up, and gone
)

// Result is what became of a delivery that was sent.
type Result struct {
	Outcome Outcome // Delivered or Waiting
	Reason  error   // why it waits; nil if nobody has tried yet
}

// Report says what an attempt at a delivery of the outbox came to.
type Report struct {
	Delivery *Delivery
	Retry    int // its number; 0 is the first attempt
	Outcome  Outcome
	Reason   error         // why it is not delivered
	Says     string        // Answer.Says
	Code     int           // Answer.Code
	Took     time.Duration // how long a remote target took to answer
	Next     time.Time     // when a delivery that waits is tried again
	Lost     error         // why the event of one that was dropped is in no dead-letter queue
}

// Witness is told what becomes of the deliveries in the outbox, in the
// transaction in which it does. Of Send, the sender knows.
type Witness interface {
	// Witness must be quick: it runs on the shard's writer. An error is the store's.
	Witness(tx *store.Tx, r *Report) error
}
