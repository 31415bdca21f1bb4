package store

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard is a file system that stops the store at the first write that fails.
//
// Pebble does not survive a failed write in all places: it panics, or ends
// goroutines while others wait for them, or tries for ever. So nothing of
// Pebble runs on behind one: the store fails with the cause, and the goroutine
// that wrote is parked for ever. What callers see depends on Store.failed only
// (see unlessFailed), and the process ends soon. Files outside its directory, a
// checkpoint's, may fail.
type guard struct {
	vfs.FS
	dir  string
	fail func(error)
}

// check is every write's last word.
func (g *guard) check(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if path := (*fs.PathError)(nil); !errors.As(err, &path) { // which says the same
		err = fmt.Errorf("%s %s: %w", op, name, err)
	}
	g.fail(err)
	select {}
}

// own is whether name is the store's own, and not a checkpoint's.
func (g *guard) own(name string) bool { return g.FS.PathDir(name) == g.dir }

func (g *guard) file(name string, f vfs.File, err error) (vfs.File, error) {
	if !g.own(name) {
		return f, err
	}
	if err := g.check("create", name, err); err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g, name: name}, nil
}

func (g *guard) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := g.FS.Create(name, c)
	f, err = g.file(name, f, err)
	if own, ok := f.(*guardedFile); ok && strings.HasSuffix(name, ".log") {
		own.young = &youngLog{}
	}
	return f, err
}

func (g *guard) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := g.FS.ReuseForWrite(from, to, c)
	return g.file(to, f, err)
}

func (g *guard) Rename(from, to string) error {
	err := g.FS.Rename(from, to)
	if !g.own(to) {
		return err
	}
	return g.check("rename", to, err)
}

func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil || name != g.dir {
		return f, err
	}
	return &guardedFile{File: f, guard: g, name: name}, nil
}

// Unwrap is for vfs.Root.
func (g *guard) Unwrap() vfs.FS { return g.FS }

type guardedFile struct {
	vfs.File
	guard *guard
	name  string

	young *youngLog // nil for all but a new log
}

func (f *guardedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.young != nil && err == nil {
		f.young.wrote(f.File, n)
	}
	return n, f.guard.check("write", f.name, err)
}

func (f *guardedFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.guard.check("write", f.name, err)
}

func (f *guardedFile) Sync() error {
	return f.guard.check("sync", f.name, f.File.Sync())
}

func (f *guardedFile) SyncData() error {
	return f.guard.check("sync", f.name, f.File.SyncData())
}

// Preallocate asks for more than will be needed, which a small disk may not
// have. If there is really no room, the write says so.
func (f *guardedFile) Preallocate(off, length int64) error {
	_ = f.File.Preallocate(off, length)
	return nil
}

// Close may be where a file system says that it lost a write.
func (f *guardedFile) Close() error {
	return f.guard.check("close", f.name, f.File.Close())
}

func (f *guardedFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	return full, f.guard.check("sync", f.name, err)
}

// unlessFailed is what fn returns, or the failure that keeps it from returning.
func (s *Store) unlessFailed(fn func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		done <- fn()
	}()
	select {
	case err := <-done:
		return err
	case <-s.failed:
		return s.Err()
	}
}
