package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// box is a target that keeps what it gets under its keys, and says no on demand.
type box struct {
	mu       sync.Mutex
	answer   func() error // nil: takes everything
	bury     func() error // the same for dead letters, which it keeps elsewhere
	attempts int
	ends     []End  // of the dead letters
	panicAt  string // body
}

func (b *box) next() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts++
	if b.answer == nil {
		return nil
	}
	return b.answer()
}

func (b *box) open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = nil
}

func (b *box) tried() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.attempts
}

func (b *box) Prepare(*Delivery) any { return b }

func (b *box) Deliver(tx *store.Tx, d *Delivery, prepared any) error {
	if prepared != nil && prepared != b {
		panic("prepared by somebody else")
	}
	key := []byte("Z" + string(d.Body))
	if d.Ended != nil {
		if b.bury != nil {
			if err := b.bury(); err != nil {
				return fmt.Errorf("%s: %w", d.Target.Resource, err)
			}
		}
		b.ends = append(b.ends, *d.Ended)
		key[0] = 'Y'
	} else if b.panicAt != "" && b.panicAt == string(d.Body) {
		panic("test: a target panics")
	} else if err := b.next(); err != nil {
		return fmt.Errorf("box %s: %w", d.Target.Resource, err)
	}
	if _, again, err := tx.Get(key); err != nil || again {
		return fmt.Errorf("%s came twice: %w", d.Key, err)
	}
	return tx.Set(key, d.Body)
}

type fixture struct {
	t     *testing.T
	fs    *vfs.MemFS
	store *store.Store
	shard *store.Shard
	box   *box
	out   *Outbox
	log   bytes.Buffer
	stop  func()
}

func start(t *testing.T, b *box) *fixture {
	f := &fixture{t: t, fs: vfs.NewCrashableMem(), box: b}
	f.out = New(map[string]Target{"box": b}, DefaultPolicy)
	f.open()
	return f
}

// open opens the store, again if it was stopped, and runs it and the outbox.
func (f *fixture) open() {
	f.t.Helper()
	s, err := store.Open("data", store.Options{FS: f.fs, Logger: quiet})
	if err != nil {
		f.t.Fatal(err)
	}
	f.store, f.shard = s, s.Shard(0)
	run := func(part func(context.Context) error) (stop func() error) {
		ctx, cancel := context.WithCancel(f.t.Context())
		ran := make(chan error, 1)
		go func() { ran <- part(ctx) }()
		return func() error { cancel(); return <-ran }
	}
	stopStore := run(s.Run)
	stopOutbox := run(func(ctx context.Context) error {
		return f.out.Run(ctx, s.Shard(0), slog.New(slog.NewTextHandler(&f.log, nil)))
	})
	f.stop = func() { // in the order in which the server stops them
		if err := errors.Join(stopOutbox(), stopStore(), s.Close()); err != nil {
			f.t.Error(err)
		}
	}
}

func (f *fixture) send(key string) { f.t.Helper(); f.sendAs(key, nil) }

