package delivery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Keys of the outbox. Numbers are big endian, times are nanoseconds of Unix time.
//
//	'O' 'n'                       next {seq 8}
//	'O' 'b' {seq 8}               the delivery:
//	                                {version 1 = 1} {accepted 8} {key 16}
//	                                five strings, each {length uvarint}{bytes}:
//	                                  source ARN, target id, target ARN, message group, trace
//	                                {body, the rest}
//	'O' 'd' {due 8}{seq 8}        tried again at due; value {retries so far uvarint}
const (
	nextKey   = "On"
	bodySpace = "Ob"
	dueSpace  = "Od"
)

const recordVersion = 1

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

func encode(d *Delivery) []byte {
	b := make([]byte, 0, len(d.Body)+256)
	b = append(b, recordVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(d.AcceptedAt.UnixNano()))
	b = append(b, d.Key[:]...)
	for _, s := range []string{d.Source, d.TargetID, d.Target.String(), d.GroupID, d.Trace} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(b, d.Body...)
}

var errRecord = errors.New("outbox record is damaged")

func decode(b []byte) (*Delivery, error) {
	if len(b) < 25 || b[0] != recordVersion {
		return nil, errRecord
	}
	d := &Delivery{AcceptedAt: time.Unix(0, int64(binary.BigEndian.Uint64(b[1:]))).UTC()}
	copy(d.Key[:], b[9:])
	b = b[25:]
	var target string
	for _, s := range []*string{&d.Source, &d.TargetID, &target, &d.GroupID, &d.Trace} {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return nil, errRecord
		}
		*s, b = string(b[used:used+int(n)]), b[used+int(n):]
	}
	d.Body = b
	var err error
	if d.Target, err = arn.Parse(target); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecord, err)
	}
	return d, nil
}

// topic is what Run waits for.
var topic = store.Topic{Space: store.SpaceOutbox}

// keep makes the outbox record of d.
func keep(tx *store.Tx, d *Delivery, due time.Time) error {
	seq, err := nextSeq(tx)
	if err != nil {
		return err
	}
	if err := tx.Set(bodyKey(seq), encode(d)); err != nil {
		return err
	}
	return schedule(tx, seq, due, 0)
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

// schedule has seq tried at due, when it was retried so often.
func schedule(tx *store.Tx, seq uint64, due time.Time, retries int) error {
	tx.WakeAt(topic, due)
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	m.from = min(m.from, due.UnixNano())
	return tx.Set(dueKey(due, seq), binary.AppendUvarint(nil, uint64(retries)))
}

// state is kept so that looking for what is due does not walk over the
// remains of all that was due before.
type state struct {
	from int64 // nothing is due before
}

var memory = store.NewCell(func(*store.Tx) (*state, error) { return &state{}, nil })
