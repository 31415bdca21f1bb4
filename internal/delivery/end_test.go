package delivery

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

var dead = arn.ARN{Partition: "aws", Service: "box", Resource: "dead"}

// hopeless makes a delivery of "changed" with a dead-letter queue.
func hopeless(policy *Policy, unfit error) func(*Delivery) {
	return func(d *Delivery) {
		d.Event, d.Body = d.Body, []byte("changed")
		d.Policy, d.Unfit, d.DeadLetter = policy, unfit, dead
	}
}

func TestAnEventThatIsNotDeliveredGoesToItsDeadLetterQueue(t *testing.T) {
	for name, c := range map[string]struct {
		answer  error
		policy  *Policy
		unfit   error
		after   time.Duration
		cause   error
		reached Bound
		retries int
		tried   int
	}{
		"refused":          {answer: ErrRefused, cause: ErrRefused, tried: 1},
		"not fit":          {unfit: errors.New("no path"), cause: ErrUnfit},
		"never retried":    {answer: ErrMissing, policy: &Policy{MaxAge: time.Hour}, cause: ErrMissing, reached: MaxAttempts, tried: 1},
		"retried too much": {answer: ErrUnavailable, policy: &Policy{MaxAge: time.Hour, MaxAttempts: 3}, after: time.Minute, cause: ErrUnavailable, reached: MaxAttempts, retries: 3, tried: 4},
		"too old":          {answer: ErrMissing, policy: &Policy{MaxAge: time.Minute, MaxAttempts: 185}, after: time.Minute, cause: ErrMissing, reached: MaxAge, retries: -1},
		"the whole day":    {answer: ErrMissing, after: 30 * time.Hour, cause: ErrMissing, retries: -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &box{answer: func() error { return c.answer }}
				f := start(t, b)
				defer func() { f.stop() }()
				f.sendAs("a", hopeless(c.policy, c.unfit))
				time.Sleep(c.after)
				synctest.Wait()
				if got := f.scan("Y"); len(got) != 1 || got[0] != "Ya" {
					t.Fatalf("dead letters %q, want the event", got)
				}
				f.wantEmptyOutbox()
				end := b.ends[0]
				if !errors.Is(end.Reason, c.cause) || end.Target.Resource != "b" || c.reached > 0 && end.Exhausted != c.reached {
					t.Errorf("%+v", end)
				}
				if c.retries >= 0 && (end.Retries != c.retries || b.tried() != c.tried) {
					t.Errorf("%d retries, %d attempts", end.Retries, b.tried())
				}
				if n := f.out.Counts(); n.DeadLettered != 1 || n.Dropped != 0 || n.Delivered != 0 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

func TestTheFirstAttemptAtADeliveryThatWasLeftToTheOutboxIsNoRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{answer: func() error { return ErrUnavailable }}
		f := start(t, b)
		defer func() { f.stop() }()
		for _, retries := range []int{0, 3} {
			before := b.tried()
			err := f.shard.Update(t.Context(), func(tx *store.Tx) error {
				d := &Delivery{Target: arn.ARN{Partition: "aws", Service: "box", Resource: "b"}, Body: fmt.Append(nil, retries), AcceptedAt: tx.Now()}
				hopeless(&Policy{MaxAge: time.Hour, MaxAttempts: retries}, nil)(d)
				d.Event = fmt.Append(nil, retries)
				return f.out.Keep(tx, d)
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if tried := b.tried() - before; tried != 1+retries || b.ends[len(b.ends)-1].Retries != retries {
				t.Errorf("%d attempts and %+v, want %d retries", tried, b.ends, retries)
			}
		}
		if c := f.out.Counts(); c.Retried != 3 || c.DeadLettered != 2 {
			t.Errorf("%+v", c)
		}
		f.wantEmptyOutbox()
	})
}

func TestWithoutAQueueForDeadLettersADeliveryIsDroppedAndTheLogSaysWhyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &box{answer: func() error { return ErrRefused }, bury: func() error { return ErrMissing }})
		defer func() { f.stop() }()
		f.sendAs("a", hopeless(nil, nil))
		synctest.Wait()
		f.wantEmptyOutbox()
		if n := f.out.Counts(); n.Dropped != 1 || n.DeadLettered != 0 {
			t.Errorf("%+v", n)
		}
		f.stop()
		for _, want := range []string{"delivery dropped", ErrRefused.Error(), "dead_letter_reason", ErrMissing.Error()} {
			if !bytes.Contains(f.log.Bytes(), []byte(want)) {
				t.Errorf("the log does not say %q: %s", want, f.log.String())
			}
		}
		f.open()
	})
}

func TestADeliveryHasThePolicyThatItWasSentWithAlsoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{answer: func() error { return ErrUnavailable }}
		f := start(t, b)
		defer func() { f.stop() }()
		f.sendAs("a", func(d *Delivery) { d.Policy = &Policy{MaxAge: time.Hour, MaxAttempts: 2} })
		f.stop()
		f.open()
		time.Sleep(time.Minute)
		if f.wantEmptyOutbox(); b.tried() != 3 {
			t.Errorf("%d attempts", b.tried())
		}
	})
}

func TestARecordKeepsWhatADeliveryIs(t *testing.T) {
	in := Delivery{
		Key: Key{1, 2}, Source: "s", TargetID: "t", Target: arn.Queue("us-east-1", "000000000000", "q"), GroupID: "g", Trace: "x",
		Body: []byte("body"), Event: []byte("event"), Params: []byte("{}"), AcceptedAt: time.Unix(1, 2).UTC(),
		Policy: &Policy{MaxAge: time.Minute, MaxAttempts: 0}, DeadLetter: dead,
	}
	out, end, err := decode(encode(&in, &End{Reason: ErrUnfit, Exhausted: MaxAttempts}))
	if err != nil || out.Key != in.Key || out.Trace != "x" || string(out.Body) != "body" || string(out.Event) != "event" || string(out.Params) != "{}" ||
		!reflect.DeepEqual(out.Policy, in.Policy) || out.DeadLetter != dead || !out.AcceptedAt.Equal(in.AcceptedAt) {
		t.Errorf("%+v, %v", out, err)
	}
	if !errors.Is(end.Reason, ErrUnfit) || end.Reason.Error() != ErrUnfit.Error() || end.Exhausted != MaxAttempts || end.Target != in.Target {
		t.Errorf("%+v", end)
	}
}

// A record of version 1: what Carillon wrote before there were dead letters.
const oldRecord = "01" + "00000000000f4240" + "000102030405060708090a0b0c0d0e0f" + "0173" + "0174" +
	"1b61726e3a6177733a7371733a75732d656173742d313a3a6a6f6273" + "0167" + "00" + "7b7d"

func TestADeliveryThatAnOlderCarillonKeptIsStillMade(t *testing.T) {
	b, err := hex.DecodeString(oldRecord)
	if err != nil {
		t.Fatal(err)
	}
	d, end, err := decode(b)
	if err != nil || end != nil || d.Policy != nil || d.GroupID != "g" || d.Target.String() != "arn:aws:sqs:us-east-1::jobs" || string(d.Body) != "{}" {
		t.Errorf("%+v %v %v", d, end, err)
	}
}

func TestAReasonIsStoredUpToALimit(t *testing.T) {
	long := errors.New(strings.Repeat("ä", maxReason))
	end, err := readEnd(string(appendEnd(nil, &End{Reason: long})), arn.ARN{})
	if err != nil || len(end.Reason.Error()) != maxReason || !errors.Is(end.Reason, ErrRefused) {
		t.Errorf("%d bytes, %v", len(end.Reason.Error()), err)
	}
}
