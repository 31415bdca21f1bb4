package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/schedule"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

var ours = Name{orders.Account, orders.Region, arn.DefaultBus}

// ticking starts a node whose timers fire, in a bubble.
func ticking(t *testing.T) *node {
	n := start(t)
	n.fire()
	return n
}

// fire runs the timers until the node stops.
func (n *node) fire() {
	ctx, cancel := context.WithCancel(context.Background())
	loop := &timer.Loop{Shard: n.shard, Logger: quiet, Handlers: map[timer.Kind]timer.Handler{timer.RuleSchedule: n.core.Fire, timer.TrailSweep: n.trail.Sweep}}
	ran, stop := make(chan error, 1), n.stop
	go func() { ran <- loop.Run(ctx) }()
	n.stop = func() {
		cancel()
		if err := <-ran; err != nil {
			n.t.Error(err)
		}
		stop()
	}
	synctest.Wait()
}

// away stops the node for a while.
func (n *node) away(d time.Duration) {
	n.t.Helper()
	n.stop()
	time.Sleep(d)
	n.open()
	n.fire()
}

func (n *node) scheduled(bus Name, name, expression string, state State) error {
	return n.update(func(tx *store.Tx) error {
		return n.core.PutRule(tx, bus, Rule{Name: name, Schedule: expression, State: state}, nil)
	})
}

func (n *node) schedule(bus Name, name, expression string) {
	n.t.Helper()
	if err := n.scheduled(bus, name, expression, Enabled); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) state(name string, s State) {
	n.t.Helper()
	n.must(func(tx *store.Tx) error { return n.core.SetRuleState(tx, ours, name, s) })
}

// tick is an event of a schedule, as a target got it.
type tick struct {
	ID, Source, Account, Region, Time string
	Resources                         []string
	DetailType                        string `json:"detail-type"`
	Target                            string `json:"-"`
}

// ticks empties the box, in the order of the events' times.
func (n *node) ticks() (got []tick) {
	n.t.Helper()
	synctest.Wait()
	n.view(func(v *store.View) error {
		return v.Scan([]byte("Z"), []byte("["), func(k, body []byte) bool {
			var e tick
			if err := json.Unmarshal(body, &e); err != nil {
				n.t.Fatal(err)
			}
			e.Target = strings.Fields(string(k))[1]
			got = append(got, e)
			return true
		})
	})
	n.must(func(tx *store.Tx) error { return tx.DeleteRange([]byte("Z"), []byte("[")) })
	slices.SortStableFunc(got, func(a, b tick) int { return strings.Compare(a.Time, b.Time) })
	return got
}

// wantTicks wants events of these hours, minutes and seconds, and no others.
func (n *node) wantTicks(times ...string) {
	n.t.Helper()
	var got []string
	for _, e := range n.ticks() {
		got = append(got, e.Time[len("2000-01-01T"):len(e.Time)-1])
	}
	if !slices.Equal(got, times) {
		n.t.Errorf("at %s there were events of %q, want %q", time.Now().UTC().Format(time.TimeOnly), got, times)
	}
}

// A bubble begins at midnight of 2000-01-01, a Saturday.

func TestAScheduleFiresOnTimeWithTheEventOfItsRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		time.Sleep(10*time.Second + 300*time.Millisecond)
		n.schedule(ours, "minutely", "rate(1 minute)")
		n.targets(ours, "minutely", "t", "u")
		time.Sleep(time.Minute - time.Millisecond)
		n.wantTicks()
		time.Sleep(time.Millisecond)
		got := n.ticks()
		if len(got) != 2 || got[0].Target != "t" || got[1].Target != "u" {
			t.Fatalf("%+v", got)
		}
		want := tick{
			ID: got[0].ID, Source: "aws.events", DetailType: "Scheduled Event", Account: ours.Account, Region: ours.Region,
			Time: "2000-01-01T00:01:10Z", Resources: []string{"arn:aws:events:eu-west-1:111122223333:rule/minutely"}, Target: "t",
		}
		if fmt.Sprint(got[0]) != fmt.Sprint(want) || got[1].ID != got[0].ID {
			t.Errorf("got  %+v\nwant %+v", got[0], want)
		}
		if id := got[0].ID; len(id) != 36 || id[14] != '7' {
			t.Errorf("id %s is no UUID of version 7", id)
		}
		time.Sleep(3 * time.Minute)
		later := n.ticks()
		if len(later) != 6 || later[0].ID == got[0].ID || later[0].Time != "2000-01-01T00:02:10Z" {
			t.Errorf("%+v", later)
		}
		if c := n.core.Counts(); c.Scheduled != 4 || c.Accepted != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestACronIsReadInUTCWhateverTheMachineSays(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.FixedZone("elsewhere", 5*60*60+30*60)
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "noon", "cron(0 12 ? * MON-FRI *)")
		n.targets(ours, "noon", "t")
		n.away(48 * time.Hour)
		time.Sleep(12 * time.Hour)
		if got := n.ticks(); len(got) != 1 || got[0].Time != "2000-01-03T12:00:00Z" {
			t.Errorf("%+v", got)
		}
	})
}

func TestNoPatternSeesTheEventOfASchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.rule(ours, "all", `{"source":[{"prefix":""}]}`, Enabled)
		n.targets(ours, "all", "t")
		n.schedule(ours, "timed", "rate(1 minute)")
		time.Sleep(time.Minute)
		n.wantTicks() // it has no targets, and nobody else gets its event
	})
}

func TestARuleWithAPatternAndAScheduleHasBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		const text = `{"source":["a"]}`
		parsed, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		n.must(func(tx *store.Tx) error {
			return n.core.PutRule(tx, ours, Rule{Name: "r", Pattern: text, Parsed: parsed, Schedule: "rate(1 minute)", State: Enabled}, nil)
		})
		n.targets(ours, "r", "t")
		n.wantPut(ours, "a", `{}`, "r t")
		time.Sleep(time.Minute)
		n.wantTicks("00:01:00")
		n.rule(ours, "r", text, Enabled) // without the schedule
		time.Sleep(time.Hour)
		n.wantTicks()
		n.wantPut(ours, "a", `{"n":1}`, "r t")
	})
}

func TestOfMissedOccurrencesTheLastMakesAnEvent(t *testing.T) {
	for _, c := range []struct {
		expression string
		away       time.Duration
		want       []string // after half a minute more
	}{
		{"rate(1 hour)", 30 * time.Minute, nil},
		{"rate(1 minute)", 10*time.Minute + 30*time.Second, []string{"00:10:00", "00:11:00"}},
		{"cron(0 12 * * ? *)", 13 * time.Hour, []string{"12:00:00"}},
		{"cron(0 12 * * ? *)", 36 * time.Hour, []string{"12:00:00"}},
		{"cron(0 12 1 * ? *)", 36 * time.Hour, []string{"12:00:00"}},
		{"cron(0 12 1 * ? *)", 36*time.Hour + time.Minute, nil}, // older than a day
		{"rate(7 days)", 9 * 24 * time.Hour, nil},
	} {
		t.Run(fmt.Sprint(c.expression, " after ", c.away), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := ticking(t)
				n.schedule(ours, "r", c.expression)
				n.targets(ours, "r", "t")
				n.away(c.away)
				time.Sleep(30 * time.Second)
				n.wantTicks(c.want...)
			})
		})
	}
}

func TestARhythmOutlivesRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 minute)")
		n.targets(ours, "r", "t")
		for range 6 {
			n.away(25 * time.Second)
		}
		n.wantTicks("00:01:00", "00:02:00")
		n.away(0)
		n.wantTicks()
		time.Sleep(30 * time.Second)
		n.wantTicks("00:03:00")
	})
}

func TestATimeOffMakesNoEventsAndKeepsTheRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 hour)")
		n.targets(ours, "r", "t")
		n.state("r", Disabled)
		n.state("r", Disabled)
		time.Sleep(3*time.Hour + 20*time.Minute)
		n.wantTicks()
		n.state("r", Enabled)
		time.Sleep(40 * time.Minute)
		n.wantTicks("04:00:00")
		n.state("r", EnabledForAll)
		time.Sleep(time.Hour)
		n.wantTicks("05:00:00")
	})
}

func TestARuleThatIsPutDisabledWaitsToBeEnabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		if err := n.scheduled(ours, "r", "rate(1 minute)", Disabled); err != nil {
			t.Fatal(err)
		}
		n.targets(ours, "r", "t")
		n.away(90 * time.Second)
		n.wantTicks()
		n.state("r", Enabled)
		time.Sleep(30 * time.Second)
		n.wantTicks("00:02:00")
	})
}

