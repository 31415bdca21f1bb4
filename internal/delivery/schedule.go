package delivery

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"time"
)

// Phase is a part of a schedule: so many retries, with delays that grow from
// Min before the first to Max before the last.
type Phase struct {
	Retries  int
	Min, Max time.Duration
	Growth   Growth
}

// Growth is how the delays of a phase grow. They are stored.
type Growth uint8

// The growths. Of n delays d, between 0 and 1 for Min and Max and at equal
// distances for Linear:
const (
	Linear      Growth = 0 // grows by the same amount each time
	Arithmetic  Growth = 1 // grows by an amount that itself grows by the same each time: as the sums of 1, 2, 3, …
	Geometric   Growth = 2 // grows by the same factor each time
	Exponential Growth = 3 // its growth doubles each time
)

// maxPhases bounds a schedule, and maxPhaseRetries a phase.
const (
	maxPhases       = 8
	maxPhaseRetries = 1_000_000
)

// Schedule is when a delivery is tried again.
type Schedule []Phase

// Retries is how many there are in all.
func (s Schedule) Retries() int {
	n := 0
	for _, p := range s {
		n += p.Retries
	}
	return n
}

// Delay is the one before a retry, of which the first is 1; 0 if there is no
// such retry.
func (s Schedule) Delay(retry int) time.Duration {
	for _, p := range s {
		if retry <= p.Retries {
			return p.delay(retry - 1)
		}
		retry -= p.Retries
	}
	return 0
}

// Total is all delays.
func (s Schedule) Total() time.Duration {
	sum := time.Duration(0)
	for _, p := range s {
		if p.Min == p.Max {
			sum += time.Duration(p.Retries) * p.Min
			continue
		}
		for i := range p.Retries {
			sum += p.delay(i)
		}
	}
	return sum
}

// delay is the one number i of a phase, from 0.
func (p Phase) delay(i int) time.Duration {
	last := p.Retries - 1
	if i < 0 || last < 1 || p.Min >= p.Max {
		return p.Min
	}
	part := float64(i) / float64(last)
	switch p.Growth {
	case Arithmetic:
		part = float64(i) * float64(i+1) / (float64(last) * float64(last+1))
	case Geometric:
		low := math.Max(float64(p.Min), 1)
		return p.clamp(low * math.Pow(float64(p.Max)/low, part))
	case Exponential:
		// (2^i - 1)/(2^last - 1), without numbers that are too large
		part = (math.Exp2(float64(i-last)) - math.Exp2(float64(-last))) / (1 - math.Exp2(float64(-last)))
	}
	return p.clamp(float64(p.Min) + part*float64(p.Max-p.Min))
}

func (p Phase) clamp(d float64) time.Duration {
	return min(max(time.Duration(math.Round(d)), p.Min), p.Max)
}

// jitter spreads a delay by up to a tenth of it, so that what failed together is
// not all tried together. Nobody is tried earlier than the schedule says.
func jitter(key Key, retry int, d time.Duration) time.Duration {
	spread := uint64(d / 10)
	if spread == 0 {
		return d
	}
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint32(key[:len(key):len(key)], uint32(retry)))
	return d + time.Duration(h.Sum64()%spread)
}

// appendSchedule appends {phases uvarint}, and for each {retries uvarint}{min
// uvarint}{max uvarint}{growth u8}; durations are nanoseconds.
func appendSchedule(b []byte, s Schedule) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, p := range s {
		b = binary.AppendUvarint(b, uint64(p.Retries))
		b = binary.AppendUvarint(b, uint64(p.Min))
		b = binary.AppendUvarint(b, uint64(p.Max))
		b = append(b, byte(p.Growth))
	}
	return b
}

// readSchedule is the inverse of appendSchedule.
func readSchedule(b []byte) (s Schedule, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > maxPhases {
		return nil, nil, fmt.Errorf("%w: its schedule", errRecord)
	}
	b = b[used:]
	for range n {
		var numbers [3]uint64
		for i := range numbers {
			if numbers[i], used = binary.Uvarint(b); used <= 0 || numbers[i] > math.MaxInt64 {
				return nil, nil, fmt.Errorf("%w: its schedule", errRecord)
			}
			b = b[used:]
		}
		if len(b) == 0 || numbers[0] > maxPhaseRetries {
			return nil, nil, fmt.Errorf("%w: its schedule", errRecord)
		}
		s = append(s, Phase{int(numbers[0]), time.Duration(numbers[1]), time.Duration(numbers[2]), Growth(b[0])})
		b = b[1:]
	}
	return s, b, nil
}
