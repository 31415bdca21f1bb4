package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
)

var (
	sealedOnly  = &Encryption{Master: locked.Master}
	otherMaster = &Encryption{Master: seal.Master{9}, Files: true}
)

// filled is a directory that has had some work, and its ledger.
func filled(t *testing.T, e *Encryption) (*vfs.MemFS, *ledger) {
	t.Helper()
	fs, l := vfs.NewCrashableMem(), &ledger{encryption: e}
	for generation := range uint64(3) {
		r := startWith(t, Options{FS: fs, Encryption: e})
		if err := l.work(r.Shard(0), rand.New(rand.NewPCG(7, generation)), 60); err != nil {
			t.Fatal(err)
		}
		if err := r.db.Flush(); err != nil {
			t.Fatal(err)
		}
		r.stop(t)
	}
	return fs, l
}

func TestADirectoryAndAKeyThatDoNotGoTogetherAreRefusedWithWhatToDo(t *testing.T) {
	directory := map[string]*Encryption{"plain": nil, "sealed": sealedOnly, "encrypted": locked}
	for _, c := range []struct {
		directory string
		with      *Encryption
		want      string // empty: it opens
	}{
		{"plain", nil, ""},
		{"plain", sealedOnly, ""},
		{"plain", locked, "the data is not encrypted: encrypt it with carillon encrypt"},
		{"sealed", nil, "its secrets are sealed with a master key: give it with --encryption-key-file"},
		{"sealed", sealedOnly, ""},
		{"sealed", locked, "the data is not encrypted"},
		{"sealed", &Encryption{Master: seal.Master{9}}, "the master key is not the one"},
		{"encrypted", nil, "the data is encrypted: give the master key with --encryption-key-file"},
		{"encrypted", sealedOnly, "the data is encrypted: start with --encrypt"},
		{"encrypted", locked, ""},
		{"encrypted", &Encryption{Master: locked.Master, AsIs: true}, ""},
		{"encrypted", otherMaster, "the master key is not the one"},
	} {
		t.Run(fmt.Sprintf("%s, %+v", c.directory, c.with), func(t *testing.T) {
			fs, l := filled(t, directory[c.directory])
			before := fs.String()
			s, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: c.with})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				l.encryption = c.with
				l.check(t, fs, l.acked)
				return
			}
			if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if fs.String() != before {
				t.Error("the directory is another one")
			}
		})
	}
}

func TestADamagedOrMissingRingIsSaid(t *testing.T) {
	fs, _ := filled(t, locked)
	f, err := fs.Create("data/KEYS", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: locked}); !errors.Is(err, keyring.ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	if err := fs.Remove("data/KEYS"); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Encryption{nil, locked, sealedOnly} {
		before := fs.String()
		_, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: e})
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "encrypted, and their keys are not in the file KEYS") {
			t.Errorf("missing: %v", err)
		}
		if fs.String() != before {
			t.Error("the directory is another one")
		}
	}
	for name, c := range conversions {
		before := fs.String()
		if err := c.run(fs); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "their keys are not in the file KEYS") {
			t.Errorf("%s: missing: %v", name, err)
		}
		if fs.String() != before {
			t.Errorf("%s: the directory is another one", name)
		}
	}
}

// contains looks for text in the files of dir and below.
func contains(t *testing.T, fs vfs.FS, dir string, text []byte) bool {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path := fs.PathJoin(dir, name)
		if info, err := fs.Stat(path); err != nil {
			t.Fatal(err)
		} else if info.IsDir() {
			if contains(t, fs, path, text) {
				return true
			}
			continue
		}
		f, err := fs.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, text) {
			return true
		}
	}
	return false
}

