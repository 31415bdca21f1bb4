package certificate

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func self(t *testing.T, dir string, hosts ...string) *Self {
	t.Helper()
	log, _ := logged()
	s, err := NewSelf(dir, nil, hosts, log)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fingerprint(t *testing.T, s *Self) string {
	t.Helper()
	c, err := s.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Fingerprint(c.Leaf)
}

func TestACertificateOfOurOwnStaysAndIsBelievedByWhoHasItsFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	s := self(t, dir, "events.example.com", "10.1.2.3")
	roots, err := Roots(s.Path())
	if err != nil || len(roots) != 1 {
		t.Fatal(roots, err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(roots[0])
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "events.example.com", "10.1.2.3"} {
		if _, err := roots[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if roots[0].IsCA {
		t.Error("it can issue others")
	}
	if again := self(t, dir); fingerprint(t, again) != fingerprint(t, s) {
		t.Error("it is another after a restart")
	}
	if info, err := os.Stat(filepath.Join(dir, selfKey)); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

func TestACertificateOfOurOwnIsReplacedWhereItIsNotGoodForAName(t *testing.T) {
	dir := t.TempDir()
	first := fingerprint(t, self(t, dir))
	log, text := logged()
	s, err := NewSelf(dir, nil, []string{"events.example.com"}, log)
	if err != nil || fingerprint(t, s) == first || !strings.Contains(text.String(), "not good for events.example.com") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestADamagedCertificateOfOurOwnIsNotReplacedSilently(t *testing.T) {
	dir := t.TempDir()
	s := self(t, dir)
	if err := os.WriteFile(filepath.Join(dir, selfKey), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, _ := logged()
	if _, err := NewSelf(dir, nil, nil, log); err == nil || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	// A start that was cut short between the two files left no certificate.
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	self(t, dir)
}
