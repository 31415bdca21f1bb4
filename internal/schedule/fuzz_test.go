package schedule

import (
	"errors"
	"testing"
	"time"
)

func FuzzAnyTextIsRefusedWithAReasonOrOccursInOrder(f *testing.F) {
	for _, text := range []string{
		"rate(1 minute)", "rate(5 hours)", "at(2022-11-20T13:00:00)", "cron(0 10 * * ? *)", "cron(0/30 20-2 ? * MON-FRI *)",
		"cron(15 10 ? * 6L 2019-2022)", "cron(0 0 ? * 3#2 *)", "cron(0 0 LW,L-3 */2 ? *)", "cron(0 0 31W NOV-FEB ? 1970/7)",
		"cron(0 0 30 2 ? *)", "cron(/5, , ?, *, *, *)", "rate(0 days)", "cron(", "",
	} {
		f.Add(text, int64(1_790_000_000), uint8(0))
	}
	zones := []*time.Location{time.UTC, zone(f, "America/New_York"), zone(f, "Pacific/Apia"), zone(f, "Africa/Monrovia")}
	f.Fuzz(func(t *testing.T, text string, unix int64, z uint8) {
		e, err := ParseScheduler(text, zones[int(z)%len(zones)])
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || refused.Message == "" || refused.Reason == "" {
				t.Fatalf("%q is refused without a reason: %#v", text, err)
			}
			return
		}
		at := time.Unix(unix%(250*365*24*60*60), unix&0xffff)
		prev, was := e.Prev(at)
		next, will := e.Next(at)
		if was && prev.After(at) || will && !next.After(at) {
			t.Fatalf("%s: %v and %v are around %v", e, prev, next, at)
		}
		if will {
			if last, ok := e.Prev(next.Add(-1)); ok != was || !last.Equal(prev) && was {
				t.Fatalf("%s: before %v is %v, and before %v is %v", e, next, last, at, prev)
			}
		}
		if was {
			if first, ok := e.Next(prev); ok != will || !first.Equal(next) && will {
				t.Fatalf("%s: after %v is %v, and after %v is %v", e, prev, first, at, next)
			}
		}
	})
}
