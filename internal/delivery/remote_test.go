package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// post is a remote target that writes down who came when.
type post struct {
	mu     sync.Mutex
	answer func(ctx context.Context, d *Delivery) Answer // nil: takes everything
	got    []string                                      // bodies, in the order of their arrival
	tries  map[string]int
	now    int // attempts that run
	most   int // that ever ran at a time
}

func (p *post) Attempt(ctx context.Context, d *Delivery) Answer {
	p.mu.Lock()
	if p.tries == nil {
		p.tries = map[string]int{}
	}
	p.tries[string(d.Body)]++
	p.now++
	p.most = max(p.most, p.now)
	answer := p.answer
	p.mu.Unlock()
	var a Answer
	if answer != nil {
		a = answer(ctx, d)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now--
	if a.Err == nil {
		p.got = append(p.got, string(d.Body))
	}
	return a
}

func (p *post) has() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.got))
}

func (p *post) tried(body string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries[body]
}

func (p *post) set(answer func(ctx context.Context, d *Delivery) Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func says(err error) func(context.Context, *Delivery) Answer {
	return func(context.Context, *Delivery) Answer { return Answer{Err: err, Says: "no"} }
}

// startRemote is start with a post office, and with a box for dead letters.
func startRemote(t *testing.T, p *post) *fixture {
	f := start(t, &box{})
	f.stop()
	f.out.Reach("web:hook", p)
	f.open()
	return f
}

func hook(name string) arn.ARN {
	return arn.ARN{Partition: "aws", Service: "web", Resource: "hook/" + name}
}

func (f *fixture) post(to, body string, more func(*Delivery)) {
	f.t.Helper()
	f.sendAs(body, func(d *Delivery) {
		d.Target = hook(to)
		if more != nil {
			more(d)
		}
	})
}

func (f *fixture) wantEmptyLanes() {
	f.t.Helper()
	f.wantEmptyOutbox()
	if left := f.scan(laneSpace); len(left) > 0 {
		f.t.Errorf("lanes still have %q", left)
	}
}

func TestARemoteTargetIsDeliveredToAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		f := startRemote(t, p)
		defer func() { f.stop() }()
		f.post("a", "1", nil)
		f.post("a", "2", nil)
		f.post("b", "3", nil)
		synctest.Wait()
		if got := p.has(); !slices.Equal(got, []string{"1", "2", "3"}) {
			t.Errorf("delivered %q", got)
		}
		f.wantEmptyLanes()
		if c := f.out.Counts(); c.Delivered != 3 || c.Kept != 3 || c.Retried != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestALaneEndsWhenItIsEmptyAndBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		f := startRemote(t, p)
		defer func() { f.stop() }()
		for i := range 5 {
			before := time.Now()
			f.post("a", fmt.Sprint(i), nil)
			synctest.Wait()
			if len(p.has()) != i+1 || !time.Now().Equal(before) {
				t.Fatalf("%q after %v", p.has(), time.Since(before))
			}
			time.Sleep(time.Duration(i) * idleFor)
		}
	})
}

func TestADeadTargetDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		p.set(func(ctx context.Context, d *Delivery) Answer {
			if d.Target == hook("dead") {
				<-ctx.Done() // answers never
				return Answer{Err: ErrUnavailable}
			}
			return Answer{}
		})
		f := startRemote(t, p)
		defer func() { f.stop() }()
		for i := range 300 {
			f.post("dead", fmt.Sprint("d", i), nil)
		}
		for i := range 10 {
			before := time.Now()
			f.post("live", fmt.Sprint(i), nil)
			synctest.Wait()
			if len(p.has()) != i+1 || !time.Now().Equal(before) {
				t.Fatalf("%q after %v", p.has(), time.Since(before))
			}
		}
		if p.most > Concurrency+1 {
			t.Errorf("%d attempts at a time", p.most)
		}
		if waits := len(f.scan(laneSpace)); waits != 300 {
			t.Errorf("%d wait for the dead target", waits)
		}
	})
}

