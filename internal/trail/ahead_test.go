package trail

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/store/storetest"
)

// ahead runs before on a machine whose clock is a month ahead, and then after,
// with the clock set right.
func ahead(t *testing.T, o Options, before, after func(n *node)) {
	fs := vfs.NewMem()
	for i, fn := range []func(*node){before, after} {
		synctest.Test(t, func(t *testing.T) { // each begins at the same time
			if i == 0 {
				time.Sleep(30 * 24 * time.Hour)
			}
			n := &node{t: t, s: storetest.OpenOn(t, fs), trail: New(o)}
			n.run()
			fn(n)
			n.verify()
			n.stop()
		})
	}
}

func TestATrailSweptByAClockThatWasAheadGoesOnWhenThatIsSetRight(t *testing.T) {
	ahead(t, Options{time.Hour, 1 << 30}, func(n *node) {
		n.accept(newID(1), "", false, rule("a", "one"))
		time.Sleep(3 * time.Hour)
		n.accept(newID(2), "", false, rule("a", "one"))
	}, func(n *node) {
		id := newID(3)
		at := n.accept(id, "", true, rule("a", "one"))
		n.attempt(id, "", at, rule("a", "one"), 0, 1, 1)
		n.restart(Options{time.Hour, 1 << 30})
		if got := n.get(id); len(got) != 1 || len(got[0].Matches) != 1 || len(got[0].Matches[0].Deliveries) != 1 {
			n.t.Errorf("%+v", got)
		}
		if got := n.find(Query{Limit: 10, Until: time.Now().Add(time.Hour)}); len(got) != 1 {
			n.t.Errorf("found %q", got)
		}
		time.Sleep(3 * time.Hour)
		if got := n.get(id); len(got) > 0 {
			n.t.Errorf("it is kept for ever: %+v", got)
		}
	})
}

func TestWhatAClockThatWasAheadRecordedTakesNoRoom(t *testing.T) {
	const most = 20_000
	ahead(t, Options{time.Hour, most}, func(n *node) {
		for i := range 100 {
			n.accept(newID(i), "", false, rule("a", "one"))
		}
	}, func(n *node) {
		var last string
		for i := range 300 {
			last = newID(i)
			n.accept(last, "", false, rule("a", "one"))
			time.Sleep(time.Second)
		}
		if got := n.find(Query{Limit: 100}); len(got) < 30 || got[0] != last {
			n.t.Errorf("%d events are left, the newest %q", len(got), got[:min(1, len(got))])
		}
		if keys, size := n.size(); size > most+most/4+10_000 {
			n.t.Errorf("%d keys, %d bytes", keys, size)
		}
	})
}
