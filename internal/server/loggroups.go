package server

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

// LogGroups is the directory of the log groups in a data directory.
func LogGroups(data string) string { return filepath.Join(data, "logs") }

// logGroups builds the target that writes log groups, and has it run. Where
// nothing is to be kept, neither are they: they are in a temporary directory.
func (r *Running) logGroups(ctx context.Context) (*loggroup.Target, error) {
	c := &r.config
	o := loggroup.Options{Dir: LogGroups(c.Data), FileBytes: c.LogGroupBytes, Files: c.LogGroupFiles}
	switch c.Durability {
	case store.Fsync:
		o.Sync = true
	case store.Interval:
		o.Every = c.SyncInterval
	case store.Memory:
		o.Dir = ""
	}
	if r.store.Encrypted() {
		box, err := r.box(ctx, logsPurpose)
		if err != nil {
			return nil, err
		}
		o.Box = box
	}
	t := loggroup.New(o)
	r.start("log groups", func(ctx context.Context) error { return errors.Join(t.Run(ctx), t.Close()) })
	return t, nil
}
