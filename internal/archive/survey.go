package archive

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/event"
)

// Survey walks over what a replay would send, in steps as small as a replay's,
// and sends nothing. It reads from views, so it holds up nobody, however much
// there is.
type Survey struct {
	in     Request
	name   string // of the replay, which the events would carry
	number uint64
	below  uint64
	next   place
	done   bool
}

// NewSurvey is a survey of what a replay of that name would send that began
// now.
func NewSurvey(r Reader, name string, in Request) (*Survey, error) {
	rec, found, err := get(r, in.Archive)
	if err == nil && !found {
		err = fmt.Errorf("survey: %w", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	c, err := readCounts(r, rec.Number)
	if err != nil {
		return nil, err
	}
	return &Survey{in: in, name: name, number: rec.Number, below: c.next, next: place{At: in.From.Unix()}}, nil
}

// Done tells whether there is nothing left to look at.
func (s *Survey) Done() bool { return s.done }

// Step returns the next events as they would be sent. Those of an archive that
// was deleted are gone, with ErrNotFound.
func (s *Survey) Step(r Reader) (envelopes [][]byte, err error) {
	rec, found, err := get(r, s.in.Archive)
	if err != nil {
		return nil, err
	}
	if !found || rec.Number != s.number {
		return nil, fmt.Errorf("survey: %w", ErrNotFound)
	}
	size, looks := 0, 0
	s.done = true
	var damaged error
	err = r.Scan(eventKey(s.number, s.next), eventKey(s.number, s.in.until()), func(k, v []byte) bool {
		var at place
		if at, damaged = placeOf(k); damaged != nil {
			return false
		}
		if looks == stepLooks || size >= stepBytes {
			s.done, s.next = false, at
			return false
		}
		looks++
		if at.Seq >= s.below {
			return true // came after the start
		}
		size += len(v)
		var e Event
		if e, damaged = decodeEvent(v); damaged != nil {
			return false
		}
		var envelope []byte
		envelope, damaged = event.AppendReplayed(make([]byte, 0, len(e.Envelope)+len(s.name)+32), e.Envelope, s.name)
		envelopes = append(envelopes, envelope)
		return damaged == nil
	})
	if err == nil {
		err = damaged
	}
	return envelopes, err
}
