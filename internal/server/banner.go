package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/store"
)

// banner says that the server is ready, and what to do with it.
func (r *Running) banner() {
	c := &r.config
	data := c.Data
	if abs, err := filepath.Abs(data); err == nil {
		data = abs
	}
	if c.Durability == store.Memory {
		data = "in memory"
	}
	r.warnOfNames()
	r.warnOfKeyFile()
	r.log.Info("ready", "url", r.URL, "version", c.Version, "data", data, "durability", c.Durability, "auth", c.Auth)
	if c.Auth == AuthDev && !r.Addr.IP.IsLoopback() {
		r.log.Warn("ANYBODY who can reach this address can read and delete everything: auth is dev and --insecure is set", "listen", r.Addr)
	}
	if c.Auth == AuthStrict && !r.Addr.IP.IsLoopback() && c.Insecure && !c.TLS.On() {
		r.log.Warn("what is sent here can be READ BY OTHERS on the way: the port speaks plain HTTP and --insecure is set", "listen", r.Addr)
	}
	if leaf := r.leaf(); leaf != nil {
		r.log.Info("certificate", "names", strings.Join(certificate.Names(leaf), ","), "fingerprint", certificate.Fingerprint(leaf), "expires_at", leaf.NotAfter.UTC())
	}
	if c.Banner == nil {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Carillon %s is ready at %s\n\n", c.Version, r.URL)
	fmt.Fprintf(&b, "  data        %s\n", data)
	fmt.Fprintf(&b, "  durability  %s\n", r.promise())
	if at := r.atRest(); at != "" {
		fmt.Fprintf(&b, "  at rest     %s\n", at)
	}
	fmt.Fprintf(&b, "  auth        %s\n", r.trust())
	fmt.Fprintf(&b, "  transport   %s\n\n", r.transport())
	fmt.Fprintf(&b, "Try it:\n\n")
	url := r.URL
	if c.ExternalURL != "" {
		url = strings.TrimSuffix(c.ExternalURL, "/")
	}
	keys := "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
	if c.Auth == AuthStrict {
		keys = "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... "
	}
	if path := r.trustHint(); path != "" {
		fmt.Fprintf(&b, "  export AWS_CA_BUNDLE=%s    # and CARILLON_CA, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE: docs/tls.md\n", path)
	}
	fmt.Fprintf(&b, "  export %sAWS_DEFAULT_REGION=%s\n", keys, c.Region)
	fmt.Fprintf(&b, "  aws --endpoint-url %s sqs create-queue --queue-name hello\n", url)
	if c.Auth == AuthDev {
		fmt.Fprintf(&b, "  aws --endpoint-url %s sqs send-message --queue-url %s/%s/hello --message-body 'Hello, world'\n\n", url, url, access.DefaultAccount)
	} else {
		fmt.Fprintf(&b, "  aws --endpoint-url %s sqs list-queues\n\n", url)
	}
	// Whoever closed the output does not want to read it.
	_, _ = c.Banner.Write([]byte(b.String()))
}

// promise is what an acknowledgement means.
func (r *Running) promise() string {
	switch r.config.Durability {
	case store.Interval:
		return fmt.Sprintf("interval (synced every %s: a power failure may cost that much)", r.config.SyncInterval)
	case store.Memory:
		return "memory (NOTHING is kept when Carillon stops)"
	}
	return "fsync (what is acknowledged is on disk)"
}

// transport is what is spoken, and by whose certificate.
func (r *Running) transport() string {
	leaf := r.leaf()
	switch c := &r.config.TLS; {
	case !c.On() && len(r.config.TrustedProxies) > 0:
		return "plain HTTP, behind " + strings.Join(r.config.TrustedProxies, ", ")
	case !c.On():
		return "plain HTTP"
	case leaf == nil:
		return "HTTPS, as soon as the certificate is there for " + strings.Join(c.Domains, ", ")
	case c.Mode == TLSSelf:
		return "HTTPS, self-signed for development, SHA-256 " + certificate.Fingerprint(leaf)
	}
	return "HTTPS, SHA-256 " + certificate.Fingerprint(leaf) + ", until " + leaf.NotAfter.UTC().Format(time.DateOnly)
}

// atRest is what the disk's finder can read; nothing where there is no master key.
func (r *Running) atRest() string {
	switch {
	case r.store.Encrypted():
		return "encrypted (file names and sizes are not)"
	case r.store.Keys() != nil:
		return "not encrypted, but for secrets"
	}
	return ""
}

// trust is who may call.
func (r *Running) trust() string {
	switch {
	case r.config.Auth == AuthStrict && r.config.Credentials == "":
		return "strict (signed requests of the access keys that IAM knows)"
	case r.config.Auth == AuthStrict:
		return "strict (signed requests of the keys in " + r.config.Credentials + ", and of IAM; policies decide what they may)"
	case r.Addr.IP.IsLoopback():
		return "dev (ANY credentials are accepted and may do EVERYTHING, from this machine only" + r.remembered() + ")"
	}
	return "dev (ANY credentials are accepted and may do EVERYTHING, FROM ANYWHERE" + r.remembered() + ")"
}

// remembered is how to find out what strict mode would refuse.
func (r *Running) remembered() string {
	if r.config.NoAccessRecord {
		return ""
	}
	return "; what strict would refuse: carillon access check"
}
