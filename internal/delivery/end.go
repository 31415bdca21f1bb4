package delivery

import (
	"errors"
	"fmt"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// End is how a delivery ended that did not arrive.
type End struct {
	Target    arn.ARN // that did not get it
	Reason    error   // of the last attempt
	Exhausted Bound   // of the policy that was reached; 0: trying again could not have helped
	Retries   int     // attempts after the first
}

// Bound is a bound of a Policy.
type Bound uint8

// The bounds of a Policy. They are stored.
const (
	MaxAttempts Bound = 1
	MaxAge      Bound = 2
)

// Closer descriptions of ErrUnavailable and ErrRefused.
var (
	ErrMissing = fmt.Errorf("%w: it does not exist", ErrUnavailable)
	ErrUnfit   = fmt.Errorf("%w: the event does not suit it", ErrRefused)
)

// causes are the reasons that are told apart when they are stored, by number;
// the closer ones first.
var causes = []struct {
	number byte
	err    error
}{{3, ErrMissing}, {4, ErrUnfit}, {5, ErrDenied}, {6, ErrNotAssumed}, {1, ErrUnavailable}, {2, ErrRefused}}

// maxReason bounds Text, in bytes.
const maxReason = 1024

// Text is the reason in words: UTF-8, of at most maxReason bytes.
func (e *End) Text() string {
	text := strings.ToValidUTF8(e.Reason.Error(), "\uFFFD")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return text
}

// appendEnd appends how a delivery that was never retried ended:
// {cause u8}{bound u8}{reason}; nothing for nil.
func appendEnd(b []byte, end *End) []byte {
	if end == nil {
		return b
	}
	number := byte(0)
	for _, c := range causes {
		if errors.Is(end.Reason, c.err) {
			number = c.number
			break
		}
	}
	return append(append(b, number, byte(end.Exhausted)), end.Text()...)
}

// readEnd is the inverse of appendEnd.
func readEnd(b string, target arn.ARN) (*End, error) {
	if b == "" {
		return nil, nil
	}
	if len(b) < 2 {
		return nil, errRecord
	}
	cause := ErrRefused // also of a number that a newer Carillon wrote
	for _, c := range causes {
		if c.number == b[0] {
			cause = c.err
		}
	}
	return &End{Target: target, Reason: storedReason{b[2:], cause}, Exhausted: Bound(b[1])}, nil
}

// storedReason is a reason that was in the outbox.
type storedReason struct {
	text  string
	cause error
}

func (r storedReason) Error() string { return r.text }
func (r storedReason) Unwrap() error { return r.cause }

// bury sends the event of a delivery that has ended to its dead-letter queue.
// lost says why it is not there: nil if it is. err is the store's.
func (o *Outbox) bury(tx *store.Tx, d *Delivery, end *End) (lost, err error) {
	if d.DeadLetter == (arn.ARN{}) {
		return errors.New("there is no dead-letter queue"), nil
	}
	dead := &Delivery{
		Key: d.Key, Source: d.Source, TargetID: d.TargetID, Target: d.DeadLetter,
		Trace: d.Trace, EventID: d.EventID, Body: d.Event, Params: d.Params, AcceptedAt: d.AcceptedAt, Ended: end, Own: d.Own,
	}
	if dead.Body == nil {
		dead.Body = d.Whole()
	}
	if strings.HasSuffix(d.DeadLetter.Resource, ".fifo") { // it takes nothing without a group
		dead.GroupID = d.GroupID
	}
	lost = o.try(tx, dead)
	if lost != nil && !errors.Is(lost, ErrUnavailable) && !errors.Is(lost, ErrRefused) {
		return nil, lost
	}
	return lost, nil
}
