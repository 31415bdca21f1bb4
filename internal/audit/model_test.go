package audit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/store"
)

// Whatever is appended, restarted, turned off and on in whatever time: entries are
// those of a list from somewhere on, what is young and fits is among them, what is
// old is not, and the chain is whole.
func TestTheLogIsTheEndOfAList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var failure any // rapid wants it on its own goroutine
		defer func() {
			if failure != nil {
				panic(failure)
			}
		}()
		synctest.Test(t, func(t *testing.T) {
			defer func() { failure = recover() }()
			keepFor := rapid.SampledFrom([]time.Duration{time.Minute, 3 * time.Hour}).Draw(rt, "for")
			maxBytes := rapid.SampledFrom([]int64{1 << 40, 3 << 20}).Draw(rt, "bytes")
			o := Options{For: keepFor, MaxBytes: maxBytes}
			n := start(t, o)
			defer func() { n.stop() }()
			var times []time.Time
			for range rapid.IntRange(1, 20).Draw(rt, "steps") {
				switch rapid.IntRange(0, 7).Draw(rt, "what") {
				default:
					count := rapid.SampledFrom([]int{1, 2, 700}).Draw(rt, "count")
					size := rapid.SampledFrom([]int{10, 2000}).Draw(rt, "size")
					n.must(func(tx *store.Tx) error {
						for range count {
							e := entry(len(times) + 1)
							e.At, e.Record = tx.Now(), make([]byte, size)
							if err := n.log.Append(tx, e); err != nil {
								return err
							}
							times = append(times, tx.Now())
						}
						return nil
					})
				case 4, 5:
					time.Sleep(time.Duration(rapid.IntRange(1, 2*3600).Draw(rt, "seconds")) * time.Second)
				case 6:
					n.restart(o)
				}
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			compare(rt, n, times, keepFor, maxBytes)
		})
	})
}

func compare(rt *rapid.T, n *node, times []time.Time, keepFor time.Duration, maxBytes int64) {
	c, problems := n.problems(&testKey)
	if len(problems) > 0 {
		rt.Fatal(problems)
	}
	if c.Last != uint64(len(times)) {
		rt.Fatalf("%d entries, the last is %d", len(times), c.Last)
	}
	ids := n.find(Query{OldestFirst: true, Limit: 500})
	if uint64(len(ids)) != c.Entries {
		rt.Fatalf("%d found of %d", len(ids), c.Entries)
	}
	first := len(times) - len(ids)
	for i, id := range ids {
		if id != fmt.Sprint(first+i+1) {
			rt.Fatalf("entry %d is %s", first+i+1, id)
		}
	}
	for i, at := range times {
		// A segment goes when its last entry is old enough, and the timer comes.
		age, kept := time.Since(at), i >= first
		if age > keepFor+segmentFor+2*time.Minute && kept {
			rt.Fatalf("entry %d is %s old and still there", i+1, age)
		}
		if maxBytes > 1<<30 && age < keepFor && !kept {
			rt.Fatalf("entry %d is only %s old and gone", i+1, age)
		}
	}
	if c.Bytes > uint64(maxBytes)+2*segmentBytes {
		rt.Fatalf("%d bytes are kept", c.Bytes)
	}
}
