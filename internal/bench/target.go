package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"time"
)

// Target is the server under load.
type Target struct {
	Address   string // host:port to connect to
	Host      string // as requests name it
	TLS       bool
	Config    *tls.Config // of TLS; nil: Go's own
	Region    string
	AccessKey string
	Secret    string
}

// ParseTarget reads an endpoint such as http://127.0.0.1:4566.
func ParseTarget(endpoint, region, accessKey, secret string) (Target, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("endpoint %q: %w", endpoint, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return Target{}, fmt.Errorf("endpoint %q is not of the form http://host:port", endpoint)
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.User != nil:
		return Target{}, fmt.Errorf("endpoint %q has more than a host and a port", endpoint)
	}
	t := Target{Address: u.Host, Host: u.Host, TLS: u.Scheme == "https", Region: region, AccessKey: accessKey, Secret: secret}
	if u.Port() == "" {
		port := "80"
		if t.TLS {
			port = "443"
		}
		t.Address = net.JoinHostPort(u.Hostname(), port)
	}
	return t, nil
}

// dialTimeout is long for a machine under load, and short for a person.
const dialTimeout = 5 * time.Second

func (t Target) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	if !t.TLS {
		return d.DialContext(ctx, "tcp", t.Address)
	}
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{}
	if t.Config != nil {
		config = t.Config.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	return (&tls.Dialer{NetDialer: &d, Config: config}).DialContext(ctx, "tcp", t.Address)
}

// Check answers nil if something listens at the target.
func (t Target) Check(ctx context.Context) error {
	c, err := t.dial(ctx)
	if err != nil {
		return fmt.Errorf("nothing answers at %s: %w\nstart a server there (carillon serve), name another with --endpoint, or let bench start its own with --start", t.Address, err)
	}
	return c.Close()
}
