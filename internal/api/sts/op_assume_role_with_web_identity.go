package sts

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/webidentity"
	"github.com/carillon-events/carillon/internal/wire"
)

// Providers are the identity providers that an account trusts.
type Providers interface {
	// Audiences are whom the tokens of an issuer may be for. Not ok: the account
	// does not trust it.
	Audiences(account, issuer string) (audiences []string, ok bool)
	// Verify is what a token of the issuer says. Its errors are webidentity's.
	Verify(ctx context.Context, issuer, token string) (*webidentity.Claims, error)
}

// AssumeRoleWithWebIdentity makes a session of a role for somebody for whom an
// identity provider vouches. The request is not signed.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, c *wire.Call, in *model.AssumeRoleWithWebIdentityInput) (*model.AssumeRoleWithWebIdentityOutput, error) {
	if in.ProviderId.OK {
		return nil, invalid("ProviderId: it is for the OAuth 2.0 access tokens of Facebook and Amazon, which Carillon does not take. Send an OpenID Connect token, without ProviderId.")
	}
	role, err := s.wanted(in.RoleArn)
	if err != nil {
		return nil, err
	}
	claims, err := s.vouched(ctx, role.arn.Account, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	of, err := role.webSession(in, claims)
	if err != nil {
		return nil, err
	}
	if err := s.trustedIdentity(c, role, of); err != nil {
		return nil, err
	}
	if err := s.limit(of, in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	lasts, err := role.lasts(in.DurationSeconds, false)
	if err != nil {
		return nil, err
	}
	size, err := packed(of)
	if err != nil {
		return nil, err
	}
	credentials, err := s.issue(of, lasts)
	if err != nil {
		return nil, err
	}
	return &model.AssumeRoleWithWebIdentityOutput{
		Credentials: credentials, AssumedRoleUser: assumed(of), PackedPolicySize: size,
		SubjectFromWebIdentityToken: wire.Some(claims.Subject), Audience: wire.Some(audienceOf(claims)), Provider: wire.Some(claims.Issuer),
		SourceIdentity: wire.Opt[string]{V: of.SourceIdentity, OK: of.SourceIdentity != ""},
	}, nil
}

// vouched is what the token says, if a provider of the account has signed it. In
// dev mode a provider that nobody configured is believed.
func (s *Service) vouched(ctx context.Context, account, token string) (*webidentity.Claims, error) {
	claims, err := webidentity.Unverified(token)
	if err != nil {
		return nil, badIdentity(err)
	}
	var audiences []string
	known := false
	if s.Providers != nil {
		audiences, known = s.Providers.Audiences(account, claims.Issuer)
	}
	switch {
	case !known && s.Trust == nil && s.Now().Before(claims.Expiry):
		return claims, nil
	case !known && s.Trust == nil:
		return nil, badIdentity(webidentity.ErrExpired)
	case !known:
		return nil, say(codeToken, "No OpenIDConnect provider found in your account for "+clip(claims.Issuer))
	}
	if claims, err = s.Providers.Verify(ctx, claims.Issuer, token); err != nil {
		return nil, badIdentity(err)
	}
	if !slices.ContainsFunc(claimed(claims), func(a string) bool { return slices.Contains(audiences, a) }) {
		return nil, say(codeToken, "Incorrect token audience")
	}
	return claims, nil
}

// claimed is for whom a token is: whom it was issued to, if it says so.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func claimed(c *webidentity.Claims) []string {
	if c.Party != "" {
		return []string{c.Party}
	}
	return c.Audience
}

func audienceOf(c *webidentity.Claims) string { return claimed(c)[0] }

// providerName is how a provider is called in ARNs and condition keys.
func providerName(issuer string) string {
	return strings.TrimPrefix(strings.TrimPrefix(issuer, "https://"), "http://")
}

// badIdentity words why a token was not taken.
func badIdentity(err error) error {
	switch {
	case errors.Is(err, webidentity.ErrExpired):
		return say(codeExpired, "Token expired: the web identity token that was passed is over; get a new one from the identity provider")
	case errors.Is(err, webidentity.ErrUnreachable):
		return say(codeProvider, "The identity provider could not be reached to verify the token; try again")
	case errors.Is(err, webidentity.ErrNoKeys):
		return say(codeToken, "Couldn't retrieve verification key from your identity provider")
	case errors.Is(err, webidentity.ErrInvalid):
		return say(codeToken, "The web identity token could not be validated: "+clip(err.Error()))
	}
	return err
}

// clip keeps a long token out of an answer.
func clip(s string) string {
	if len(s) > 256 {
		return strings.ToValidUTF8(s[:256], "") + "..."
	}
	return s
}

// webSession is the session that a token is good for.
func (t *target) webSession(in *model.AssumeRoleWithWebIdentityInput, claims *webidentity.Claims) (*session.Session, error) {
	of := t.session(in.RoleSessionName)
	tags := make([]model.Tag, 0, len(claims.Tags))
	for key, value := range claims.Tags {
		if key == "" || len(key) > 512 || len(value) > 1024 {
			return nil, say(codeToken, "The web identity token has a tag that is too long")
		}
		tags = append(tags, model.Tag{Key: key, Value: value})
	}
	if err := tag(of, tags, claims.Transitive, nil); err != nil {
		return nil, err
	}
	if len(claims.SourceIdentity) > 64 || claims.Size() > maxClaims {
		return nil, rejectedClaim()
	}
	of.SourceIdentity = claims.SourceIdentity
	name := providerName(claims.Issuer)
	of.Provider = arn.ARN{Partition: t.arn.Partition, Service: "iam", Account: t.arn.Account, Resource: "oidc-provider/" + name}.String()
	of.Claims = map[string][]string{}
	for key, values := range map[string][]string{
		"aud": {audienceOf(claims)}, "sub": {claims.Subject}, "amr": claims.Methods, "email": {claims.Email}, "oaud": claims.Audience,
	} {
		if key == "oaud" && claims.Party == "" {
			continue // it says what aud says
		}
		if len(values) > 0 && values[0] != "" {
			of.Claims[strings.ToLower(name)+":"+key] = values
		}
	}
	return of, nil
}

// maxClaims is how many bytes of claims go into a session's token.
const maxClaims = 4096

// rejectedClaim refuses a claim that cannot go into a session.
func rejectedClaim() error {
	return say(codeRejected, "The identity provider's token has a claim that is too long")
}

// trustedIdentity asks for each permission that the session needs.
func (s *Service) trustedIdentity(c *wire.Call, role target, of *session.Session) error {
	keys := policy.Values{
		"sts:rolesessionname":   policy.One(of.Name),
		"aws:federatedprovider": policy.One(of.Provider),
	}
	for key, values := range of.Claims {
		keys[key] = policy.Many(values)
		if len(values) == 1 {
			keys[key] = policy.One(values[0])
		}
	}
	tags := make([]model.Tag, 0, len(of.Tags))
	for key, value := range of.Tags {
		tags = append(tags, model.Tag{Key: key, Value: value})
	}
	tagKeys(keys, tags)
	if len(of.Transitive) > 0 {
		keys["sts:transitivetagkeys"] = policy.Many(of.Transitive)
	}
	return s.ask(c, Question{Action: "sts:AssumeRoleWithWebIdentity", Provider: of.Provider, Keys: keys}, role, of)
}
