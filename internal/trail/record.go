package trail

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/store"
)

// Keys of the trail. Numbers are big endian, instants nanoseconds since 1970. A
// bucket is ten seconds of places, numbered since 1970, and an hour 360 buckets.
//
//	'E' 'e' {place 16}{number 4}      an entry: what happened to an event; numbers of a
//	                                    bucket grow, so an event's entries are in order
//	'E' 'r' {hour 4}{ref 8}           a rule as it was: {version 1 = 1}{JSON of Rule}
//	'E' 'i' {hour 4}{tail 10}{ms 6}   -; an event that does not lie under its id: its place, its
//	                                    time behind
//	'E' 'b' {bucket 4}                {version 1 = 1}{entries 8}{bytes 8}
//	'E' 'c'                           {version 1 = 1}{floor 4, a bucket}{when the timer fires 8, 0 for never}
//
// An entry is {version 1 = 1}{kind 1}{at 8} and
//
//	kind 1, accepted    {fate 1}{received 8}, six texts {length uvarint}{bytes} (account, region, bus,
//	                    name, from, trace), {too complex uvarint}{rules uvarint}, for each rule
//	                    {ref 8}{targets uvarint}{1 if all were delivered, else 0 and for each target
//	                    {outcome 1}{reason text}}, {envelope: the rest}
//	kind 2, an attempt  {delivery's key 16}{retry uvarint}{outcome 1}{took uvarint}{next 8, 0 for none},
//	                    four texts (reason, what the target said, dead-letter ARN, why it is not there)
//	kind 3              the same of a delivery that no rule has made, and three more texts (source, target id,
//	                    target ARN)
const (
	entrySpace  = "Ee"
	ruleSpace   = "Er"
	indexSpace  = "Ei"
	bucketSpace = "Eb"
	stateKey    = "Ec"
)

const (
	entryVersion = 1
	kindAccepted = 1
	kindAttempt  = 2
	kindUnruled  = 3
)

// maxReason bounds each text about an attempt, in bytes.
const maxReason = 512

func entryPrefix(p place) []byte { return append([]byte(entrySpace), p[:]...) }

func (m *memory) entryKey(p place, number uint32) []byte {
	m.key = append(append(m.key[:0], entrySpace...), p[:]...)
	m.key = binary.BigEndian.AppendUint32(m.key, number)
	return m.key
}

func byHour(space string, hour uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte(space), hour)
}

func ruleKey(n noted) []byte { return append(byHour(ruleSpace, n.hour), n.ref[:]...) }

func indexKey(p place) []byte {
	return append(append(byHour(indexSpace, hourOf(p.bucket())), p[6:]...), p[:6]...)
}

func bucketKey(bucket uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte(bucketSpace), bucket)
}

// append appends the entry of an acceptance but for the envelope.
func (a *Acceptance) append(b []byte, at time.Time) []byte {
	b = append(b, entryVersion, kindAccepted)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixNano()))
	b = append(b, byte(a.Fate))
	b = binary.BigEndian.AppendUint64(b, uint64(a.ReceivedAt.UnixNano()))
	for _, s := range [...]string{a.Bus.Account, a.Bus.Region, a.Bus.Name, a.Name, a.From, a.Trace} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(b, a.TooComplex)
	b = binary.AppendUvarint(b, uint64(len(a.Rules)))
	for i := range a.Rules {
		b = a.Rules[i].append(b)
	}
	return b
}

func (s *Sent) append(b []byte) []byte {
	b = binary.AppendUvarint(append(b, s.Rule[:]...), uint64(s.Targets))
	if s.Results == nil {
		return append(b, 1)
	}
	b = append(b, 0)
	for _, r := range s.Results {
		b = appendText(append(b, byte(r.Outcome)), reason(r.Reason))
	}
	return b
}

func appendText(b []byte, s string) []byte {
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	s = strings.ToValidUTF8(s, "")
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// appendAttempt appends the entry of an attempt.
func appendAttempt(b []byte, r *delivery.Report, at time.Time) []byte {
	kind, from := byte(kindAttempt), r.Delivery
	if ofTopic(from.Source) {
		kind = kindUnruled
	}
	b = append(b, entryVersion, kind)
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixNano()))
	b = append(b, r.Delivery.Key[:]...)
	b = binary.AppendUvarint(b, uint64(max(r.Retry, 0)))
	b = append(b, byte(r.Outcome))
	b = binary.AppendUvarint(b, uint64(max(r.Took, 0)))
	next := uint64(0)
	if !r.Next.IsZero() {
		next = uint64(r.Next.UnixNano())
	}
	b = binary.BigEndian.AppendUint64(b, next)
	dead := ""
	if r.Outcome == delivery.DeadLettered || r.Outcome == delivery.Dropped && r.Delivery.DeadLetter.Service != "" {
		dead = r.Delivery.DeadLetter.String()
	}
	for _, s := range [...]string{reason(r.Reason), r.Says, dead, reason(r.Lost)} {
		b = appendText(b, s)
	}
	if kind == kindUnruled {
		b = appendText(appendText(appendText(b, from.Source), from.TargetID), from.Target.String())
	}
	return b
}