func TestNothingThatWasWrittenStandsInAnyFile(t *testing.T) {
	text := []byte("what nobody may read")
	for _, e := range []*Encryption{nil, locked} {
		fs := vfs.NewMem()
		r := startWith(t, Options{FS: fs, Encryption: e})
		for i := range 20 {
			err := r.Shard(0).Update(context.Background(), func(tx *Tx) error { return tx.Set(fmt.Append(nil, string(text), i), text) })
			if err != nil {
				t.Fatal(err)
			}
			if i == 10 {
				if err := r.db.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := r.checkpoint("copy"); err != nil {
			t.Fatal(err)
		}
		var backup bytes.Buffer
		if err := r.Backup(&backup); err != nil {
			t.Fatal(err)
		}
		r.stop(t)
		if got := contains(t, fs, "", text) || bytes.Contains(backup.Bytes(), text); got != (e == nil) {
			t.Errorf("encrypted=%v: found=%v", e != nil, got)
		}
		(&ledger{encryption: e}).checkOpens(t, fs, "copy")
	}
}

func (l *ledger) checkOpens(t *testing.T, fs vfs.FS, dir string) {
	t.Helper()
	v, err := Verify(dir, Options{FS: fs, Logger: quiet, Encryption: l.encryption}, func(p string) { t.Error(p) })
	if err != nil || v.Keys == 0 {
		t.Errorf("%s: %d keys, %v", dir, v.Keys, err)
	}
}

// conversions are what can be done to a directory offline, and what it is then.
var conversions = map[string]struct {
	from, to *Encryption
	run      func(fs vfs.FS) error
}{
	"encrypt": {nil, locked, func(fs vfs.FS) error {
		return Encrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress)
	}},
	"encrypt, with secrets sealed before": {sealedOnly, locked, func(fs vfs.FS) error {
		return Encrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress)
	}},
	"decrypt": {locked, sealedOnly, func(fs vfs.FS) error {
		return Decrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress)
	}},
	"rotate": {locked, locked, func(fs vfs.FS) error { return RotateKey("data", Options{FS: fs, Encryption: locked}) }},
	"rotate all": {locked, locked, func(fs vfs.FS) error {
		o := Options{FS: fs, Encryption: locked}
		if err := RotateKey("data", o); err != nil {
			return err
		}
		return Reencrypt(context.Background(), "data", o, noProgress)
	}},
}

func noProgress(int64, int64) {}

func TestAConversionKeepsEverythingAlsoWhenThePowerFailsAtAnyWrite(t *testing.T) {
	for name, c := range conversions {
		t.Run(name, func(t *testing.T) {
			full, l := filled(t, c.from)
			clone := func() *vfs.MemFS { return full.CrashClone(vfs.CrashCloneCfg{}) }
			whole, fault := clone(), &faulty{}
			fault.arm(1<<30, false, nil)
			if err := c.run(errorfs.Wrap(whole, fault)); err != nil {
				t.Fatal(err)
			}
			writes := fault.disarm()
			finished := &ledger{changes: l.changes, acked: l.acked, encryption: c.to}
			finished.check(t, whole.CrashClone(vfs.CrashCloneCfg{}), l.acked)
			for nth := range writes {
				fs, fault := clone(), &faulty{}
				fault.arm(nth, false, errors.New("no power"))
				if err := c.run(errorfs.Wrap(fs, fault)); err == nil {
					continue // a write whose failure means nothing
				}
				rng := rand.New(rand.NewPCG(uint64(nth), 1))
				left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
				if err := c.run(left); err != nil {
					t.Fatalf("write %d: it does not go on: %v", nth, err)
				}
				after := &ledger{changes: l.changes, acked: l.acked, encryption: c.to}
				after.check(t, left, l.acked)
			}
			if writes < 5 {
				t.Errorf("only %d writes", writes)
			}
		})
	}
}

func TestAnInterruptedConversionIsNotOpenedAndMayTurnBack(t *testing.T) {
	fs, l := filled(t, nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	err := Encrypt(ctx, "data", Options{FS: fs, Encryption: locked}, func(done, _ int64) {
		if done > 0 {
			cancel(errors.New("interrupted"))
		}
	})
	if err == nil || !strings.Contains(err.Error(), "interrupted: start it again to go on") {
		t.Fatal(err)
	}
	for _, e := range []*Encryption{locked, sealedOnly, {Master: locked.Master, AsIs: true}} {
		if _, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: e}); err == nil || !strings.Contains(err.Error(), "go on with carillon encrypt") {
			t.Errorf("open: %v", err)
		}
	}
	if err := Decrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress); err != nil {
		t.Fatal(err)
	}
	l.encryption = sealedOnly
	l.check(t, fs, l.acked)
}

