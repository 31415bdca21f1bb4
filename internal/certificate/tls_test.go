package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/certificate/certificatetest"
)

// shake is a handshake, and what the server makes of it.
func shake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c, err := tls.Dial("tcp", l.Addr().String(), client); err == nil {
			_, _ = c.Read(make([]byte, 1)) // tickets, and alerts that come late in TLS 1.3
			_ = c.Close()
		}
	}()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	s := tls.Server(conn, server)
	if err = s.Handshake(); err == nil {
		_, err = s.Write([]byte("x"))
	}
	state := s.ConnectionState()
	_ = s.Close()
	<-ended
	return state, err
}

// secured is a source for localhost, and who believes it.
func secured(t *testing.T) (Source, *tls.Config) {
	t.Helper()
	a, s := certificatetest.New(t, "servers"), newSecret(t)
	log, _ := logged()
	s.swap(a.Issue(t, "server", "localhost"))
	f, err := s.open(log)
	if err != nil {
		t.Fatal(err)
	}
	return f, &tls.Config{RootCAs: a.Pool(), ServerName: "localhost"}
}

func TestOldVersionsAndWeakSuitesOfTLSAreRefused(t *testing.T) {
	source, client := secured(t)
	server := Config(source, nil, false)
	for name, c := range map[string]struct {
		change func(*tls.Config)
		ok     bool
	}{
		"TLS 1.3": {func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, true},
		"TLS 1.2": {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true},
		"TLS 1.1": {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, false},
		"CBC": {func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		}, false},
	} {
		config := client.Clone()
		c.change(config)
		if _, err := shake(t, server, config); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClientCertificatesAreAskedForAndBelievedByTheirAuthority(t *testing.T) {
	source, client := secured(t)
	ours, theirs := certificatetest.New(t, "ours"), certificatetest.New(t, "theirs")
	log, _ := logged()
	authorities, err := NewAuthorities(ours.File(t), log)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		of                    *certificatetest.Authority
		required, ok, isKnown bool
	}{
		"ours, required":   {ours, true, true, true},
		"ours, asked for":  {ours, false, true, true},
		"none, required":   {nil, true, false, false},
		"none, asked for":  {nil, false, true, false},
		"theirs, required": {theirs, true, false, false},
		// Who shows one that is not believed hears of it, also where none is needed.
		"theirs, asked for": {theirs, false, false, false},
	} {
		config := client.Clone()
		if c.of != nil {
			pair := c.of.Pair(t, "orders")
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		state, err := shake(t, Config(source, authorities, c.required), config)
		if (err == nil) != c.ok || c.ok && (len(state.VerifiedChains) > 0) != c.isKnown {
			t.Errorf("%s: %v, %d chains", name, err, len(state.VerifiedChains))
		}
	}
}

func TestASessionIsNotResumedAfterItsAuthorityIsGone(t *testing.T) {
	source, client := secured(t)
	ours, next := certificatetest.New(t, "ours"), certificatetest.New(t, "next")
	log, _ := logged()
	path := ours.File(t)
	authorities, err := NewAuthorities(path, log)
	if err != nil {
		t.Fatal(err)
	}
	server := Config(source, authorities, true)
	client.Certificates = []tls.Certificate{ours.Pair(t, "orders")}
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for _, resumed := range []bool{false, true} {
		if state, err := shake(t, server, client); err != nil || state.DidResume != resumed {
			t.Fatalf("resumed %v, %v; want %v", state.DidResume, err, resumed)
		}
	}
	certificatetest.Write(t, path, next.PEM)
	if err := authorities.Reload(); err != nil {
		t.Fatal(err)
	}
	if state, err := shake(t, server, client); err == nil {
		t.Errorf("let in, resumed: %v", state.DidResume)
	}
}

func TestAChainIsBelievedNoLongerThanItLastsAndItsAuthorityDoes(t *testing.T) {
	ours, next := certificatetest.New(t, "ours"), certificatetest.New(t, "next")
	log, _ := logged()
	path := ours.File(t)
	authorities, err := NewAuthorities(path, log)
	if err != nil {
		t.Fatal(err)
	}
	pair := ours.Pair(t, "orders")
	chains, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: ours.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		t.Fatal(err)
	}
	end := pair.Leaf.NotAfter
	if !authorities.Still(chains, end) || authorities.Still(chains, end.Add(time.Second)) || authorities.Still(nil, end) {
		t.Error("the end of the certificate is another one")
	}
	certificatetest.Write(t, path, append(next.PEM, ours.PEM...))
	if err := authorities.Reload(); err != nil || !authorities.Still(chains, end) {
		t.Error("another authority came", err)
	}
	certificatetest.Write(t, path, next.PEM)
	if err := authorities.Reload(); err != nil || authorities.Still(chains, end) {
		t.Error("the authority went", err)
	}
}

func TestAnAuthoritysChallengeNeedsNoClientCertificate(t *testing.T) {
	source, client := secured(t)
	log, _ := logged()
	authorities, err := NewAuthorities(certificatetest.New(t, "ours").File(t), log)
	if err != nil {
		t.Fatal(err)
	}
	client.NextProtos = []string{"acme-tls/1"}
	if state, err := shake(t, Config(source, authorities, true), client); err != nil || state.NegotiatedProtocol != "acme-tls/1" {
		t.Error(state.NegotiatedProtocol, err)
	}
	client.NextProtos = []string{"acme-tls/1", "http/1.1"}
	if _, err := shake(t, Config(source, authorities, true), client); err == nil {
		t.Error("a protocol beside it gets around the client certificate")
	}
}
