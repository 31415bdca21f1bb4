package delivery

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/arn"
)

// What AWS documents for endpoints of its own and for those of customers.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
var (
	managed  = Schedule{{3, 0, 0, Linear}, {2, time.Second, time.Second, Linear}, {10, time.Second, 20 * time.Second, Exponential}, {100_000, 20 * time.Second, 20 * time.Second, Linear}}
	customer = Schedule{{2, 10 * time.Second, 10 * time.Second, Linear}, {10, 10 * time.Second, 600 * time.Second, Exponential}, {38, 600 * time.Second, 600 * time.Second, Linear}}
)

func TestTheDocumentedSchedulesTakeTheDocumentedTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		s       Schedule
		retries int
		from    time.Duration
		to      time.Duration
	}{
		{"managed by AWS", managed, 100_015, 23 * 24 * time.Hour, 24 * 24 * time.Hour},
		{"managed by customers", customer, 50, 6 * time.Hour, 7 * time.Hour},
		{"the default of HTTP", Schedule{{3, 20 * time.Second, 20 * time.Second, Linear}}, 3, time.Minute, time.Minute},
	} {
		if n, total := c.s.Retries(), c.s.Total(); n != c.retries || total < c.from || total > c.to {
			t.Errorf("%s: %d retries in %s", c.name, n, total)
		}
	}
}

func TestTheDelaysOfAPhaseGrowAsItSays(t *testing.T) {
	second := func(n ...float64) (out []time.Duration) {
		for _, s := range n {
			out = append(out, time.Duration(s*float64(time.Second)))
		}
		return out
	}
	for growth, want := range map[Growth][]time.Duration{
		Linear:      second(1, 6.25, 11.5, 16.75, 22),
		Arithmetic:  second(1, 3.1, 7.3, 13.6, 22),
		Exponential: second(1, 2.4, 5.2, 10.8, 22),
	} {
		s := Schedule{{2, 0, 0, Linear}, {5, time.Second, 22 * time.Second, growth}, {1, 22 * time.Second, 22 * time.Second, Linear}}
		want = slices.Concat(second(0, 0), want, second(22, 0)) // the last is of a retry that there is not
		for i, w := range want {
			if got := s.Delay(i + 1); (got - w).Abs() > time.Microsecond {
				t.Errorf("growth %d: delay %d is %s, want %s", growth, i+1, got, w)
			}
		}
	}
	for i, w := range second(1, 2, 4, 8, 16) {
		if got := (Schedule{{5, time.Second, 16 * time.Second, Geometric}}).Delay(i + 1); (got - w).Abs() > time.Microsecond {
			t.Errorf("geometric: delay %d is %s, want %s", i+1, got, w)
		}
	}
}

func anySchedule(t *rapid.T) Schedule {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Phase {
		low := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "min"))
		return Phase{
			Retries: rapid.IntRange(0, 100).Draw(t, "retries"), Min: low,
			Max:    low + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more")),
			Growth: Growth(rapid.IntRange(0, 3).Draw(t, "growth")),
		}
	}), 0, 5).Draw(t, "schedule")
}

func TestDelaysNeverShrinkWithinAPhaseAndStayInItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, retry := anySchedule(t), 0
		for _, p := range s {
			last := p.Min
			for range p.Retries {
				retry++
				d := s.Delay(retry)
				if d < last || d > p.Max {
					t.Fatalf("delay %d is %s after %s, of %+v", retry, d, last, p)
				}
				if j := jitter(Key{byte(retry)}, retry, d); j < d || j > d+d/10 {
					t.Fatalf("%s with jitter is %s", d, j)
				}
				last = d
			}
		}
		back, rest, err := readSchedule(append(appendSchedule(nil, s), 7))
		if err != nil || !slices.Equal(back, s) || len(rest) != 1 {
			t.Fatalf("%v came back as %v, %v", s, back, err)
		}
	})
}

func TestARecordKeepsItsScheduleAndOneOfVersion3HasNone(t *testing.T) {
	d := &Delivery{Target: arn.Queue("r", "000000000000", "q"), Body: []byte("body"), Policy: &Policy{MaxAge: time.Hour, MaxAttempts: 50, Schedule: customer}}
	back, _, err := decode(encode(d, nil))
	if err != nil || !slices.Equal(back.Policy.Schedule, customer) || string(back.Body) != "body" {
		t.Fatalf("%+v, %v", back, err)
	}
	d.Policy.Schedule = nil
	old := encode(d, nil) // ends in {0: no role}{1 + 50}{age}{0 phases}{body}
	old = slices.Delete(old, len(old)-5, len(old)-4)
	role := len(old) - 4 - len(binary.AppendUvarint(nil, uint64(time.Hour))) - 1 - 1
	old = slices.Delete(old, role, role+1)
	old[0] = 3
	if back, _, err = decode(old); err != nil || back.Policy.MaxAttempts != 50 || string(back.Body) != "body" {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestAKindMayNameWhatEndsItsWord(t *testing.T) {
	known := map[string]Remote{"api-destination": &fake{}, ":": &fake{}, "endpoint/": &fake{}}
	o := New(nil, DefaultPolicy)
	for word, r := range known {
		o.Reach("sns:"+word, r)
	}
	for resource, word := range map[string]string{
		"api-destination/x": "api-destination", "topic:id": ":", "topic": "", "endpoint/GCM/a/b": "endpoint/", "endpoint": "", "endpoint:id": ":", "rule/x": "",
	} {
		if got := o.remote(&arn.ARN{Service: "sns", Resource: resource}); got != known[word] {
			t.Errorf("%s is delivered by %v", resource, got)
		}
	}
}

type fake struct{ _ int }

func (*fake) Attempt(context.Context, *Delivery) Answer { return Answer{} }
