package access

import (
	"crypto/subtle"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
)

// Entities are who exists: an *identity.Directory.
type Entities interface {
	User(account, name string) (*identity.Entity, bool)
	Role(account, name string) (*identity.Entity, bool)
}

// SessionOptions is what Sessions are made of.
type SessionOptions struct {
	Sealer   *session.Sealer
	Entities Entities
	// Key finds who has a long-lived access key: what a session of a user is worth
	// nothing without, if the user is only in the file of credentials. Nil: dev mode,
	// where a session is valid whoever there is.
	Key func(accessKey string) (Identity, bool)
	// Managed finds a managed policy; nil: there are none.
	Managed func(arn string) (*policy.Document, bool)
	Now     func() time.Time
}

// Sessions are the identities behind temporary credentials. A token is opened
// once and remembered for as long as it is used; whose it is, is looked up each
// time, so that what becomes of a role or user holds for its sessions at once.
type Sessions struct {
	o      SessionOptions
	opened openedTokens
}

// NewSessions returns Sessions.
func NewSessions(o SessionOptions) *Sessions { return &Sessions{o: o} }

// Lookup is who has temporary credentials. Its error is session.ErrInvalid or
// session.ErrExpired.
func (s *Sessions) Lookup(accessKey, token string) (Identity, error) {
	t := s.opened.get(accessKey, token)
	if t == nil {
		claims, err := s.o.Sealer.Open(accessKey, token)
		if err != nil {
			return Identity{}, err
		}
		if t, err = newOpened(strings.Clone(token), claims); err != nil {
			return Identity{}, err
		}
		s.opened.put(strings.Clone(accessKey), t)
	}
	if t.claims.Expired(s.o.Now()) {
		return Identity{}, session.ErrExpired
	}
	id := Identity{AccessKey: accessKey, Secret: t.claims.Secret, Account: t.claims.Account, Principal: t.claims.Principal, Session: &t.session}
	if !s.settle(&id, t.claims) {
		return Identity{}, session.ErrInvalid
	}
	if len(t.claims.Policies) > 0 {
		limited := t.session
		limited.Policies = s.managed(t)
		id.Session = &limited
	}
	return id, nil
}

// settle finds whose the session is. Not ok: there is no such role or user any
// more, or another of that name.
func (s *Sessions) settle(id *Identity, c *session.Session) bool {
	switch {
	case c.Entity != "":
		find := s.o.Entities.User
		if c.Kind == session.Role {
			find = s.o.Entities.Role
		}
		if e, ok := find(c.Account, c.EntityName()); ok && e.ID == c.Entity {
			id.Entity = e
			return true
		}
	case c.Kind != session.Role && s.o.Key != nil:
		// The file's user may have policies, and the file may have lost it.
		owner, ok := s.o.Key(c.Key)
		id.Entity = owner.Entity
		id.Operator = owner.Operator && c.Kind == session.User // which has the owner's rights
		return ok && owner.Principal == c.Behind
	}
	return s.o.Key == nil
}

// managed are the policies that limit a session, as they are now. One that is
// gone allows nothing.
func (s *Sessions) managed(t *opened) []policy.Policy {
	all := slices.Clone(t.session.Policies)
	for _, arn := range t.claims.Policies {
		document := nothing
		if s.o.Managed != nil {
			if d, ok := s.o.Managed(arn); ok {
				document = d
			}
		}
		all = append(all, policy.Policy{Name: arn, Document: document})
	}
	return all
}

// nothing is a policy that allows nothing that there is. It denies nothing, since
// the other policies of a session still allow what they do.
var nothing = func() *policy.Document {
	d, err := policy.Parse(policy.Session, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"carillon:Nothing","Resource":"*"}]}`)
	if err != nil {
		panic("access: " + err.Error())
	}
	return d
}()

// opened is a token that was opened, and what comes of it whoever asks.
type opened struct {
	token   string
	claims  *session.Session
	session Session
}

func newOpened(token string, c *session.Session) (*opened, error) {
	t := &opened{token: token, claims: c, session: Session{
		Kind: c.Kind, Name: c.Name, IssuedAt: c.IssuedAt(), ExpiresAt: c.ExpiresAt(),
		Tags: maps.Clone(c.Tags), Transitive: c.Transitive, SourceIdentity: c.SourceIdentity,
		Provider: c.Provider, Claims: c.Claims, UserID: c.UserID(),
	}}
	if c.Policy != "" {
		d, err := policy.Parse(policy.Session, c.Policy)
		if err != nil { // a version before this one took it
			return nil, session.ErrInvalid
		}
		t.session.Policies = []policy.Policy{{Name: "session policy", Document: d}}
	}
	return t, nil
}

// UserID is by what AWS knows the caller besides its ARN; empty: nobody has
// given it one.
func (id *Identity) UserID() string {
	switch {
	case id.Session != nil && id.Session.UserID != "":
		return id.Session.UserID
	case id.Entity != nil:
		return id.Entity.ID
	}
	return ""
}

// maxOpened bounds each of the two generations of opened tokens.
const maxOpened = 1024

// openedTokens remembers tokens in two generations, as sigv4 does signing keys.
type openedTokens struct {
	mu         sync.RWMutex // guards young and old
	young, old map[string]*opened
}

func (c *openedTokens) get(accessKey, token string) *opened {
	c.mu.RLock()
	t, young := c.young[accessKey]
	if !young {
		t = c.old[accessKey]
	}
	c.mu.RUnlock()
	if t == nil || subtle.ConstantTimeCompare([]byte(t.token), []byte(token)) == 0 {
		return nil
	}
	if !young {
		c.put(strings.Clone(accessKey), t)
	}
	return t
}

func (c *openedTokens) put(accessKey string, t *opened) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= maxOpened {
		c.young, c.old = make(map[string]*opened), c.young
	}
	c.young[accessKey] = t
}