func TestAPutOfTheSameScheduleKeepsItsRhythmAndAnotherStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 hour)")
		n.targets(ours, "r", "t")
		for range 3 { // deployed more often than it occurs
			time.Sleep(25 * time.Minute)
			n.schedule(ours, "r", "rate(1 hour)")
		}
		n.wantTicks("01:00:00")
		n.schedule(ours, "r", "rate(2 hours)") // at 01:15
		time.Sleep(3 * time.Hour)
		n.wantTicks("03:15:00")
		n.schedule(ours, "r", "cron(30 4 * * ? *)")
		time.Sleep(3 * time.Hour)
		n.wantTicks("04:30:00")
	})
}

func TestAPutDoesNotLoseAnOccurrenceThatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 hour)")
		n.targets(ours, "r", "t")
		n.stop()
		time.Sleep(90 * time.Minute)
		n.open() // and nothing fires yet
		n.schedule(ours, "r", "rate(1 hour)")
		n.fire()
		n.wantTicks("01:00:00")
	})
}

func TestADeletedRuleIsSilentAndItsNameStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 hour)")
		time.Sleep(30 * time.Minute)
		n.must(func(tx *store.Tx) error { return n.core.DeleteRule(tx, ours, "r") })
		n.must(func(tx *store.Tx) error {
			return tx.Scan([]byte{store.SpaceTimetable}, []byte{store.SpaceTimetable + 1}, func(k, _ []byte) bool {
				t.Errorf("%q is left", k)
				return true
			})
		})
		n.schedule(ours, "r", "rate(1 hour)")
		n.targets(ours, "r", "t")
		time.Sleep(time.Hour)
		n.wantTicks("01:30:00")
	})
}

func TestAScheduleThatDoesNotOccurAgainIsKeptAndSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "past", "cron(0 12 * * ? 1999)")
		n.schedule(ours, "once", "cron(0 12 1 1 ? 2000)")
		n.targets(ours, "past", "t")
		n.targets(ours, "once", "t")
		time.Sleep(20 * time.Hour)
		n.wantTicks("12:00:00")
		n.state("once", Disabled)
		n.state("once", Enabled)
		n.schedule(ours, "once", "cron(0 12 1 1 ? 2000)")
		n.away(1000 * time.Hour)
		n.wantTicks()
	})
}

func TestARateBeyondTheYearsOfTheStoreNeverOccurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1000000 days)")
		n.targets(ours, "r", "t")
		n.away(100 * 24 * time.Hour)
		n.wantTicks()
		n.must(func(tx *store.Tx) error {
			got, _, err := readTimetable(tx, ours.timetableKey("r"))
			if !got.nextAt.IsZero() {
				t.Errorf("%+v", got)
			}
			return err
		})
	})
}

// heard is an Observer that keeps what it hears.
type heard []Accepted

func (*heard) Watching() bool        { return true }
func (h *heard) Accepted(a Accepted) { *h = append(*h, a) }

func TestWhoWatchesTheBusSeesTheEventOfASchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t)
		var h heard
		n.core.Observe(&h)
		n.fire()
		n.schedule(ours, "r", "rate(1 minute)")
		n.targets(ours, "r", "t", "u")
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(h) != 1 || h[0].Bus != ours || !slices.Equal(h[0].Rules, []string{"r"}) || !strings.Contains(string(h[0].Event), "Scheduled Event") {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzDecodeTimetable(f *testing.F) {
	f.Add(timetable{startedAt: time.Unix(1, 2), nextAt: time.Unix(3, 4)}.encode())
	f.Add(timetable{startedAt: time.Unix(1, 2)}.encode())
	f.Add([]byte{1, 2})
	f.Fuzz(func(t *testing.T, v []byte) {
		got, err := decodeTimetable(v)
		if err == nil && !bytes.Equal(got.encode(), v) {
			t.Fatalf("%x became %x", v, got.encode())
		}
	})
}

func TestARefusedScheduleChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 minute)")
		n.targets(ours, "r", "t")
		var bad *schedule.Error
		for _, expression := range []string{"rate(1 minutes)", "at(2030-01-31T13:00:00)", "nonsense"} {
			for _, state := range []State{Enabled, Disabled} {
				if err := n.scheduled(ours, "r", expression, state); !errors.As(err, &bad) {
					t.Errorf("%s: %v", expression, err)
				}
			}
		}
		time.Sleep(time.Minute)
		n.wantTicks("00:01:00")
	})
}

