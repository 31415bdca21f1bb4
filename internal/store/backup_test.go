package store

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// startIn runs a store in a directory of the real file system.
func startIn(t *testing.T, dir string) *running {
	t.Helper()
	s, err := Open(dir, Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{s, cancel, make(chan error, 1)}
	go func() { r.ran <- s.Run(ctx) }()
	return r
}

// checkIn is check for a directory of the real file system.
func (l *ledger) checkIn(t *testing.T, dir string, acked uint64) {
	t.Helper()
	fs := vfs.NewMem()
	if ok, err := vfs.Clone(vfs.Default, fs, dir, "data"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	l.check(t, fs, acked)
}

func TestACopyTakenUnderLoadHoldsAllThatWasAcknowledgedBefore(t *testing.T) {
	for _, way := range []string{"checkpoint", "backup and restore"} {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			r := startIn(t, filepath.Join(dir, "data"))
			l := &ledger{}
			if err := l.work(r.Shard(0), rand.New(rand.NewPCG(7, 7)), 50); err != nil {
				t.Fatal(err)
			}
			var load sync.WaitGroup
			for w := range 4 {
				load.Go(func() {
					if err := l.work(r.Shard(0), rand.New(rand.NewPCG(7, uint64(w))), 200); err != nil {
						t.Error(err)
					}
				})
			}
			for i := range 5 {
				copied := filepath.Join(dir, fmt.Sprintf("copy-%d", i))
				acked := l.lastAcked()
				if way == "checkpoint" {
					if err := r.Checkpoint(copied); err != nil {
						t.Fatal(err)
					}
				} else {
					var b bytes.Buffer
					if err := errors.Join(r.Backup(&b), Restore(&b, copied, nil)); err != nil {
						t.Fatal(err)
					}
				}
				l.mu.Lock()
				seen := &ledger{changes: append([]change(nil), l.changes...), acked: acked}
				l.mu.Unlock()
				seen.checkIn(t, copied, acked)
			}
			load.Wait()
			r.stop(t)
			l.checkIn(t, filepath.Join(dir, "data"), l.lastAcked())
		})
	}
}

func TestAStoreInMemoryCanBeBackedUpToo(t *testing.T) {
	r := start(t, vfs.NewMem(), Memory)
	l := &ledger{}
	if err := l.work(r.Shard(0), rand.New(rand.NewPCG(8, 8)), 100); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Backup(&b); err != nil {
		t.Fatal(err)
	}
	if err := r.Checkpoint(t.TempDir()); err == nil {
		t.Error("a checkpoint of memory went to a directory in memory, where nobody finds it")
	}
	r.stop(t)
	dir := filepath.Join(t.TempDir(), "new", "data")
	if err := Restore(&b, dir, nil); err != nil {
		t.Fatal(err)
	}
	l.checkIn(t, dir, l.acked)
}

// backup is a small one, as bytes.
func backup(t *testing.T) []byte {
	t.Helper()
	r := start(t, vfs.NewMem(), Fsync)
	l := &ledger{}
	if err := l.work(r.Shard(0), rand.New(rand.NewPCG(9, 9)), 20); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Backup(&b); err != nil {
		t.Fatal(err)
	}
	r.stop(t)
	return b.Bytes()
}

