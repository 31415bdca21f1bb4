package certificate

import (
	"crypto/tls"
	"slices"

	"github.com/mholt/acmez/v3"
)

// suites are those of TLS 1.2 that are worth having: forward secrecy and
// authenticated encryption (RFC 9325, 4.2). TLS 1.3 has no others.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// protocols in the order of our preference: who speaks both is served over
// HTTP/1.1 by the loop that is made for SDKs (docs/adr/0037-tls.md).
var protocols = []string{"http/1.1", "h2"}

// Config is the TLS of a server. authorities may be nil: then no client is asked
// for a certificate. require refuses those that have none.
func Config(source Source, authorities *Authorities, require bool) *tls.Config {
	base := &tls.Config{
		MinVersion: tls.VersionTLS12, CipherSuites: suites, NextProtos: protocols, GetCertificate: source.Certificate,
		// Answers are read whole by programs; small records only cost system calls.
		DynamicRecordSizingDisabled: true,
	}
	challenge := base.Clone()
	challenge.NextProtos = []string{acmez.ACMETLS1Protocol}
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		// An authority that looks for its challenge has no certificate, and sends no
		// request (RFC 8737).
		if slices.Equal(hello.SupportedProtos, challenge.NextProtos) {
			return challenge, nil
		}
		if authorities == nil {
			return nil, nil
		}
		// The keys of session tickets are those of base whatever is returned here, and
		// a session is resumed only if its certificate is still believed.
		return &tls.Config{
			MinVersion: base.MinVersion, CipherSuites: suites, NextProtos: protocols, GetCertificate: base.GetCertificate,
			DynamicRecordSizingDisabled: true,
			ClientCAs:                   authorities.now.Load().pool, ClientAuth: clientAuth(require),
		}, nil
	}
	return base
}

func clientAuth(require bool) tls.ClientAuthType {
	if require {
		return tls.RequireAndVerifyClientCert
	}
	return tls.VerifyClientCertIfGiven
}
