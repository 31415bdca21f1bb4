package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Files are a certificate and its key in PEM files of somebody else's.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       atomic.Pointer[tls.Certificate]

	mu   sync.Mutex // guards seen
	seen [sha256.Size]byte
}

// NewFiles reads the files. key may be the file of the certificate.
func NewFiles(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Certificate implements Source.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.now.Load(), nil }

// Current implements Source.
func (f *Files) Current() *x509.Certificate { return f.now.Load().Leaf }

// Run implements Source.
func (f *Files) Run(ctx context.Context) error { return poll(ctx, f.log, f.Reload) }

// Reload implements Source.
func (f *Files) Reload() error {
	cert, err := read(f.cert)
	if err != nil {
		return err
	}
	key, err := read(f.key)
	if err != nil {
		return err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s%s", len(cert), cert, key)
	sum := [sha256.Size]byte(h.Sum(nil))
	f.mu.Lock()
	defer f.mu.Unlock()
	if sum == f.seen && f.now.Load() != nil {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", f.cert, f.key, err)
	}
	if at := time.Now(); at.After(pair.Leaf.NotAfter) {
		if f.now.Load() != nil {
			return fmt.Errorf("certificate %s: it expired at %s", f.cert, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
		}
		f.log.Warn("the certificate has expired, and clients will refuse it", describe(pair.Leaf)...)
	}
	f.seen = sum
	if old := f.now.Swap(&pair); old != nil {
		f.log.Info("the certificate was changed", describe(pair.Leaf)...)
	}
	return nil
}

// Authorities are those whose client certificates are believed, from a PEM file.
type Authorities struct {
	path string
	log  *slog.Logger
	now  atomic.Pointer[believed]

	mu   sync.Mutex // guards seen
	seen [sha256.Size]byte
}

// believed is a pool that can be asked.
type believed struct {
	pool *x509.CertPool
	sums map[[sha256.Size]byte]bool // of the certificates in it
}

// NewAuthorities reads the file.
func NewAuthorities(path string, log *slog.Logger) (*Authorities, error) {
	a := &Authorities{path: path, log: log}
	if err := a.Reload(); err != nil {
		return nil, err
	}
	return a, nil
}

// Run looks for changes of the file until ctx ends.
func (a *Authorities) Run(ctx context.Context) error { return poll(ctx, a.log, a.Reload) }

// Reload reads the file if it has changed.
func (a *Authorities) Reload() error {
	text, err := read(a.path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	a.mu.Lock()
	defer a.mu.Unlock()
	if sum == a.seen && a.now.Load() != nil {
		return nil
	}
	roots, err := parseRoots(a.path, text)
	if err != nil {
		return err
	}
	next := &believed{x509.NewCertPool(), map[[sha256.Size]byte]bool{}}
	for _, r := range roots {
		next.pool.AddCert(r)
		next.sums[sha256.Sum256(r.Raw)] = true
	}
	a.seen = sum
	if old := a.now.Swap(next); old != nil {
		a.log.Info("the authorities of client certificates were changed", "certificates", len(roots))
	}
	return nil
}

// Still tells whether one of the chains of a handshake, which may have been long
// ago, is believed: its authority is one yet, and nothing in it is over.
func (a *Authorities) Still(chains [][]*x509.Certificate, now time.Time) bool {
	sums := a.now.Load().sums
	return slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool {
		over := slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return now.After(c.NotAfter) })
		return len(chain) > 0 && !over && sums[sha256.Sum256(chain[len(chain)-1].Raw)]
	})
}

// parseRoots wants certificates and nothing that is broken: a pool would leave it
// out without a word.
func parseRoots(path string, text []byte) ([]*x509.Certificate, error) {
	var roots []*x509.Certificate
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: certificate %d: %w", path, len(roots)+1, err)
			}
			roots = append(roots, c)
		case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY":
			return nil, fmt.Errorf("%s: there is a private key in it, and it should have certificates of authorities only", path)
		}
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("%s: there is no certificate in PEM in it", path)
	}
	return roots, nil
}
