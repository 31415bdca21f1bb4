package queue

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// DedupFor is how long a deduplication id is remembered.
const DedupFor = 5 * time.Minute

// Ids lie in buckets of DedupFor: a look-up reads two, and what is older goes
// with one range deletion when a new bucket begins.
func bucketOf(at time.Time) uint64 { return uint64(at.UnixMicro() / DedupFor.Microseconds()) }

func (k *key) dedup(queue, bucket uint64, scope, id string) []byte {
	k.start(store.SpaceQueueDedup, queue)
	binary.BigEndian.PutUint32(k.b[k.n:], uint32(bucket))
	k.n += 4
	return k.short(scope).text(id).bytes()
}

// dedup remembers which ids are in the current bucket and the one before, so
// that an id that is new, as nearly all are, needs no look-up.
type dedup struct {
	known  bool   // all ids since before the previous bucket are in the filters
	from   uint64 // not known: buckets after this one are
	bucket uint64
	now    filter // of bucket
	before filter // of bucket-1
}

// turn makes bucket the current one.
func (d *dedup) turn(bucket uint64) {
	switch {
	case d.bucket == bucket:
		return
	case d.bucket == 0:
		d.from = bucket // the first since the memory was made
	case d.bucket == bucket-1:
		d.before = d.now
	default:
		d.before = filter{}
	}
	d.bucket, d.now = bucket, filter{}
}

// mayHave is false only if the id is not in that bucket.
func (d *dedup) mayHave(bucket, id uint64) bool {
	switch {
	case !d.known && bucket <= d.from:
		return true
	case bucket == d.bucket:
		return d.now.has(id)
	}
	return d.before.has(id)
}

// seen is the first message with that id, if it was sent less than DedupFor ago.
func (q *Queue) seen(tx *store.Tx, scope, id string) (Sent, bool, error) {
	now := bucketOf(tx.Now())
	q.dedup.turn(now)
	hash := hashOf(scope, id)
	for _, bucket := range []uint64{now, now - 1} {
		if bucket > q.counters.bucket || !q.dedup.mayHave(bucket, hash) {
			continue
		}
		var k key
		v, ok, err := tx.Get(k.dedup(q.id, bucket, scope, id))
		if err != nil {
			return Sent{}, false, fmt.Errorf("deduplicate in %s: %w", q.name.Name, err)
		}
		if !ok || len(v) != 32 || tx.Now().Sub(timeAt(v, 24)) >= DedupFor {
			continue
		}
		return Sent{ID: [16]byte(v[8:24]), Seq: u64at(v, 0), Duplicate: true}, true, nil
	}
	return Sent{}, false, nil
}

func (q *Queue) remember(tx *store.Tx, scope, id string, s Sent) error {
	bucket := bucketOf(tx.Now())
	if bucket > q.counters.bucket {
		var lo, hi key
		if err := tx.DeleteRange(lo.start(store.SpaceQueueDedup, q.id).bytes(), hi.dedup(q.id, bucket-1, "", "")[:13]); err != nil {
			return err
		}
		q.counters.bucket = bucket
		q.touch(tx)
	}
	q.dedup.now.add(hashOf(scope, id))
	v := make([]byte, 0, 32)
	v = binary.BigEndian.AppendUint64(v, s.Seq)
	v = append(v, s.ID[:]...)
	v = binary.BigEndian.AppendUint64(v, micros(tx.Now()))
	var k key
	return tx.Set(k.dedup(q.id, bucket, scope, id), v)
}