func TestPowerLossAtAnyMomentNeitherLosesNorDoublesAnOccurrence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewCrashableMem()
		n := &node{t: t, fs: fs}
		n.open()
		n.fire()
		defer func() { n.stop() }()
		for i := range 3 {
			n.schedule(ours, fmt.Sprint("r", i), "rate(1 minute)")
			n.targets(ours, fmt.Sprint("r", i), "t")
		}
		for minute := range 8 {
			// The crash comes as the minute's timers fire, before or after any of
			// them: which of the writes that nobody waited for are lost is random.
			time.Sleep(time.Minute)
			after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(uint64(minute), 1))})
			survivor := &node{t: t, fs: after}
			survivor.open()
			survivor.fire()
			if got := survivor.ticks(); len(got) != 3*(minute+1) {
				t.Errorf("%d events after %d minutes of three rules", len(got), minute+1)
			}
			survivor.stop()
		}
	})
}

func TestATimerOfAnotherInstantIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "r", "rate(1 minute)")
		n.targets(ours, "r", "t")
		ref := ours.timetableKey("r")[1:]
		n.must(func(tx *store.Tx) error { return n.core.Fire(tx, tx.Now(), ref) })
		n.must(func(tx *store.Tx) error { return n.core.Fire(tx, tx.Now(), ours.timetableKey("gone")[1:]) })
		n.wantTicks()
		time.Sleep(time.Minute)
		n.wantTicks("00:01:00")
	})
}

func TestRulesOfManyAccountsAndRegionsOccurAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		want := map[string]bool{}
		for i := range 40 {
			name := Name{fmt.Sprintf("%012d", i/4), []string{"eu-west-1", "us-east-1"}[i%2], arn.DefaultBus}
			rule := fmt.Sprint("r", i/2%2)
			n.schedule(name, rule, "cron(* * * * ? *)")
			n.targets(name, rule, "t")
			want[name.Account+name.Region+name.RuleARN(rule).String()] = true
		}
		time.Sleep(time.Minute)
		ids := map[string]bool{}
		for _, e := range n.ticks() {
			delete(want, e.Account+e.Region+e.Resources[0])
			ids[e.ID] = true
		}
		if len(want) > 0 || len(ids) != 40 {
			t.Errorf("%d ids, missing %v", len(ids), want)
		}
	})
}

// What the timer loop does at a full minute that 10,000 rules wait for, by rule.
func BenchmarkFire(b *testing.B) {
	n := start(b)
	const rules, together = 10_000, 250
	n.core.limits.RulesPerBus = rules
	for from := range rules / together {
		n.must(func(tx *store.Tx) error {
			for i := range together {
				name, rule := benchRule(from*together + i)
				if err := n.core.PutRule(tx, name, Rule{Name: rule, Schedule: "cron(* * * * ? *)", State: Enabled}, nil); err != nil {
					return err
				}
				if err := n.core.PutTargets(tx, name, rule, []Target{{ID: "t", ARN: boxARN("t")}}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += together {
		n.must(func(tx *store.Tx) error {
			for i := range together {
				name, rule := benchRule((done + i) % rules)
				key := name.timetableKey(rule)
				t, _, err := readTimetable(tx, key)
				if err != nil {
					return err
				}
				if err := n.core.Fire(tx, t.nextAt, key[1:]); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func benchRule(i int) (Name, string) {
	return Name{fmt.Sprintf("%012d", i/100), "eu-west-1", arn.DefaultBus}, fmt.Sprint("r", i)
}

// closed is a guard that lets nothing out.
type closed struct{}

func (closed) Generation() uint64 { return 0 }
func (closed) Decide(*delivery.Delivery) delivery.Verdict {
	return delivery.Verdict{Denied: delivery.ErrDenied}
}

func TestWhatAScheduleSendsIsAskedAboutToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := ticking(t)
		n.schedule(ours, "tick", "rate(1 minute)")
		n.targets(ours, "tick", "t")
		n.outbox.Ask(closed{})
		time.Sleep(90 * time.Second)
		if got := n.ticks(); len(got) != 0 || n.core.Counts().Scheduled != 1 {
			t.Errorf("%+v", got)
		}
	})
}
