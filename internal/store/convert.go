package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store/encrypted"
)

// A conversion writes the files of a directory that no process uses anew, one by
// one: a copy beside the file, durable, and then renamed over it. KEYS says that
// it is going on. Whatever ends it, it can be started again, in either direction:
// each file says itself what it is.
const converting = ".converting"

// Progress hears how many bytes of how many are done.
type Progress func(done, total int64)

// Encrypt encrypts the files in dir. One that is encrypted stays as it is.
func Encrypt(ctx context.Context, dir string, o Options, p Progress) error {
	return convert(dir, o, func(c *conversion) error {
		switch {
		case c.ring == nil:
			c.ring, c.err = keyring.New(keyring.Encrypting, time.Now())
		case c.ring.State == keyring.Encrypted:
			return nil
		case c.ring.Current == 0: // its secrets were sealed before
			c.ring, c.err = c.ring.WithState(keyring.Encrypting).WithNewKey(time.Now())
		default:
			c.ring = c.ring.WithState(keyring.Encrypting)
		}
		return c.run(ctx, p, keyring.Encrypted)
	})
}

// Decrypt is the inverse of Encrypt. What secrets are sealed with stays in KEYS.
func Decrypt(ctx context.Context, dir string, o Options, p Progress) error {
	return convert(dir, o, func(c *conversion) error {
		if c.ring == nil {
			return keyError{errors.New("the data is not encrypted")}
		}
		if c.ring.State == keyring.Plain {
			return nil
		}
		c.ring = c.ring.WithState(keyring.Decrypting)
		return c.run(ctx, p, keyring.Plain)
	})
}

// Reencrypt writes every file that an old data key can open anew, under the
// current one, and forgets the others.
func Reencrypt(ctx context.Context, dir string, o Options, p Progress) error {
	return convert(dir, o, func(c *conversion) error {
		if c.ring == nil || c.ring.State != keyring.Encrypted {
			return keyError{errors.New("the data is not encrypted, or only in part")}
		}
		if err := c.run(ctx, p, keyring.Encrypted); err != nil {
			return err
		}
		return c.save(c.ring.OnlyCurrent())
	})
}

// RotateKey has new files in dir encrypted under a new data key.
func RotateKey(dir string, o Options) error {
	return convert(dir, o, func(c *conversion) error {
		if c.ring == nil || c.ring.State != keyring.Encrypted {
			return keyError{errors.New("the data is not encrypted, so it has no data key to rotate")}
		}
		next, err := c.ring.WithNewKey(time.Now())
		if err != nil {
			return err
		}
		return c.save(next)
	})
}

// ChangeMaster locks dir with another master key. Only KEYS is written.
func ChangeMaster(dir string, o Options, next seal.Master) error {
	return convert(dir, o, func(c *conversion) error {
		if c.ring == nil {
			return keyError{errors.New("no master key locks it")}
		}
		c.master = next
		return c.save(c.ring)
	})
}

// RemoveKeys removes KEYS from a directory whose data is plain and whose secrets
// somebody has taken out.
func RemoveKeys(dir string, o Options) error {
	return convert(dir, o, func(c *conversion) error {
		if c.ring == nil {
			return nil
		}
		if c.ring.State != keyring.Plain {
			return keyError{errors.New("the data is encrypted, and would be lost")}
		}
		if err := c.fs.Remove(c.fs.PathJoin(c.dir, keyring.FileName)); err != nil {
			return err
		}
		return syncDirOf(c.fs, c.dir)
	})
}

type conversion struct {
	fs     vfs.FS
	dir    string
	master seal.Master
	ring   *keyring.Ring // nil: there is none
	whole  bool          // every file was encrypted when it began: one that is not is damaged
	room   []byte        // of a copy
	err    error
}

