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

// seen is the first message with that id, if it was sent less than DedupFor ago.
func (q *Queue) seen(tx *store.Tx, scope, id string) (Sent, bool, error) {
	now := bucketOf(tx.Now())
	for _, bucket := range []uint64{now, now - 1} {
		if bucket > q.counters.bucket {
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
	v := make([]byte, 0, 32)
	v = binary.BigEndian.AppendUint64(v, s.Seq)
	v = append(v, s.ID[:]...)
	v = binary.BigEndian.AppendUint64(v, micros(tx.Now()))
	var k key
	return tx.Set(k.dedup(q.id, bucket, scope, id), v)
}
