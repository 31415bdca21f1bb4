package certificate

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/certmagic"

	"github.com/carillon-events/carillon/internal/seal"
)

func boxWith(t *testing.T, master byte) *seal.Box {
	t.Helper()
	box, err := seal.New(seal.Master{master}, "tls")
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// readable is which files below dir have a private key that everybody can read.
func readable(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("PRIVATE KEY")) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTheKeyOfACertificateOfOurOwnIsSealedAndStaysTheSame(t *testing.T) {
	dir, box := t.TempDir(), boxWith(t, 1)
	log, _ := logged()
	first, err := NewSelf(dir, box, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	if got := readable(t, dir); got != nil {
		t.Errorf("%q", got)
	}
	again, err := NewSelf(dir, box, nil, log)
	if err != nil || fingerprint(t, again) != fingerprint(t, first) {
		t.Fatal("it is another after a restart", err)
	}
	if _, err := NewSelf(dir, nil, nil, log); !errors.Is(err, ErrSealed) {
		t.Error("without the key:", err)
	}
	if _, err := NewSelf(dir, boxWith(t, 2), nil, log); !errors.Is(err, seal.ErrOtherKey) {
		t.Error("with another key:", err)
	}
	if again, err := NewSelf(dir, box, nil, log); err != nil || fingerprint(t, again) != fingerprint(t, first) {
		t.Error("a refused start has changed it:", err)
	}
}

func TestKeysThatWereThereBeforeAreSealedAndComeBack(t *testing.T) {
	dir, box := t.TempDir(), boxWith(t, 1)
	mark := fingerprint(t, self(t, dir))
	files := sealedStorage{&certmagic.FileStorage{Path: filepath.Join(dir, acmeDirectory)}, nil}
	key, text := "certificates/authority/events.example.com/events.example.com.key", []byte("-----BEGIN EC PRIVATE KEY-----\n")
	if err := files.Store(t.Context(), key, text); err != nil {
		t.Fatal(err)
	}
	// as a crash leaves it
	if err := os.WriteFile(filepath.Join(dir, ".new-123"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := Seal(dir, box); err != nil {
			t.Fatal(err)
		}
	}
	if got := readable(t, dir); got != nil {
		t.Errorf("%q", got)
	}
	if _, err := os.ReadFile(filepath.Join(dir, selfCert)); err != nil {
		t.Error("nobody can trust it:", err)
	}
	if _, err := files.Load(t.Context(), key); !errors.Is(err, ErrSealed) {
		t.Error("without the key:", err)
	}
	files.box = box
	if got, err := files.Load(t.Context(), key); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%q, %v", got, err)
	}
	moved := filepath.Join(dir, acmeDirectory, "other.key")
	if err := os.Rename(files.Filename(key), moved); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Load(t.Context(), "other.key"); !errors.Is(err, seal.ErrDamaged) {
		t.Error("under another name:", err)
	}
	if err := os.Rename(moved, files.Filename(key)); err != nil {
		t.Fatal(err)
	}
	if err := Unseal(dir, box); err != nil {
		t.Fatal(err)
	}
	if s := self(t, dir); fingerprint(t, s) != mark {
		t.Error("it is another certificate")
	}
	if b, err := os.ReadFile(files.Filename(key)); err != nil || !bytes.Equal(b, text) {
		t.Errorf("%q, %v", b, err)
	}
	if err := errors.Join(Seal(filepath.Join(dir, "nowhere"), box), Unseal(filepath.Join(dir, "nowhere"), nil)); err != nil {
		t.Error(err)
	}
}

func TestASealedFileThatWasCutIsDamage(t *testing.T) {
	box := boxWith(t, 1)
	whole, err := sealed(box, "self.key", []byte("a key"))
	if err != nil {
		t.Fatal(err)
	}
	for n := len(sealedHead); n < len(whole); n++ {
		got, err := opened(box, "self.key", whole[:n])
		if err == nil && string(got) != "a key" {
			t.Fatalf("%d bytes: %q", n, got)
		}
	}
}
