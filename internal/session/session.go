// Package session owns temporary credentials: what a session is, and the token
// in which its holder carries it around.
//
// Nothing of a session is kept here. Its token is everything there is to know,
// sealed: whose it is, until when, the secret that signs its requests, and what
// it is limited to. So sessions survive a restart, and cost nothing while they
// are not used.
//
// It refuses to know who may have a session (internal/api/sts) and what became
// since then of whoever it is of (internal/access).
//
// Invariants: a token opens for the access key that it was issued with, and no
// other; and what opens is what was sealed.
package session

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// Kind is what kind of session it is.
type Kind uint8

const (
	Role      Kind = iota + 1 // of a role that was assumed
	User                      // of a user, or an account's root, by GetSessionToken
	Federated                 // of somebody for whom a user answers, by GetFederationToken
)

// Session is what a token says.
type Session struct {
	Kind    Kind   `json:"k"`
	Account string `json:"a"` // 12 digits
	Secret  string `json:"s"` // signs its requests

	// Principal is the session's own ARN; of Kind User: the user's, or the root's.
	Principal string `json:"p"`
	// Name is how the session is called; of Kind User: empty.
	Name string `json:"n,omitempty"`

	// Behind is the ARN of the role, user or root that the session is of, Entity
	// its unique id. Without an id, nobody that IAM knows is behind it.
	Behind string `json:"b"`
	Entity string `json:"e,omitempty"`
	// Key is the access key that asked for it; of roles: empty, as a role's session
	// outlives the one who assumed it.
	Key string `json:"y,omitempty"`

	Issued  int64 `json:"i"` // Unix time
	Expires int64 `json:"x"` // the first second in which it is over

	Policy   string   `json:"d,omitempty"` // the text of a policy that limits it
	Policies []string `json:"m,omitempty"` // the ARNs of managed policies that do

	Tags           map[string]string `json:"t,omitempty"`
	Transitive     []string          `json:"v,omitempty"` // names of Tags
	SourceIdentity string            `json:"o,omitempty"`

	// Provider is who vouched for a web identity, Claims what it said, by the
	// names of condition keys.
	Provider string              `json:"f,omitempty"`
	Claims   map[string][]string `json:"c,omitempty"`
}

// IssuedAt is when the session began.
func (s *Session) IssuedAt() time.Time { return time.Unix(s.Issued, 0).UTC() }

// ExpiresAt is when the session is over.
func (s *Session) ExpiresAt() time.Time { return time.Unix(s.Expires, 0).UTC() }

// Expired tells whether the session is over.
func (s *Session) Expired(now time.Time) bool { return now.Unix() >= s.Expires }

// Limited tells whether it has policies of its own.
func (s *Session) Limited() bool { return s.Policy != "" || len(s.Policies) > 0 }

// EntityName is the name of the role or user behind the session, without its path.
func (s *Session) EntityName() string { return s.Behind[strings.LastIndexByte(s.Behind, '/')+1:] }

// UserID is aws:userid; empty: it is that of whoever is behind the session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse
func (s *Session) UserID() string {
	switch s.Kind {
	case Federated:
		return s.Account + ":" + s.Name
	case Role:
		return s.roleID() + ":" + s.Name
	}
	return s.Entity
}

// roleID is the role's unique id. One that there is not (dev mode) has one that is
// made of its ARN, so that it keeps it.
func (s *Session) roleID() string {
	if s.Entity != "" {
		return s.Entity
	}
	sum := sha256.Sum256([]byte(s.Behind))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
