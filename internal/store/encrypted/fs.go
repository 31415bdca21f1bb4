// Package encrypted is a file system whose files are encrypted: it lies between
// the store and the disk.
//
// It owns the layout of an encrypted file: a header with the file's own random
// key, sealed under a data key of the keyring, and behind it the content in
// AES-256-CTR. An offset of the content is the same offset behind the header, so
// writes, syncs and reads at random stay what they are.
//
// It refuses to write over what was written: the same key stream on two texts
// gives both away. A file that is used again (a log) gets a new key first.
//
// It does not say whether a file was changed by somebody else: that is what CTR
// cannot (docs/adr/0036-encryption-at-rest.md has what that means).
//
// Invariants:
//
//  1. A key encrypts one generation of one file, each offset once.
//  2. A header is durable before any content is written behind it. So content
//     without a header is damage, and a file without both was never synced.
//  3. Names, links, sizes (but for the header), locks and directories are those
//     of the file system below. Empty files have no header.
package encrypted

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/keyring"
)

// Keys is where data keys come from. It may be asked from many goroutines.
type Keys interface {
	Ring() *keyring.Ring
}

// FS is the file system.
type FS struct {
	vfs.FS
	keys Keys
}

// New encrypts what is written to base.
func New(base vfs.FS, keys Keys) *FS { return &FS{FS: base, keys: keys} }

// Unwrap is for vfs.Root.
func (e *FS) Unwrap() vfs.FS { return e.FS }

// Create implements vfs.FS.
func (e *FS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := e.FS.Create(name, c)
	if err != nil {
		return nil, err
	}
	return &file{File: f, name: name, keys: e.keys}, nil
}

// Open implements vfs.FS.
func (e *FS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := e.FS.Open(name, opts...)
	if err != nil {
		return nil, err
	}
	opened := &file{File: f, name: name, keys: e.keys, readOnly: true}
	if err := opened.load(); err != nil && !errors.Is(err, errNoHeader) {
		return nil, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	return opened, nil
}

// OpenReadWrite is for files that are written in place, which these cannot be.
// Pebble has one only in its cache of shared storage.
func (e *FS) OpenReadWrite(name string, _ vfs.DiskWriteCategory, _ ...vfs.OpenOption) (vfs.File, error) {
	return nil, &os.PathError{Op: "open", Path: name, Err: errInPlace}
}

var errInPlace = errors.New("an encrypted file is not written in place")

// ReuseForWrite gives the file a key of its own before anything is written over.
func (e *FS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	last, err := e.header(from)
	if err != nil && !errors.Is(err, errNoHeader) {
		return nil, fmt.Errorf("use %s again: %w", from, err)
	}
	f, err := e.FS.ReuseForWrite(from, to, c)
	if err != nil {
		return nil, err
	}
	again := &file{File: f, name: to, keys: e.keys}
	if err := again.begin(last.generation + 1); err != nil {
		return nil, errors.Join(fmt.Errorf("use %s again: %w", to, err), f.Close())
	}
	return again, nil
}

// header reads the header of a file by name.
func (e *FS) header(name string) (header, error) {
	f, err := e.FS.Open(name)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	return readHeader(f, info.Size(), e.keys)
}

// Is tells whether a file of base was written by an FS, by whatever keys.
func Is(base vfs.FS, name string) (bool, error) {
	f, err := base.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var b [len(magic)]byte
	if _, err := f.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(b[:]) == magic, nil
}

// DataKey is the id of the data key that a file's key is sealed under; 0 if the
// file is not encrypted.
func (e *FS) DataKey(name string) (uint32, error) {
	h, err := e.header(name)
	if errors.Is(err, errNoHeader) || errors.Is(err, ErrPlain) {
		return 0, nil
	}
	return h.dataKey, err
}

// Stat implements vfs.FS.
func (e *FS) Stat(name string) (vfs.FileInfo, error) {
	info, err := e.FS.Stat(name)
	if err != nil {
		return nil, err
	}
	return without(info), nil
}

// fileInfo has the size of the content.
type fileInfo struct{ vfs.FileInfo }

func without(info vfs.FileInfo) vfs.FileInfo {
	if info.IsDir() {
		return info
	}
	return fileInfo{info}
}

func (i fileInfo) Size() int64 { return max(0, i.FileInfo.Size()-headerSize) }
