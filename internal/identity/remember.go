package identity

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/policy/managed"
	"github.com/carillon-events/carillon/internal/store"
)

// changed has an entity forgotten when tx is durable. What it shares with others
// is changed by a group only.
func (d *Directory) changed(tx *store.Tx, ref Ref) {
	if ref.Kind == Group {
		d.changedFor(tx, ref.Account)
		return
	}
	tx.AfterCommit(func() {
		d.forget(&d.entities, entityName{ref.Kind, ref.Account, strings.ToLower(ref.Name)})
	})
}

// changedFor has an account's entities read again: whose policies these are is
// not kept in memory.
func (d *Directory) changedFor(tx *store.Tx, account string) {
	tx.AfterCommit(func() {
		d.forgetting.Lock()
		defer d.forgetting.Unlock()
		d.changes.Add(1)
		n, _ := d.epochs.LoadOrStore(account, new(atomic.Uint64))
		n.(*atomic.Uint64).Add(1)
		d.settled.Add(1)
	})
}

func (d *Directory) changedKey(tx *store.Tx, id string) {
	tx.AfterCommit(func() { d.forget(&d.keys, id) })
}

func (d *Directory) forget(from *sync.Map, key any) {
	d.forgetting.Lock()
	defer d.forgetting.Unlock()
	d.changes.Add(1)
	if _, ok := from.LoadAndDelete(key); ok {
		d.size.Add(-1)
	}
	d.settled.Add(1)
}

// keep remembers what was read when there had been so many changes, unless there
// were others since.
func (d *Directory) keep(in *sync.Map, key, value any, changes uint64) {
	d.forgetting.Lock()
	defer d.forgetting.Unlock()
	if d.changes.Load() != changes {
		return
	}
	if d.size.Load() >= maxKnown {
		d.entities.Clear()
		d.keys.Clear()
		d.size.Store(0)
	}
	if _, there := in.Swap(key, value); !there {
		d.size.Add(1)
	}
}

// find answers from memory, or from the shard. A name in another case is
// somebody else's: ARNs are compared as they are.
func (d *Directory) find(kind Kind, account, name string) (*Entity, bool) {
	if d.shard == nil {
		return nil, false
	}
	key := entityName{kind, account, strings.ToLower(name)}
	epoch := d.epoch(account)
	if k, ok := d.entities.Load(key); ok {
		if k := k.(*known); k.epoch == epoch {
			return k.entity, k.entity.Name == name
		}
	}
	changes := d.changes.Load()
	var e *Entity
	err := d.shard.View(func(v *store.View) (err error) {
		e, err = d.compose(v, Ref{kind, account, name})
		return err
	})
	if err != nil {
		return nil, false // not there, or not to be read: nobody, either way
	}
	d.keep(&d.entities, key, &known{e, epoch}, changes)
	return e, e.Name == name
}

func (d *Directory) knownKey(id string) (*knownKey, bool) {
	if k, ok := d.keys.Load(id); ok {
		return k.(*knownKey), true
	}
	if d.shard == nil {
		return nil, false
	}
	changes := d.changes.Load()
	var rec KeyRecord
	err := d.shard.View(func(v *store.View) (err error) {
		rec, err = GetKey(v, id)
		return err
	})
	if err != nil {
		return nil, false
	}
	secret, err := d.box.Open(rec.Sealed, KeyOwner(id))
	if err != nil {
		return nil, false
	}
	k := &knownKey{user: rec.User, Key: Key{ID: id, Secret: string(secret), Account: rec.Account, Active: !rec.Inactive}}
	d.keep(&d.keys, id, k, changes)
	return k, true
}

