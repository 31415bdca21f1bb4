package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
)

// TargetService is the service in the ARNs of archives as targets. AWS has no
// such service, so that no rule of a user's means one.
const TargetService = "carillon-archive"

// Target is where to send what an archive shall keep. It names the archive by
// its number: what was meant for a deleted archive is not for its successor.
func (a Archive) Target() arn.ARN {
	return arn.ARN{
		Partition: a.Bus.Partition, Service: TargetService, Region: a.Name.Region, Account: a.Name.Account,
		Resource: strconv.FormatUint(a.Number, 10),
	}
}

// Put keeps an event in the archive that the target names. It answers
// ErrNotFound, having written nothing, where that does not exist (any more).
func Put(tx *store.Tx, target arn.ARN, e Event) error {
	number, err := strconv.ParseUint(target.Resource, 10, 64)
	if err != nil || number == 0 || target.Service != TargetService {
		return fmt.Errorf("archive %s: %w", target, ErrNotFound)
	}
	if !bytes.HasSuffix(e.Envelope, []byte("}")) {
		return fmt.Errorf("archive %s: %w", target, ErrNotEvent)
	}
	at, err := event.Time(e.Envelope)
	if err != nil { // a producer can say the year 10000: better late than not at all
		at = tx.Now()
	}
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	c, err := m.open(tx, number)
	if err != nil || c == nil {
		return orNotFound(err, target)
	}
	value := tx.SetDeferred(eventKey(number, place{at.Unix(), c.next}), e.size())
	e.encode(value)
	c.next++
	c.events++
	c.bytes += uint64(len(e.Envelope))
	c.touch(tx)
	return nil
}

func orNotFound(err error, target arn.ARN) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("archive %s: %w", target, ErrNotFound)
}

// counts of an archive.
type counts struct{ events, bytes, next uint64 }

func (c counts) encode() []byte {
	b := binary.BigEndian.AppendUint64([]byte{recordVersion}, c.events)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, c.bytes), c.next)
}

func decodeCounts(b []byte) (c counts, err error) {
	if len(b) != 25 || b[0] != recordVersion {
		return c, fmt.Errorf("archive: counts of %d bytes: %w", len(b), errDamaged)
	}
	return counts{binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint64(b[9:]), binary.BigEndian.Uint64(b[17:])}, nil
}

func readCounts(r Reader, number uint64) (counts, error) {
	v, _, err := r.Get(countsKey(number))
	if err != nil {
		return counts{}, err
	}
	return decodeCounts(v)
}

func lastNumber(r Reader) (uint64, error) {
	v, found, err := r.Get(countsKey(0))
	if err != nil || !found {
		return 0, err
	}
	if len(v) != 9 || v[0] != recordVersion {
		return 0, fmt.Errorf("archive: last number: %w", errDamaged)
	}
	return binary.BigEndian.Uint64(v[1:]), nil
}

// open archives are those that got an event since the start: their counts are
// kept here and written once for each group of transactions.
type opened struct{ byNumber map[uint64]*live }

type live struct {
	counts
	number         uint64
	dirty, deleted bool
}

var memory = store.NewCell(func(*store.Tx) (*opened, error) {
	return &opened{map[uint64]*live{}}, nil
})

// open is the live counts of an archive; nil if there is no such archive.
func (m *opened) open(tx *store.Tx, number uint64) (*live, error) {
	if c := m.byNumber[number]; c != nil {
		return c, nil
	}
	v, found, err := tx.Get(countsKey(number))
	if err != nil || !found {
		return nil, err
	}
	read, err := decodeCounts(v)
	if err != nil {
		return nil, err
	}
	c := &live{counts: read, number: number}
	m.byNumber[number] = c
	return c, nil
}

func (m *opened) forget(number uint64) {
	if c := m.byNumber[number]; c != nil {
		c.deleted = true
		delete(m.byNumber, number)
	}
}

func (c *live) touch(tx *store.Tx) {
	if !c.dirty {
		c.dirty = true
		tx.BeforeCommit(c)
	}
}

// Flush implements store.Flusher.
func (c *live) Flush(tx *store.Tx) error {
	c.dirty = false
	if c.deleted {
		return nil
	}
	return tx.Set(countsKey(c.number), c.encode())
}
