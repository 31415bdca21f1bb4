package certificate

import (
	"bytes"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/certificate/certificatetest"
)

// logged is a log that tests read.
func logged() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

// secret is a directory as Kubernetes mounts it: files that are links through a
// link to a directory, which is swapped.
type secret struct {
	t   *testing.T
	dir string
	n   int
}

func newSecret(t *testing.T) *secret {
	s := &secret{t: t, dir: t.TempDir()}
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *secret) swap(cert, key []byte) {
	s.n++
	version := filepath.Join(s.dir, "..v"+string(rune('0'+s.n)))
	if err := os.Mkdir(version, 0o700); err != nil {
		s.t.Fatal(err)
	}
	certificatetest.Write(s.t, filepath.Join(version, "tls.crt"), cert)
	certificatetest.Write(s.t, filepath.Join(version, "tls.key"), key)
	fresh := filepath.Join(s.dir, "..fresh")
	if err := os.Symlink(filepath.Base(version), fresh); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(fresh, filepath.Join(s.dir, "..data")); err != nil {
		s.t.Fatal(err)
	}
}

func (s *secret) open(log *slog.Logger) (*Files, error) {
	return NewFiles(filepath.Join(s.dir, "tls.crt"), filepath.Join(s.dir, "tls.key"), log)
}

func nameOf(t *testing.T, s Source) string {
	t.Helper()
	c, err := s.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.Subject.CommonName
}

func TestFilesThatChangeAreServedWithoutARestart(t *testing.T) {
	a, s := certificatetest.New(t, "ca"), newSecret(t)
	log, text := logged()
	s.swap(a.Issue(t, "first"))
	f, err := s.open(log)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		go f.Run(ctx) //nolint:errcheck // it has none
		time.Sleep(2 * every)
		s.swap(a.Issue(t, "second"))
		time.Sleep(every)
		synctest.Wait()
		if got := nameOf(t, f); got != "second" {
			t.Errorf("serves %s", got)
		}
	})
	if !strings.Contains(text.String(), "the certificate was changed") || strings.Contains(text.String(), "PRIVATE") {
		t.Error(text)
	}
}

// bubbles is when virtual time begins.
var bubbles = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestABrokenNewPairKeepsTheOldAndIsSaidOnce(t *testing.T) {
	a := certificatetest.New(t, "ca")
	cert, key := a.Issue(t, "first")
	other, _ := a.Issue(t, "other")
	old, oldKey := a.Sign(t, &x509.Certificate{NotBefore: bubbles.AddDate(-2, 0, 0), NotAfter: bubbles.AddDate(-1, 0, 0)})
	for name, c := range map[string]struct {
		cert, key []byte
		want      string
	}{
		"a key of another":  {other, key, "private key does not match"},
		"no certificate":    {[]byte("x"), key, "tls.crt"},
		"nothing":           {nil, nil, "tls.crt"},
		"half a key":        {cert, key[:40], "tls.key"},
		"an expired one":    {old, oldKey, "expired"},
		"too large a file":  {bytes.Repeat([]byte("x"), maxFile+1), key, "larger than"},
		"key and cert swap": {key, cert, "tls.crt"},
	} {
		s := newSecret(t)
		log, text := logged()
		s.swap(cert, key)
		f, err := s.open(log)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			go f.Run(t.Context()) //nolint:errcheck // it has none
			s.swap(c.cert, c.key)
			time.Sleep(5 * every)
			synctest.Wait()
			if got := nameOf(t, f); got != "first" {
				t.Errorf("%s: serves %s", name, got)
			}
			if said := text.String(); strings.Count(said, "level=ERROR") != 1 || !strings.Contains(said, c.want) || strings.Contains(said, "PRIVATE") {
				t.Errorf("%s: %s", name, said)
			}
			s.swap(a.Issue(t, "third"))
			time.Sleep(every)
			synctest.Wait()
			if got := nameOf(t, f); got != "third" {
				t.Errorf("%s: serves %s then", name, got)
			}
		})
		if name != "an expired one" { // a start with that is a person's, who is told
			s.swap(c.cert, c.key)
			if _, err := s.open(log); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: a start says %v", name, err)
			}
		}
	}
}

func TestAuthoritiesAreCertificatesAndNothingElse(t *testing.T) {
	a := certificatetest.New(t, "ca")
	_, key := a.Issue(t, "x")
	log, _ := logged()
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":              {nil, "no certificate"},
		"a key":                {bytes.Join([][]byte{a.PEM, key}, nil), "private key"},
		"a broken certificate": {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "certificate 1"},
	} {
		path := filepath.Join(t.TempDir(), "ca.pem")
		certificatetest.Write(t, path, c.text)
		if _, err := NewAuthorities(path, log); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if roots, err := Roots(a.File(t)); err != nil || len(roots) != 1 {
		t.Error(roots, err)
	}
}