// ofTopic tells whether the source of a delivery is a topic, of whose targets
// there is no other record.
func ofTopic(source string) bool {
	a, err := arn.Parse(source)
	return err == nil && a.Service == "sns"
}

// entry is one that was read: accepted or attempt is not nil.
type entry struct {
	at       time.Time
	accepted *Acceptance // without its ID
	attempt  *Attempt
	key      delivery.Key // of the attempt
	hour     uint32       // where its rules are described

	source string // of an attempt at a delivery that no rule has made: the topic
	target Target
}

// decodeEntry reads an entry. What it returns shares no memory with b.
func decodeEntry(b []byte) (e entry, err error) {
	d := decoder{b: b}
	version, kind := d.byte(), d.byte()
	e.at = d.instant()
	switch {
	case version != entryVersion:
		d.bad = true
	case kind == kindAccepted:
		e.accepted = d.accepted()
	case kind == kindAttempt, kind == kindUnruled:
		e.attempt = d.attempt(&e.key)
		e.attempt.At = e.at
		if kind == kindUnruled {
			e.source, e.target = d.text(), Target{ID: d.text(), ARN: d.text()}
		}
		d.bad = d.bad || len(d.b) > 0
	default:
		d.bad = true
	}
	if d.bad {
		return entry{}, errDamaged
	}
	return e, nil
}

func (d *decoder) accepted() *Acceptance {
	a := &Acceptance{Fate: Fate(d.byte()), ReceivedAt: d.instant()}
	for _, s := range [...]*string{&a.Bus.Account, &a.Bus.Region, &a.Bus.Name, &a.Name, &a.From, &a.Trace} {
		*s = d.text()
	}
	a.TooComplex = d.uvarint()
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		s := Sent{Rule: Ref(d.bytes(8))}
		s.Targets = int(min(d.uvarint(), math.MaxInt32))
		if d.byte() != 1 {
			s.Results = []Result{}
			for range s.Targets {
				r := Result{Outcome: Outcome(d.byte())}
				if text := d.text(); text != "" {
					r.Reason = storedReason(text)
				}
				if d.bad {
					break
				}
				s.Results = append(s.Results, r)
			}
		}
		a.Rules = append(a.Rules, s)
	}
	a.Envelope = append([]byte(nil), d.b...)
	return a
}

// storedReason is a reason that was kept.
type storedReason string

func (r storedReason) Error() string { return string(r) }

func (d *decoder) attempt(key *delivery.Key) *Attempt {
	*key = delivery.Key(d.bytes(16))
	a := &Attempt{Retry: int(min(d.uvarint(), math.MaxInt32)), Outcome: Outcome(d.byte())}
	a.Took = time.Duration(min(d.uvarint(), math.MaxInt64))
	a.Next = d.instant()
	for _, s := range [...]*string{&a.Reason, &a.Says, &a.DeadLetter, &a.Lost} {
		*s = d.text()
	}
	return a
}

// decoder reads values off the front of b, until one is not there.
type decoder struct {
	b   []byte
	bad bool
}

var zeros [16]byte

// bytes are the next n, at most 16; zeros where they are not there.
func (d *decoder) bytes(n int) []byte {
	if d.bad || len(d.b) < n {
		d.bad = true
		return zeros[:n]
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte { return d.bytes(1)[0] }

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
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	v := string(d.b[:n])
	d.b = d.b[n:]
	return v
}

// instant is zero where the number is.
func (d *decoder) instant() time.Time {
	n := int64(binary.BigEndian.Uint64(d.bytes(8)))
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// state is what 'c' holds.
type state struct {
	floor   uint32
	sweepAt time.Time
}

func (s state) encode() []byte {
	b := binary.BigEndian.AppendUint32([]byte{1}, s.floor)
	if s.sweepAt.IsZero() {
		return binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(s.sweepAt.UnixNano()))
}

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

func readState(r Reader) (s state, err error) {
	v, found, err := r.Get([]byte(stateKey))
	if err != nil || !found {
		return s, err
	}
	d := decoder{b: v}
	version := d.byte()
	s.floor, s.sweepAt = binary.BigEndian.Uint32(d.bytes(4)), d.instant()
	if d.bad || version != 1 {
		return s, errDamaged
	}
	return s, nil
}

// bucket counts the entries of ten seconds of places.
type bucket struct {
	number         uint32
	entries, bytes uint64
	grown          uint64 // bytes since the last touch
	dirty          bool
}

func (b *bucket) encode() []byte {
	v := binary.BigEndian.AppendUint64([]byte{1}, b.entries)
	return binary.BigEndian.AppendUint64(v, b.bytes)
}

func (b *bucket) decode(k, v []byte) error {
	if len(k) != len(bucketSpace)+4 || len(v) != 17 || v[0] != 1 {
		return errDamaged
	}
	b.number = binary.BigEndian.Uint32(k[len(bucketSpace):])
	b.entries, b.bytes = binary.BigEndian.Uint64(v[1:]), binary.BigEndian.Uint64(v[9:])
	return nil
}

var allBuckets = [2][]byte{[]byte(bucketSpace), store.PrefixEnd([]byte(bucketSpace))}
