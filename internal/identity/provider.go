package identity

import (
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// ProviderKind is how a provider of identities speaks.
type ProviderKind uint8

const (
	OIDC ProviderKind = iota
	SAML
)

// Provider vouches for people whom IAM does not know.
type Provider struct {
	Kind    ProviderKind `json:"-"`
	Account string       `json:"-"`

	Name      string            `json:"name"` // of OIDC: the URL without https://
	CreatedAt time.Time         `json:"createdAt"`
	Tags      map[string]string `json:"tags,omitempty"`

	ClientIDs   []string `json:"clientIds,omitempty"` // of OIDC: the audiences
	Thumbprints []string `json:"thumbprints,omitempty"`

	Metadata   string    `json:"metadata,omitempty"` // of SAML: the provider's own document
	ID         string    `json:"id,omitempty"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
}

// ARN is the provider's own.
func (p *Provider) ARN() string {
	resource := "oidc-provider/"
	if p.Kind == SAML {
		resource = "saml-provider/"
	}
	return arn.ARN{Partition: "aws", Service: "iam", Account: p.Account, Resource: resource + p.Name}.String()
}

func (k ProviderKind) space() string {
	if k == SAML {
		return samlSpace
	}
	return oidcSpace
}

func (c *Core) mostProviders(k ProviderKind) (int, func(*Counts) *int) {
	if k == SAML {
		return c.limits.SAML, func(n *Counts) *int { return &n.SAML }
	}
	return c.limits.OIDC, func(n *Counts) *int { return &n.OIDC }
}

func (p *Provider) key() []byte { return at(p.Kind.space(), p.Account, p.Name) }

// GetProvider is the provider that has an ARN.
func GetProvider(r Reader, account string, kind ProviderKind, providerARN string) (Provider, error) {
	p := Provider{Kind: kind, Account: account}
	prefix := p.ARN()
	name, ok := strings.CutPrefix(providerARN, prefix)
	if !ok || name == "" {
		return p, missing(AProvider, providerARN)
	}
	p.Name = name
	found, err := get(r, p.key(), &p)
	if err == nil && (!found || p.Name != name) { // a path in another case is another tenant's
		err = missing(AProvider, providerARN)
	}
	return p, err
}

// ListProviders are an account's; they are few.
func ListProviders(r Reader, account string, kind ProviderKind) ([]Provider, error) {
	all, _, err := list(r, kind.space(), account, "", maxMembers, func(p *Provider) bool {
		p.Kind, p.Account = kind, account
		return true
	})
	return all, err
}

// CreateProvider makes a provider.
func (c *Core) CreateProvider(tx *store.Tx, p Provider) (Provider, error) {
	there, err := has(tx, p.key())
	switch {
	case err != nil:
		return p, err
	case there:
		return p, exists(AProvider, p.ARN())
	}
	if err := c.fits(&p); err != nil {
		return p, err
	}
	most, counter := c.mostProviders(p.Kind)
	if err := room(tx, p.Account, AProvider, most, counter); err != nil {
		return p, err
	}
	p.CreatedAt = tx.Now()
	if err := tx.Set(p.key(), encode(p)); err != nil {
		return p, err
	}
	return p, countBy(tx, p.Account, 1, counter)
}

func (c *Core) fits(p *Provider) error {
	switch {
	case len(p.Tags) > c.limits.Tags:
		return &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	case len(p.ClientIDs) > c.limits.ClientIDs:
		return &Fault{Err: ErrTooMany, What: AClientID, Most: c.limits.ClientIDs}
	}
	return nil
}

// ChangeProvider replaces what edit changes of a provider, which is not its name.
func (c *Core) ChangeProvider(tx *store.Tx, account string, kind ProviderKind, providerARN string, edit func(*Provider) error) error {
	p, err := GetProvider(tx, account, kind, providerARN)
	if err != nil {
		return err
	}
	if err := edit(&p); err != nil {
		return err
	}
	if err := c.fits(&p); err != nil {
		return err
	}
	return tx.Set(p.key(), encode(p))
}

// DeleteProvider removes a provider. Roles that trust it are left alone.
func (c *Core) DeleteProvider(tx *store.Tx, account string, kind ProviderKind, providerARN string) error {
	p, err := GetProvider(tx, account, kind, providerARN)
	if err != nil {
		return err
	}
	if err := tx.Delete(p.key()); err != nil {
		return err
	}
	_, counter := c.mostProviders(kind)
	return countBy(tx, account, -1, counter)
}
