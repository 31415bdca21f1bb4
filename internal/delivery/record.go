package delivery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Keys of the outbox. Numbers are big endian, times are nanoseconds of Unix time.
//
//	'O' 'n'                       next {seq 8}
//	'O' 'b' {seq 8}               the delivery:
//	                                {version 1 = 5} {accepted 8} {key 16}
//	                                eleven strings, each {length uvarint}{bytes}:
//	                                  source ARN, target id, target ARN, message group, trace,
//	                                  dead-letter ARN, end (end.go), event if the body is not it, event id, params,
//	                                  the role in whose name it is sent ("own": Carillon's own)
//	                                {0 uvarint}, or {1 + most retries uvarint}{most age uvarint}{schedule (schedule.go)} of its policy
//	                                {body, the rest}
//	                              Version 1 has the first five strings and no policy, version 2 neither event id nor params,
//	                              version 3 no schedule,
//	                              version 4 no role: what it holds was accepted when nobody asked, and is sent as Carillon's own.
//	'O' 'd' {due 8}{seq 8}        tried again at due; value {retries so far uvarint}, nothing if it was never tried
//	'O' 'l' {lane 8}{due 8}{seq 8}
//	                              the same of a remote target (remote.go), with
//	                              {attempts so far uvarint}; lane is FNV-1a of its ARN
const (
	nextKey   = "On"
	bodySpace = "Ob"
	dueSpace  = "Od"
	laneSpace = "Ol"
)

const recordVersion = 5

// own stands for the role of a delivery that is Carillon's own. It is no ARN.
const own = "own"

func bodyKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte(bodySpace), seq) }

func dueKey(due time.Time, seq uint64) []byte {
	k := binary.BigEndian.AppendUint64([]byte(dueSpace), uint64(due.UnixNano()))
	return binary.BigEndian.AppendUint64(k, seq)
}

// readDueKey is the inverse of dueKey.
func readDueKey(k []byte) (due time.Time, seq uint64) {
	k = k[len(dueSpace):]
	return time.Unix(0, int64(binary.BigEndian.Uint64(k))), binary.BigEndian.Uint64(k[8:])
}

func lanePrefix(lane uint64) []byte { return binary.BigEndian.AppendUint64([]byte(laneSpace), lane) }

// readLaneKey is the inverse of key of an entry of a lane.
func readLaneKey(k []byte) due {
	k = k[len(laneSpace):]
	return due{
		lane: binary.BigEndian.Uint64(k), at: time.Unix(0, int64(binary.BigEndian.Uint64(k[8:]))),
		seq: binary.BigEndian.Uint64(k[16:]),
	}
}

// due is an entry of the outbox: a delivery that is tried at an instant.
type due struct {
	lane  uint64 // local, or that of a remote target
	at    time.Time
	seq   uint64
	tries int // attempts so far; of local ones without the first, so -1 before that
}

func (e *due) key() []byte {
	if e.lane == local {
		return dueKey(e.at, e.seq)
	}
	k := binary.BigEndian.AppendUint64(lanePrefix(e.lane), uint64(e.at.UnixNano()))
	return binary.BigEndian.AppendUint64(k, e.seq)
}

// encode makes d's record. end is how it has ended already; nil if it has not.
func encode(d *Delivery, end *End) []byte {
	deadLetter, event := "", []byte(nil)
	if d.DeadLetter != (arn.ARN{}) {
		deadLetter, event = d.DeadLetter.String(), d.Event // nobody else wants to see it
	}
	b := make([]byte, 0, len(d.Body)+len(event)+len(d.Params)+384)
	b = append(b, recordVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(d.AcceptedAt.UnixNano()))
	b = append(b, d.Key[:]...)
	for _, s := range []string{d.Source, d.TargetID, d.Target.String(), d.GroupID, d.Trace, deadLetter} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, s := range [][]byte{appendEnd(nil, end), event, []byte(d.EventID), d.Params, []byte(d.sentAs())} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	if d.Policy == nil {
		b = append(b, 0)
	} else {
		b = binary.AppendUvarint(b, uint64(d.Policy.MaxAttempts)+1)
		b = binary.AppendUvarint(b, uint64(d.Policy.MaxAge))
		b = appendSchedule(b, d.Policy.Schedule)
	}
	return append(b, d.Whole()...)
}

var errRecord = errors.New("outbox record is damaged")

