package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Target applies deliveries of one kind inside the transaction that it is
// given.
type Target interface {
	// Prepare does what can be done without a transaction, to spare the shard's
	// writer. What it returns is given to the next Deliver of d; Deliver gets nil
	// where nobody prepared, and must then do all itself.
	Prepare(d *Delivery) (prepared any)

	// Deliver returns nil when all is written. It returns an error that wraps
	// ErrUnavailable, having written nothing, if a later attempt may succeed,
	// and ErrRefused, having written nothing, if none will. Any other error is
	// the store's, and ends the transaction.
	//
	// A delivery with Ended is a dead letter, which says how it ended.
	Deliver(tx *store.Tx, d *Delivery, prepared any) error
}

// Remote is a target of one kind outside the shard: what is sent to it is kept
// in the outbox and delivered at least once, from Run.
type Remote interface {
	// Attempt tries d once, on a goroutine of its own; several run at a time, also
	// for one target, which the Remote may slow down by waiting. It returns when the
	// target has answered or ctx has ended, after which nothing is recorded and d is
	// tried again after a restart. d is not to be changed.
	Attempt(ctx context.Context, d *Delivery) Answer
}

// Answer is what came of an attempt at a remote target.
type Answer struct {
	Err   error         // nil: delivered; wraps ErrUnavailable or ErrRefused, as in Target.Deliver
	After time.Duration // d is not to be tried again earlier; 0: whenever its policy says
	Code  int           // of the answer, as HTTP has it; 0: there was none
	Says  string        // in a few words what the target said: "HTTP 503"; kept on the trail
}

// What a Target answers.
var (
	ErrUnavailable = errors.New("target is not available")
	ErrRefused     = errors.New("target refuses the delivery")
)