// compose makes an entity of its record and what that refers to.
func (d *Directory) compose(r Reader, ref Ref) (*Entity, error) {
	rec, err := Get(r, ref)
	if err != nil {
		return nil, err
	}
	e := &Entity{
		Kind: rec.Kind, ARN: rec.ARN(), ID: rec.ID, Account: rec.Account, Name: rec.Name, Path: rec.Path, Tags: rec.Tags,
		MaxSession: time.Duration(rec.MaxSession) * time.Second,
	}
	if e.Policies, e.Boundary, err = d.Effective(r, &rec); err != nil {
		return nil, err
	}
	if rec.Kind == Role {
		e.Trust, err = policy.Parse(policy.Trust, rec.Trust)
	}
	return e, err
}

// ownPolicies are an entity's own policies, compiled: inline and attached.
func (d *Directory) ownPolicies(r Reader, rec *Record) ([]policy.Policy, error) {
	all := make([]policy.Policy, 0, len(rec.Inline)+len(rec.Attached))
	for name, in := range rec.Inline {
		doc, err := policy.Parse(policy.Identity, in.Text)
		if err != nil {
			return nil, err // which was parsed before it was kept
		}
		all = append(all, policy.Policy{Name: name, Document: doc})
	}
	slices.SortFunc(all, func(a, b policy.Policy) int { return cmp.Compare(a.Name, b.Name) })
	for _, policyARN := range rec.Attached {
		p, err := d.managedPolicy(r, rec.Account, policyARN)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

type documentName struct {
	id      string // of the policy: never used again
	version int
}

// managedPolicy is a managed policy, compiled once for all who have it.
func (d *Directory) managedPolicy(r Reader, account, policyARN string) (policy.Policy, error) {
	if p, ok := managed.Find(policyARN); ok {
		return policy.Policy{Name: policyARN, Document: p.Document()}, nil
	}
	m, err := GetPolicy(r, account, policyARN)
	if err != nil {
		return policy.Policy{}, err
	}
	name := documentName{m.ID, m.Default}
	if doc, ok := d.documents.Load(name); ok {
		return policy.Policy{Name: policyARN, Document: doc.(*policy.Document)}, nil
	}
	doc, err := policy.Parse(policy.Identity, m.Current())
	if err != nil {
		return policy.Policy{}, err
	}
	if d.documentSize.Add(1) > maxKnown {
		d.documents.Clear()
		d.documentSize.Store(1)
	}
	d.documents.Store(name, doc)
	return policy.Policy{Name: policyARN, Document: doc}, nil
}

// useEvery is how exact the time of a key's last use is.
const useEvery = time.Minute

// Used notes that a key was used; TakeUses has it kept.
func (d *Directory) Used(id string, use Use) {
	if last, ok := d.LastUse(id); ok && use.At.Sub(last.At) < useEvery && last.Service == use.Service && last.Region == use.Region {
		return
	}
	d.uses.Store(id, use)
}

// LastUse is when a key was used that has not been kept yet.
func (d *Directory) LastUse(id string) (Use, bool) {
	use, ok := d.uses.Load(id)
	if !ok {
		return Use{}, false
	}
	return use.(Use), true
}

// TakeUses are the uses since it was called last.
func (d *Directory) TakeUses() map[string]Use {
	all := map[string]Use{}
	d.uses.Range(func(id, use any) bool {
		if d.uses.CompareAndDelete(id, use) {
			all[id.(string)] = use.(Use)
		}
		return true
	})
	return all
}

// Effective are the policies that decide for an entity, those of its groups among
// them, and its boundary: what an Entity has, of the state that r shows.
func (d *Directory) Effective(r Reader, rec *Record) ([]policy.Policy, policy.Policy, error) {
	all, err := d.ownPolicies(r, rec)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	for _, group := range rec.Groups {
		g, err := Get(r, Ref{Group, rec.Account, group})
		if err != nil {
			return nil, policy.Policy{}, err
		}
		more, err := d.ownPolicies(r, &g)
		if err != nil {
			return nil, policy.Policy{}, err
		}
		all = append(all, more...)
	}
	if rec.Boundary == "" {
		return all, policy.Policy{}, nil
	}
	boundary, err := d.managedPolicy(r, rec.Account, rec.Boundary)
	return all, boundary, err
}