func TestRestoreRefusesWhatIsNoWholeBackupAndLeavesNothingBehind(t *testing.T) {
	good := backup(t)
	flipped := bytes.Clone(good)
	flipped[bytes.Index(flipped, []byte("a1"))] ^= 1
	newer := bytes.Replace(bytes.Clone(good), []byte("1\n"), []byte("2\n"), 1)
	cases := map[string]struct {
		stream []byte
		want   string
	}{
		"empty":           {nil, "not a Carillon backup"},
		"text":            {[]byte(strings.Repeat("hello ", 1000)), "not a Carillon backup"},
		"another tar":     {tarOf(t, "readme", "hello"), "not a Carillon backup"},
		"newer":           {newer, "use the newer carillon"},
		"no end":          {tarOf(t, backupFirst, backupVersion, "CURRENT", "x"), "cut short"},
		"damaged":         {flipped, "the backup is damaged"},
		"path traversal":  {tarOf(t, backupFirst, backupVersion, "../evil", "x"), "no name of a file"},
		"absolute path":   {tarOf(t, backupFirst, backupVersion, "/tmp/evil", "x"), "no name of a file"},
		"hidden":          {tarOf(t, backupFirst, backupVersion, "..", "x"), "no name of a file"},
		"same name twice": {tarOf(t, backupFirst, backupVersion, "a", "x", "a", "y"), "exists"},
	}
	for _, part := range []int{600, 2000, len(good) / 2, len(good) - 2000} {
		cases[fmt.Sprintf("cut at %d", part)] = struct {
			stream []byte
			want   string
		}{good[:part], ""}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			err := Restore(bytes.NewReader(c.stream), filepath.Join(parent, "data"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(parent); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func tarOf(t *testing.T, namesAndContents ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(namesAndContents); i += 2 {
		content := namesAndContents[i+1]
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: namesAndContents[i], Size: int64(len(content)), Mode: 0o600})
		if _, err2 := io.WriteString(w, content); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRestoreTakesAnEmptyDirectoryAndNoOther(t *testing.T) {
	good := backup(t)
	dir := t.TempDir()
	if err := Restore(bytes.NewReader(good), dir, nil); err != nil {
		t.Fatal("into an empty directory:", err)
	}
	err := Restore(bytes.NewReader(good), dir, nil)
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Fatalf("over another store: %v", err)
	}
	if v, err := Verify(dir, Options{Logger: quiet}, func(p string) { t.Error(p) }); err != nil || v.Keys == 0 {
		t.Fatal("the store there was harmed:", v, err)
	}
}

func TestABackupThatIsNotReadToTheEndHarmsNothing(t *testing.T) {
	r := startIn(t, t.TempDir())
	defer r.stop(t)
	read, write := io.Pipe()
	done := make(chan error)
	go func() { done <- r.Backup(write) }()
	_, _ = io.CopyN(io.Discard, read, 100)
	_ = read.CloseWithError(errors.New("the client is gone"))
	if err := <-done; err == nil || !strings.Contains(err.Error(), "the client is gone") {
		t.Fatal(err)
	}
	if err := r.Backup(io.Discard); err != nil {
		t.Fatal("the next one:", err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "backup.tmp*")); len(left) > 0 {
		t.Fatal("left behind:", left)
	}
}

func TestVerifyCountsWhatItReadsAndCallsTheInvariants(t *testing.T) {
	dir := t.TempDir()
	r := startIn(t, dir)
	l := &ledger{}
	if err := l.work(r.Shard(0), rand.New(rand.NewPCG(10, 10)), 100); err != nil {
		t.Fatal(err)
	}
	r.stop(t)
	want := uint64(len(l.state()) + 3) // and the counter, the log's head, the format
	var problems []string
	v, err := Verify(dir, Options{Logger: quiet}, func(p string) { problems = append(problems, p) },
		func(v *View, report func(string)) error {
			if _, ok, err := v.Get(counter); !ok || err != nil {
				t.Error("the invariant does not see the keys", err)
			}
			report("too many counters")
			return nil
		},
		func(*View, func(string)) error { return errors.New("cannot read") })
	if err != nil || v.Keys != want || v.Problems != 2 || v.Head.Position == 0 {
		t.Fatalf("%+v, %v, want %d keys", v, err, want)
	}
	if got := strings.Join(problems, "; "); !strings.Contains(got, "too many counters") || !strings.Contains(got, "cannot read") {
		t.Fatal(got)
	}
}

func TestVerifyFindsADamagedFile(t *testing.T) {
	dir := t.TempDir()
	r := startIn(t, dir)
	l := &ledger{}
	if err := l.work(r.Shard(0), rand.New(rand.NewPCG(11, 11)), 100); err != nil {
		t.Fatal(err)
	}
	if err := r.db.Flush(); err != nil {
		t.Fatal(err)
	}
	r.stop(t)
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, name := range tables {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/3] ^= 0x40
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v, err := Verify(dir, Options{Logger: quiet}, func(string) {})
	if err == nil && v.Problems == 0 {
		t.Fatal("nothing was found")
	}
}

func TestWhatKeepsADirectoryFromOpeningIsSaidInOneLine(t *testing.T) {
	open := func(dir string, o Options) error {
		o.Logger = quiet
		s, err := Open(dir, o)
		if err == nil {
			t.Cleanup(func() { _ = s.Close() })
		}
		return err
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	used := t.TempDir()
	if err := open(used, Options{}); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(used, link); err != nil {
		t.Fatal(err)
	}
	newer := vfs.NewMem()
	stamp(t, newer, formatKey, []byte{0, 0, 0, 99})
	foreign := vfs.NewMem()
	stamp(t, foreign, []byte("hello"), []byte("world"))
	failing := func(err error) vfs.FS { return errorfs.Wrap(vfs.NewMem(), &faulty{armed: true, err: err}) }
	_, missing := Verify(filepath.Join(t.TempDir(), "none"), Options{Logger: quiet}, func(string) {})
	_, empty := Verify(t.TempDir(), Options{Logger: quiet}, func(string) {})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"used by this process":    {open(used, Options{}), "another carillon uses this data directory"},
		"used under another name": {open(link, Options{}), "another carillon uses this data directory"},
		"a file":                  {open(file, Options{}), "it is a file"},
		"below a file":            {open(filepath.Join(file, "x"), Options{}), "it is a file"},
		"newer":                   {open("data", Options{FS: newer}), "start the newer carillon"},
		"not ours":                {open("data", Options{FS: foreign}), "not one of Carillon's"},
		"no permission":           {open("data", Options{FS: failing(&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES})}), "no permission"},
		"read-only":               {open("data", Options{FS: failing(syscall.EROFS)}), "read-only"},
		"full":                    {open("data", Options{FS: failing(syscall.ENOSPC)}), "the disk is full"},
		"missing, to verify":      {missing, "there is no Carillon data in it"},
		"empty, to verify":        {empty, "there is no Carillon data in it"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line with %q", name, c.err, c.want)
		}
	}
}

// stamp makes a database that holds one key.
func TestADirectoryOfAnOlderCarillonIsOpenedAndTheOlderOneRefusesItFromThenOn(t *testing.T) {
	fs := vfs.NewMem()
	stamp(t, fs, formatKey, []byte{0, 0, 0, 1})
	for range 2 {
		s, err := Open("data", Options{FS: fs, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		v, closer, err := s.db.Get(formatKey)
		if err != nil || !bytes.Equal(v, []byte{0, 0, 0, FormatVersion}) {
			t.Errorf("format %x, %v", v, err)
		}
		if err := errors.Join(closer.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func stamp(t *testing.T, fs vfs.FS, key, value []byte) {
	t.Helper()
	db, err := pebble.Open("data", &pebble.Options{FS: fs, Logger: pebbleLogger{&Store{logger: quiet}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set(key, value, nil), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrongWithADirectoryIsSaidByName(t *testing.T) {
	for want, spoil := range map[string]func(dir, table string) error{
		"a file of the data is missing": func(_, table string) error { return os.Remove(table) },
		"there is no Carillon data":     func(dir, _ string) error { return os.RemoveAll(dir) },
	} {
		dir := filepath.Join(t.TempDir(), "data")
		r := startIn(t, dir)
		if err := (&ledger{}).work(r.Shard(0), rand.New(rand.NewPCG(1, 1)), 20); err != nil {
			t.Fatal(err)
		}
		r.stop(t)
		// A second start makes a table of the log.
		startIn(t, dir).stop(t)
		tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		if err != nil || len(tables) == 0 {
			t.Fatal(tables, err)
		}
		if err := spoil(dir, tables[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(dir, Options{Logger: quiet}, func(string) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestEveryRecordThatBecameDurableIsHeardOf(t *testing.T) {
	var records, calls int
	s := openTest(t, Options{Committed: func(n int, took time.Duration) {
		records, calls = records+1, calls+n
		if took < 0 {
			t.Errorf("it took %s", took)
		}
	}})
	for i := range 3 {
		if err := s.Update(t.Context(), func(tx *Tx) error { return set(tx, fmt.Sprint(i), "x") }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(t.Context(), func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if records != 3 || calls != 3 {
		t.Errorf("%d records with %d calls, want 3 with 3", records, calls)
	}
}
