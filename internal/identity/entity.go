package identity

import (
	"errors"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
)

// Ref names a user, a role or a group.
type Ref struct {
	Kind    Kind
	Account string
	Name    string // in any case
}

func (r Ref) key() []byte { return at(r.Kind.space(), r.Account, r.Name) }

// Record is what is kept of a user, a role or a group: all that may have
// policies.
type Record struct {
	Kind    Kind   `json:"-"`
	Account string `json:"-"`

	Name      string            `json:"name"`
	Path      string            `json:"path"`
	ID        string            `json:"id"`
	CreatedAt time.Time         `json:"createdAt"`
	Tags      map[string]string `json:"tags,omitempty"`
	Attached  []string          `json:"attached,omitempty"` // ARNs, in the order of attaching
	Inline    map[string]Inline `json:"inline,omitempty"`   // by name
	Boundary  string            `json:"boundary,omitempty"` // ARN

	// of users
	Groups []string `json:"groups,omitempty"` // names as they are kept
	Keys   []string `json:"keys,omitempty"`   // ids
	Login  *Login   `json:"login,omitempty"`

	// of roles
	Trust       string   `json:"trust,omitempty"`
	Description string   `json:"description,omitempty"`
	MaxSession  int      `json:"maxSession,omitempty"` // seconds
	Service     string   `json:"service,omitempty"`    // whose role it is, if it is a service's own
	Profiles    []string `json:"profiles,omitempty"`   // names as they are kept
}

// Inline is a policy that only its entity has.
type Inline struct {
	Text string `json:"text"`
	Size int    `json:"size"` // of the document, without white space
}

// Login is that a user may sign in. The password is not kept: there is nowhere
// to sign in, and what is not there cannot leak.
type Login struct {
	CreatedAt time.Time `json:"createdAt"`
	MustReset bool      `json:"mustReset,omitempty"`
}

// Ref names the record.
func (r *Record) Ref() Ref { return Ref{r.Kind, r.Account, r.Name} }

// ARN is the entity's own.
func (r *Record) ARN() string { return entityARN(r.Kind, r.Account, r.Path, r.Name) }

func entityARN(k Kind, account, path, name string) string {
	return arn.ARN{Partition: "aws", Service: "iam", Account: account, Resource: string(k.thing()) + path + name}.String()
}

// Core is the rules of identities.
type Core struct {
	limits    Limits
	directory *Directory
}

// New returns the rules, which tell directory what changes.
func New(limits Limits, directory *Directory) *Core { return &Core{limits, directory} }

// Limits are how much there may be.
func (c *Core) Limits() Limits { return c.limits }

// Get is the record of an entity.
func Get(r Reader, ref Ref) (Record, error) {
	rec := Record{Kind: ref.Kind, Account: ref.Account}
	found, err := get(r, ref.key(), &rec)
	if err == nil && !found {
		err = missing(ref.Kind.thing(), ref.Name)
	}
	return rec, err
}

// List has up to limit entities of a kind whose path begins with prefix, by name,
// from the one behind `after` on.
func List(r Reader, account string, kind Kind, prefix, after string, limit int) ([]Record, bool, error) {
	return list(r, kind.space(), account, after, limit, func(rec *Record) bool {
		rec.Kind, rec.Account = kind, account
		return strings.HasPrefix(rec.Path, prefix)
	})
}

