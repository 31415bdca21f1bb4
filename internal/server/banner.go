package server

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/carillon-events/carillon/internal/access"
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
	r.log.Info("ready", "url", r.URL, "version", c.Version, "data", data, "durability", c.Durability, "auth", c.Auth)
	if c.Auth == AuthDev && !r.Addr.IP.IsLoopback() {
		r.log.Warn("ANYBODY who can reach this address can read and delete everything: auth is dev and --insecure is set", "listen", r.Addr)
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
	fmt.Fprintf(&b, "  auth        %s\n\n", r.trust())
	fmt.Fprintf(&b, "Try it:\n\n")
	url := r.URL
	if c.ExternalURL != "" {
		url = strings.TrimSuffix(c.ExternalURL, "/")
	}
	keys := "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "
	if c.Auth == AuthStrict {
		keys = "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... "
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
