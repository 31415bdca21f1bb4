package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/seal"
)

// Self is a certificate of our own making, for development. It is kept, so that
// who trusts it once need not do so again.
//
// It is no authority: with its key nobody can make a certificate for another name
// that its friends would believe.
type Self struct {
	dir  string
	box  *seal.Box // nil: the key is not sealed
	want []string  // names that it must have
	also string    // a name that a new one gets
	log  *slog.Logger
	now  atomic.Pointer[tls.Certificate]
}

const (
	selfCert = "self.pem"
	selfKey  = "self.key"

	selfFor    = 825 * 24 * time.Hour // what Apple's systems accept of servers
	renewAhead = 30 * 24 * time.Hour
)

// NewSelf opens the certificate in dir, or makes it. It has the names of this
// machine for itself, its host name, and hosts. Its key is sealed with box, if
// there is one.
func NewSelf(dir string, box *seal.Box, hosts []string, log *slog.Logger) (*Self, error) {
	s := &Self{dir: dir, box: box, want: []string{"localhost", "127.0.0.1", "::1"}, log: log}
	for _, h := range hosts {
		if h != "" && !slices.Contains(s.want, h) {
			s.want = append(s.want, h)
		}
	}
	// Containers get a new one at each start, so its absence is no reason for a new
	// certificate.
	s.also, _ = os.Hostname()
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Path is the certificate's file, which clients are told to trust.
func (s *Self) Path() string { return filepath.Join(s.dir, selfCert) }

// Certificate implements Source.
func (s *Self) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.now.Load(), nil }

// Current implements Source.
func (s *Self) Current() *x509.Certificate { return s.now.Load().Leaf }

// Run implements Source.
func (s *Self) Run(ctx context.Context) error { return poll(ctx, s.log, s.Reload) }

// Reload implements Source.
func (s *Self) Reload() error {
	if s.now.Load() != nil && s.unfit(s.now.Load().Leaf) == "" {
		return nil
	}
	pair, err := s.kept()
	switch why := ""; {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("self-signed certificate: %w; remove %s to have a new one made", err, s.dir)
	default:
		if why = s.unfit(pair.Leaf); why == "" {
			s.now.Store(pair)
			return nil
		}
		s.log.Warn("the self-signed certificate is replaced, and clients have to trust the new one", "reason", why)
	}
	if pair, err = s.make(); err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	s.now.Store(pair)
	return nil
}

// unfit is why a certificate must be replaced, or empty.
func (s *Self) unfit(c *x509.Certificate) string {
	if time.Now().Add(renewAhead).After(c.NotAfter) {
		return "it expires at " + c.NotAfter.UTC().Format(time.DateOnly)
	}
	for _, name := range s.want {
		if c.VerifyHostname(name) != nil {
			return "it is not good for " + name
		}
	}
	return ""
}

func (s *Self) kept() (*tls.Certificate, error) {
	cert, err := read(s.Path())
	if err != nil {
		return nil, err
	}
	key, err := read(filepath.Join(s.dir, selfKey))
	if err != nil {
		return nil, err
	}
	if key, err = opened(s.box, selfKey, key); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	return &pair, err
}

// make makes a certificate and keeps it. The key is written first: a certificate
// without its key would be an error at the next start.
func (s *Self) make() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Carillon, self-signed for development"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfFor),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range append(slices.Clone(s.want), s.also) {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else if name != "" && !slices.Contains(c.DNSNames, name) {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return s.keep(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func (s *Self) keep(cert, key []byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	if key, err = sealed(s.box, selfKey, key); err != nil {
		return nil, err
	}
	if err := mayLookInto(s.dir); err != nil {
		return nil, err
	}
	// Between the two a start finds a pair that does not fit, so the old certificate
	// goes first.
	if err := os.Remove(s.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := write(filepath.Join(s.dir, selfKey), key, 0o600); err != nil {
		return nil, err
	}
	return &pair, write(s.Path(), cert, 0o644)
}

// mayLookInto makes dir, if it is not there. Others are to read the certificate in
// it, if they may into the directory above, whatever the process makes otherwise.
func mayLookInto(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755))
}

// write replaces a file as a whole, durably.
func write(path string, b []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
