package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/carillon-events/carillon/internal/seal"
)

// ACMEOptions say how to get a certificate from an authority that speaks ACME
// (RFC 8555). Who sets them agrees to the authority's terms.
type ACMEOptions struct {
	Dir       string    // of certificates: the account and ACME's are kept below
	Box       *seal.Box // that they are sealed with; nil: they are not
	Domains   []string  // that the certificate is for
	Email     string    // of the account
	Directory string    // URL of the authority; Let's Encrypt where empty
	Roots     *x509.CertPool

	Listen     *net.TCPAddr // where TLS is spoken, also to the authority (TLS-ALPN-01)
	ListenHTTP string       // where challenges over HTTP are answered (HTTP-01); empty: nowhere

	Logger *slog.Logger
}

// ACME is a certificate of an authority that speaks ACME. It is there some time
// after Run began, and renewed in time. certmagic does the work.
type ACME struct {
	options ACMEOptions
	cache   *certmagic.Cache
	config  *certmagic.Config
	issuer  *certmagic.ACMEIssuer
	http    net.Listener
}

// NewACME takes the port for challenges over HTTP, if there is to be one. The
// caller must Run what it returns, or Close it.
func NewACME(o ACMEOptions) (*ACME, error) {
	a := &ACME{options: o}
	if o.ListenHTTP != "" {
		l, err := net.Listen("tcp", o.ListenHTTP)
		if err != nil {
			return nil, fmt.Errorf("acme-http: %w", err)
		}
		a.http = l
	}
	logger := zap.New(bridge{o.Logger})
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		Logger:           logger,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		Storage: sealedStorage{&certmagic.FileStorage{Path: filepath.Join(o.Dir, acmeDirectory)}, o.Box}, DefaultServerName: o.Domains[0],
		OCSP: certmagic.OCSPConfig{DisableStapling: true}, Logger: logger,
	})
	a.issuer = certmagic.NewACMEIssuer(a.config, certmagic.ACMEIssuer{
		CA: o.Directory, TestCA: o.Directory, Email: o.Email, Agreed: true, TrustedRoots: o.Roots,
		ListenHost: hostToListen(o.Listen), AltTLSALPNPort: o.Listen.Port,
		DisableHTTPChallenge: a.http == nil, AltHTTPPort: portOf(a.http), Logger: logger,
	})
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// hostToListen is what certmagic looks at to find that we listen already.
func hostToListen(addr *net.TCPAddr) string {
	if addr.IP.IsUnspecified() {
		return ""
	}
	return addr.IP.String()
}

func portOf(l net.Listener) int {
	if l == nil {
		return 0
	}
	return l.Addr().(*net.TCPAddr).Port
}

// Certificate implements Source.
func (a *ACME) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.config.GetCertificate(hello)
}

// Current implements Source.
func (a *ACME) Current() *x509.Certificate {
	for _, c := range a.cache.AllMatchingCertificates(a.options.Domains[0]) {
		return c.Leaf
	}
	return nil
}

// Reload implements Source: there is nothing that a person changes.
func (a *ACME) Reload() error { return nil }

// Run implements Source. It ends when ctx does, and tries until then.
func (a *ACME) Run(ctx context.Context) error {
	defer a.cache.Stop()
	if a.http == nil {
		return a.manage(ctx)
	}
	challenges := &http.Server{
		Handler:     a.issuer.HTTPChallengeHandler(http.HandlerFunc(a.toHTTPS)),
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- challenges.Serve(a.http) }()
	err := a.manage(ctx)
	_ = challenges.Close()
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (a *ACME) manage(ctx context.Context) error {
	if err := a.config.ManageAsync(ctx, a.options.Domains); err != nil {
		return fmt.Errorf("certificate by ACME: %w", err)
	}
	<-ctx.Done()
	return nil
}

// Close lets go of what NewACME took, where Run was never called.
func (a *ACME) Close() {
	a.cache.Stop()
	if a.http != nil {
		_ = a.http.Close()
	}
}

// toHTTPS sends browsers to where we speak TLS. A program that sent its request
// in the clear should hear of it.
func (a *ACME) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "This port is for challenges of ACME; Carillon speaks HTTPS.", http.StatusBadRequest)
		return
	}
	to := a.options.Domains[0]
	if a.options.Listen.Port != 443 {
		to = net.JoinHostPort(to, strconv.Itoa(a.options.Listen.Port))
	}
	http.Redirect(w, r, "https://"+to+r.URL.RequestURI(), http.StatusPermanentRedirect)
}
