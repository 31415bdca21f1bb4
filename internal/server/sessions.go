package server

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/sts"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/webidentity"
	"github.com/carillon-events/carillon/internal/wire"
)

// unsigned are the operations that bring another proof than a signature.
var unsigned = map[string]bool{"sts:AssumeRoleWithWebIdentity": true, "sts:AssumeRoleWithSAML": true}

// tokens is STS, and what makes its sessions known to the edge. keys is nil in
// dev mode.
func (r *Running) tokens(ctx context.Context, who *identities, keys *access.Credentials) (*wire.Service, error) {
	box, err := r.box(ctx, "sessions")
	if err != nil {
		return nil, err
	}
	directory := who.directory
	sealer := session.NewSealer(box)
	providers, err := r.newProviders(directory)
	if err != nil {
		return nil, err
	}
	holders := access.SessionOptions{Sealer: sealer, Entities: directory, Managed: directory.Managed, Now: time.Now}
	o := sts.Options{
		Role: directory.Role, Sealer: sealer, Account: accountOf(who, keys), Caller: callerOf, Providers: providers, Managed: directory.Managed, Now: time.Now,
	}
	sealed, err := r.box(ctx, "denials")
	if err != nil {
		return nil, err
	}
	denials := access.NewDenials(sealed)
	o.Decode = denials.Open
	r.decider.Denials = denials
	if keys != nil {
		trust := access.Trust{Now: time.Now, Denials: denials}
		holders.Key = keys.Lookup
		o.Trust = func(c *wire.Call, q sts.Question) error { return trust.Decide(c, access.Assumption(q)) }
	}
	r.sessions = access.NewSessions(holders)
	return sts.New(o), nil
}

// callerOf is what STS needs to know of who calls.
func callerOf(c *wire.Call) sts.Caller {
	id, ok := c.Caller.(*access.Identity)
	if !ok {
		return sts.Caller{}
	}
	caller := sts.Caller{Entity: id.Entity}
	if p, ok := policy.ParsePrincipal(id.Principal); ok {
		caller.Kind = p.Kind
	}
	if s := id.Session; s != nil {
		caller.Session, caller.Tags, caller.Transitive, caller.SourceIdentity = s.Kind, s.Tags, s.Transitive, s.SourceIdentity
	}
	return caller
}

// providers are the identity providers that an account trusts.
type providers struct {
	issuers   map[string][]string // of the settings: in every account
	directory *identity.Directory
	*webidentity.Verifier
}

func (r *Running) newProviders(directory *identity.Directory) (*providers, error) {
	issuers, err := parseIssuers(r.config.OIDCIssuers)
	if err != nil {
		return nil, err
	}
	allowed, err := r.config.httpTargets()
	if err != nil {
		return nil, err
	}
	roots, err := r.config.outboundRoots()
	if err != nil {
		return nil, err
	}
	client := outbound.Client(outbound.Options{Allowed: allowed, Roots: roots, Timeout: 5 * time.Second, PerHost: 2})
	r.start("identity providers", func(ctx context.Context) error {
		<-ctx.Done()
		client.CloseIdleConnections()
		return nil
	})
	return &providers{issuers, directory, webidentity.New(client.Transport, time.Now)}, nil
}

// Audiences implements sts.Providers.
func (p *providers) Audiences(account, issuer string) ([]string, bool) {
	audiences, ok := p.issuers[issuer]
	if name, secure := strings.CutPrefix(issuer, "https://"); secure {
		if iam, known := p.directory.OIDC(account, name); known {
			return append(slices.Clone(audiences), iam.ClientIDs...), true
		}
	}
	return audiences, ok
}

// defaultAudience is whom tokens are for that are meant for STS.
const defaultAudience = "sts.amazonaws.com"

// parseIssuers reads the setting: the audiences of each issuer.
func parseIssuers(list []string) (map[string][]string, error) {
	issuers := map[string][]string{}
	for _, text := range list {
		issuer, audience, ok := strings.Cut(text, "=")
		if !ok {
			audience = defaultAudience
		}
		u, err := url.Parse(issuer)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" || audience == "" {
			return nil, fmt.Errorf("oidc-issuer %q: want URL or URL=AUDIENCE, such as https://token.actions.githubusercontent.com=sts.amazonaws.com", text)
		}
		issuers[issuer] = append(issuers[issuer], audience)
	}
	return issuers, nil
}
