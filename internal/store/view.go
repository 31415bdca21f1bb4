package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// View is a consistent read of the shard's keys, off the writer. It sees
// groups that are appended and may not be durable yet: what must not be told
// before it is durable is read in an Update.
type View struct {
	keys   pebble.Reader
	prefix []byte
}

// View calls fn with a snapshot of the shard.
func (s *Shard) View(fn func(v *View) error) error {
	if err := s.store.Err(); err != nil {
		return err
	}
	if !s.store.enter() {
		return ErrClosed
	}
	defer s.store.leave()
	snapshot := s.store.db.NewSnapshot()
	defer snapshot.Close()
	return fn(&View{keys: snapshot, prefix: s.tx.prefix})
}

// Get is a copy of the value of key, and whether there is one.
func (v *View) Get(key []byte) ([]byte, bool, error) {
	value, closer, err := v.keys.Get(v.full(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read: %w", err)
	}
	value = append(make([]byte, 0, len(value)), value...)
	return value, true, closer.Close()
}

// Scan is Tx.Scan.
func (v *View) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	return scan(v.keys, v.full(lo), v.full(hi), len(v.prefix), fn)
}

// ScanBack is Scan from the end: it calls fn with the keys below hi down to lo.
func (v *View) ScanBack(lo, hi []byte, fn func(key, value []byte) bool) error {
	return scanBy(v.keys, v.full(lo), v.full(hi), len(v.prefix), fn, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (v *View) full(key []byte) []byte {
	return append(append(make([]byte, 0, len(v.prefix)+len(key)), v.prefix...), key...)
}

func scan(r pebble.Reader, lo, hi []byte, prefix int, fn func(key, value []byte) bool) error {
	return scanBy(r, lo, hi, prefix, fn, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

func scanBy(r pebble.Reader, lo, hi []byte, prefix int, fn func(key, value []byte) bool, first, next func(*pebble.Iterator) bool) error {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: hi})
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	for ok := first(it); ok; ok = next(it) {
		value, err := it.ValueAndErr()
		if err != nil {
			return errors.Join(fmt.Errorf("scan: %w", err), it.Close())
		}
		if !fn(it.Key()[prefix:], value) {
			break
		}
	}
	return it.Close()
}

// PrefixEnd is the first key after all that begin with prefix, for Scan and
// DeleteRange.
func PrefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return binary.BigEndian.AppendUint64(nil, ^uint64(0))
}
