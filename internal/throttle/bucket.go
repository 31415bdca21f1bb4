package throttle

import (
	"math"
	"sync/atomic"
	"time"
)

// bucket is a token bucket, kept as the instant at which it is full again. A
// request moves that instant on by what one token takes to come back, and is
// refused if it would lie further ahead than a whole bucket takes. It is exactly
// the bucket that counts tokens, in one word: a mutex around two (as
// golang.org/x/time/rate has it) is what all requests of one caller would wait for.
type bucket struct{ fullAt atomic.Int64 }

// pace is a Rate as a bucket needs it.
type pace struct{ token, whole int64 } // nanoseconds

func (r Rate) pace() pace {
	token := max(1, int64(math.Round(float64(time.Second)/r.PerSecond)))
	return pace{token, token * int64(r.Burst)}
}

// take takes a token, if there is one.
func (b *bucket) take(p pace, now int64) bool {
	for {
		old := b.fullAt.Load()
		next := max(old, now) + p.token
		if next-now > p.whole {
			return false
		}
		if b.fullAt.CompareAndSwap(old, next) {
			return true
		}
	}
}
