package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/store/encrypted"
)

// Open opens or creates the store in dir and checks its format. It starts
// nothing: Run does the work. Close when done, after Run returned.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := o.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, openError(dir, err)
	}
	return open(dir, o)
}

// open is Open of a directory that exists.
func open(dir string, o Options) (*Store, error) {
	name, err := canonical(dir, o.FS)
	if err != nil {
		return nil, openError(dir, err)
	}
	s := &Store{dir: name, options: o, logger: o.Logger, failed: make(chan struct{})}
	if s.lock, err = lock(name, o.FS); err != nil {
		return nil, openError(dir, err)
	}
	if err := s.unlock(); err != nil {
		return nil, openError(dir, errors.Join(err, s.lock.Close()))
	}
	s.guard = &guard{FS: s.files, dir: name, fail: s.fail}
	if err := s.unlessFailed(s.openDB); err != nil {
		if s.Err() == nil {
			err = errors.Join(err, s.Close())
		}
		return nil, openError(dir, err)
	}
	return s, nil
}

func (s *Store) openDB() (err error) {
	if !s.options.readOnly {
		if err := s.options.FS.RemoveAll(s.scratch()); err != nil {
			return err
		}
	}
	o := s.pebbleOptions()
	o.ReadOnly, o.ErrorIfNotExists = s.options.readOnly, s.options.readOnly
	if s.db, err = pebble.Open(s.dir, o); err != nil {
		return err
	}
	if err := s.checkFormat(); err != nil {
		return err
	}
	log := &localLog{db: s.db, sync: s.options.Durability == Fsync}
	if s.shard, err = newShard(s, 0, log); err != nil {
		return fmt.Errorf("shard 0: %w", err)
	}
	return nil
}

// canonical gives a directory one name, since the locks of a process on itself
// go by name.
func canonical(dir string, fs vfs.FS) (string, error) {
	if fs != vfs.Default {
		return dir, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return dir, err
	}
	return real, nil
}

func lock(dir string, fs vfs.FS) (*pebble.Lock, error) {
	l, err := pebble.LockDirectory(dir, fs)
	if err == nil {
		return l, nil
	}
	var path *os.PathError
	held := errors.Is(err, syscall.EAGAIN) ||
		errors.Is(err, syscall.EACCES) && !errors.As(err, &path) || // of the lock, not of the file
		strings.Contains(err.Error(), "lock held by current process")
	if held {
		return nil, ErrLocked
	}
	return nil, err
}

// openError turns what the system says into a sentence for the person who
// started the process.
func openError(dir string, err error) error {
	switch {
	case errors.Is(err, ErrLocked), errors.Is(err, ErrFailed), errors.Is(err, ErrKey):
		return fmt.Errorf("open %s: %w", dir, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST):
		return fmt.Errorf("open %s: it is a file, and a data directory is needed: %w", dir, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open %s: the file system is read-only: %w", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("open %s: no permission to read and write there: %w", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("open %s: the disk is full: %w", dir, err)
	case errors.Is(err, pebble.ErrDBDoesNotExist):
		return fmt.Errorf("open %s: there is no Carillon data in it: %w", dir, err)
	case errors.Is(err, encrypted.ErrDamaged), errors.Is(err, encrypted.ErrPlain):
		return fmt.Errorf("open %s: the data is damaged, or was changed by somebody else, restore a backup: %w", dir, err)
	case errors.Is(err, pebble.ErrCorruption), errors.Is(err, record.ErrInvalidChunk):
		return fmt.Errorf("open %s: the data is damaged, restore a backup: %w", dir, err)
	case strings.Contains(err.Error(), "unknown to the objstorage provider"):
		return fmt.Errorf("open %s: a file of the data is missing, restore a backup: %w", dir, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open %s: there is no Carillon data in it: %w", dir, err)
	case strings.Contains(err.Error(), "format major version"):
		return fmt.Errorf("open %s: %w: start the newer carillon that wrote it", dir, err)
	}
	return fmt.Errorf("open %s: %w", dir, err)
}

// FormatVersion is the version of the key layouts that this binary writes. It
// grows when an older binary would meet what it cannot read; 2 came with shared
// bodies and the trail.
const FormatVersion = 2

// errForeign: whatever this is, stamping it would do harm.
var errForeign = errors.New("this is a database, but not one of Carillon's")

// checkFormat stamps a new directory, or one of an older binary, which from now
// on refuses it, and refuses one of a newer binary.
func (s *Store) checkFormat() error {
	v, closer, err := s.db.Get(formatKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return s.stampFormat()
	}
	if err != nil {
		return fmt.Errorf("read format version: %w", err)
	}
	defer closer.Close()
	if len(v) != 4 {
		return fmt.Errorf("format version has %d bytes, want 4: %w", len(v), errForeign)
	}
	switch got := binary.BigEndian.Uint32(v); {
	case got > FormatVersion:
		return fmt.Errorf("the data directory has format %d and this binary knows up to %d: start the newer carillon that wrote it", got, FormatVersion)
	case got < FormatVersion && !s.options.readOnly:
		return s.setFormat()
	}
	return nil
}

func (s *Store) stampFormat() error {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read format version: %w", err)
	}
	foreign := it.First()
	if err := it.Close(); err != nil {
		return fmt.Errorf("read format version: %w", err)
	}
	if foreign || s.options.readOnly {
		return errForeign
	}
	return s.setFormat()
}

func (s *Store) setFormat() error {
	return s.db.Set(formatKey, binary.BigEndian.AppendUint32(nil, FormatVersion), s.writeOptions())
}

func (s *Store) writeOptions() *pebble.WriteOptions {
	if s.options.Durability == Fsync {
		return pebble.Sync
	}
	return pebble.NoSync
}
