package audit

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys of the log. Numbers are big endian, instants nanoseconds since 1970.
//
//	'a' 'e' {number 8}    an entry: {version 1 = 1}{link 32}{signature 16}{body}
//	'a' 's' {first 8}     a segment, from that entry on: {version 1 = 1}{entries 8}{bytes 8}{first at 8}{last at 8}{link of its last 32}
//	'a' 'c'               {version 1 = 1}{next number 8}{link of the last 32}{floor 8}{anchor 32}{when the timer fires 8, 0 for never}{signature 16}
//
// A body is what the link covers:
//
//	{at 8}{flags 1}, nine texts {length uvarint}{bytes} (account, region, principal, action, code, reason,
//	request id, id, and "" for what may come), {resources uvarint}, each a text, {record: the rest}
//	flags: bit 0, it changes nothing; 1, it was denied; 2, it is about what flows
//
// An entry's signature is the beginning of the HMAC-SHA-256 of its link, and the
// state's that of all before it.
const (
	entrySpace   = "ae"
	segmentSpace = "as"
	stateKey     = "ac"
)

const (
	entryVersion = 1
	headSize     = 1 + 32 + macSize

	flagReadOnly = 1 << 0
	flagDenied   = 1 << 1
	flagData     = 1 << 2
)

// Bounds of what an entry is found by.
const (
	maxText      = 2048
	maxResources = 100
)

func entryKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(entrySpace), number)
}

func segmentKey(first uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(segmentSpace), first)
}

var (
	allEntries  = [2][]byte{[]byte(entrySpace), store.PrefixEnd([]byte(entrySpace))}
	allSegments = [2][]byte{[]byte(segmentSpace), store.PrefixEnd([]byte(segmentSpace))}
)

func (e *Entry) append(b []byte) []byte {
	b = appendInstant(b, e.At)
	var flags byte
	for _, f := range [...]struct {
		set bool
		bit byte
	}{{e.ReadOnly, flagReadOnly}, {e.Denied, flagDenied}, {e.Data, flagData}} {
		if f.set {
			flags |= f.bit
		}
	}
	b = append(b, flags)
	for _, s := range [...]string{e.Account, e.Region, e.Principal, e.Action, e.Code, e.Reason, e.RequestID, e.ID, ""} {
		b = appendText(b, s)
	}
	resources := e.Resources[:min(len(e.Resources), maxResources)]
	b = binary.AppendUvarint(b, uint64(len(resources)))
	for _, r := range resources {
		b = appendText(b, r)
	}
	return append(b, e.Record...)
}

func appendText(b []byte, s string) []byte {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendInstant(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixNano()))
}

// sealed is an entry's value, taken apart.
type sealed struct {
	link      Link
	mac, body []byte // of the value
}

func openValue(v []byte) (s sealed, ok bool) {
	if len(v) < headSize || v[0] != entryVersion {
		return s, false
	}
	return sealed{Link(v[1:33]), v[33:headSize], v[headSize:]}, true
}

// numberOf is the number in an entry's or a segment's key.
func numberOf(key []byte) (uint64, bool) {
	if len(key) != len(entrySpace)+8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[len(entrySpace):]), true
}

// decode reads an entry. What it returns shares no memory with key and v.
func decode(key, v []byte) (*Entry, error) {
	number, ok := numberOf(key)
	s, whole := openValue(v)
	if !ok || !whole {
		return nil, errDamaged
	}
	e := &Entry{Number: number, Link: s.link}
	d := decoder{b: s.body}
	e.At = d.instant()
	flags := d.bytes(1)[0]
	e.ReadOnly, e.Denied, e.Data = flags&flagReadOnly != 0, flags&flagDenied != 0, flags&flagData != 0
	var later string
	for _, to := range [...]*string{&e.Account, &e.Region, &e.Principal, &e.Action, &e.Code, &e.Reason, &e.RequestID, &e.ID, &later} {
		*to = d.text()
	}
	n := d.uvarint()
	if n > maxResources {
		d.bad = true
	}
	for ; n > 0 && !d.bad; n-- {
		e.Resources = append(e.Resources, d.text())
	}
	if d.bad || flags > flagReadOnly|flagDenied|flagData || len(d.b) > MaxRecord {
		return nil, errDamaged
	}
	e.Record = append([]byte(nil), d.b...)
	return e, nil
}

// decoder reads values off the front of b, until one is not there.
type decoder struct {
	b   []byte
	bad bool
}

var zeros [32]byte

// bytes are the next n, at most 32; zeros where they are not there.
func (d *decoder) bytes(n int) []byte {
	if d.bad || len(d.b) < n {
		d.bad = true
		return zeros[:n]
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) number() uint64 { return binary.BigEndian.Uint64(d.bytes(8)) }

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if d.bad || n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if d.bad || n > uint64(len(d.b)) || n > maxText {
		d.bad = true
		return ""
	}
	v := string(d.b[:n])
	d.b = d.b[n:]
	return v
}

// instant is zero where the number is.
func (d *decoder) instant() time.Time {
	n := int64(d.number())
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// state is what 'c' holds.
type state struct {
	next    uint64
	last    Link
	floor   uint64
	anchor  Link
	sweepAt time.Time
}

func (s *state) encode(k *Key) []byte {
	b := binary.BigEndian.AppendUint64([]byte{1}, s.next)
	b = binary.BigEndian.AppendUint64(append(b, s.last[:]...), s.floor)
	b = appendInstant(append(b, s.anchor[:]...), s.sweepAt)
	mac := k.sign(b)
	return append(b, mac[:]...)
}

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// readState is the state, and the bytes that it was read of, or nil.
func readState(r Reader) (s state, raw []byte, err error) {
	v, found, err := r.Get([]byte(stateKey))
	if err != nil || !found {
		return s, nil, err
	}
	d := decoder{b: v}
	version := d.bytes(1)[0]
	s.next = d.number()
	s.last = Link(d.bytes(32))
	s.floor = d.number()
	s.anchor = Link(d.bytes(32))
	s.sweepAt = d.instant()
	d.bytes(macSize)
	if d.bad || len(d.b) > 0 || version != 1 || s.floor > s.next {
		return s, v, errDamaged
	}
	return s, v, nil
}

// segment counts entries that are removed together.
type segment struct {
	first           uint64
	entries, bytes  uint64
	firstAt, lastAt time.Time
	last            Link
}

func (s *segment) encode() []byte {
	b := binary.BigEndian.AppendUint64([]byte{1}, s.entries)
	b = binary.BigEndian.AppendUint64(b, s.bytes)
	b = appendInstant(appendInstant(b, s.firstAt), s.lastAt)
	return append(b, s.last[:]...)
}

func (s *segment) decode(k, v []byte) error {
	first, ok := numberOf(k)
	d := decoder{b: v}
	version := d.bytes(1)[0]
	s.first, s.entries, s.bytes = first, d.number(), d.number()
	s.firstAt, s.lastAt = d.instant(), d.instant()
	s.last = Link(d.bytes(32))
	if !ok || d.bad || len(d.b) > 0 || version != 1 {
		return errDamaged
	}
	return nil
}
