// Package certificate is how Carillon shows who it is, and asks clients who they
// are, before a request is read: the TLS of its port.
//
// It owns where the server's certificate comes from (files that are read again
// when they change, one of its own for development, one of an authority that
// speaks ACME), the authorities of client certificates, and the parameters of TLS.
// It refuses to know what a client certificate allows: that is access's.
//
// Invariants:
//
//  1. Once there is a certificate, there is one: what cannot be read or does not fit
//     together is said in the log, and changes nothing.
//  2. No private key is in a log, an error or a file that others can read.
package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// Source is where a server's certificate comes from.
type Source interface {
	// Certificate is the one for a handshake. It is called by many goroutines.
	Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Current is the one that clients are shown; nil: there is none yet.
	Current() *x509.Certificate
	// Reload looks for a new certificate now. Its error is said to a person; the old
	// certificate stays.
	Reload() error
	// Run keeps the certificate fresh until ctx ends.
	Run(ctx context.Context) error
}

// every is how often files are looked at. Reading three small files costs nothing,
// and unlike notifications it cannot miss a link that is swapped above them, which
// is how Kubernetes changes a secret.
const every = 10 * time.Second

// maxFile bounds what is read of a file.
const maxFile = 1 << 20

// read reads a file that must be small.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case len(b) > maxFile:
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", path, maxFile)
	}
	return b, nil
}

// Roots are the certificates of a PEM file.
func Roots(path string) ([]*x509.Certificate, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	return parseRoots(path, text)
}

// Fingerprint is the SHA-256 of a certificate as browsers and openssl print it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

// Names are what a certificate is good for.
func Names(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// describe is what a log says of a certificate.
func describe(c *x509.Certificate) []any {
	return []any{"names", strings.Join(Names(c), ","), "fingerprint", Fingerprint(c), "expires_at", c.NotAfter.UTC().Format(time.RFC3339)}
}

// poll reloads every so often. What goes wrong is said once until it changes.
func poll(ctx context.Context, log *slog.Logger, reload func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := reload()
		switch {
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.Error("the certificate was not changed: the old one stays", "error", err)
		}
	}
}
