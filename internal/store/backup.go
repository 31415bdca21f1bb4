package store

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Checkpoint makes dir, which must not exist, a copy of the store, while it
// runs. All that was acknowledged before the call is in it. On the same file
// system it costs almost no space at first, since immutable files are linked.
func (s *Store) Checkpoint(dir string) error {
	if s.options.Durability == Memory {
		return errors.New("checkpoint: the store is in memory and has no directory: take a backup")
	}
	return s.checkpoint(dir)
}

func (s *Store) checkpoint(dir string) error {
	if err := s.Err(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if !s.enter() {
		return fmt.Errorf("checkpoint: %w", ErrClosed)
	}
	defer s.leave()
	err := s.unlessFailed(func() error {
		if s.options.Durability == Memory { // there is no log to copy
			if err := s.db.Flush(); err != nil {
				return err
			}
		}
		if err := s.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
			return err
		}
		return s.keys.copyTo(dir)
	})
	if err != nil {
		return fmt.Errorf("checkpoint to %s: %w", dir, err)
	}
	return nil
}

// A backup is a tar stream: backupFirst, whose content names the version, the
// files of a checkpoint, and backupLast, whose content is
// {files uint32}{xxhash64 of all files' names and contents}, big endian. Without
// backupLast the stream is a piece of a backup.
const (
	backupFirst   = "carillon-backup"
	backupLast    = "carillon-backup-end"
	backupVersion = "1\n"
)

// Backup writes a copy of the store to w, while it runs: Restore reads it. All
// that was acknowledged before the call is in it.
func (s *Store) Backup(w io.Writer) error {
	s.backups.Lock()
	defer s.backups.Unlock()
	dir := s.scratch()
	if err := s.checkpoint(dir); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err := writeBackup(w, s.options.FS, dir)
	if err := errors.Join(err, s.options.FS.RemoveAll(dir)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// scratch is where Backup keeps its checkpoint: in the data directory, so that
// files can be linked. Open removes what a crash left there.
func (s *Store) scratch() string { return s.options.FS.PathJoin(s.dir, "backup.tmp") }

func writeBackup(w io.Writer, fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	t := tar.NewWriter(w)
	sum := xxhash.New()
	if err := writeEntry(t, backupFirst, int64(len(backupVersion)), strings.NewReader(backupVersion)); err != nil {
		return err
	}
	for _, name := range names {
		if err := writeFile(t, fs, fs.PathJoin(dir, name), name, sum); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	end := binary.BigEndian.AppendUint32(nil, uint32(len(names)))
	end = binary.BigEndian.AppendUint64(end, sum.Sum64())
	if err := writeEntry(t, backupLast, int64(len(end)), strings.NewReader(string(end))); err != nil {
		return err
	}
	return t.Close()
}

func writeFile(t *tar.Writer, fs vfs.FS, from, name string, sum io.Writer) error {
	f, err := fs.Open(from, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, _ = io.WriteString(sum, name)
	return writeEntry(t, name, info.Size(), io.TeeReader(io.LimitReader(f, info.Size()), sum))
}

func writeEntry(t *tar.Writer, name string, size int64, r io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: path.Base(name), Size: size, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(t, r)
	return err
}
