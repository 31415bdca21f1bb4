package sts_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"

	"github.com/carillon-events/carillon/internal/webidentity"
)

const issuer = "https://ID.example.com/realm"

// idp is an identity provider without a network.
type idp struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	down bool
}

func newIDP(t *testing.T) *idp {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &idp{t: t, key: key}
}

func (p *idp) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.down {
		return nil, errors.New("connection refused")
	}
	var document any = map[string]any{"issuer": issuer, "jwks_uri": issuer + "/keys"}
	if strings.HasSuffix(r.URL.Path, "/keys") {
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k", Algorithm: "ES256"}}}
	}
	text, _ := json.Marshal(document)
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, nil
}

func (p *idp) token(claims map[string]any) string {
	p.t.Helper()
	all := map[string]any{"iss": issuer, "sub": "repo:shop", "aud": "sts.amazonaws.com", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range claims {
		all[k] = v
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k"}}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	text, _ := json.Marshal(all)
	signed, err := signer.Sign(text)
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func federated(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + ours + `:oidc-provider/ID.example.com/realm"},
		"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"],"Condition":` + condition + `}]}`
}

func (w *world) web(token string) (*awssts.AssumeRoleWithWebIdentityOutput, error) {
	return w.as("", "", "").AssumeRoleWithWebIdentity(w.Context(), &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(ourRole), RoleSessionName: aws.String("ci"), WebIdentityToken: &token,
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func TestAWebIdentityGetsTheRoleThatTrustsIt(t *testing.T) {
	for _, c := range []struct {
		name, condition, code, part string
		claims                      map[string]any
	}{
		{"who it is", `{"StringEquals":{"id.example.com/realm:sub":"repo:shop","id.example.com/realm:aud":"sts.amazonaws.com"}}`, "", "", nil},
		{"keys in any case", `{"StringEquals":{"ID.example.com/realm:sub":"repo:shop"}}`, "", "", nil},
		{"somebody else", `{"StringEquals":{"id.example.com/realm:sub":"repo:other"}}`, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", nil},
		{"how it signed in", `{"ForAnyValue:StringLike":{"id.example.com/realm:amr":"*mfa"}}`, "", "", map[string]any{"amr": []string{"pwd", "mfa"}}},
		{"to whom it was issued", `{"StringEquals":{"id.example.com/realm:aud":"app","id.example.com/realm:oaud":"api"}}`, "", "", map[string]any{"aud": "api", "azp": "app"}},
		{"a tag", `{"StringEquals":{"aws:RequestTag/team":"blue"}}`, "", "", map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}}}},
		{"a source identity", `{"StringEquals":{"sts:SourceIdentity":"al"}}`, "", "", map[string]any{"https://aws.amazon.com/source_identity": "al"}},
		{"the session's name", `{"StringEquals":{"sts:RoleSessionName":"cd"}}`, "AccessDenied", "Not authorized", nil},
		{"for somebody else", `{}`, "InvalidIdentityToken", "Incorrect token audience", map[string]any{"aud": "other"}},
		{"of another issuer", `{}`, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://evil.example.com", map[string]any{"iss": "https://evil.example.com"}},
		{"over", `{}`, "ExpiredTokenException", "expired", map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}},
		{"long claims", `{}`, "IDPRejectedClaim", "too long", map[string]any{"amr": []string{strings.Repeat("x", 4096)}}},
		{"a long source identity", `{}`, "IDPRejectedClaim", "", map[string]any{"https://aws.amazon.com/source_identity": strings.Repeat("x", 65)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, p := newWorld(t, true), newIDP(t)
			w.verify = webidentity.New(p, time.Now)
			w.issuers[issuer] = []string{"sts.amazonaws.com", "app"}
			w.put(ourRole, "AROAONE", federated(c.condition))
			out, err := w.web(p.token(c.claims))
			if c.code != "" {
				refused(t, c.name, err, c.code, c.part)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if arn, id := w.whoIs(w.session(out.Credentials)); arn != "arn:aws:sts::"+ours+":assumed-role/ours/ci" || id != "AROAONE:ci" {
				t.Errorf("it is %s (%s)", arn, id)
			}
			if *out.SubjectFromWebIdentityToken != "repo:shop" || *out.Provider != issuer {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestAWebIdentityOfAProviderThatIsDownIsToTryAgain(t *testing.T) {
	w, p := newWorld(t, true), newIDP(t)
	w.verify, p.down = webidentity.New(p, time.Now), true
	w.issuers[issuer] = []string{"sts.amazonaws.com"}
	w.put(ourRole, "AROAONE", federated(`{}`))
	_, err := w.web(p.token(nil))
	refused(t, "down", err, "IDPCommunicationError", "could not be reached")
	_, err = w.web("nonsense")
	refused(t, "no token", err, "InvalidIdentityToken", "")
}

func TestInDevModeAProviderThatNobodyConfiguredIsBelieved(t *testing.T) {
	w, p := newWorld(t, false), newIDP(t)
	out, err := w.web(p.token(nil))
	if err != nil || *out.SubjectFromWebIdentityToken != "repo:shop" {
		t.Fatal(out, err)
	}
	_, err = w.web(p.token(map[string]any{"exp": 1}))
	refused(t, "over", err, "ExpiredTokenException", "")
	w.verify = webidentity.New(p, time.Now)
	w.issuers[issuer] = []string{"sts.amazonaws.com"}
	_, err = w.web(newIDP(t).token(nil))
	refused(t, "a known provider's, that somebody else signed", err, "InvalidIdentityToken", "")
}
