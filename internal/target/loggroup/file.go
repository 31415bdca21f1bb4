package loggroup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const extension = ".jsonl"

// maxBase keeps a file's name, with what stands behind it, below the 255 bytes
// that file systems take.
const maxBase = 200

// base is the group's name as a file's: a slash is a plus sign, which no group has
// in its name; of a long name the end is a digest.
func base(group string) string {
	name := strings.ReplaceAll(group, "/", "+")
	if len(name) > maxBase {
		sum := sha256.Sum256([]byte(group))
		name = name[:maxBase-33] + "~" + hex.EncodeToString(sum[:16])
	}
	return name
}

// groupOf is the inverse of base; of a long name, what is left of it.
func groupOf(base string) string { return strings.ReplaceAll(base, "+", "/") }

func (n name) path(dir string) string {
	return filepath.Join(dir, n.account, n.region, base(n.group)+extension)
}

// append appends whole lines to the group's file.
func (t *Target) append(n name, lines []byte) error {
	if err := t.ready(); err != nil {
		return err
	}
	path := n.path(t.dir)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("log group %s: %w", n.group, err)
	}
	if err := t.appendTo(path, lines); err != nil {
		return fmt.Errorf("log group %s: %w", n.group, err)
	}
	return nil
}

func (t *Target) appendTo(path string, lines []byte) (err error) {
	f, size, err := openWhole(path)
	if err != nil {
		return err
	}
	if size > 0 && size+int64(len(lines)) > t.options.FileBytes {
		if err := errors.Join(f.Close(), t.rotate(path)); err != nil {
			return err
		}
		if f, size, err = openWhole(path); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteAt(lines, size); err != nil {
		return err
	}
	if !t.options.Sync {
		t.groupsMu.Lock()
		t.dirty[path] = struct{}{}
		t.groupsMu.Unlock()
		return nil
	}
	if err := f.Sync(); err != nil || size > 0 {
		return err
	}
	return syncTree(path, t.dir)
}

// openWhole opens a file, cuts off the remains of a line behind its last whole
// one, and says how long it is then.
func openWhole(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, 0, err
	}
	size, err := wholeSize(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}

// wholeSize is the size up to the last end of a line. Mostly that is the last
// byte.
func wholeSize(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	block := int64(1)
	for end := info.Size(); end > 0; block = 64 << 10 {
		from := max(0, end-block)
		b := make([]byte, end-from)
		if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// rotate moves every file of the group one on, and removes the last.
func (t *Target) rotate(path string) error {
	for i := t.options.Files - 1; i > 0; i-- {
		from := path
		if i > 1 {
			from = path + "." + strconv.Itoa(i-1)
		}
		if err := os.Rename(from, path+"."+strconv.Itoa(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if t.options.Files == 1 {
		return os.Truncate(path, 0)
	}
	return nil
}

// syncTree syncs the directories in which a new file may have been made, up to the
// one above top.
func syncTree(path, top string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncPath(dir); err != nil {
			return err
		}
		if dir == filepath.Dir(top) || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// syncPath syncs a file or directory; no error if it is gone.
func syncPath(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
