// Package identity owns who exists: users, groups, roles, their policies and
// their access keys, for every account.
//
// It refuses to know what anybody may do (internal/access decides, with
// internal/policy), and how AWS spells things (internal/api/iam).
//
// Invariants: what a Directory hands out is never changed, only replaced; and
// what it knows was committed.
package identity

import (
	"sync"
	"time"

	"github.com/carillon-events/carillon/internal/policy"
)

// Kind is what an Entity is.
type Kind uint8

const (
	User Kind = iota
	Role
)

// Entity is a user or a role as decisions need it.
type Entity struct {
	Kind    Kind
	ARN     string
	ID      string // AIDA… or AROA…: never used again, when the name is
	Account string // 12 digits
	Name    string
	Path    string // "/" or "/a/b/"
	Tags    map[string]string

	Policies []policy.Policy // inline, attached, and those of a user's groups
	Boundary policy.Policy   // zero: there is none

	Trust      *policy.Document // of roles: who may assume it
	MaxSession time.Duration    // of roles
}

// Key is an access key.
type Key struct {
	ID      string
	Secret  string
	Account string
	Active  bool
	Owner   *Entity // the user; nil: the account's root
}

// Directory is who exists, for decisions: many goroutines read it at once, and
// none waits for a writer.
type Directory struct {
	keys  sync.Map // string -> *Key
	users sync.Map // account/name -> *Entity
	roles sync.Map // account/name -> *Entity
}

// Key finds an access key, also one that is not active.
func (d *Directory) Key(id string) (*Key, bool) { return load[Key](&d.keys, id) }

// User finds a user by its account and its name without the path.
func (d *Directory) User(account, name string) (*Entity, bool) {
	return load[Entity](&d.users, account+"/"+name)
}

// Role finds a role by its account and its name without the path.
func (d *Directory) Role(account, name string) (*Entity, bool) {
	return load[Entity](&d.roles, account+"/"+name)
}

func load[T any](m *sync.Map, key string) (*T, bool) {
	v, ok := m.Load(key)
	if !ok {
		return nil, false
	}
	return v.(*T), true
}
