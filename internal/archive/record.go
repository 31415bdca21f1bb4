package archive

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Keys of archives. Numbers are big endian, names hold no zero byte.
//
//	'A' 'n' {account} 0 {region} 0 {name}     an archive: {version 1 = 1}{JSON of record}
//	'A' 'c' {archive 8}                       its counts: {version 1 = 1}{events 8}{bytes 8}{next seq 8};
//	                                            of archive 0: {version 1 = 1}{the last number given 8}
//	'A' 'e' {archive 8}{time 8}{seq 8}        an event; time is the event's own in seconds of Unix time, with
//	                                            the sign bit turned, so that it sorts:
//	                                            {version 1 = 1}{trace length uvarint}{trace}{envelope, the rest}
//	'A' 'r' {account} 0 {region} 0 {name}     a replay: {version 1 = 1}{JSON of Replay}
//	'A' 'a' {account} 0 {region} 0 {name}     -, of a replay that has not ended
const (
	nameSpace   = "An"
	countsSpace = "Ac"
	eventSpace  = "Ae"
	replaySpace = "Ar"
	activeSpace = "Aa"
)

const recordVersion = 1

var errDamaged = errors.New("damaged record")

func keyOf(space string, n Name) []byte {
	return []byte(space + n.Account + "\x00" + n.Region + "\x00" + n.Name)
}

func nameKey(n Name) []byte   { return keyOf(nameSpace, n) }
func replayKey(n Name) []byte { return keyOf(replaySpace, n) }
func activeKey(n Name) []byte { return keyOf(activeSpace, n) }

// nameOf is the name at the end of a key, or in a timer's ref.
func nameOf(ref []byte) (Name, bool) {
	parts := strings.Split(string(ref), "\x00")
	if len(parts) != 3 {
		return Name{}, false
	}
	return Name{parts[0], parts[1], parts[2]}, true
}

func countsKey(archive uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(countsSpace), archive)
}

func eventPrefix(archive uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(eventSpace), archive)
}

// place is where an event lies in its archive, in the order of replays.
type place struct {
	At  int64  `json:"at"` // seconds
	Seq uint64 `json:"seq"`
}

const signBit = 1 << 63

func eventKey(archive uint64, p place) []byte {
	k := binary.BigEndian.AppendUint64(eventPrefix(archive), uint64(p.At)^signBit)
	return binary.BigEndian.AppendUint64(k, p.Seq)
}

func placeOf(key []byte) (place, error) {
	if len(key) != len(eventSpace)+24 {
		return place{}, fmt.Errorf("event key of %d bytes: %w", len(key), errDamaged)
	}
	key = key[len(eventSpace)+8:]
	return place{int64(binary.BigEndian.Uint64(key) ^ signBit), binary.BigEndian.Uint64(key[8:])}, nil
}

func (p place) time() time.Time { return time.Unix(p.At, 0).UTC() }

// Event is an event as it is kept.
type Event struct {
	Trace    string // the producer's trace header
	Envelope []byte
}

// size is that of the encoded event.
func (e Event) size() int {
	return 1 + len(binary.AppendUvarint(nil, uint64(len(e.Trace)))) + len(e.Trace) + len(e.Envelope)
}

// encode fills b, which has room for size bytes.
func (e Event) encode(b []byte) {
	b = append(b[:0], recordVersion)
	b = append(binary.AppendUvarint(b, uint64(len(e.Trace))), e.Trace...)
	_ = append(b, e.Envelope...)
}

// decodeEvent is the inverse of encode. The envelope points into b.
func decodeEvent(b []byte) (Event, error) {
	if len(b) == 0 || b[0] != recordVersion {
		return Event{}, fmt.Errorf("archived event of version %.1x: %w", b, errDamaged)
	}
	n, used := binary.Uvarint(b[1:])
	if used <= 0 || n > uint64(len(b)-1-used) {
		return Event{}, fmt.Errorf("archived event: %w", errDamaged)
	}
	b = b[1+used:]
	return Event{Trace: string(b[:n]), Envelope: b[n:]}, nil
}

func decode(value []byte, into any) error {
	if len(value) == 0 || value[0] != recordVersion {
		return fmt.Errorf("archive: record of version %.1x, want %d: %w", value, recordVersion, errDamaged)
	}
	if err := json.Unmarshal(value[1:], into); err != nil {
		return fmt.Errorf("archive: %w: %w", errDamaged, err)
	}
	return nil
}