// convert calls fn with the keys of dir, under its lock.
func convert(dir string, o Options, fn func(*conversion) error) (err error) {
	defer func() {
		if err != nil {
			err = openError(dir, err)
		}
	}()
	o = o.withDefaults()
	name, err := canonical(dir, o.FS)
	if err != nil {
		return err
	}
	l, err := lock(name, o.FS)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	c := &conversion{fs: o.FS, dir: name, room: make([]byte, 256<<10)}
	text, err := readRing(o.FS, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", keyring.FileName, err)
	}
	if o.Encryption == nil {
		return keyError{errors.New("there is no master key: give it with " + sayKey)}
	}
	c.master = o.Encryption.Master
	if text == nil { // another ring in its place would only hide that it is lost
		if err := wantPlain(o.FS, name); err != nil {
			return err
		}
	} else {
		if c.ring, err = keyring.Decode(text, c.master); err != nil {
			return keyError{err}
		}
		c.whole = c.ring.State == keyring.Encrypted
	}
	return fn(c)
}

// Ring is for encrypted.FS.
func (c *conversion) Ring() *keyring.Ring { return c.ring }

func (c *conversion) save(r *keyring.Ring) error {
	if err := writeRing(c.fs, c.dir, r, c.master); err != nil {
		return fmt.Errorf("write %s: %w", keyring.FileName, err)
	}
	c.ring = r
	return nil
}

// run converts every file that is not as it will be, and sets the state.
func (c *conversion) run(ctx context.Context, p Progress, end keyring.State) error {
	if c.err != nil {
		return c.err
	}
	if err := c.save(c.ring); err != nil {
		return err
	}
	names, total, err := c.files()
	if err != nil {
		return err
	}
	if end == keyring.Encrypted {
		manifestFirst(names)
	}
	done := int64(0)
	for _, f := range names {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: start it again to go on", context.Cause(ctx))
		}
		if err := c.file(f.name, end); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		done += f.size
		p(done, total)
	}
	if err := syncDirOf(c.fs, c.dir); err != nil {
		return err
	}
	return c.save(c.ring.WithState(end))
}

type convertible struct {
	name string
	size int64
}

// files is what there is to convert. What an interrupted conversion or backup
// left is removed.
func (c *conversion) files() (all []convertible, total int64, err error) {
	names, err := c.fs.List(c.dir)
	if err != nil {
		return nil, 0, err
	}
	slices.Sort(names)
	for _, name := range names {
		path := c.fs.PathJoin(c.dir, name)
		if strings.HasSuffix(name, converting) || path == c.fs.PathJoin(c.dir, "backup.tmp") {
			if err := c.fs.RemoveAll(path); err != nil {
				return nil, 0, err
			}
			continue
		}
		info, err := c.fs.Stat(path)
		if err != nil {
			return nil, 0, err
		}
		if !info.Mode().IsRegular() || info.Size() == 0 || strings.HasPrefix(name, keyring.FileName) || name == "LOCK" {
			continue
		}
		all = append(all, convertible{name, info.Size()})
		total += info.Size()
	}
	return all, total, nil
}

// manifestFirst has a binary that knows of no encryption stop from the first file
// on: it would read an encrypted log as an empty one, and go on without it. The
// newest manifest is the one that counts. On the way back it comes behind logs and
// tables by its name.
func manifestFirst(all []convertible) {
	slices.SortStableFunc(all, func(a, b convertible) int {
		one, other := isManifest(a.name), isManifest(b.name)
		switch {
		case one && other:
			return cmp.Or(len(b.name)-len(a.name), strings.Compare(b.name, a.name))
		case one:
			return -1
		case other:
			return 1
		}
		return 0
	})
}

// file converts one, if it is not yet as it will be.
func (c *conversion) file(name string, end keyring.State) error {
	path := c.fs.PathJoin(c.dir, name)
	locked := encrypted.New(c.fs, c)
	key, err := locked.DataKey(path)
	if err != nil {
		return err
	}
	if key == 0 && c.whole {
		return encrypted.ErrPlain
	}
	from, to := vfs.FS(c.fs), vfs.FS(c.fs)
	if key != 0 {
		from = locked
	}
	if end == keyring.Encrypted {
		to = locked
		if key == c.ring.Current {
			return nil
		}
	} else if key == 0 {
		return nil
	}
	if err := copyDurably(from, path, to, path+converting, c.room); err != nil {
		return errors.Join(err, c.fs.RemoveAll(path+converting))
	}
	return c.fs.Rename(path+converting, path)
}

func copyDurably(from vfs.FS, path string, to vfs.FS, copied string, room []byte) (err error) {
	in, err := from.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := to.Create(copied, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, room)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