func decode(b []byte) (d *Delivery, end *End, err error) {
	if len(b) < 25 || b[0] == 0 || b[0] > recordVersion {
		return nil, nil, errRecord
	}
	version := b[0]
	d = &Delivery{AcceptedAt: time.Unix(0, int64(binary.BigEndian.Uint64(b[1:]))).UTC()}
	copy(d.Key[:], b[9:])
	b = b[25:]
	role := own // until the record says otherwise
	var target, deadLetter, ended, event, params string
	fields := []*string{&d.Source, &d.TargetID, &target, &d.GroupID, &d.Trace, &deadLetter, &ended, &event, &d.EventID, &params, &role}
	switch version {
	case 1:
		fields = fields[:5]
	case 2:
		fields = fields[:8]
	case 3, 4:
		fields = fields[:10]
	}
	for _, s := range fields {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return nil, nil, errRecord
		}
		*s, b = string(b[used:used+int(n)]), b[used+int(n):]
	}
	if version > 1 {
		if d.Policy, b, err = decodePolicy(b, version); err != nil {
			return nil, nil, err
		}
	}
	d.Body = b
	if d.Own = role == own; !d.Own {
		d.Role = role
	}
	if event != "" {
		d.Event = []byte(event)
	}
	if params != "" {
		d.Params = []byte(params)
	}
	if d.Target, err = arn.Parse(target); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	if deadLetter != "" {
		if d.DeadLetter, err = arn.Parse(deadLetter); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errRecord, err)
		}
	}
	end, err = readEnd(ended, d.Target)
	return d, end, err
}

// sentAs is what the record has for a role.
func (d *Delivery) sentAs() string {
	if d.Own {
		return own
	}
	return d.Role
}

func decodePolicy(b []byte, version byte) (policy *Policy, rest []byte, err error) {
	attempts, used := binary.Uvarint(b)
	if used <= 0 || attempts > math.MaxInt32 {
		return nil, nil, errRecord
	}
	if b = b[used:]; attempts == 0 {
		return nil, b, nil
	}
	age, used := binary.Uvarint(b)
	if used <= 0 || age > math.MaxInt64 {
		return nil, nil, errRecord
	}
	policy = &Policy{MaxAge: time.Duration(age), MaxAttempts: int(attempts) - 1}
	if b = b[used:]; version > 3 {
		policy.Schedule, b, err = readSchedule(b)
	}
	return policy, b, err
}

// topic is what Run waits for.
var topic = store.Topic{Space: store.SpaceOutbox}

// keep makes the outbox record of d, which may have ended, and has been tried if
// it is local.
func (o *Outbox) keep(tx *store.Tx, d *Delivery, end *End, at time.Time) error {
	return o.enter(tx, d, end, due{at: at})
}

// enter makes the outbox record of d under a new number.
func (o *Outbox) enter(tx *store.Tx, d *Delivery, end *End, e due) error {
	o.keeps(tx, d)
	seq, err := nextSeq(tx)
	if err != nil {
		return err
	}
	if err := tx.Set(bodyKey(seq), encode(d, end)); err != nil {
		return err
	}
	e.seq = seq
	if end == nil && d.Unfit == nil && o.remote(&d.Target) != nil {
		e.lane, e.tries = laneOf(&d.Target), 0
	}
	return schedule(tx, e)
}

func nextSeq(tx *store.Tx) (uint64, error) {
	var seq uint64
	v, ok, err := tx.Get([]byte(nextKey))
	if err != nil {
		return 0, err
	}
	if ok {
		if len(v) != 8 {
			return 0, errRecord
		}
		seq = binary.BigEndian.Uint64(v)
	}
	return seq, tx.Set([]byte(nextKey), binary.BigEndian.AppendUint64(nil, seq+1))
}

// schedule has an entry tried when it is due.
func schedule(tx *store.Tx, e due) error {
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	if e.lane == local {
		tx.WakeAt(topic, e.at)
		m.from = min(m.from, e.at.UnixNano())
	} else {
		m.enter(tx, e.lane, e.at)
	}
	if e.tries < 0 {
		return tx.Set(e.key(), nil)
	}
	return tx.Set(e.key(), binary.AppendUvarint(nil, uint64(e.tries)))
}

// state is the outbox's memory of a shard.
type state struct {
	from  int64 // nothing local is due before: so that looking does not walk over the remains of all that was
	lanes map[uint64]bool
	begun []uint64 // of lanes, those that the runner has not heard of
}

var memory = store.NewCell(func(tx *store.Tx) (*state, error) {
	lanes, begun, err := findLanes(tx)
	return &state{lanes: lanes, begun: begun}, err
})