// Create makes an entity. Boundary and Tags may be set, all else that an entity
// gets comes later.
func (c *Core) Create(tx *store.Tx, rec Record) error {
	ref, boundary := rec.Ref(), rec.Boundary
	there, err := has(tx, ref.key())
	switch {
	case err != nil:
		return err
	case there:
		return exists(ref.Kind.thing(), rec.Name)
	case len(rec.Tags) > c.limits.Tags:
		return &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	if err := room(tx, ref.Account, ref.Kind.thing(), c.limits.of(ref.Kind), func(n *Counts) *int { return n.count(ref.Kind) }); err != nil {
		return err
	}
	if boundary != "" {
		if _, err := GetPolicy(tx, ref.Account, boundary); err != nil {
			return err
		}
	}
	rec.CreatedAt = tx.Now()
	if err := c.put(tx, &rec); err != nil {
		return err
	}
	if boundary != "" {
		if err := c.count(tx, &rec, boundary, true, 1); err != nil {
			return err
		}
	}
	return countBy(tx, ref.Account, 1, func(n *Counts) *int { return n.count(ref.Kind) })
}

// put writes a record, and has the directory forget what it knew of it.
func (c *Core) put(tx *store.Tx, rec *Record) error {
	c.directory.changed(tx, rec.Ref())
	return tx.Set(rec.Ref().key(), encode(rec))
}

// Change replaces what edit changes of an entity, which is neither its name nor
// what other records know of. What a service's own role may have changed is only
// its description and its tags: mild says that edit keeps to those.
func (c *Core) Change(tx *store.Tx, ref Ref, mild bool, edit func(*Record) error) error {
	rec, err := c.editable(tx, ref, mild)
	if err != nil {
		return err
	}
	if err := edit(&rec); err != nil {
		return err
	}
	if len(rec.Tags) > c.limits.Tags {
		return &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	return c.put(tx, &rec)
}

func (c *Core) editable(tx *store.Tx, ref Ref, mild bool) (Record, error) {
	rec, err := Get(tx, ref)
	if err == nil && rec.Service != "" && !mild {
		err = &Fault{Err: ErrProtected, What: ARole, Name: rec.Name}
	}
	return rec, err
}

// Delete removes an entity that has nothing left. A service's role goes only if
// it is said to be one.
func (c *Core) Delete(tx *store.Tx, ref Ref, serviceRole bool) error {
	rec, err := c.editable(tx, ref, serviceRole)
	if err != nil {
		return err
	}
	if serviceRole {
		for _, policy := range rec.Attached { // the service's, which came with the role
			if err := c.count(tx, &rec, policy, false, -1); err != nil {
				return err
			}
		}
	} else if err := c.idle(tx, &rec); err != nil {
		return err
	}
	if rec.Boundary != "" {
		if err := c.count(tx, &rec, rec.Boundary, true, -1); err != nil {
			return err
		}
	}
	c.directory.changed(tx, ref)
	if err := tx.Delete(ref.key()); err != nil {
		return err
	}
	return countBy(tx, ref.Account, -1, func(n *Counts) *int { return n.count(ref.Kind) })
}

// idle refuses an entity that has something left.
func (c *Core) idle(tx *store.Tx, rec *Record) error {
	left := func(n int, what Thing) error {
		if n == 0 {
			return nil
		}
		return &Fault{Err: ErrInUse, What: what, Name: rec.Name, Kind: rec.Kind}
	}
	members := 0
	if rec.Kind == Group {
		some, _, err := Members(tx, rec.Ref(), "", 1)
		if err != nil {
			return err
		}
		members = len(some)
	}
	for _, has := range []struct {
		n    int
		what Thing
	}{
		{members + len(rec.Groups), AMember}, {len(rec.Keys), AKey}, {len(rec.Inline), AnInlinePolicy},
		{len(rec.Attached), AnAttachment}, {len(rec.Profiles), AProfile},
	} {
		if err := left(has.n, has.what); err != nil {
			return err
		}
	}
	if rec.Login != nil {
		return left(1, ALogin)
	}
	return nil
}

// Trusts refuses a trust policy that names a user or a role of the account which
// is not there. Of other accounts nobody here can tell.
func Trusts(r Reader, account string, d *policy.Document) error {
	for _, text := range d.Principals() {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "iam" || a.Account != account {
			continue
		}
		kind, rest, _ := strings.Cut(a.Resource, "/")
		ref := Ref{Kind: User, Account: account, Name: rest[strings.LastIndexByte(rest, '/')+1:]}
		switch kind {
		case "role":
			ref.Kind = Role
		case "user":
		default:
			continue
		}
		if rec, err := Get(r, ref); err == nil && rec.ARN() == text {
			continue
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		return missing(APrincipal, text)
	}
	return nil
}
