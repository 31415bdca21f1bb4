package webidentity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Claims are what a token says of somebody.
type Claims struct {
	Issuer   string
	Subject  string
	Audience []string
	Party    string // azp: to whom it was issued, if not to its audience
	Methods  []string
	Email    string
	Expiry   time.Time

	Tags           map[string]string
	Transitive     []string
	SourceIdentity string
}

// Size is how many bytes the claims have that are about who it is.
func (c *Claims) Size() int {
	n := len(c.Issuer) + len(c.Subject) + len(c.Party) + len(c.Email)
	for _, s := range c.Audience {
		n += len(s)
	}
	for _, s := range c.Methods {
		n += len(s)
	}
	return n
}

// claimSet is a token's payload. What is missing is empty, and what has another
// type than it should makes the token none.
type claimSet struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience list     `json:"aud"`
	Party    string   `json:"azp"`
	Methods  list     `json:"amr"`
	Email    string   `json:"email"`
	Expiry   *float64 `json:"exp"`
	IssuedAt *float64 `json:"iat"`
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
	Session *struct {
		Tags       map[string]list `json:"principal_tags"`
		Transitive []string        `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
	SourceIdentity string `json:"https://aws.amazon.com/source_identity"`
}

// list is one text or several.
type list []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// Unverified is what a token says, whoever wrote it.
func Unverified(token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: it has %d parts, not the 3 of a JWT", ErrInvalid, len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("%w: its payload is not in base64url", ErrInvalid)
	}
	return read(payload)
}

func read(payload []byte) (*Claims, error) {
	var set claimSet
	if err := json.Unmarshal(payload, &set); err != nil {
		return nil, fmt.Errorf("%w: its claims cannot be read", ErrInvalid)
	}
	for _, missing := range []struct {
		name   string
		really bool
	}{{"iss", set.Issuer == ""}, {"sub", set.Subject == ""}, {"aud", len(set.Audience) == 0}, {"exp", set.Expiry == nil}, {"iat", set.IssuedAt == nil}} {
		if missing.really {
			return nil, fmt.Errorf("%w: the required claim %s is missing", ErrInvalid, missing.name)
		}
	}
	c := &Claims{
		Issuer: set.Issuer, Subject: set.Subject, Audience: set.Audience, Party: set.Party, Methods: set.Methods, Email: set.Email,
		Expiry: time.Unix(int64(min(max(*set.Expiry, 0), 1<<40)), 0).UTC(), SourceIdentity: set.SourceIdentity,
	}
	if set.Session == nil {
		return c, nil
	}
	c.Transitive = set.Session.Transitive
	for key, values := range set.Session.Tags {
		if len(values) != 1 {
			return nil, fmt.Errorf("%w: the tag %.128q must have one value", ErrInvalid, key)
		}
		if c.Tags == nil {
			c.Tags = make(map[string]string, len(set.Session.Tags))
		}
		c.Tags[key] = values[0]
	}
	return c, nil
}

// What Verify says.
var (
	ErrInvalid     = errors.New("identity token is not valid")
	ErrExpired     = errors.New("identity token is over")
	ErrNoKeys      = errors.New("identity provider's keys cannot be read")
	ErrUnreachable = errors.New("identity provider cannot be reached")
)
