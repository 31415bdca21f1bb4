package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options of a Client.
type Options struct {
	Allowed Allowed
	Roots   *x509.CertPool // nil: the system's
	Timeout time.Duration  // of dialling, and of a TLS handshake
	PerHost int            // connections that are kept to a host
}

// Client calls what is allowed.
func Client(o Options) *http.Client {
	return &http.Client{
		Transport:     schemes{https: o.transport(false), http: o.transport(true)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// schemes calls by https or by http, for which other addresses are allowed.
type schemes struct{ https, http *http.Transport }

func (s schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return s.https.RoundTrip(r)
	}
	return s.http.RoundTrip(r)
}

// CloseIdleConnections is what http.Client calls.
func (s schemes) CloseIdleConnections() {
	s.https.CloseIdleConnections()
	s.http.CloseIdleConnections()
}

func (o Options) transport(plain bool) *http.Transport {
	dialer := &net.Dialer{Timeout: o.Timeout, Control: o.Allowed.control(plain)}
	return &http.Transport{
		Proxy:                  nil, // the environment's would dial in our place, where no address is checked
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.Timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // answers are thrown away
		MaxIdleConnsPerHost:    o.PerHost,
		MaxIdleConns:           256,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// WithoutURL takes the URL out of an error of net/http: it may hold secrets.
func WithoutURL(err error) error {
	var quoting *url.Error
	if errors.As(err, &quoting) {
		return quoting.Err
	}
	return err
}
