// Package webidentity verifies the tokens by which identity providers vouch for
// people and programs: OpenID Connect, with the provider's keys found by
// discovery.
//
// It owns what is remembered of a provider and how often one is asked. Whoever
// calls says which provider a token must be of: it never calls an address that
// only a token names. The cryptography is go-oidc's.
//
// It refuses to know who may do what with a token.
package webidentity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"
)

const (
	askedFor     = 10 * time.Second // until a provider must have answered
	rememberFor  = time.Hour        // what discovery found; keys are asked for when an unknown one is used
	maxProviders = 1000
	maxAnswer    = 1 << 20

	// A token with a key that nobody knows makes us ask, and anybody can write one.
	asksEach   = time.Second
	asksAtOnce = 10
)

// Verifier verifies tokens. It may be shared.
type Verifier struct {
	through http.RoundTripper
	now     func() time.Time

	mu    sync.Mutex           // guards known
	known map[string]*provider // by issuer
}

// New returns a Verifier that asks providers through a transport, which decides
// which addresses may be called.
func New(through http.RoundTripper, now func() time.Time) *Verifier {
	return &Verifier{through: through, now: now, known: map[string]*provider{}}
}

// Verify is what a token says that this issuer has signed, and that is not over.
func (v *Verifier) Verify(ctx context.Context, issuer, token string) (*Claims, error) {
	p := v.provider(issuer)
	ctx, cancel := context.WithTimeout(ctx, askedFor)
	defer cancel()
	discovered, err := p.discover(ctx, issuer, v.now())
	if err != nil {
		return nil, err
	}
	keys := &askedKeys{KeySet: discovered.keys}
	verifier := oidc.NewVerifier(issuer, keys, &oidc.Config{SkipClientIDCheck: true, Now: v.now, SupportedSigningAlgs: algorithms})
	verified, err := verifier.Verify(ctx, token)
	expired := new(oidc.TokenExpiredError)
	switch {
	case errors.As(err, &expired):
		return nil, fmt.Errorf("%w: current date/time %d must be before the expiration date/time %d", ErrExpired, v.now().Unix(), expired.Expiry.Unix())
	case errors.Is(keys.err, ErrUnreachable), errors.Is(keys.err, ErrNoKeys):
		return nil, keys.err
	case err != nil:
		return nil, fmt.Errorf("%w: it is not signed by a key of its provider, not for now, or no JWT", ErrInvalid)
	}
	c, err := Unverified(token) // which is verified by now
	if err == nil && c.Issuer != verified.Issuer {
		err = ErrInvalid
	}
	return c, err
}

// algorithms that AWS takes.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512}

// askedKeys remembers why there was no answer, which go-oidc only tells in words.
type askedKeys struct {
	oidc.KeySet
	err error
}

// VerifySignature implements oidc.KeySet.
func (k *askedKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, token)
	k.err = err
	switch {
	case err == nil || errors.Is(err, ErrUnreachable):
	case ctx.Err() != nil:
		k.err = fmt.Errorf("%w: it did not answer in %s", ErrUnreachable, askedFor)
	case strings.HasPrefix(err.Error(), "fetching keys"):
		k.err = ErrNoKeys
	}
	return payload, err
}

// provider is one issuer.
type provider struct {
	client *http.Client
	mu     sync.Mutex // guards found; held while discovery asks
	found  *discovery
}

type discovery struct {
	keys  oidc.KeySet
	until time.Time
}

func (v *Verifier) provider(issuer string) *provider {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.known[issuer]
	if p == nil {
		if len(v.known) >= maxProviders {
			clear(v.known)
		}
		p = &provider{client: &http.Client{
			Transport:     &asks{through: v.through, limit: rate.NewLimiter(rate.Every(asksEach), asksAtOnce), now: v.now},
			Timeout:       askedFor,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		v.known[issuer] = p
	}
	return p
}

// discover is where the provider's keys are.
func (p *provider) discover(ctx context.Context, issuer string, now time.Time) (*discovery, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && now.Before(p.found.until) {
		return p.found, nil
	}
	ctx = oidc.ClientContext(ctx, p.client)
	found, err := oidc.NewProvider(ctx, issuer)
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	switch {
	case errors.Is(err, ErrUnreachable):
		return nil, err
	case err != nil:
		return nil, ErrNoKeys
	case found.Claims(&document) != nil || document.Keys == "":
		return nil, fmt.Errorf("%w: its discovery document has no jwks_uri", ErrNoKeys)
	}
	p.found = &discovery{keys: oidc.NewRemoteKeySet(ctx, document.Keys), until: now.Add(rememberFor)}
	return p.found, nil
}

// asks are the calls to one provider: not too many, and not too long.
type asks struct {
	through http.RoundTripper
	limit   *rate.Limiter
	now     func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (a *asks) RoundTrip(r *http.Request) (*http.Response, error) {
	if !a.limit.AllowN(a.now(), 1) {
		return nil, fmt.Errorf("%w: it was asked too often just now", ErrUnreachable)
	}
	answer, err := a.through.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if answer.StatusCode >= http.StatusInternalServerError {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%w: it answers %d", ErrUnreachable, answer.StatusCode)
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: maxAnswer}
	return answer, nil
}

// bounded fails where an answer is too long.
type bounded struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *bounded) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if b.left -= n; b.left < 0 {
		return 0, errors.New("the provider's answer is too long")
	}
	return n, err
}
