package archive

import (
	"encoding/binary"
	"fmt"

	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// Verify is a store.Invariant: every event can be read, lies where its time
// says, belongs to an archive, and is counted.
func Verify(v *store.View, report func(problem string)) error {
	counted := map[uint64]counts{}
	err := v.Scan([]byte(countsSpace), store.PrefixEnd([]byte(countsSpace)), func(k, value []byte) bool {
		number := binary.BigEndian.Uint64(append(make([]byte, 8), k...)[len(k):])
		if number == 0 {
			return true // the last number
		}
		c, err := decodeCounts(value)
		if err != nil {
			report(fmt.Sprintf("archive %d: %v", number, err))
		}
		counted[number] = c
		return true
	})
	if err != nil {
		return err
	}
	names, err := verifyNames(v, counted, report)
	if err != nil {
		return err
	}
	for number, c := range counted {
		if !names[number] {
			report(fmt.Sprintf("archive %d has counts and no name", number))
		}
		if err := verifyEvents(v, number, c, report); err != nil {
			return err
		}
	}
	return nil
}

func verifyNames(v *store.View, counted map[uint64]counts, report func(string)) (map[uint64]bool, error) {
	named := map[uint64]bool{}
	err := store.Each(v, []byte(nameSpace), "", func(name string, value []byte) (bool, error) {
		var rec record
		if err := decode(value, &rec); err != nil {
			report(fmt.Sprintf("archive %q: %v", name, err))
			return true, nil
		}
		if _, ok := counted[rec.Number]; !ok || named[rec.Number] {
			report(fmt.Sprintf("archive %q has number %d, which has no counts or another name", name, rec.Number))
		}
		named[rec.Number] = true
		return true, nil
	})
	return named, err
}

func verifyEvents(v *store.View, number uint64, want counts, report func(string)) error {
	var got counts
	all := eventPrefix(number)
	err := v.Scan(all, store.PrefixEnd(all), func(k, value []byte) bool {
		at, err := placeOf(k)
		var e Event
		if err == nil {
			e, err = decodeEvent(value)
		}
		if err == nil {
			if t, unreadable := event.Time(e.Envelope); unreadable == nil && t.Unix() != at.At {
				err = fmt.Errorf("it lies at %v, its time is %v: %w", at.time(), t, errDamaged)
			}
		}
		if err == nil && at.Seq >= want.next {
			err = fmt.Errorf("its number %d is not given yet: %w", at.Seq, errDamaged)
		}
		if err != nil {
			report(fmt.Sprintf("archive %d: event %x: %v", number, k, err))
		}
		got.events++
		got.bytes += uint64(len(e.Envelope))
		return true
	})
	if err == nil && (got.events != want.events || got.bytes != want.bytes) {
		report(fmt.Sprintf("archive %d counts %d events of %d bytes and has %d of %d", number, want.events, want.bytes, got.events, got.bytes))
	}
	return err
}
