package identity_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/store/storetest"
)

const account = "123456789012"

// naive is who exists, in maps, with nothing that leads from the other side.
type naive struct {
	entities map[identity.Kind]map[string]*one // by name in lower case
	policies map[string]int                    // by ARN: versions
	keys     map[string]string                 // id: name of the user
}

type one struct {
	name, boundary           string
	groups, attached, inline map[string]bool
}

func newNaive() *naive {
	m := &naive{entities: map[identity.Kind]map[string]*one{}, policies: map[string]int{}, keys: map[string]string{}}
	for _, k := range []identity.Kind{identity.User, identity.Role, identity.Group} {
		m.entities[k] = map[string]*one{}
	}
	return m
}

func (m *naive) find(ref identity.Ref) *one { return m.entities[ref.Kind][strings.ToLower(ref.Name)] }

// used tells whether anybody has a policy.
func (m *naive) used(arn string) bool {
	for _, all := range m.entities {
		for _, e := range all {
			if e.attached[arn] || e.boundary == arn {
				return true
			}
		}
	}
	return false
}

// effective are the names of what decides for a user or a role.
func (m *naive) effective(e *one) (names []string) {
	own := func(e *one) {
		names = append(append(names, slices.Collect(maps.Keys(e.attached))...), slices.Collect(maps.Keys(e.inline))...)
	}
	own(e)
	for g := range e.groups {
		own(m.entities[identity.Group][g])
	}
	slices.Sort(names)
	return names
}

