package server

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

// LogGroups is the directory of the log groups in a data directory.
func LogGroups(data string) string { return filepath.Join(data, "logs") }

// logGroups builds the target that writes log groups, and has it run. Where
// nothing is to be kept, neither are they: they are in a temporary directory.
func (r *Running) logGroups() (*loggroup.Target, error) {
	c := &r.config
	o := loggroup.Options{Dir: LogGroups(c.Data), FileBytes: c.LogGroupBytes, Files: c.LogGroupFiles}
	switch c.Durability {
	case store.Fsync:
		o.Sync = true
	case store.Interval:
		o.Every = c.SyncInterval
	case store.Memory:
		dir, err := os.MkdirTemp("", "carillon-logs-")
		if err != nil {
			return nil, fmt.Errorf("make a directory for log groups: %w", err)
		}
		o.Dir, r.temporary = dir, dir
	}
	t := loggroup.New(o)
	r.start("log groups", t.Run)
	return t, nil
}