func TestATargetThatFailsIsTriedByOneAtATimeUntilItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{answer: says(ErrUnavailable)}
		f := startRemote(t, p)
		defer func() { f.stop() }()
		for i := range 2000 {
			f.post("a", fmt.Sprint(i), nil)
		}
		time.Sleep(time.Second)
		p.mu.Lock()
		total := 0
		for _, n := range p.tries {
			total += n
		}
		p.mu.Unlock()
		if most := int(time.Second/failingGap) + 2*Concurrency; total > most {
			t.Errorf("%d attempts in a second at a target that fails, want at most %d", total, most)
		}
		p.set(nil)
		time.Sleep(time.Minute)
		if got := len(p.has()); got != 2000 {
			t.Errorf("%d delivered a minute after the target is back", got)
		}
		f.wantEmptyLanes()
	})
}

func TestADeliveryWaitsAsLongAsItsTargetSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		p.set(func(_ context.Context, d *Delivery) Answer {
			return Answer{Err: ErrUnavailable, After: time.Hour}
		})
		f := startRemote(t, p)
		defer func() { f.stop() }()
		f.post("a", "1", nil)
		time.Sleep(time.Hour - time.Second)
		if n := p.tried("1"); n != 1 {
			t.Fatalf("%d attempts before the hour was over", n)
		}
		p.set(nil)
		time.Sleep(2 * time.Second)
		if n := p.tried("1"); n != 2 || len(p.has()) != 1 {
			t.Errorf("%d attempts, %q delivered", n, p.has())
		}
	})
}

// told is a witness.
type told struct{ reports []Report }

func (w *told) Witness(_ *store.Tx, r *Report) error {
	w.reports = append(w.reports, *r)
	return nil
}

func TestTheEndOfARemoteDeliveryIsCountedInAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		answer  func(context.Context, *Delivery) Answer
		policy  *Policy
		after   time.Duration
		retries int
		reached Bound
		tries   int
	}{
		"refused":                     {answer: says(ErrRefused), tries: 1},
		"never retried":               {answer: says(ErrUnavailable), policy: &Policy{MaxAge: time.Hour}, reached: MaxAttempts, tries: 1},
		"thrice":                      {answer: says(ErrUnavailable), policy: &Policy{MaxAge: time.Hour, MaxAttempts: 3}, after: time.Minute, retries: 3, reached: MaxAttempts, tries: 4},
		"too old":                     {answer: func(context.Context, *Delivery) Answer { return Answer{Err: ErrUnavailable, After: time.Minute} }, policy: &Policy{MaxAge: time.Minute, MaxAttempts: 9}, after: 2 * time.Minute, reached: MaxAge, tries: 1},
		"an unknown answer is no end": {answer: says(errors.New("reset by peer")), policy: &Policy{MaxAge: time.Hour, MaxAttempts: 1}, after: time.Minute, retries: 1, reached: MaxAttempts, tries: 2},
		"a panic is no end":           {answer: func(context.Context, *Delivery) Answer { panic("x") }, policy: &Policy{MaxAge: time.Hour, MaxAttempts: 1}, after: time.Minute, retries: 1, reached: MaxAttempts, tries: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := &post{answer: c.answer}, &told{}
				f := startRemote(t, p)
				defer func() { f.stop() }()
				f.out.Tell(w)
				f.post("a", "1", func(d *Delivery) { d.Policy, d.DeadLetter = c.policy, dead })
				time.Sleep(c.after)
				synctest.Wait()
				f.wantEmptyLanes()
				if len(f.box.ends) != 1 || p.tried("1") != c.tries {
					t.Fatalf("%d dead letters after %d attempts", len(f.box.ends), p.tried("1"))
				}
				if end := f.box.ends[0]; end.Retries != c.retries || end.Exhausted != c.reached || end.Target != hook("a") {
					t.Errorf("%+v", end)
				}
				if n := len(w.reports); n != c.tries || w.reports[n-1].Outcome != DeadLettered || n > 1 && (w.reports[0].Outcome != Waiting || w.reports[0].Next.IsZero()) {
					t.Errorf("told %+v", w.reports)
				}
			})
		})
	}
}

