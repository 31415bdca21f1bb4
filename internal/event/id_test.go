package event

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAnIDIsAUUIDWithTheTimeInFront(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	at := time.Date(2046, 11, 25, 18, 43, 9, 123_456_789, time.UTC) // after what other tests have made
	last := ""
	for range 1_000 {
		id := NewID(at)
		b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
		if err != nil || !form.MatchString(id) || id <= last {
			t.Fatalf("%q after %q, %v", id, last, err)
		}
		last = id
		ms := int64(b[0])<<40 | int64(b[1])<<32 | int64(b[2])<<24 | int64(b[3])<<16 | int64(b[4])<<8 | int64(b[5])
		if ms != at.UnixMilli() {
			t.Fatalf("%s is of %v", id, time.UnixMilli(ms))
		}
	}
}

func TestIDsMadeAtOnceAreDifferent(t *testing.T) {
	const each = 20_000
	made := make(chan []string)
	for range 4 {
		go func() {
			var ids []string
			for range each {
				ids = append(ids, NewID(time.Now()))
			}
			made <- ids
		}()
	}
	seen := map[string]bool{}
	for range 4 {
		for _, id := range <-made {
			seen[id] = true
		}
	}
	if len(seen) != 4*each {
		t.Errorf("%d ids, %d of them different", 4*each, len(seen))
	}
}

func TestIDsFollowAClockThatIsSetBack(t *testing.T) {
	now := time.Date(2056, 1, 1, 0, 0, 0, 0, time.UTC)
	ahead, little, far := NewID(now), NewID(now.Add(-time.Millisecond)), NewID(now.Add(-time.Hour))
	if little <= ahead || far >= ahead {
		t.Errorf("%s, then %s a millisecond before, then %s an hour before", ahead, little, far)
	}
}

func BenchmarkNewID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewID(time.Now())
	}
}
