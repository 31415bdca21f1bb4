package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
)

// TLSMode says where the certificate of the port comes from.
type TLSMode string

const (
	// TLSOff speaks plain HTTP, unless there is a certificate in files.
	TLSOff TLSMode = "off"
	// TLSSelf makes a certificate, for development.
	TLSSelf TLSMode = "self"
	// TLSACME gets one from an authority.
	TLSACME TLSMode = "acme"
)

// TLS is what is spoken below HTTP. Its zero value is nothing.
type TLS struct {
	Mode      TLSMode // empty: off
	Cert, Key string  // files in PEM, in place of a mode; read again when they change

	ClientCA       string // file with the authorities of client certificates; empty: nobody is asked for one
	ClientOptional bool   // who has none is let in, too

	Domains   []string // that an ACME certificate is for
	Email     string   // of the account there
	Directory string   // of the ACME authority; Let's Encrypt's where empty
	ACMECA    string   // file with the authority of the directory's own certificate; the system's where empty
	HTTP      string   // address where ACME's challenges over HTTP are answered; empty: nowhere
}

// On tells whether the port speaks TLS.
func (t *TLS) On() bool { return t.Mode == TLSSelf || t.Mode == TLSACME || t.Cert != "" }

func (t *TLS) check() error {
	acme := len(t.Domains) > 0 || t.Email != "" || t.Directory != "" || t.ACMECA != "" || t.HTTP != ""
	switch {
	case !slices.Contains([]TLSMode{"", TLSOff, TLSSelf, TLSACME}, t.Mode):
		return fmt.Errorf("tls %q: want off, self or acme, or a certificate in --tls-cert and --tls-key", t.Mode)
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("tls-cert and tls-key belong together: set both, also where one file has both")
	case t.Cert != "" && (t.Mode == TLSSelf || t.Mode == TLSACME):
		return fmt.Errorf("tls-cert is set, and tls is %s: there can be one certificate only", t.Mode)
	case t.ClientCA != "" && !t.On():
		return errors.New("tls-client-ca is set, but clients show certificates only with TLS: set --tls-cert and --tls-key, or --tls")
	case t.ClientOptional && t.ClientCA == "":
		return errors.New("tls-client-auth is set, but not whose certificates are believed: set --tls-client-ca FILE")
	case acme && t.Mode != TLSACME:
		return errors.New("acme-domain, acme-email, acme-directory, acme-ca and acme-http need --tls acme")
	case t.Mode == TLSACME && len(t.Domains) == 0:
		return errors.New("tls acme needs to know for which names: set --acme-domain")
	}
	for _, d := range t.Domains {
		if net.ParseIP(d) != nil || strings.ContainsAny(d, "*/: ") || !strings.Contains(strings.Trim(d, "."), ".") {
			return fmt.Errorf("acme-domain %q: want a name such as events.example.com", d)
		}
	}
	if u, err := url.Parse(t.Directory); t.Directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("acme-directory %q: want https://…", t.Directory)
	}
	return nil
}

// tlsDirectory is where certificates of our own are kept in a data directory.
const tlsDirectory = "tls"

// source is where the certificate comes from.
func (r *Running) source(ctx context.Context) (certificate.Source, error) {
	c := &r.config
	if c.TLS.Cert != "" {
		return certificate.NewFiles(c.TLS.Cert, c.TLS.Key, r.log)
	}
	dir := filepath.Join(c.Data, tlsDirectory)
	box, err := r.tlsBox(ctx, dir)
	if err != nil {
		return nil, err
	}
	switch {
	case c.TLS.Mode == TLSSelf:
		var hosts []string
		for _, u := range []string{r.URL, c.ExternalURL} {
			if u, err := url.Parse(u); err == nil {
				hosts = append(hosts, u.Hostname())
			}
		}
		return certificate.NewSelf(dir, box, hosts, r.log)
	}
	var roots *x509.CertPool
	if c.TLS.ACMECA != "" {
		if roots, err = systemRootsAnd(c.TLS.ACMECA); err != nil {
			return nil, fmt.Errorf("acme-ca: %w", err)
		}
	}
	return certificate.NewACME(certificate.ACMEOptions{
		Dir: dir, Box: box, Domains: c.TLS.Domains, Email: c.TLS.Email, Directory: c.TLS.Directory, Roots: roots,
		Listen: r.Addr, ListenHTTP: c.TLS.HTTP, Logger: r.log,
	})
}

// tlsPurpose is what the key of certificates' keys is derived for.
const tlsPurpose = "tls"

// tlsBox seals the keys of our own certificates, and has those that are there
// already sealed; nil where there is no master key, or it is forgotten with the
// store, and they are not.
func (r *Running) tlsBox(ctx context.Context, dir string) (*seal.Box, error) {
	if r.store.Keys() == nil || r.config.Durability == store.Memory {
		return nil, nil
	}
	box, err := r.box(ctx, tlsPurpose)
	if err != nil {
		return nil, err
	}
	if err := certificate.Seal(dir, box); err != nil {
		return nil, fmt.Errorf("seal the keys of certificates: %w", err)
	}
	return box, nil
}

