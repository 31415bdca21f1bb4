package store

import (
	"bytes"
	"errors"
	"fmt"
)

// Invariant checks what a core promises about its keys and reports each breach
// in a sentence. The error is one of reading.
type Invariant func(v *View, report func(problem string)) error

// Verification is what Verify has read.
type Verification struct {
	Keys     uint64
	Bytes    uint64 // of keys and values
	Problems int
	Head     Head // the log's last record
}

// Verify opens the store in dir without changing it, reads every key and
// value, whose checksums are checked on the way, and calls the invariants.
// Each problem goes to report. The error says why it could not go on; the
// store in dir must not be running (ErrLocked), so verify a checkpoint then.
func Verify(dir string, o Options, report func(problem string), invariants ...Invariant) (Verification, error) {
	var v Verification
	counted := func(problem string) {
		v.Problems++
		report(problem)
	}
	s, err := openReadOnly(dir, o)
	if err != nil {
		return v, err
	}
	err = s.verify(&v, counted, invariants)
	if err := errors.Join(err, s.Close()); err != nil {
		return v, fmt.Errorf("verify %s: %w", dir, err)
	}
	return v, nil
}

func openReadOnly(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	o.readOnly = true
	return open(dir, o)
}

func (s *Store) verify(v *Verification, report func(string), invariants []Invariant) error {
	v.Head = s.shard.tail
	if v.Head.Position > 0 && v.Head.Hash == 0 {
		report(fmt.Sprintf("the log's last record, %d, has no hash", v.Head.Position))
	}
	if err := s.db.CheckLevels(nil); err != nil {
		report(fmt.Sprintf("the order of the files is broken: %v", err))
	}
	if err := s.verifyKeys(v, report); err != nil {
		report(err.Error())
	}
	for _, check := range invariants {
		if err := s.shard.View(func(view *View) error { return check(view, report) }); err != nil {
			report(fmt.Sprintf("an invariant could not be checked: %v", err))
		}
	}
	return nil
}

// verifyKeys reads everything. A damaged block ends it, since what is behind
// the damage cannot be told.
func (s *Store) verifyKeys(v *Verification, report func(string)) error {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return err
	}
	strays := 0
	prefix := s.shard.tx.prefix
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return errors.Join(fmt.Errorf("key %x: %w", it.Key(), err), it.Close())
		}
		v.Keys++
		v.Bytes += uint64(len(it.Key()) + len(value))
		if key := it.Key(); !bytes.HasPrefix(key, prefix) && !bytes.Equal(key, formatKey) {
			strays++
		}
	}
	if strays > 0 {
		report(fmt.Sprintf("%d keys are in no shard", strays))
	}
	if err := it.Close(); err != nil { // it says what ended the reading
		return fmt.Errorf("after %d keys: %w", v.Keys, err)
	}
	return nil
}
