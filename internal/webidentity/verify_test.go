package webidentity_test

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
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/carillon-events/carillon/internal/webidentity"
)

const issuer = "https://id.example.com/realm"

// idp is an identity provider without a network.
type idp struct {
	testing.TB
	key   *ecdsa.PrivateKey
	id    string
	asked atomic.Int64
	down  bool
	says  map[string]string // instead of the documents
}

func newIDP(t testing.TB) *idp {
	p := &idp{TB: t, says: map[string]string{}}
	p.rotate("one")
	return p
}

func (p *idp) rotate(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	p.key, p.id = key, id
}

func (p *idp) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked.Add(1)
	if p.down {
		return nil, errors.New("connection refused")
	}
	var text []byte
	switch r.URL.String() {
	case issuer + "/.well-known/openid-configuration":
		text, _ = json.Marshal(map[string]any{"issuer": issuer, "jwks_uri": issuer + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	case issuer + "/keys":
		text, _ = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.id, Algorithm: "ES256", Use: "sig"}}})
	default:
		return &http.Response{StatusCode: 404, Body: http.NoBody, Request: r}, nil
	}
	if says, ok := p.says[r.URL.Path]; ok {
		text = []byte(says)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, nil
}

func claims(change map[string]any) map[string]any {
	all := map[string]any{"iss": issuer, "sub": "repo:x", "aud": "sts.amazonaws.com", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range change {
		if all[k] = v; v == nil {
			delete(all, k)
		}
	}
	return all
}

func (p *idp) token(change map[string]any) string {
	p.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.id}}, nil)
	if err != nil {
		p.Fatal(err)
	}
	text, err := json.Marshal(claims(change))
	if err != nil {
		p.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		p.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.Fatal(err)
	}
	return token
}

func TestATokenIsWhatItsIssuerHasSigned(t *testing.T) {
	p := newIDP(t)
	v := webidentity.New(p, time.Now)
	got, err := v.Verify(t.Context(), issuer, p.token(map[string]any{
		"aud": []string{"a", "b"}, "azp": "a", "amr": []string{"pwd"}, "email": "x@example.com",
		"https://aws.amazon.com/tags":            map[string]any{"principal_tags": map[string]any{"team": []string{"blue"}}, "transitive_tag_keys": []string{"team"}},
		"https://aws.amazon.com/source_identity": "al",
	}))
	if err != nil || got.Subject != "repo:x" || got.Issuer != issuer || len(got.Audience) != 2 || got.Party != "a" || got.Methods[0] != "pwd" ||
		got.Tags["team"] != "blue" || got.Transitive[0] != "team" || got.SourceIdentity != "al" || got.Email != "x@example.com" {
		t.Fatalf("%+v, %v", got, err)
	}
	stranger := newIDP(t)
	tampered := strings.Split(p.token(nil), ".")
	tampered[1] = strings.Split(p.token(map[string]any{"sub": "admin"}), ".")[1]
	for what, token := range map[string]string{
		"another key":    stranger.token(nil),
		"another issuer": p.token(map[string]any{"iss": "https://evil.example.com"}),
		"tampered":       strings.Join(tampered, "."),
		"not yet":        p.token(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"no JWT":         "nonsense",
		"no algorithm":   "eyJhbGciOiJub25lIn0." + strings.Split(p.token(nil), ".")[1] + ".",
		"no subject":     p.token(map[string]any{"sub": nil}),
		"no time":        p.token(map[string]any{"iat": nil}),
	} {
		if got, err := v.Verify(t.Context(), issuer, token); !errors.Is(err, webidentity.ErrInvalid) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if _, err := v.Verify(t.Context(), issuer, p.token(map[string]any{"exp": time.Now().Add(-time.Second).Unix()})); !errors.Is(err, webidentity.ErrExpired) {
		t.Errorf("over: %v", err)
	}
}

func TestKeysThatRotateAreFoundAndOthersAreAskedForSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newIDP(t)
		v := webidentity.New(p, time.Now)
		verify := func(token string) error { _, err := v.Verify(t.Context(), issuer, token); return err }
		for range 10 {
			if err := verify(p.token(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if n := p.asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
		p.rotate("two")
		if err := verify(p.token(nil)); err != nil {
			t.Fatal(err)
		}
		stranger := newIDP(t)
		stranger.rotate("three")
		for range 100 {
			if verify(stranger.token(nil)) == nil {
				t.Fatal("a stranger's token was taken")
			}
		}
		if n := p.asked.Load(); n > 10 {
			t.Errorf("asked %d times", n)
		}
		if err := verify(p.token(nil)); err != nil {
			t.Errorf("a known key: %v", err)
		}
		time.Sleep(time.Hour)
		if err := verify(p.token(nil)); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestAProviderThatDoesNotAnswerIsToldApart(t *testing.T) {
	for what, c := range map[string]struct {
		down bool
		says map[string]string
		want error
	}{
		"down":                 {true, nil, webidentity.ErrUnreachable},
		"another issuer":       {false, map[string]string{"/realm/.well-known/openid-configuration": `{"issuer":"https://other","jwks_uri":"https://x/"}`}, webidentity.ErrNoKeys},
		"no JSON":              {false, map[string]string{"/realm/.well-known/openid-configuration": `<html>`}, webidentity.ErrNoKeys},
		"no keys":              {false, map[string]string{"/realm/keys": `<html>`}, webidentity.ErrNoKeys},
		"a very long answer":   {false, map[string]string{"/realm/keys": strings.Repeat(" ", 2<<20)}, webidentity.ErrNoKeys},
		"a very long document": {false, map[string]string{"/realm/.well-known/openid-configuration": strings.Repeat(" ", 2<<20)}, webidentity.ErrNoKeys},
	} {
		p := newIDP(t)
		p.down = c.down
		if c.says != nil {
			p.says = c.says
		}
		if _, err := webidentity.New(p, time.Now).Verify(t.Context(), issuer, p.token(nil)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzNoTokenIsTakenThatNobodySigned(f *testing.F) {
	p := newIDP(f)
	v := webidentity.New(p, time.Now)
	good := p.token(nil)
	f.Add(good[:len(good)-4])
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		_, _ = webidentity.Unverified(token)
		// A signature can be written in more than one way; what it is over cannot.
		if c, err := v.Verify(t.Context(), issuer, token); err == nil && (c.Subject != "repo:x" || !strings.HasPrefix(token, good[:strings.LastIndexByte(good, '.')])) {
			t.Fatalf("%q is %+v", token, c)
		}
	})
}
