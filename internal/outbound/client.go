package outbound

import (
	"context"
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

// errNotHTTP is all that is told of an answer that cannot be read.
var errNotHTTP = errors.New("the connection broke off, or what was answered is not HTTP")

// Told is what of an error of net/http may be told. The URL is taken out: its
// query may hold secrets. And an answer that is not HTTP is quoted by the error,
// whoever sent it: an endpoint that echoes quotes the request that it got.
func Told(err error) error {
	if quoting := new(url.Error); errors.As(err, &quoting) {
		err = quoting.Err
	}
	for _, known := range []any{
		new(*net.OpError), new(*net.DNSError), new(tls.RecordHeaderError), new(*tls.CertificateVerificationError), new(tls.AlertError),
	} {
		if errors.As(err, known) {
			return err
		}
	}
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		return err
	}
	for _, known := range []error{ErrForbidden, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return err
		}
	}
	return errNotHTTP
}
