package access

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A client certificate may say who is calling, in place of a signature. The
// credentials file says whose it is, by one of its names:
//
//	certificate: CN=orders                        the subject's common name
//	certificate: spiffe://example.com/orders      a URI among its alternative names
//	certificate: dns:orders.example.com           a DNS name among them
//	certificate: sha256:5f:70:…                   the certificate itself, by its fingerprint
//
// That its names are true is the word of the authorities that the server trusts
// (--tls-client-ca): each of them can issue each name.

// certificateNames are the names of a certificate in the form in which the
// credentials file is kept.
func certificateNames(c *x509.Certificate) []string {
	sum := sha256.Sum256(c.Raw)
	names := []string{"sha256:" + hex.EncodeToString(sum[:])}
	for _, u := range c.URIs {
		names = append(names, "uri:"+u.String())
	}
	for _, d := range c.DNSNames {
		names = append(names, "dns:"+strings.ToLower(d))
	}
	if c.Subject.CommonName != "" {
		names = append(names, "cn:"+c.Subject.CommonName)
	}
	return names
}

// parseCertificate reads what a credentials file says of a certificate.
func parseCertificate(text string) (string, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case strings.HasPrefix(text, "CN=") && len(text) > len("CN=") && !strings.ContainsAny(text, ",+"):
		return "cn:" + strings.TrimPrefix(text, "CN="), nil
	case strings.EqualFold(kind, "sha256"):
		digits := strings.ToLower(strings.ReplaceAll(rest, ":", ""))
		if b, err := hex.DecodeString(digits); err == nil && len(b) == sha256.Size {
			return "sha256:" + digits, nil
		}
	case strings.EqualFold(kind, "dns") && rest != "" && !strings.ContainsAny(rest, "*/ "):
		return "dns:" + strings.ToLower(rest), nil
	case strings.Contains(text, "://"):
		if u, err := url.Parse(text); err == nil && u.Scheme != "" && u.Host != "" {
			return "uri:" + u.String(), nil
		}
	}
	return "", fmt.Errorf("certificate %.256q: want CN=name, a URI such as spiffe://example.com/name, dns:name, or sha256: and 64 hexadecimal digits", text)
}

// ErrAmbiguous is the refusal of a certificate that is several principals'.
var ErrAmbiguous = errors.New("the certificate has names of several principals")

// Presented finds whose a client certificate is. Its error is ErrAmbiguous.
func (c *Credentials) Presented(cert *x509.Certificate) (id Identity, ok bool, err error) {
	if len(c.byCertificate) == 0 {
		return Identity{}, false, nil
	}
	for _, name := range certificateNames(cert) {
		switch found, is := c.byCertificate[name]; {
		case !is:
		case ok && found.Principal != id.Principal:
			return Identity{}, false, ErrAmbiguous
		case !ok:
			id, ok = found, true
		}
	}
	return id, ok, nil
}

// addCertificate makes a certificate that of id. What it signs has no key.
func (c *Credentials) addCertificate(text string, id Identity) error {
	if text == "" {
		return nil
	}
	name, err := parseCertificate(text)
	if err != nil {
		return err
	}
	if _, ok := c.byCertificate[name]; ok {
		return fmt.Errorf("certificate %s is there twice", text)
	}
	if c.byCertificate == nil {
		c.byCertificate = map[string]Identity{}
	}
	id.AccessKey, id.Secret = "", ""
	c.byCertificate[name] = id
	return nil
}
