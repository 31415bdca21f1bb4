package delivery

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// gate is a Guard that says what it is told to say.
type gate struct {
	generation uint64
	denied     func(d *Delivery) error
	varies     bool
	asked      int
}

func (g *gate) Generation() uint64 { return g.generation }
func (g *gate) Decide(d *Delivery) Verdict {
	g.asked++
	return Verdict{Denied: g.denied(d), Varies: g.varies}
}

var errNo = fmt.Errorf("%w: no", ErrDenied)

func TestWhatMayNotBeSentIsNotTriedAgainAndItsDeadLetterIsAskedAboutToo(t *testing.T) {
	for name, c := range map[string]struct {
		guard   gate
		own     bool
		dead    int
		arrives int
		dropped uint64
	}{
		"denied":                     {guard: gate{denied: func(d *Delivery) error { return map[bool]error{false: errNo}[d.Ended != nil] }}, dead: 1},
		"the dead letter is, too":    {guard: gate{denied: func(*Delivery) error { return errNo }}, dropped: 1},
		"the dead letter would be":   {guard: gate{denied: func(d *Delivery) error { return map[bool]error{true: errNo}[d.Ended != nil] }}, arrives: 1},
		"Carillon's own asks nobody": {guard: gate{denied: func(*Delivery) error { return errNo }}, own: true, arrives: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &box{}
				f := start(t, b)
				defer func() { f.stop() }()
				f.out.Ask(&c.guard)
				f.sendAs("a", func(d *Delivery) {
					hopeless(nil, nil)(d)
					d.Own = c.own
				})
				synctest.Wait()
				if dead, arrived := len(f.scan("Y")), len(f.scan("Z")); dead != c.dead || arrived != c.arrives || f.out.Counts().Dropped != c.dropped {
					t.Errorf("%d dead letters, %d arrived, %+v", dead, arrived, f.out.Counts())
				}
				if c.dead > 0 && (!errors.Is(b.ends[0].Reason, ErrDenied) || b.ends[0].Retries != 0) {
					t.Errorf("%+v", b.ends[0])
				}
				f.wantEmptyOutbox()
			})
		})
	}
}

func TestAVerdictIsRememberedForAsLongAsNothingChanges(t *testing.T) {
	f := New(nil, DefaultPolicy)
	g := &gate{denied: func(*Delivery) error { return nil }}
	f.Ask(g)
	var cell Permission
	d := &Delivery{Permission: &cell}
	asked := func(what string, want int) {
		t.Helper()
		f.foresee(d)
		if err := f.permit(d, time.Time{}); (err != nil) != (g.denied(d) != nil) {
			t.Errorf("%s: %v", what, err)
		}
		if g.asked != want {
			t.Errorf("%s: asked %d times, want %d", what, g.asked, want)
		}
	}
	asked("at first", 1)
	asked("again", 1)
	g.denied = func(*Delivery) error { return errNo }
	g.generation++
	asked("after a change", 2)
	asked("and again", 2)
	g.varies = true
	g.generation++
	asked("one that varies is not found out ahead twice", 4)
	asked("but whenever it is needed", 5)
	d.Permission = nil
	asked("without a memory", 6)
}

func TestTheRoleOfADeliveryIsInItsRecord(t *testing.T) {
	for _, want := range []Delivery{{Role: "arn:aws:iam::111122223333:role/r"}, {Own: true}, {}} {
		want.Target = dead
		got, _, err := decode(encode(&want, nil))
		if err != nil || got.Role != want.Role || got.Own != want.Own {
			t.Errorf("%+v, %v", got, err)
		}
	}
	b, err := hex.DecodeString(oldRecord)
	if err != nil {
		t.Fatal(err)
	}
	if d, _, err := decode(b); err != nil || !d.Own || d.Role != "" {
		t.Errorf("a delivery of an older Carillon, which asked nobody: %+v, %v", d, err)
	}
	end, err := readEnd(string(appendEnd(nil, &End{Reason: errNo})), dead)
	if err != nil || !errors.Is(end.Reason, ErrDenied) || end.Reason.Error() != errNo.Error() {
		t.Errorf("%+v, %v", end, err)
	}
}

// Whatever is changed and sent in which order, nothing is sent by a verdict that
// is old.
func TestNoVerdictOutlivesAChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shut := map[string]bool{}
		g := &gate{denied: func(d *Delivery) error {
			if shut[d.Source] {
				return errNo
			}
			return nil
		}}
		o := New(nil, DefaultPolicy)
		o.Ask(g)
		cells := map[string]*Permission{"a": {}, "b": {}, "c": nil}
		source := rapid.SampledFrom([]string{"a", "b", "c"})
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				s := source.Draw(t, "source")
				shut[s] = !shut[s]
				g.generation++
			},
			"whether verdicts vary": func(*rapid.T) {
				g.varies = !g.varies
				g.generation++
			},
			"foresee": func(t *rapid.T) {
				s := source.Draw(t, "source")
				o.foresee(&Delivery{Source: s, Permission: cells[s]})
			},
			"send": func(t *rapid.T) {
				s := source.Draw(t, "source")
				d := &Delivery{Source: s, Permission: cells[s], Own: rapid.Bool().Draw(t, "own")}
				if err := o.permit(d, time.Time{}); (err != nil) != (shut[s] && !d.Own) {
					t.Fatalf("%s: %v", s, err)
				}
			},
		})
	})
}
