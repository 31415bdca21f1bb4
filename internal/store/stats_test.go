package store

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestStatsSayHowMuchIsStoredAndWhoWaits(t *testing.T) {
	sh := openTest(t, Options{FS: vfs.Default})
	before := sh.store.Stats()
	ctx, cancel := context.WithCancel(t.Context())
	parked := make(chan error, 1)
	started := make(chan struct{}, 1)
	go func() {
		parked <- sh.Update(ctx, func(tx *Tx) error {
			started <- struct{}{}
			return tx.Wait(Topic{Space: SpaceMeta, ID: 1})
		})
	}()
	<-started
	if err := sh.Update(t.Context(), func(tx *Tx) error { return set(tx, "k", "v") }); err != nil {
		t.Fatal(err)
	}
	s := sh.store.Stats()
	if s.Waiting != 1 || s.Records != before.Records+1 || s.DiskBytes == 0 || s.FreeBytes == 0 || s.LogBytes == 0 {
		t.Errorf("%+v, before %+v", s, before)
	}
	cancel()
	<-parked
	if s := sh.store.Stats(); s.Waiting != 0 {
		t.Errorf("%d wait, nobody should", s.Waiting)
	}
}
