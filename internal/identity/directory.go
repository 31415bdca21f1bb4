// Package identity owns who exists: users, groups, roles, their policies and
// their access keys, for every account.
//
// It refuses to know what anybody may do (internal/access decides, with
// internal/policy), and how AWS spells things (internal/api/iam).
//
// Everything is in the shard; the Directory is what decisions read of it. It
// reads an entity when it is asked for it first, and forgets it in the commit
// that changes it: so opening a store with a million users costs nothing, and
// what is in memory is what is used. The rejected design held everybody: 140 MB
// for 100,000 users with a policy each, and as many parsed before the first call.
//
// Invariants:
//
//  1. What a Directory hands out is never changed, only replaced.
//  2. What a client was told holds for its next call: a Directory forgets before
//     the commit is answered.
//  3. A record's lists (groups, keys, attached policies, profiles) and the index
//     that leads from the other side change in one transaction; so do counts.
package identity

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
)

// Kind is what an Entity is.
type Kind uint8

const (
	User Kind = iota
	Role
	Group // no Entity is one: it only lends its policies
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
// none waits for a writer. The zero Directory knows nobody.
type Directory struct {
	shard *store.Shard
	box   *seal.Box

	entities  sync.Map // entityName -> *known
	keys      sync.Map // string -> *knownKey
	documents sync.Map // documentName -> *policy.Document
	epochs    sync.Map // account -> *atomic.Uint64: counts changes of what entities share
	uses      sync.Map // access key id -> Use

	size, documentSize atomic.Int64

	// forgetting is held while something is forgotten, and while what was read is
	// kept: what a change has made old in between is not kept.
	forgetting sync.Mutex
	changes    atomic.Uint64
	settled    atomic.Uint64 // changes that are over: nobody is told what was before
}

type entityName struct {
	kind          Kind
	account, name string
}

// known is an entity as of an account's epoch.
type known struct {
	entity *Entity
	epoch  uint64
}

type knownKey struct {
	Key
	user string
	last atomic.Pointer[Key] // with the owner of last time
}

// maxKnown bounds how many entities, keys and documents are in memory: if there
// are more, all are forgotten and read again.
const maxKnown = 200_000

// NewDirectory is the directory of a shard. box opens the secrets of keys.
func NewDirectory(shard *store.Shard, box *seal.Box) *Directory {
	return &Directory{shard: shard, box: box}
}

// Key finds an access key, also one that is not active.
func (d *Directory) Key(id string) (*Key, bool) {
	k, ok := d.knownKey(id)
	if !ok {
		return nil, false
	}
	if k.user == "" {
		return &k.Key, true
	}
	owner, ok := d.User(k.Account, k.user)
	if !ok {
		return nil, false
	}
	if last := k.last.Load(); last != nil && last.Owner == owner {
		return last, true
	}
	fresh := k.Key
	fresh.Owner = owner
	k.last.Store(&fresh)
	return &fresh, true
}

// User finds a user by its account and its name without the path.
func (d *Directory) User(account, name string) (*Entity, bool) { return d.find(User, account, name) }

// Role finds a role by its account and its name without the path.
func (d *Directory) Role(account, name string) (*Entity, bool) { return d.find(Role, account, name) }

// Changes counts what was forgotten because it had changed: what was answered
// after Changes holds until the number is another.
func (d *Directory) Changes() uint64 {
	if d == nil {
		return 0
	}
	return d.settled.Load()
}

// Managed finds a managed policy by its ARN, in the version that is the default.
func (d *Directory) Managed(policyARN string) (*policy.Document, bool) {
	if d.shard == nil {
		return nil, false
	}
	a, err := arn.Parse(policyARN)
	if err != nil {
		return nil, false
	}
	var p policy.Policy
	err = d.shard.View(func(v *store.View) (err error) {
		p, err = d.managedPolicy(v, a.Account, policyARN)
		return err
	})
	return p.Document, err == nil && p.Document != nil
}

// OIDC finds a provider by its account and its URL without https://. It is not
// kept in memory: it is read when somebody comes with a token.
func (d *Directory) OIDC(account, url string) (p Provider, ok bool) {
	if d.shard == nil {
		return p, false
	}
	p = Provider{Kind: OIDC, Account: account}
	prefix := p.ARN()
	err := d.shard.View(func(v *store.View) (err error) {
		p, err = GetProvider(v, account, OIDC, prefix+url)
		return err
	})
	return p, err == nil
}

// epoch is how often what an account's entities share was changed. Accounts come
// from requests: to ask for one keeps nothing of it.
func (d *Directory) epoch(account string) uint64 {
	if n, ok := d.epochs.Load(account); ok {
		return n.(*atomic.Uint64).Load()
	}
	return 0
}
