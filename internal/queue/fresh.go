package queue

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// freshPage is the head of what was never received: records from B at or above
// the fresh cursor, and what was sent since if nothing lies between.
type freshPage struct {
	records []freshRecord
	bytes   int
	next    uint64 // B at or above next is not in the page
	all     *int   // bytes of all pages of the shard
}

type freshRecord struct {
	seq    uint64
	record []byte
}

// A page holds up to this much; more waits on disk.
var (
	pageRecords = 128
	pageBytes   = 256 << 10
)

// All pages of a shard together hold up to this much, and a little for each
// queue beyond that.
const (
	allPagesBytes  = 64 << 20
	smallPageBytes = 8 << 10
)

// room is how much the page may hold.
func (p *freshPage) room() int {
	if *p.all-p.bytes+pageBytes > allPagesBytes {
		return min(smallPageBytes, pageBytes)
	}
	return pageBytes
}

// open empties the page and has it go on at next.
func (p *freshPage) open(next uint64) {
	*p.all -= p.bytes
	*p = freshPage{next: next, all: p.all}
}

// cursor is the seq below which everything was received.
func (p *freshPage) cursor() uint64 {
	if len(p.records) > 0 {
		return p.records[0].seq
	}
	return p.next
}

// sent keeps the record of seq in the page if the page reaches up to it.
// record is nil where the message is not fresh.
func (p *freshPage) sent(seq uint64, record []byte) {
	if p.next != seq {
		return
	}
	if record != nil {
		if len(p.records) >= pageRecords || p.bytes+len(record) > p.room() {
			return
		}
		p.add(seq, record)
	}
	p.next = seq + 1
}

func (p *freshPage) add(seq uint64, record []byte) {
	p.records = append(p.records, freshRecord{seq, record})
	p.bytes += len(record)
	*p.all += len(record)
}

// fill reads the next page if there is none.
func (p *freshPage) fill(tx *store.Tx, q *Queue) error {
	if len(p.records) > 0 || p.next >= q.counters.nextSeq {
		return nil
	}
	p.records = p.records[:0:0]
	var lo, hi key
	full := false
	err := tx.Scan(lo.seq(store.SpaceQueueBody, q.id, p.next), hi.seq(store.SpaceQueueBody, q.id, q.counters.nextSeq), func(k, v []byte) bool {
		p.add(u64at(k, 9), append(make([]byte, 0, len(v)), v...))
		full = len(p.records) == pageRecords || p.bytes >= p.room()
		return !full
	})
	if err != nil {
		return fmt.Errorf("read messages of %s: %w", q.name.Name, err)
	}
	p.next = q.counters.nextSeq
	if full {
		p.next = p.records[len(p.records)-1].seq + 1
	}
	return nil
}

func (p *freshPage) take() freshRecord {
	r := p.records[0]
	p.records[0].record = nil
	p.records = p.records[1:]
	p.bytes -= len(r.record)
	*p.all -= len(r.record)
	return r
}

// dropBelow forgets what was swept away.
func (p *freshPage) dropBelow(seq uint64) {
	for len(p.records) > 0 && p.records[0].seq < seq {
		p.take()
	}
	if p.next < seq {
		p.next = seq
	}
}
