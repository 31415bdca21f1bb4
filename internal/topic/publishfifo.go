package topic

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// What a FIFO topic keeps. Values begin with {version 1 = 1}.
//
//	'N' 'f' {topic 8}                        {last sequence u64}{newest bucket u32}; version 2, of a topic that has
//	                                         archived, {the instant of the message archived last, microseconds i64} more
//	'N' 'x' {topic 8}{bucket 4}{hash 16}     {at i64}{message id 16}{sequence u64}: a message was published with that
//	                                         deduplication id; hash is the beginning of the SHA-256 of
//	                                         {scope} 0 {id}, scope a group or empty, at in microseconds
//
// A bucket is five minutes, numbered since 1970.
const (
	fifoSpace  = "Nf"
	dedupSpace = "Nx"
)

// dedupFor is how long a deduplication id is remembered.
// https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
const dedupFor = 5 * time.Minute

// What a FIFO topic does not take. Nothing was written then.
var (
	ErrNoGroup = errors.New("a FIFO topic needs a message group")
	ErrNoDedup = errors.New("a FIFO topic needs a deduplication id or content-based deduplication")
)

type fifoState struct {
	sequence uint64
	bucket   uint32
	archived int64 // microseconds; 0 if the topic has never archived
}

// fifoVersion is that of a state with archived.
const fifoVersion = 2

func fifoOf(tx *store.Tx, topic uint64) (s fifoState, err error) {
	v, found, err := tx.Get(numbered(fifoSpace, topic))
	if err != nil || !found {
		return s, err
	}
	if s, err = decodeFIFO(v); err != nil {
		err = fmt.Errorf("topic %d: its sequence: %w", topic, err)
	}
	return s, err
}

// next is the position before which every message lies, and none that is to come.
func (s fifoState) next() position { return position{s.archived, s.sequence + 1} }

func decodeFIFO(v []byte) (s fifoState, err error) {
	switch {
	case len(v) == 13 && v[0] == recordVersion:
	case len(v) == 21 && v[0] == fifoVersion:
		s.archived = int64(binary.BigEndian.Uint64(v[13:]))
	default:
		return s, errDamaged
	}
	s.sequence, s.bucket = binary.BigEndian.Uint64(v[1:]), binary.BigEndian.Uint32(v[9:])
	return s, nil
}

func (s fifoState) encode() []byte {
	v := binary.BigEndian.AppendUint64([]byte{recordVersion}, s.sequence)
	v = binary.BigEndian.AppendUint32(v, s.bucket)
	if s.archived != 0 {
		v[0] = fifoVersion
		v = binary.BigEndian.AppendUint64(v, uint64(s.archived))
	}
	return v
}

func (s fifoState) keep(tx *store.Tx, topic uint64) error {
	return tx.Set(numbered(fifoSpace, topic), s.encode())
}

// CheckFIFO says what a topic of that kind does not take of a message.
func (c Config) CheckFIFO(m *Message) error {
	switch {
	case !c.FIFO:
		return nil
	case m.Group == "":
		return ErrNoGroup
	case m.Dedup == "" && !c.ContentDedup:
		return ErrNoDedup
	}
	return nil
}

// number gives a message of a FIFO topic its number, and tells whether it is a
// repeat.
func (m *pending) number(tx *store.Tx) (repeat bool, err error) {
	topic, c := m.audience.number, m.audience.config
	if m.Dedup == "" {
		content := m.Whole
		if content == "" {
			content = m.Text
		}
		sum := sha256.Sum256([]byte(content))
		m.Dedup = hex.EncodeToString(sum[:])
	}
	scope := ""
	if c.DedupPerGroup {
		scope = m.Group
	}
	s, err := fifoOf(tx, topic)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(scope + "\x00" + m.Dedup))
	hash, bucket := sum[:16], bucketAt(tx.Now())
	if repeat, err = m.seen(tx, bucket, hash); repeat || err != nil {
		return repeat, err
	}
	if bucket > s.bucket+1 || s.bucket == 0 { // whatever lies before the last is over
		err = tx.DeleteRange(dedupKey(topic, 0, nil), dedupKey(topic, bucket-1, nil))
	} else if bucket > s.bucket {
		err = tx.DeleteRange(dedupKey(topic, s.bucket-1, nil), dedupKey(topic, s.bucket, nil))
	}
	if err != nil {
		return false, err
	}
	s.sequence, s.bucket = s.sequence+1, max(bucket, s.bucket)
	m.sequence, m.published.Sequence = s.sequence, s.sequence
	if m.audience.archives() { // it came in when it was accepted: so instants grow with sequences
		s.archived = max(s.archived, tx.Now().UnixMicro())
		m.At = time.UnixMicro(s.archived).UTC()
	}
	v := binary.BigEndian.AppendUint64([]byte{recordVersion}, uint64(tx.Now().UnixMicro()))
	v = binary.BigEndian.AppendUint64(append(v, m.ID[:]...), s.sequence)
	if err := tx.Set(dedupKey(topic, bucket, hash), v); err != nil {
		return false, err
	}
	return false, s.keep(tx, topic)
}

func bucketAt(t time.Time) uint32 { return uint32(t.UnixNano() / int64(dedupFor)) }

func dedupKey(topic uint64, bucket uint32, hash []byte) []byte {
	return append(binary.BigEndian.AppendUint32(numbered(dedupSpace, topic), bucket), hash...)
}

// seen tells whether a message with that deduplication id was published less
// than dedupFor ago, and which.
func (m *pending) seen(tx *store.Tx, bucket uint32, hash []byte) (bool, error) {
	for _, b := range [2]uint32{bucket, bucket - 1} {
		v, found, err := tx.Get(dedupKey(m.audience.number, b, hash))
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		if len(v) != 33 || v[0] != recordVersion {
			return false, fmt.Errorf("topic %d: a deduplication id: %w", m.audience.number, errDamaged)
		}
		at := time.UnixMicro(int64(binary.BigEndian.Uint64(v[1:])))
		if tx.Now().Sub(at) >= dedupFor {
			continue
		}
		m.published = Published{ID: [16]byte(v[9:25]), Sequence: binary.BigEndian.Uint64(v[25:]), Repeat: true}
		return true, nil
	}
	return false, nil
}

// forgetFIFO removes what a FIFO topic that is deleted has kept.
func forgetFIFO(tx *store.Tx, topic uint64) error {
	if err := tx.Delete(numbered(fifoSpace, topic)); err != nil {
		return err
	}
	for _, space := range []string{dedupSpace, archiveSpace} {
		if err := tx.DeleteRange(numbered(space, topic), store.PrefixEnd(numbered(space, topic))); err != nil {
			return err
		}
	}
	return nil
}