func TestABacklogThatIsTooOldEndsWithoutAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		p.set(func(ctx context.Context, d *Delivery) Answer {
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
			}
			return Answer{Err: ErrUnavailable}
		})
		f := startRemote(t, p)
		defer func() { f.stop() }()
		for i := range 500 {
			f.post("a", fmt.Sprint(i), func(d *Delivery) {
				d.Policy, d.DeadLetter = &Policy{MaxAge: time.Minute, MaxAttempts: 100}, dead
			})
		}
		time.Sleep(time.Minute + 10*time.Second)
		f.wantEmptyLanes()
		if n := f.out.Counts().DeadLettered; n != 500 {
			t.Errorf("%d dead letters", n)
		}
	})
}

func TestAnAttemptThatIsCutOffByTheEndIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		p.set(func(ctx context.Context, d *Delivery) Answer {
			<-ctx.Done()
			return Answer{Err: ctx.Err()}
		})
		f := startRemote(t, p)
		defer func() { f.stop() }()
		f.post("a", "1", nil)
		synctest.Wait()
		before := time.Now()
		f.stop()
		if took := time.Since(before); took != graceFor {
			t.Errorf("stopping took %v", took)
		}
		p.set(nil)
		f.open()
		synctest.Wait()
		if p.tried("1") != 2 || len(p.has()) != 1 {
			t.Errorf("%d attempts, %q", p.tried("1"), p.has())
		}
		f.wantEmptyLanes()
	})
}

func TestAnAttemptThatEndsInTheGraceIsNotMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &post{}
		p.set(func(context.Context, *Delivery) Answer { time.Sleep(graceFor / 2); return Answer{} })
		f := startRemote(t, p)
		defer func() { f.stop() }()
		f.post("a", "1", nil)
		synctest.Wait()
		f.stop()
		f.open()
		time.Sleep(time.Minute)
		if p.tried("1") != 1 {
			t.Errorf("%d attempts", p.tried("1"))
		}
	})
}

// Whenever the power fails and whatever the target answers, each delivery is
// made at least once, or ends as a dead letter once, and nothing is left.
func TestNoRemoteDeliveryIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		answers := rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, ErrUnavailable, ErrMissing, ErrRefused}), 1, 20).Draw(rt, "answers")
		slow := time.Duration(rapid.IntRange(0, 3).Draw(rt, "seconds an attempt")) * time.Second
		steps := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 15).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = playRemote(t, answers, slow, steps) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

func playRemote(t *testing.T, answers []error, slow time.Duration, steps []int) string {
	n := 0
	p := &post{}
	p.set(func(ctx context.Context, d *Delivery) Answer {
		if slow > 0 {
			select {
			case <-ctx.Done():
				return Answer{Err: ctx.Err()}
			case <-time.After(slow):
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		n++
		return Answer{Err: answers[n%len(answers)]}
	})
	f := startRemote(t, p)
	defer func() { f.stop() }()
	sent := map[string]bool{}
	for _, step := range steps {
		switch step {
		case 0, 1, 2, 3:
			body := fmt.Sprint("k", len(sent))
			sent[body] = true
			f.post(fmt.Sprint(step), body, func(d *Delivery) {
				d.DeadLetter = arn.ARN{Partition: "aws", Service: "box", Resource: "dead"}
				d.Policy = &Policy{MaxAge: time.Hour, MaxAttempts: step}
			})
		case 4:
			time.Sleep(10 * time.Second)
		case 5: // the power fails when everything was said
			synctest.Wait()
			after := f.fs.CrashClone(vfs.CrashCloneCfg{})
			f.stop()
			f.fs = after
			f.open()
		case 6: // the shard's memory cannot be trusted any more
			_ = f.shard.Update(t.Context(), func(tx *store.Tx) error {
				_ = tx.Set([]byte("Zlost"), nil)
				panic("test: throw the group away")
			})
		}
	}
	time.Sleep(2 * time.Hour)
	got := map[string]int{}
	for _, body := range p.has() {
		got[body]++
	}
	for _, key := range f.scan("Y") {
		got[strings.TrimPrefix(key, "Y")]++
	}
	for body := range sent {
		if got[body] == 0 {
			return body + " is nowhere"
		}
	}
	if left := append(f.scan(laneSpace), f.scan(bodySpace)...); len(left) > 0 {
		return fmt.Sprintf("left: %q", left)
	}
	return ""
}
