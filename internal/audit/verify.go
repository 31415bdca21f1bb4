package audit

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Chain is what Verify has read.
type Chain struct {
	Entries  uint64
	Bytes    uint64 // of keys and values
	First    uint64 // number of the first entry that is kept
	Last     uint64 // and of the last one; First-1: there is none
	Head     Link   // of the last one
	Signed   bool   // signatures were checked, too
	Problems int
}

// maxProblems is how many are told of: where a chain was made anew, each link is
// wrong.
const maxProblems = 20

// Expect is a link that somebody has noted elsewhere: the entry with this number
// had it then. It finds a log that was cut off at its end, or made anew, by
// somebody with the key.
type Expect struct {
	Number uint64
	Link   Link
}

// Verify follows the chain from the anchor to its end and reports, each in a
// sentence, every entry that was changed, removed or inserted. Without a key,
// signatures are not checked: then somebody who made the whole chain anew is not
// found. The error is one of reading.
func Verify(v *store.View, key *Key, expect []Expect, report func(problem string)) (Chain, error) {
	c := &check{key: key, expect: map[uint64]Link{}, report: report}
	c.Signed = key != nil
	for _, e := range expect {
		c.expect[e.Number] = e.Link
	}
	s, raw, err := readState(v)
	switch {
	case err == nil && raw == nil:
		s.next, s.floor = 1, 1
	case err == errDamaged: //nolint:errorlint // our own, not wrapped
		c.problem("the state cannot be read")
		return c.Chain, nil
	case err != nil:
		return c.Chain, err
	case key != nil && !key.signed(raw[:len(raw)-macSize], raw[len(raw)-macSize:]):
		c.problem("the state, which says where the log begins and ends, was not signed by this node")
	}
	c.First, c.Last, c.Head = s.floor, s.floor-1, s.anchor
	if err := v.Scan(allEntries[0], allEntries[1], c.entry); err != nil {
		return c.Chain, err
	}
	c.end(&s)
	return c.Chain, c.segments(v)
}

// check is one Verify.
type check struct {
	Chain
	key     *Key
	expect  map[uint64]Link
	report  func(string)
	entries []counted
}

type counted struct{ number, bytes uint64 }

func (c *check) problem(format string, args ...any) {
	if c.Problems++; c.Problems <= maxProblems {
		c.report("audit: " + fmt.Sprintf(format, args...))
	}
}

// entry checks the next one. What follows is checked against the link that it
// has, be it right or wrong, so that each problem is told of once.
func (c *check) entry(k, v []byte) bool {
	number, ok := numberOf(k)
	s, whole := openValue(v)
	if !ok || !whole {
		c.problem("a record that cannot be read, at %x", k)
		return true
	}
	c.Entries++
	c.Bytes += uint64(len(k) + len(v))
	want := c.Last + 1
	if number < want {
		c.problem("record %d lies before the first one, %d: it was inserted, or should have been removed", number, want)
		return true
	}
	if number > want {
		c.problem("%s removed", numbers(want, number-1))
	} else if s.link != c.Head.follow(number, s.body) {
		c.problem("record %d was changed, or the one before it was", number)
	}
	if c.key != nil && !c.key.signed(s.link[:], s.mac) {
		c.problem("record %d was not signed by this node: it was changed or inserted", number)
	}
	if _, err := decode(k, v); err != nil {
		c.problem("record %d cannot be read", number)
	}
	if link, ok := c.expect[number]; ok && link != s.link {
		c.problem("record %d has the link %s, and was expected to have %s", number, s.link, link)
	}
	delete(c.expect, number)
	c.Last, c.Head = number, s.link
	c.count(number, uint64(len(k)+len(v)))
	return true
}

func numbers(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("record %d was", from)
	}
	return fmt.Sprintf("records %d to %d were", from, to)
}

// end compares the end of the chain with the state.
func (c *check) end(s *state) {
	switch {
	case c.Last+1 < s.next:
		c.problem("%s removed", numbers(c.Last+1, s.next-1))
	case c.Last+1 > s.next:
		c.problem("%s appended past the end", numbers(s.next, c.Last))
	case c.Head != s.last && s.next > 1:
		c.problem("record %d does not have the link that the state has for it", c.Last)
	}
	for number, link := range c.expect {
		if number >= s.floor { // else retention has removed it
			c.problem("record %d, expected to have the link %s, is not there", number, link)
		}
	}
}

// count sums up bytes by what segments can tell: of each entry's number.
func (c *check) count(number, bytes uint64) {
	c.entries = append(c.entries, counted{number, bytes})
}

// segments compares what they count with what there is.
func (c *check) segments(v *store.View) error {
	next := 0
	return v.Scan(allSegments[0], allSegments[1], func(k, value []byte) bool {
		var s segment
		if s.decode(k, value) != nil {
			c.problem("a segment that cannot be read, at %x", k)
			return true
		}
		var entries, bytes uint64
		for ; next < len(c.entries) && c.entries[next].number < s.first+s.entries; next++ {
			entries++
			bytes += c.entries[next].bytes
		}
		if (entries != s.entries || bytes != s.bytes) && c.Problems == 0 {
			c.problem("the segment at record %d counts %d of %d bytes, and has %d of %d", s.first, s.entries, s.bytes, entries, bytes)
		}
		return true
	})
}