// sendAs is send of a delivery with more to it.
func (f *fixture) sendAs(key string, more func(*Delivery)) {
	f.t.Helper()
	err := f.shard.Update(f.t.Context(), func(tx *store.Tx) error {
		d := &Delivery{
			Key: Key([]byte(fmt.Sprintf("%16s", key))), Source: "arn:aws:events:us-east-1:000000000000:rule/r", TargetID: "t", GroupID: "g",
			Target: arn.ARN{Partition: "aws", Service: "box", Resource: "b"}, Body: []byte(key), AcceptedAt: tx.Now(),
		}
		if more != nil {
			more(d)
		}
		f.out.Prepare(d)
		_, err := f.out.Send(tx, d)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// has tells whether the box holds key.
func (f *fixture) has(key string) bool {
	f.t.Helper()
	return len(f.scan("Z"+key)) == 1
}

func (f *fixture) scan(prefix string) (keys []string) {
	f.t.Helper()
	err := f.shard.View(func(v *store.View) error {
		return v.Scan([]byte(prefix), store.PrefixEnd([]byte(prefix)), func(k, v []byte) bool {
			keys = append(keys, string(k))
			return true
		})
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return keys
}

func (f *fixture) wantEmptyOutbox() {
	f.t.Helper()
	if left := append(f.scan(bodySpace), f.scan(dueSpace)...); len(left) > 0 {
		f.t.Errorf("the outbox still has %q", left)
	}
}

func TestATargetThatIsThereHasTheDeliveryInTheSameTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &box{})
		defer func() { f.stop() }()
		f.send("a")
		if !f.has("a") {
			t.Error("not delivered when Update returned")
		}
		f.wantEmptyOutbox()
	})
}

func TestADeliveryWaitsForItsTargetAlsoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{answer: func() error { return ErrUnavailable }}
		f := start(t, b)
		defer func() { f.stop() }()
		f.send("a")
		f.send("b")
		time.Sleep(time.Hour)
		if f.has("a") || b.tried() < 10 {
			t.Fatalf("delivered: %v, after %d attempts", f.has("a"), b.tried())
		}
		f.stop()
		f.open()
		b.open()
		time.Sleep(maxBackoff)
		if !f.has("a") || !f.has("b") {
			t.Error("not delivered though the target is back")
		}
		f.wantEmptyOutbox()
	})
}

func TestADeliveryIsGivenUpWhenItIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{answer: func() error { return ErrUnavailable }}
		f := start(t, b)
		defer func() { f.stop() }()
		f.stop()
		f.out.policy.MaxAttempts = 1 << 20
		f.open()
		f.send("a")
		time.Sleep(DefaultPolicy.MaxAge - maxBackoff)
		if len(f.scan(bodySpace)) != 1 {
			t.Fatal("given up early")
		}
		time.Sleep(maxBackoff)
		f.wantEmptyOutbox()
		if c := f.out.Counts(); c.Dropped != 1 || c.Kept != 1 || c.Delivered != 0 {
			t.Errorf("%+v", c)
		}
		if !bytes.Contains(f.log.Bytes(), []byte("delivery dropped")) {
			t.Errorf("the log says %q", f.log.String())
		}
	})
}

func TestADeliveryIsGivenUpAfterItsLastAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{answer: func() error { return ErrUnavailable }}
		f := start(t, b)
		defer func() { f.stop() }()
		f.stop()
		f.out.policy.MaxAttempts = 5
		f.open()
		f.send("a")
		time.Sleep(time.Hour)
		f.wantEmptyOutbox()
		if b.tried() != 1+5 {
			t.Errorf("%d attempts, want the first and 5 more", b.tried())
		}
	})
}

func TestADeliveryThatIsRefusedIsGivenUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &box{answer: func() error { return ErrRefused }})
		defer func() { f.stop() }()
		f.send("a")
		synctest.Wait()
		f.wantEmptyOutbox()
		if c := f.out.Counts(); c.Dropped != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestADeliveryToAnUnknownKindOfTargetIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &box{})
		defer func() { f.stop() }()
		f.stop()
		delete(f.out.targets, "box")
		f.open()
		f.send("a")
		synctest.Wait()
		f.wantEmptyOutbox()
	})
}

func TestADeliveryAtWhichItsTargetPanicsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		b := &box{answer: func() error {
			if down {
				return ErrUnavailable
			}
			return nil
		}}
		f := start(t, b)
		defer func() { f.stop() }()
		for i := range 5 {
			f.sendAs(fmt.Sprint("k", i), func(d *Delivery) { d.DeadLetter, d.Policy = dead, &Policy{MaxAge: time.Hour, MaxAttempts: 3} })
		}
		b.mu.Lock()
		b.panicAt, down = "k2", false
		b.mu.Unlock()
		time.Sleep(time.Minute)
		for i := range 5 {
			if key := fmt.Sprint("k", i); f.has(key) != (i != 2) {
				t.Errorf("%s delivered: %v", key, f.has(key))
			}
		}
		time.Sleep(time.Hour)
		f.wantEmptyOutbox()
		if got := f.scan("Y"); len(got) != 1 || got[0] != "Yk2" {
			t.Errorf("dead letters %q", got)
		}
	})
}

