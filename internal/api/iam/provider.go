package iam

import (
	"context"
	"encoding/hex"
	"encoding/xml"
	"net/url"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// issuer is an OIDC provider's URL without its scheme, as ARNs have it.
func issuer(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Port() != "" {
		return "", say(codeValidation, "Invalid Open ID Connect Provider URL: it must begin with https://, and have no port, query or fragment.")
	}
	return strings.TrimPrefix(text, "https://"), nil
}

func (s *Service) provider(c *wire.Call, kind identity.ProviderKind, providerARN string) (p identity.Provider, err error) {
	err = s.read(func(v *store.View) (err error) {
		p, err = identity.GetProvider(v, c.Account, kind, providerARN)
		return err
	})
	return p, err
}

func (s *Service) changeProvider(ctx context.Context, c *wire.Call, kind identity.ProviderKind, providerARN string, edit func(p *identity.Provider)) error {
	return s.change(ctx, func(tx *store.Tx) error {
		return s.core.ChangeProvider(tx, c.Account, kind, providerARN, func(p *identity.Provider) error {
			edit(p)
			return nil
		})
	})
}

// checkThumbprints refuses what is no SHA-1 in hexadecimal.
func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return say(codeInput, "Thumbprint list must contain fewer than 5 entries.")
	}
	for _, t := range list {
		if _, err := hex.DecodeString(t); err != nil || len(t) != 40 {
			return say(codeInput, "Thumbprint "+t+" is not 40 hexadecimal digits.")
		}
	}
	return nil
}

// maxThumbprints are AWS's five.
const maxThumbprints = 5

// metadata checks that a SAML provider's document is XML that describes an
// entity, and reads until when it holds.
func metadata(text string) (until time.Time, err error) {
	var head struct {
		XMLName xml.Name
		Until   time.Time `xml:"validUntil,attr"`
	}
	if err := xml.Unmarshal([]byte(text), &head); err != nil || head.XMLName.Local != "EntityDescriptor" {
		return until, say(codeInput, "Could not parse metadata")
	}
	return head.Until, nil
}