// secure is the TLS of the port, and starts what keeps it fresh; nil where plain
// HTTP is spoken.
func (r *Running) secure(ctx context.Context) (*tls.Config, error) {
	c := &r.config.TLS
	if !c.On() {
		return nil, nil
	}
	var authorities *certificate.Authorities
	if c.ClientCA != "" {
		var err error
		if authorities, err = certificate.NewAuthorities(c.ClientCA, r.log); err != nil {
			return nil, fmt.Errorf("tls-client-ca: %w", err)
		}
		r.authorities = authorities
		r.start("client authorities", authorities.Run)
	}
	source, err := r.source(ctx)
	if err != nil {
		return nil, err
	}
	r.certificate = source
	r.start("certificate", source.Run)
	if r.config.Reload != nil {
		r.start("reload", func(ctx context.Context) error { return r.reload(ctx, source, authorities) })
	}
	return certificate.Config(source, authorities, !c.ClientOptional), nil
}

// reload looks at the files whenever somebody asks for it.
func (r *Running) reload(ctx context.Context, source certificate.Source, authorities *certificate.Authorities) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.config.Reload:
		}
		err := source.Reload()
		if authorities != nil {
			err = errors.Join(err, authorities.Reload())
		}
		if err != nil {
			r.log.Error("the certificate was not changed: the old one stays", "error", err)
			continue
		}
		r.log.Info("the files of the certificate were looked at")
	}
}

// still is what the edge asks about client certificates; nil: nobody is asked for one.
func (r *Running) still() func([][]*x509.Certificate, time.Time) bool {
	if r.authorities == nil {
		return nil
	}
	return r.authorities.Still
}

// leaf is the certificate that clients are shown; nil: there is none, or none yet.
func (r *Running) leaf() *x509.Certificate {
	if r.certificate == nil {
		return nil
	}
	return r.certificate.Current()
}

// shaken logs what handshakes fail of, and counts them.
func (r *Running) shaken(with net.Addr, err error) {
	if err == nil {
		r.handshakes.WithLabelValues("ok").Inc()
		return
	}
	r.handshakes.WithLabelValues("failed").Inc()
	r.log.Debug("tls handshake failed", "with", with, "error", err)
}

// systemRootsAnd is whom the system believes, and the certificates of a file.
func systemRootsAnd(path string) (*x509.CertPool, error) {
	more, err := certificate.Roots(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a container without any
		pool = x509.NewCertPool()
	}
	for _, c := range more {
		pool.AddCert(c)
	}
	return pool, nil
}

// outboundRoots is who is believed where we call others; nil: whom the system does.
func (c *Config) outboundRoots() (*x509.CertPool, error) {
	if c.OutboundCA == "" {
		return nil, nil
	}
	pool, err := systemRootsAnd(c.OutboundCA)
	if err != nil {
		return nil, fmt.Errorf("outbound-ca: %w", err)
	}
	return pool, nil
}

// checkReach refuses to let strangers in, and what strangers can read: who
// listens where others can reach him needs signatures and TLS, his own or that of
// proxies, or says that he knows.
func (c *Config) checkReach(addr *net.TCPAddr) error {
	if addr.IP.IsLoopback() || c.Insecure {
		return nil
	}
	if c.Auth == AuthDev {
		return fmt.Errorf("listen %s: others can reach this address, and auth dev accepts everybody: "+
			"set --auth strict (after carillon init, or with --credentials FILE), listen on 127.0.0.1, or say --insecure", c.Listen)
	}
	if !c.TLS.On() && len(c.TrustedProxies) == 0 {
		return fmt.Errorf("listen %s: others can reach this address, and what is sent over plain HTTP can be read on the way: "+
			"set --tls-cert and --tls-key, or --tls, or --trusted-proxies where proxies speak TLS for us; listen on 127.0.0.1, or say --insecure", c.Listen)
	}
	return nil
}

// proxies are whose headers are believed, and whether nobody else may come
// without TLS.
func (r *Running) proxies() (p edge.Proxies, only bool) {
	p, err := edge.ParseProxies(r.config.TrustedProxies)
	if err != nil {
		panic("proxies that were checked: " + err.Error())
	}
	return p, !p.None() && !r.config.TLS.On() && !r.config.Insecure && !r.Addr.IP.IsLoopback()
}

// trustHint is how clients come to believe a certificate of our own.
func (r *Running) trustHint() string {
	if s, ok := r.certificate.(*certificate.Self); ok {
		if path, err := filepath.Abs(s.Path()); err == nil {
			return path
		}
		return s.Path()
	}
	return ""
}

// warnOfNames says when the certificate is not good for how clients call us.
func (r *Running) warnOfNames() {
	leaf := r.leaf()
	if u, err := url.Parse(r.config.ExternalURL); leaf != nil && r.config.ExternalURL != "" && err == nil && leaf.VerifyHostname(u.Hostname()) != nil {
		r.log.Warn("the certificate is not good for the host of --external-url", "external_url", r.config.ExternalURL, "names", certificate.Names(leaf))
	}
}