func TestARotatedKeyIsOfNewFilesAndOldOnesAreForgottenOnlyWhenNoFileNeedsThem(t *testing.T) {
	fs, l := filled(t, locked)
	r := startWith(t, Options{FS: fs, Encryption: locked})
	for range 3 {
		if err := l.work(r.Shard(0), rand.New(rand.NewPCG(1, 1)), 20); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Keys().Rotate(r.shard.clock.now()), r.db.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	if ring := r.Keys().Ring(); ring.Current != 4 || len(ring.Keys) != 4 {
		t.Fatal(ring.Current, len(ring.Keys))
	}
	r.stop(t)
	l.check(t, fs, l.acked)
	if err := Reencrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress); err != nil {
		t.Fatal(err)
	}
	r = startWith(t, Options{FS: fs, Encryption: locked})
	if ring := r.Keys().Ring(); ring.Current != 4 || len(ring.Keys) != 1 {
		t.Error(ring.Current, len(ring.Keys))
	}
	r.stop(t)
	l.check(t, fs, l.acked)
}

func TestANewMasterKeyLocksTheDirectoryAndTheOldOneDoesNot(t *testing.T) {
	fs, l := filled(t, locked)
	if err := ChangeMaster("data", Options{FS: fs, Encryption: locked}, otherMaster.Master); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("data", Options{FS: fs, Logger: quiet, Encryption: locked}); !errors.Is(err, keyring.ErrOtherMaster) {
		t.Error(err)
	}
	l.encryption = otherMaster
	l.check(t, fs.CrashClone(vfs.CrashCloneCfg{}), l.acked)
}

func TestAConversionOfADirectoryInUseIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	r := startWith(t, Options{FS: fs, Encryption: locked})
	for name, c := range conversions {
		if err := c.run(fs); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.stop(t)
}

func TestAFileThatLostItsHeaderIsDamageAndIsNotTakenForPlain(t *testing.T) {
	fs, _ := filled(t, locked)
	names, err := fs.List("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		f, err := fs.OpenReadWrite("data/"+name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(make([]byte, 200), 0); err != nil {
			t.Fatal(err)
		}
		break
	}
	err = Decrypt(context.Background(), "data", Options{FS: fs, Encryption: locked}, noProgress)
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

// A binary from before encryption is Pebble without it.
func TestABinaryThatKnowsNoEncryptionStopsAtAnEncryptedDirectoryAndHarmsNothing(t *testing.T) {
	o := func(fs vfs.FS) Options { return Options{FS: fs, Encryption: locked} }
	for name, c := range map[string]struct {
		from *Encryption
		run  func(fs vfs.FS)
	}{
		"encrypted": {locked, func(vfs.FS) {}},
		"encrypted later": {nil, func(fs vfs.FS) {
			if err := Encrypt(t.Context(), "data", o(fs), noProgress); err != nil {
				t.Fatal(err)
			}
		}},
		"encrypted in part": {nil, func(fs vfs.FS) {
			ctx, cancel := context.WithCancel(t.Context())
			_ = Encrypt(ctx, "data", o(fs), func(int64, int64) { cancel() })
		}},
		"decrypted but for one file": {locked, func(fs vfs.FS) {
			ctx, cancel := context.WithCancel(t.Context())
			last := int64(0)
			_ = Decrypt(ctx, "data", o(fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{})), func(done, total int64) {
				if done < total {
					last = done
				}
			})
			_ = Decrypt(ctx, "data", o(fs), func(done, _ int64) {
				if done == last {
					cancel()
				}
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			fs, l := filled(t, c.from)
			c.run(fs)
			if name == "encrypted in part" && wantPlain(fs, "data") == nil {
				t.Error("the manifest is not the first")
			}
			before := fs.String()
			db, err := pebble.Open("data", &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: pebbleLogger{&Store{logger: quiet}}})
			if err == nil {
				t.Error("it opens")
				_ = db.Close()
			}
			if fs.String() != before {
				t.Errorf("the directory is another one\n%s\n%s", before, fs.String())
			}
			if err := Encrypt(t.Context(), "data", o(fs), noProgress); err != nil {
				t.Fatal(err)
			}
			l.encryption = locked
			l.check(t, fs, l.acked)
		})
	}
}
