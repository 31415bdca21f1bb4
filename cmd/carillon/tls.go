package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/certificate"
)

// trust is whom a command believes to be the server, and who it says it is itself.
type trust struct{ ca, name, cert, key string }

// Variables of the environment behind the flags. They are no settings of serve.
var trustVariables = []string{"CARILLON_CA", "CARILLON_SERVER_NAME", "CARILLON_CLIENT_CERT", "CARILLON_CLIENT_KEY"}

// addTrust gives the flags to every command that calls a server, which is those
// with an --endpoint.
func addTrust(c *cobra.Command) {
	for _, below := range c.Commands() {
		addTrust(below)
	}
	if c.Flags().Lookup("endpoint") == nil || c.RunE == nil {
		return
	}
	t := &trust{}
	f := c.Flags()
	f.StringVar(&t.ca, "ca", "", "PEM `file` with the certificate of the server at --endpoint, or of who issued it (default: CARILLON_CA, AWS_CA_BUNDLE, and what the system believes)")
	f.StringVar(&t.name, "server-name", "", "`name` that its certificate must have (default: CARILLON_SERVER_NAME, or the endpoint's host)")
	f.StringVar(&t.cert, "client-cert", "", "PEM `file` with a client certificate for a server that asks for one (default: CARILLON_CLIENT_CERT)")
	f.StringVar(&t.key, "client-key", "", "PEM `file` with its key (default: CARILLON_CLIENT_KEY)")
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		config, err := t.config()
		if err != nil {
			return err
		}
		c.SetContext(context.WithValue(c.Context(), trustKey{}, config))
		return run(c, args)
	}
}

type trustKey struct{}

// trusted is the TLS of a command's calls; nil: Go's own.
func trusted(ctx context.Context) *tls.Config {
	config, _ := ctx.Value(trustKey{}).(*tls.Config)
	return config
}

// config is nil where nothing was said.
func (t *trust) config() (*tls.Config, error) {
	ca := cmp.Or(t.ca, os.Getenv("CARILLON_CA"), os.Getenv("AWS_CA_BUNDLE"))
	cert := cmp.Or(t.cert, os.Getenv("CARILLON_CLIENT_CERT"))
	key := cmp.Or(t.key, os.Getenv("CARILLON_CLIENT_KEY"))
	name := cmp.Or(t.name, os.Getenv("CARILLON_SERVER_NAME"))
	if ca == "" && name == "" && cert == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}
	if ca != "" {
		roots, err := certificate.Roots(ca)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		for _, r := range roots {
			config.RootCAs.AddCert(r)
		}
	}
	if (cert == "") != (key == "") {
		return nil, errors.New("client-cert and client-key belong together: set both, also where one file has both")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("client-cert: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// webClient calls a server as the command's flags say.
func webClient(ctx context.Context) *http.Client {
	if trusted(ctx) == nil {
		return http.DefaultClient
	}
	t := transport(ctx)
	t.DisableKeepAlives = true // a client is made for each call
	return &http.Client{Transport: t}
}

// transport is net/http's own, with the TLS of the command's flags.
func transport(ctx context.Context) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = trusted(ctx)
	return t
}

// withoutVerifying has calls believe any server. It is for asking the one on this
// machine whether it serves, which tells nobody anything.
func withoutVerifying(ctx context.Context) context.Context {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if said := trusted(ctx); said != nil {
		config = said.Clone() // the client's certificate among it
	}
	config.InsecureSkipVerify = true
	return context.WithValue(ctx, trustKey{}, config)
}

func unbelieved(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

// explained says what to do about a certificate that is not believed.
func explained(err error) error {
	if unbelieved(err) {
		return fmt.Errorf("reach the server: %w: name its certificate with --ca or CARILLON_CA; of a server with --tls self it is tls/self.pem in its data directory", err)
	}
	return fmt.Errorf("reach the server: %w", err)
}
