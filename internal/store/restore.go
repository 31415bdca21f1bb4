package store

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// maxBackupFiles bounds what Restore makes of a hostile stream. A store of 10
// TB has about 200,000 files.
const maxBackupFiles = 1 << 20

// Restore makes dir of a stream that Backup wrote. dir must be missing or
// empty, and appears whole or not at all: files are written beside it first. A
// backup of encrypted data needs its master key, since it is opened to see that
// it is good; nil for one that is not.
func Restore(r io.Reader, dir string, e *Encryption) error {
	return restoreTo(r, dir, func(temporary string) error {
		if e != nil {
			e = &Encryption{Master: e.Master, AsIs: true}
		}
		// It opens, and this binary knows its format.
		s, err := openReadOnly(temporary, Options{Logger: slog.New(slog.DiscardHandler), Encryption: e})
		if key, ok := errors.AsType[keyError](err); ok {
			return key // it is not about the directory beside
		}
		if err != nil {
			return err
		}
		return s.Close()
	})
}

// Unpack is Restore by somebody who may not have the key: the stream is whole,
// and nobody has looked whether it opens.
func Unpack(r io.Reader, dir string) error {
	return restoreTo(r, dir, func(string) error { return nil })
}

func restoreTo(r io.Reader, dir string, check func(dir string) error) error {
	if err := restore(r, dir, check); err != nil {
		return fmt.Errorf("restore to %s: %w", dir, err)
	}
	return nil
}

func restore(r io.Reader, dir string, check func(dir string) error) (err error) {
	if err := wantEmpty(dir); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(parent, filepath.Base(dir)+".restore-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := readBackup(tar.NewReader(r), temporary); err != nil {
		return err
	}
	if err := check(temporary); err != nil {
		return err
	}
	if err := syncDir(temporary); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return err
	}
	return syncDir(parent)
}

func wantEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return errors.New("the directory is not empty: name one that is, or that does not exist yet")
	}
	return nil
}

var errNoBackup = errors.New("this is not a Carillon backup")

func readBackup(t *tar.Reader, dir string) error {
	if err := readFirst(t); err != nil {
		return err
	}
	sum := xxhash.New()
	for files := uint32(0); files < maxBackupFiles; files++ {
		h, err := t.Next()
		if err != nil {
			return cutShort(err)
		}
		if h.Name == backupLast {
			return readLast(t, files, sum.Sum64())
		}
		if err := readFile(t, h, dir, sum); err != nil {
			return fmt.Errorf("%q: %w", h.Name, err)
		}
	}
	return fmt.Errorf("the backup has more than %d files", maxBackupFiles)
}

func readFirst(t *tar.Reader) error {
	h, err := t.Next()
	if err != nil || h.Name != backupFirst || h.Size > 16 {
		return errors.Join(errNoBackup, err)
	}
	version, err := io.ReadAll(t)
	if err != nil {
		return cutShort(err)
	}
	if string(version) != backupVersion {
		return fmt.Errorf("the backup has version %q and this binary knows 1: use the newer carillon that wrote it", strings.TrimSpace(string(version)))
	}
	return nil
}

func readFile(t *tar.Reader, h *tar.Header, dir string, sum io.Writer) error {
	if h.Typeflag != tar.TypeReg {
		return fmt.Errorf("it is no regular file: %w", errNoBackup)
	}
	if h.Name == "" || strings.HasPrefix(h.Name, ".") || strings.ContainsAny(h.Name, "/\\:\x00") {
		return fmt.Errorf("no name of a file in a data directory: %w", errNoBackup)
	}
	_, _ = io.WriteString(sum, h.Name)
	f, err := os.OpenFile(filepath.Join(dir, h.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.TeeReader(t, sum)); err != nil {
		return errors.Join(cutShort(err), f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

func readLast(t *tar.Reader, files uint32, sum uint64) error {
	var end [12]byte
	if _, err := io.ReadFull(t, end[:]); err != nil {
		return cutShort(err)
	}
	if got := binary.BigEndian.Uint32(end[:]); got != files {
		return fmt.Errorf("the backup is damaged: %d files, and it was written with %d", files, got)
	}
	if binary.BigEndian.Uint64(end[4:]) != sum {
		return errors.New("the backup is damaged: the checksum does not match")
	}
	return nil
}

func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the backup is cut short")
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