// Whatever targets answer and whenever the power fails, every delivery is
// in its target once, or in the outbox, or with the dead letters once, or counted
// as dropped.
func TestNoDeliveryIsLostOrDoubled(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := play{
			answers: rapid.SliceOfN(rapid.SampledFrom([]error{nil, ErrUnavailable, ErrMissing, ErrRefused}), 1, 20).Draw(rt, "answers"),
			buries:  rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, ErrMissing}), 1, 5).Draw(rt, "dead-letter queue answers"),
			policy:  &Policy{MaxAge: rapid.SampledFrom([]time.Duration{time.Minute, time.Hour}).Draw(rt, "age"), MaxAttempts: rapid.IntRange(0, 4).Draw(rt, "attempts")},
			steps:   rapid.SliceOfN(rapid.IntRange(0, 5), 1, 12).Draw(rt, "steps"),
		}
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = p.run(t) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

type play struct {
	answers, buries []error
	policy          *Policy
	steps           []int
}

func (p *play) run(t *testing.T) string {
	n, buried, sent := 0, 0, 0
	f := start(t, &box{
		answer: func() error { n++; return p.answers[n%len(p.answers)] },
		bury:   func() error { buried++; return p.buries[buried%len(p.buries)] },
	})
	defer func() { f.stop() }()
	for _, step := range p.steps {
		switch step {
		case 0, 1, 2, 3:
			sent++
			f.sendAs(fmt.Sprint("k", sent), func(d *Delivery) {
				if step > 0 {
					d.Policy = p.policy
				}
				if step > 1 {
					d.DeadLetter = arn.ARN{Partition: "aws", Service: "box", Resource: "dead"}
				}
				if step > 2 {
					d.Event, d.Body = d.Body, []byte(string(d.Body)+" changed")
				}
			})
		case 4:
			time.Sleep(time.Minute)
		case 5: // the power fails when everything was said
			synctest.Wait()
			after := f.fs.CrashClone(vfs.CrashCloneCfg{})
			f.stop()
			f.fs = after
			f.open()
		}
	}
	synctest.Wait()
	there, dead, waiting, scheduled := len(f.scan("Z")), len(f.scan("Y")), len(f.scan(bodySpace)), len(f.scan(dueSpace))
	c := f.out.Counts()
	if there+dead+waiting+int(c.Dropped) != sent || waiting != scheduled || int(c.DeadLettered) != dead || int(c.Delivered) != there {
		return fmt.Sprintf("%d sent, %d delivered, %d dead letters, %d wait (%d due), %+v", sent, there, dead, waiting, scheduled, c)
	}
	return ""
}

func TestTheDefaultPolicyNeedsAboutADay(t *testing.T) {
	var total time.Duration
	for retry := range DefaultPolicy.MaxAttempts {
		total += backoff(Key{1, 2, 3}, retry+1)
	}
	if total < 18*time.Hour || total > 30*time.Hour {
		t.Errorf("%d retries take %v", DefaultPolicy.MaxAttempts, total)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	d := &Delivery{Key: Key{1}, Target: arn.Queue("us-east-1", "000000000000", "q"), Body: []byte("b"), AcceptedAt: time.Unix(1, 2)}
	f.Add(encode(d, nil))
	d.Policy, d.DeadLetter, d.Event = &Policy{MaxAge: time.Minute, Schedule: customer}, arn.Queue("us-east-1", "000000000000", "dead"), []byte("e")
	f.Add(encode(d, &End{Reason: ErrUnfit, Exhausted: MaxAge}))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, end, err := decode(b)
		if err != nil || d.AcceptedAt.UnixNano() < 0 {
			return
		}
		again, endAgain, err := decode(encode(d, end))
		if err != nil || again.Key != d.Key || !bytes.Equal(again.Body, d.Body) || again.DeadLetter != d.DeadLetter ||
			(again.Policy == nil) != (d.Policy == nil) || again.Policy != nil && !reflect.DeepEqual(again.Policy, d.Policy) || (endAgain == nil) != (end == nil) {
			t.Fatalf("%+v became %+v, %v", d, again, err)
		}
	})
}