const anybody = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func document(t testing.TB) *policy.Document {
	d, err := policy.Parse(policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pair is the core and the naive one, side by side.
type pair struct {
	rt        *rapid.T
	store     *storetest.Store
	core      *identity.Core
	directory *identity.Directory
	naive     *naive
	doc       *policy.Document
	ids       int
}

// both runs a change, and wants what the naive one says of it.
func (p *pair) both(what string, want error, change func(tx *store.Tx) error) bool {
	p.rt.Helper()
	err := p.store.Update(p.rt.Context(), change)
	if !errors.Is(err, want) {
		p.rt.Fatalf("%s: %v; want %v", what, err, want)
	}
	return err == nil
}

func (p *pair) ref(kinds ...identity.Kind) identity.Ref {
	return identity.Ref{Kind: rapid.SampledFrom(kinds).Draw(p.rt, "kind"), Account: account, Name: rapid.SampledFrom([]string{"ann", "Ann", "bob", "Cy"}).Draw(p.rt, "name")}
}

func (p *pair) policy() string {
	return rapid.SampledFrom([]string{"arn:aws:iam::123456789012:policy/one", "arn:aws:iam::123456789012:policy/two", "arn:aws:iam::aws:policy/AmazonSQSFullAccess"}).Draw(p.rt, "policy")
}

func (p *pair) there(arn string) bool {
	return p.naive.policies[arn] > 0 || strings.HasPrefix(arn, "arn:aws:iam::aws:")
}

// first is the first of errors whose condition holds.
func first(of ...any) error {
	for i := 0; i < len(of); i += 2 {
		if of[i].(bool) {
			return of[i+1].(error)
		}
	}
	return nil
}

var anyKind = []identity.Kind{identity.User, identity.Role, identity.Group}

func (p *pair) create(*rapid.T) {
	ref := p.ref(anyKind...)
	e := p.naive.find(ref)
	p.ids++
	rec := identity.Record{Kind: ref.Kind, Account: account, Name: ref.Name, Path: "/", ID: fmt.Sprintf("ID%d", p.ids)}
	if ref.Kind == identity.Role {
		rec.Trust = anybody
	}
	if p.both("create", first(e != nil, identity.ErrExists), func(tx *store.Tx) error { return p.core.Create(tx, rec) }) {
		p.naive.entities[ref.Kind][strings.ToLower(ref.Name)] = &one{name: ref.Name, groups: map[string]bool{}, attached: map[string]bool{}, inline: map[string]bool{}}
	}
}

func (p *pair) delete(*rapid.T) {
	ref := p.ref(anyKind...)
	e := p.naive.find(ref)
	busy := false
	if e != nil {
		busy = len(e.groups)+len(e.attached)+len(e.inline) > 0
		for _, owner := range p.naive.keys {
			busy = busy || ref.Kind == identity.User && owner == e.name
		}
		for _, u := range p.naive.entities[identity.User] {
			busy = busy || ref.Kind == identity.Group && u.groups[strings.ToLower(e.name)]
		}
	}
	if p.both("delete", first(e == nil, identity.ErrNotFound, busy, identity.ErrInUse), func(tx *store.Tx) error { return p.core.Delete(tx, ref, false) }) {
		delete(p.naive.entities[ref.Kind], strings.ToLower(ref.Name))
	}
}

func (p *pair) rename(*rapid.T) {
	ref := p.ref(identity.User, identity.Group)
	to := p.ref(ref.Kind).Name
	e := p.naive.find(ref)
	taken := e != nil && !strings.EqualFold(e.name, to) && p.naive.entities[ref.Kind][strings.ToLower(to)] != nil
	if !p.both("rename", first(e == nil, identity.ErrNotFound, taken, identity.ErrExists), func(tx *store.Tx) error { return p.core.Rename(tx, ref, to, "") }) {
		return
	}
	for id, owner := range p.naive.keys {
		if ref.Kind == identity.User && owner == e.name {
			p.naive.keys[id] = to
		}
	}
	for _, u := range p.naive.entities[identity.User] {
		if old := strings.ToLower(e.name); ref.Kind == identity.Group && u.groups[old] {
			delete(u.groups, old)
			u.groups[strings.ToLower(to)] = true
		}
	}
	delete(p.naive.entities[ref.Kind], strings.ToLower(e.name))
	e.name = to
	p.naive.entities[ref.Kind][strings.ToLower(to)] = e
}

func (p *pair) attach(*rapid.T) {
	ref, arn := p.ref(anyKind...), p.policy()
	e := p.naive.find(ref)
	many := e != nil && !e.attached[arn] && len(e.attached) >= 2
	if p.both("attach", first(e == nil || !p.there(arn), identity.ErrNotFound, many, identity.ErrTooMany), func(tx *store.Tx) error { return p.core.Attach(tx, ref, arn, false) }) {
		e.attached[arn] = true
	}
}

func (p *pair) detach(*rapid.T) {
	ref, arn := p.ref(anyKind...), p.policy()
	e := p.naive.find(ref)
	if p.both("detach", first(e == nil || !e.attached[arn], identity.ErrNotFound), func(tx *store.Tx) error { return p.core.Detach(tx, ref, arn) }) {
		delete(e.attached, arn)
	}
}

func (p *pair) bound(*rapid.T) {
	ref, arn := p.ref(identity.User, identity.Role), p.policy()
	if rapid.Bool().Draw(p.rt, "lift") {
		arn = ""
	}
	e := p.naive.find(ref)
	gone := e == nil || arn == "" && e.boundary == "" || arn != "" && !p.there(arn)
	if p.both("bound", first(gone, identity.ErrNotFound), func(tx *store.Tx) error { return p.core.SetBoundary(tx, ref, arn) }) {
		e.boundary = arn
	}
}

func (p *pair) inline(*rapid.T) {
	ref := p.ref(anyKind...)
	name := rapid.SampledFrom([]string{"x", "y"}).Draw(p.rt, "inline")
	e := p.naive.find(ref)
	if rapid.Bool().Draw(p.rt, "put") {
		if p.both("put", first(e == nil, identity.ErrNotFound), func(tx *store.Tx) error { return p.core.PutInline(tx, ref, name, p.doc) }) {
			e.inline[name] = true
		}
		return
	}
	if p.both("drop", first(e == nil || !e.inline[name], identity.ErrNotFound), func(tx *store.Tx) error { return p.core.DropInline(tx, ref, name) }) {
		delete(e.inline, name)
	}
}

func (p *pair) member(*rapid.T) {
	u, g := p.ref(identity.User), p.ref(identity.Group)
	user, group := p.naive.find(u), p.naive.find(g)
	join := rapid.Bool().Draw(p.rt, "join")
	name := strings.ToLower(g.Name)
	many := join && user != nil && !user.groups[name] && len(user.groups) >= 2
	change := p.core.Leave
	if join {
		change = p.core.Join
	}
	if !p.both("member", first(user == nil || group == nil, identity.ErrNotFound, many, identity.ErrTooMany), func(tx *store.Tx) error { return change(tx, account, g.Name, u.Name) }) {
		return
	}
	if delete(user.groups, name); join {
		user.groups[name] = true
	}
}

func (p *pair) key(*rapid.T) {
	ref := p.ref(identity.User)
	e := p.naive.find(ref)
	n := 0
	for _, owner := range p.naive.keys {
		if e != nil && owner == e.name {
			n++
		}
	}
	p.ids++
	id := fmt.Sprintf("AKIA%d", p.ids)
	sealed, err := box(p.rt).Seal([]byte("secret of "+id), identity.KeyOwner(id))
	if err != nil {
		p.rt.Fatal(err)
	}
	if p.both("key", first(e == nil, identity.ErrNotFound, n >= 2, identity.ErrTooMany), func(tx *store.Tx) error {
		_, err := p.core.CreateKey(tx, identity.KeyRecord{ID: id, Account: account, User: ref.Name, Sealed: sealed})
		return err
	}) {
		p.naive.keys[id] = e.name
	}
}

func (p *pair) dropKey(*rapid.T) {
	if len(p.naive.keys) == 0 {
		return
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(p.naive.keys))).Draw(p.rt, "key")
	user := p.ref(identity.User).Name
	wrong := !strings.EqualFold(p.naive.keys[id], user)
	if p.both("drop key", first(wrong, identity.ErrNotFound), func(tx *store.Tx) error { return p.core.DeleteKey(tx, account, user, id) }) {
		delete(p.naive.keys, id)
		if _, ok := p.directory.Key(id); ok {
			p.rt.Fatalf("%s is known still", id)
		}
	}
}

func (p *pair) managed(*rapid.T) {
	arn := p.policy()
	if strings.HasPrefix(arn, "arn:aws:iam::aws:") {
		return
	}
	n := p.naive.policies[arn]
	switch rapid.SampledFrom([]string{"create", "version", "delete"}).Draw(p.rt, "do") {
	case "create":
		p.ids++
		m := identity.Managed{Account: account, Name: arn[strings.LastIndexByte(arn, '/')+1:], Path: "/", ID: fmt.Sprintf("ID%d", p.ids)}
		if p.both("create policy", first(n > 0, identity.ErrExists), func(tx *store.Tx) error { _, err := p.core.CreatePolicy(tx, m, p.doc); return err }) {
			p.naive.policies[arn] = 1
		}
	case "version":
		if p.both("version", first(n == 0, identity.ErrNotFound, n >= 2, identity.ErrTooMany), func(tx *store.Tx) error {
			_, err := p.core.AddVersion(tx, account, arn, p.doc, true)
			return err
		}) {
			p.naive.policies[arn]++
		}
	case "delete":
		busy := p.naive.used(arn) || n > 1
		if p.both("delete policy", first(n == 0, identity.ErrNotFound, busy, identity.ErrInUse), func(tx *store.Tx) error { return p.core.DeletePolicy(tx, account, arn) }) {
			delete(p.naive.policies, arn)
		}
	}
}

// check compares what the directory knows, and has every index verified.
func (p *pair) check(*rapid.T) {
	for _, kind := range []identity.Kind{identity.User, identity.Role} {
		look := p.directory.User
		if kind == identity.Role {
			look = p.directory.Role
		}
		for _, name := range []string{"ann", "Ann", "bob", "Cy"} {
			e := p.naive.find(identity.Ref{Kind: kind, Name: name})
			got, ok := look(account, name)
			if there := e != nil && e.name == name; ok != there {
				p.rt.Fatalf("%s is known: %v; want %v", name, ok, there)
			} else if !ok {
				continue
			}
			var names []string
			for _, pol := range got.Policies {
				names = append(names, pol.Name)
			}
			slices.Sort(names)
			if want := p.naive.effective(e); !slices.Equal(names, want) || got.Boundary.Name != e.boundary {
				p.rt.Fatalf("%s has %v within %q; want %v within %q", name, names, got.Boundary.Name, want, e.boundary)
			}
		}
	}
	for id, owner := range p.naive.keys {
		if k, ok := p.directory.Key(id); !ok || k.Owner.Name != owner || k.Secret != "secret of "+id {
			p.rt.Fatalf("%s is %+v; want %s", id, k, owner)
		}
	}
	err := p.store.View(func(v *store.View) error {
		return identity.Verify(v, func(problem string) { p.rt.Error(problem) })
	})
	if err != nil {
		p.rt.Fatal(err)
	}
}

func box(t interface{ Fatal(...any) }) *seal.Box {
	b, err := seal.New(seal.Master{1}, "access keys")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheDirectoryKnowsWhatANaiveOneKnows(t *testing.T) {
	doc := document(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := storetest.Open(t)
		defer s.Stop()
		limits := identity.DefaultLimits
		limits.AttachedPerEntity, limits.GroupsPerUser, limits.Versions = 2, 2, 2
		directory := identity.NewDirectory(s.Shard, box(rt))
		p := &pair{rt: rt, store: s, core: identity.New(limits, directory), directory: directory, naive: newNaive(), doc: doc}
		rt.Repeat(map[string]func(*rapid.T){
			"create": p.create, "delete": p.delete, "rename": p.rename, "attach": p.attach, "detach": p.detach, "bound": p.bound,
			"inline": p.inline, "member": p.member, "key": p.key, "drop key": p.dropKey, "managed": p.managed, "": p.check,
		})
	})
}
