package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store/encrypted"
)

// Encryption is a master key, and what is expected of the directory.
type Encryption struct {
	Master seal.Master
	Files  bool // the files have to be encrypted: a new directory's will be
	AsIs   bool // nothing is expected: tools open whatever there is
}

// ErrKey: the directory and what was said about its encryption do not go
// together. The error's text says what to do.
var ErrKey = errors.New("encryption")

// keyError is ErrKey without its name in the text.
type keyError struct{ error }

func (keyError) Is(target error) bool { return target == ErrKey }
func (e keyError) Unwrap() error      { return e.error }

const sayKey = "--encryption-key-file, --encryption-key-env or --encryption-key-command"

// Keys is the ring of an open store. It may be used from many goroutines.
type Keys struct {
	fs      vfs.FS // below the encryption
	dir     string
	master  seal.Master
	ring    atomic.Pointer[keyring.Ring]
	writing sync.Mutex // one change of the ring at a time
}

// Ring is the keys as they are now.
func (k *Keys) Ring() *keyring.Ring { return k.ring.Load() }

// change makes the ring another one, durably, before anybody uses it.
func (k *Keys) change(to func(*keyring.Ring) (*keyring.Ring, error)) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	next, err := to(k.Ring())
	if err != nil {
		return err
	}
	if err := writeRing(k.fs, k.dir, next, k.master); err != nil {
		return fmt.Errorf("write %s: %w", keyring.FileName, err)
	}
	k.ring.Store(next)
	return nil
}

// Rotate has new files encrypted under a new data key.
func (k *Keys) Rotate(now time.Time) error {
	return k.change(func(r *keyring.Ring) (*keyring.Ring, error) {
		if r.State != keyring.Encrypted {
			return nil, keyError{errors.New("the data is not encrypted, so it has no data key to rotate")}
		}
		return r.WithNewKey(now)
	})
}

// Secrets is the key that secrets are sealed with; the first one that is taken
// stays.
func (k *Keys) Secrets(first func() (seal.Master, error)) (seal.Master, error) {
	if s := k.Ring().Secrets; s != nil {
		return *s, nil
	}
	err := k.change(func(r *keyring.Ring) (*keyring.Ring, error) {
		if r.Secrets != nil {
			return r, nil
		}
		m, err := first()
		if err != nil {
			return nil, err
		}
		return r.WithSecrets(m), nil
	})
	if err != nil {
		return seal.Master{}, err
	}
	return *k.Ring().Secrets, nil
}

// copyTo puts the ring's file beside a copy of the data. Without it the copy is
// noise.
func (k *Keys) copyTo(dir string) error {
	if k == nil {
		return nil
	}
	return writeRing(k.fs, dir, k.Ring(), k.master)
}

// Keys is the store's ring; nil where there is no master key.
func (s *Store) Keys() *Keys { return s.keys }

// Encrypted says whether the store's files are.
func (s *Store) Encrypted() bool { return s.keys != nil && s.keys.Ring().State == keyring.Encrypted }

// unlock finds out how the directory is encrypted, and whether that is what was
// expected. It is called under the directory's lock.
func (s *Store) unlock() error {
	base, e := s.options.FS, s.options.Encryption
	s.files = base
	text, err := readRing(base, s.dir)
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", keyring.FileName, err)
	case text == nil:
		if err := wantPlain(base, s.dir); err != nil || e == nil {
			return err
		}
		return s.firstRing(e)
	case e == nil:
		return withoutKey(text)
	}
	ring, err := keyring.Decode(text, e.Master)
	if err == nil {
		err = expected(ring.State, e)
	}
	if err != nil {
		return keyError{err}
	}
	if ring.State == keyring.Plain {
		if err := wantPlain(base, s.dir); err != nil {
			return err
		}
	}
	s.useRing(ring)
	return nil
}

// wantPlain keeps Pebble away from encrypted files whose ring is lost. What it
// says of the noise is no help, and it takes that of a log for its end.
func wantPlain(base vfs.FS, dir string) error {
	names, err := base.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isManifest(name) {
			continue
		}
		is, err := encrypted.Is(base, base.PathJoin(dir, name))
		if err != nil {
			return err
		}
		if is {
			return keyError{errors.New("its files are encrypted, and their keys are not in the file " + keyring.FileName + ": restore that from a backup of this directory, nothing can be read without it")}
		}
	}
	return nil
}

func isManifest(name string) bool { return strings.HasPrefix(name, "MANIFEST-") }

// firstRing is for a directory that has none: it gets one, unless its data is
// not what was expected.
func (s *Store) firstRing(e *Encryption) error {
	if s.options.readOnly || e.AsIs {
		return nil // whatever there is needs no key
	}
	names, err := s.options.FS.List(s.dir)
	if err != nil {
		return err
	}
	hasData := slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "marker.manifest.") })
	state := keyring.Plain
	if e.Files {
		if hasData {
			return keyError{expected(keyring.Plain, e)}
		}
		state = keyring.Encrypted
	}
	ring, err := keyring.New(state, time.Now())
	if err != nil {
		return err
	}
	if err := writeRing(s.options.FS, s.dir, ring, e.Master); err != nil {
		return fmt.Errorf("write %s: %w", keyring.FileName, err)
	}
	s.useRing(ring)
	return nil
}

func (s *Store) useRing(r *keyring.Ring) {
	s.keys = &Keys{fs: s.options.FS, dir: s.dir, master: s.options.Encryption.Master}
	s.keys.ring.Store(r)
	if r.State == keyring.Encrypted {
		s.files = encrypted.New(s.options.FS, s.keys)
	}
}

// expected is an error unless a directory in that state is what e wants.
func expected(s keyring.State, e *Encryption) error {
	switch {
	case s == keyring.Encrypting:
		return errors.New("its encryption was interrupted: go on with carillon encrypt")
	case s == keyring.Decrypting:
		return errors.New("its decryption was interrupted: go on with carillon decrypt")
	case e.AsIs:
	case s == keyring.Plain && e.Files:
		return errors.New("the data is not encrypted: encrypt it with carillon encrypt, or start without --encrypt")
	case s == keyring.Encrypted && !e.Files:
		return errors.New("the data is encrypted: start with --encrypt, or decrypt it with carillon decrypt")
	}
	return nil
}

// withoutKey says what a directory that is locked needs.
func withoutKey(text []byte) error {
	state, err := keyring.StateOf(text)
	switch {
	case err != nil:
		return keyError{err}
	case state == keyring.Plain:
		return keyError{errors.New("its secrets are sealed with a master key: give it with " + sayKey)}
	}
	return keyError{errors.New("the data is encrypted: give the master key with " + sayKey + "; serve needs --encrypt, too")}
}

// readRing is the ring's file; nil if there is none.
func readRing(base vfs.FS, dir string) ([]byte, error) {
	f, err := base.Open(base.PathJoin(dir, keyring.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, keyring.MaxBytes+1))
	if err == nil && text == nil {
		text = []byte{}
	}
	return text, err
}

// writeRing replaces the ring's file, whole or not at all.
func writeRing(base vfs.FS, dir string, r *keyring.Ring, master seal.Master) error {
	text, err := r.Encode(master)
	if err != nil {
		return err
	}
	name := base.PathJoin(dir, keyring.FileName)
	f, err := base.Create(name+".tmp", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := base.Rename(name+".tmp", name); err != nil {
		return err
	}
	return syncDirOf(base, dir)
}

func syncDirOf(base vfs.FS, dir string) error {
	d, err := base.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
