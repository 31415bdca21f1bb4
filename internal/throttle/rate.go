// Package throttle owns how many requests somebody may make a second: rates,
// the buckets that count them, and a table of buckets with a bound.
//
// Invariants:
//
//  1. A bucket is one word, changed by compare-and-swap: nobody waits for anybody.
//  2. A table never holds more than its limit. What goes first is a bucket that is
//     full, which makes no difference to anyone, and then the one nearest to it.
//  3. Time is what the caller says. It may go back; then nothing is gained by it.
package throttle

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rate is so many requests a second, and so many at once after a pause.
type Rate struct {
	PerSecond float64
	Burst     int
}

// The bounds of a Rate. They keep a bucket's arithmetic within 63 bits.
const (
	minPerSecond = 0.001
	maxPerSecond = 1_000_000
	maxBurst     = 1_000_000
)

// Parse reads "RATE" or "RATE:BURST". A burst that is not said is what a second
// has.
func Parse(text string) (Rate, error) {
	rate, burst, said := strings.Cut(text, ":")
	n, err := strconv.ParseFloat(rate, 64)
	if err != nil || !(n >= minPerSecond && n <= maxPerSecond) || strings.ContainsAny(rate, "xX_pP") {
		return Rate{}, fmt.Errorf("%.64q: want requests a second, %v to %d, and perhaps a burst: 100 or 100:200", text, minPerSecond, maxPerSecond)
	}
	r := Rate{PerSecond: n, Burst: max(1, int(math.Ceil(n)))}
	if said {
		if r.Burst, err = strconv.Atoi(burst); err != nil || r.Burst < 1 || r.Burst > maxBurst {
			return Rate{}, fmt.Errorf("%.64q: want a burst of 1 to %d behind the colon", text, maxBurst)
		}
	}
	return r, nil
}

// String is what Parse reads.
func (r Rate) String() string {
	return strconv.FormatFloat(r.PerSecond, 'f', -1, 64) + ":" + strconv.Itoa(r.Burst)
}

// Rates are rates by name, "sqs:SendMessage" or "events:*".
type Rates map[string]Rate

// Add reads "NAME=RATE[:BURST]".
func (rs Rates) Add(text string) error {
	name, rate, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if service, operation, named := strings.Cut(name, ":"); !ok || !named || service == "" || operation == "" {
		return fmt.Errorf("%.64q: want SERVICE:OPERATION=RATE[:BURST], such as sqs:SendMessage=1000:2000 or events:*=500", text)
	}
	if _, twice := rs[name]; twice {
		return errors.New(name + " is there twice")
	}
	r, err := Parse(strings.TrimSpace(rate))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	rs[name] = r
	return nil
}
