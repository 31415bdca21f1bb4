package access_test

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/access"
)

func TestACertificateIsFoundByAnyOfItsNames(t *testing.T) {
	raw := []byte("a certificate")
	sum := sha256.Sum256(raw)
	fingerprint := strings.ToUpper(hex.EncodeToString(sum[:]))
	for _, name := range []string{"CN=orders", "spiffe://example.com/orders", "dns:Orders.example.com", "sha256:" + fingerprint, "sha256:" + fingerprint[:2] + ":" + fingerprint[2:]} {
		c, err := access.ParseCredentials([]byte("credentials:\n  - {certificate: \"" + name + "\", account: \"123456789012\", user: orders}\n  - {certificate: CN=other, account: \"123456789012\", user: other}"))
		if err != nil {
			t.Fatal(err)
		}
		spiffe, _ := url.Parse("spiffe://example.com/orders")
		cert := &x509.Certificate{Raw: raw, Subject: pkix.Name{CommonName: "orders"}, URIs: []*url.URL{spiffe}, DNSNames: []string{"orders.EXAMPLE.com"}}
		if id, ok, err := c.Presented(cert); !ok || err != nil || id.Principal != "arn:aws:iam::123456789012:user/orders" || id.Secret != "" {
			t.Errorf("%s: %+v, %v, %v", name, id, ok, err)
		}
		cert.Subject.CommonName = "other"
		if _, ok, err := c.Presented(cert); name != "CN=orders" && (ok || !errors.Is(err, access.ErrAmbiguous)) {
			t.Errorf("%s and another's: %v, %v", name, ok, err)
		}
		if _, ok, err := c.Presented(&x509.Certificate{Raw: []byte("x"), Subject: pkix.Name{CommonName: "Orders"}}); ok || err != nil {
			t.Errorf("%s: found a stranger", name)
		}
		if _, ok := c.Lookup(""); ok {
			t.Error("no key is somebody's")
		}
	}
}

func TestACertificateThatCannotBeOneIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"certificate: orders":                "want CN=name",
		"certificate: \"CN=\"":               "want CN=name",
		"certificate: \"CN=a,O=b\"":          "want CN=name",
		"certificate: \"sha256:abcd\"":       "64 hexadecimal",
		"certificate: \"dns:*.a\"":           "want CN=name",
		"certificate: \"spiffe:///x\"":       "want CN=name",
		"certificate: CN=a, accessKeyId: k":  "secretAccessKey of k is missing",
		"certificate: CN=a, user: \"arn:x\"": "user of CN=a",
	} {
		_, err := access.ParseCredentials([]byte("credentials:\n  - {account: \"123456789012\", " + text + "}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	twice := "  - {certificate: CN=a, account: \"123456789012\"}\n"
	if _, err := access.ParseCredentials([]byte("credentials:\n" + twice + twice)); err == nil || !strings.Contains(err.Error(), "is there twice") {
		t.Error(err)
	}
}
