package throttle_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/throttle"
)

func TestARateIsReadAndWrittenAlike(t *testing.T) {
	for text, want := range map[string]throttle.Rate{
		"100": {PerSecond: 100, Burst: 100}, "100:200": {PerSecond: 100, Burst: 200}, "0.5": {PerSecond: 0.5, Burst: 1},
		"2.5": {PerSecond: 2.5, Burst: 3}, "1000000:1": {PerSecond: 1e6, Burst: 1}, "0.001:1000000": {PerSecond: 0.001, Burst: 1e6},
	} {
		got, err := throttle.Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := throttle.Parse(got.String()); err != nil || again != want {
			t.Errorf("%s again: %+v, %v", got, again, err)
		}
	}
}

func TestWhatIsNoRateIsRefused(t *testing.T) {
	for _, text := range []string{"", ":", "0", "-1", "0.0001", "1000001", "NaN", "Inf", "1e99", "0x10", "1_0", "ten", "10:", "10:0", "10:-1", "10:1000001", "10:1:1", "10/s", strings.Repeat("9", 1000)} {
		if r, err := throttle.Parse(text); err == nil {
			t.Errorf("%q is %v", text, r)
		}
	}
	rates := throttle.Rates{"sqs:SendMessage": {PerSecond: 1, Burst: 1}}
	for _, text := range []string{"", "=", "sqs:SendMessage", "SendMessage=1", "sqs:=1", ":SendMessage=1", "sqs:SendMessage=1", "sqs:X=", "sqs:X=a"} {
		if err := rates.Add(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if len(rates) != 1 {
		t.Errorf("%v", rates)
	}
	if err := rates.Add(" events:* = 5:6 "); err != nil || rates["events:*"] != (throttle.Rate{PerSecond: 5, Burst: 6}) {
		t.Errorf("%v, %v", rates, err)
	}
}

// The bucket of one word answers as one does that counts what is in it.
func TestABucketIsATokenBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := throttle.Rate{
			PerSecond: rapid.SampledFrom([]float64{0.5, 1, 2, 8, 10, 125, 1000, 1e6}).Draw(t, "rate"), // whole nanoseconds each
			Burst:     rapid.IntRange(1, 20).Draw(t, "burst"),
		}
		token := time.Duration(float64(time.Second) / r.PerSecond)
		whole := token * time.Duration(r.Burst)
		table, now, level := throttle.NewTable(1000), time.Duration(0), whole
		for range rapid.IntRange(1, 100).Draw(t, "requests") {
			pause := token * time.Duration(rapid.IntRange(0, 9).Draw(t, "pause")) / 3
			now, level = now+pause, min(whole, level+pause)
			want := level >= token
			if want {
				level -= token
			}
			if got := table.Take(throttle.Key{Who: "a"}, r, now); got != want {
				t.Fatalf("at %s: %v, want %v", now, got, want)
			}
		}
	})
}

func TestTimeThatGoesBackGivesNothing(t *testing.T) {
	table, r := throttle.NewTable(1000), throttle.Rate{PerSecond: 1, Burst: 2}
	for i, c := range []struct {
		now  time.Duration
		want bool
	}{{10 * time.Second, true}, {0, false}, {10 * time.Second, true}, {10 * time.Second, false}, {11 * time.Second, true}} {
		if got := table.Take(throttle.Key{Who: "a"}, r, c.now); got != c.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}

func TestKeysDoNotShareABucket(t *testing.T) {
	table, r := throttle.NewTable(1000), throttle.Rate{PerSecond: 1, Burst: 1}
	for _, k := range []throttle.Key{{}, {Who: "a"}, {In: "a"}, {What: "a"}, {Who: "a", In: "b"}, {Who: "ab"}} {
		if !table.Take(k, r, 0) || table.Take(k, r, 0) {
			t.Errorf("%+v", k)
		}
	}
}

func TestATableIsBoundedAndForgetsWhoMakesNoDifferenceFirst(t *testing.T) {
	const room = 64 * 16
	table, r := throttle.NewTable(room), throttle.Rate{PerSecond: 1, Burst: 10}
	busy := throttle.Key{Who: "busy"}
	for i := range 100 * room {
		now := time.Duration(i) * time.Millisecond
		table.Take(throttle.Key{Who: fmt.Sprint(i)}, r, now)
		if i%100 == 0 { // ten a second, of which one passes
			table.Take(busy, r, now)
		}
		if i > 10_000 && i%100 == 1 && table.Take(busy, r, now) && table.Take(busy, r, now) {
			t.Fatalf("at %s the busy one has tokens", now)
		}
		if n := table.Len(); i%1000 == 0 && n > room {
			t.Fatalf("%d buckets", n)
		}
	}
}

func TestManyAtOnceGetNoMoreThanThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, r := throttle.NewTable(1000), throttle.Rate{PerSecond: 1, Burst: 500}
		taken := make(chan int)
		for range 8 {
			go func() {
				n := 0
				for range 200 {
					if table.Take(throttle.Key{Who: "a"}, r, 0) {
						n++
					}
				}
				taken <- n
			}()
		}
		sum := 0
		for range 8 {
			sum += <-taken
		}
		if sum != 500 {
			t.Errorf("%d tokens", sum)
		}
	})
}

func FuzzARateThatIsReadKeepsItsBounds(f *testing.F) {
	for _, text := range []string{"1", "0.5:3", "1e3", "1000000:1000000", "-0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := throttle.Parse(text)
		if err != nil {
			return
		}
		if r.PerSecond <= 0 || r.PerSecond > 1e6 || r.Burst < 1 || r.Burst > 1e6 {
			t.Fatalf("%q is %+v", text, r)
		}
		table := throttle.NewTable(1)
		if !table.Take(throttle.Key{}, r, 100*365*24*time.Hour) {
			t.Fatalf("%q: the first is refused", text)
		}
	})
}

// The table, and x/time/rate without one: a limiter with a mutex.
func BenchmarkTake(b *testing.B) {
	r := throttle.Rate{PerSecond: 1e6, Burst: 1e6}
	began := time.Now()
	for name, of := range map[string]func(i int) string{
		"one caller":    func(int) string { return "arn:aws:iam::123456789012:user/orders" },
		"eight callers": func(i int) string { return eight[i%8] },
		"a thousand":    func(i int) string { return thousand[i%1000] },
		"very many":     func(i int) string { return lots[i%len(lots)] },
	} {
		b.Run(name, func(b *testing.B) {
			table := throttle.NewTable(10_000)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					table.Take(throttle.Key{Who: of(i)}, r, time.Since(began))
				}
			})
		})
	}
	b.Run("one caller, x/time/rate", func(b *testing.B) {
		limiter := rate.NewLimiter(1e6, 1e6)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				limiter.AllowN(time.Now(), 1)
			}
		})
	})
}

var eight, thousand, lots = names(8), names(1000), names(100_000)

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("arn:aws:iam::123456789012:user/orders-%06d", i))
	}
	return all
}
