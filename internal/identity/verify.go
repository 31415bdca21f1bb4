package identity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
)

// Verify is a store.Invariant: what leads to a record is led back to by it, what
// a record refers to is there, all is counted, and every document can be read.
func Verify(v *store.View, report func(problem string)) error {
	c := &check{v: v, report: report, index: map[string]bool{}, uses: map[string]Uses{}, counts: map[string]*Counts{}, keys: map[string]string{}}
	for _, step := range []func() error{c.entities, c.policies, c.others, c.compareIndex, c.compareUses, c.compareCounts, c.compareKeys} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// check is what there should be besides the records.
type check struct {
	v      *store.View
	report func(string)
	index  map[string]bool // keys of memberships and attachments
	uses   map[string]Uses // by account and ARN
	counts map[string]*Counts
	keys   map[string]string // access key ids: account and user
}

// accountSize is how long an account is in a key.
const accountSize = 12

// each decodes what is in a space, by account.
func each[T any](c *check, space string, fn func(account string, one *T)) error {
	return store.Each(c.v, []byte(space), "", func(rest string, value []byte) (bool, error) {
		one := new(T)
		if err := decode(value, one); err != nil || len(rest) < accountSize {
			c.report(fmt.Sprintf("identity %s %q: %v", space, rest, err))
			return true, nil
		}
		account := rest[:accountSize]
		if c.counts[account] == nil {
			c.counts[account] = new(Counts)
		}
		fn(account, one)
		return true, nil
	})
}

func (c *check) entities() error {
	for _, kind := range []Kind{User, Role, Group} {
		err := each(c, kind.space(), func(account string, rec *Record) {
			rec.Kind, rec.Account = kind, account
			*c.counts[account].count(kind)++
			c.entity(rec)
		})
		if err != nil {
			return err
		}
	}
	return each(c, accountSpace, func(account string, a *Account) {
		for _, id := range a.RootKeys {
			c.keys[id] = account + "/"
		}
	})
}

func (c *check) entity(rec *Record) {
	use := func(policyARN string, boundary bool) {
		if _, err := GetPolicy(c.v, rec.Account, policyARN); err != nil {
			c.report(fmt.Sprintf("%s has a policy that is not there: %v", rec.ARN(), err))
		}
		key := rec.Account + policyARN
		u := c.uses[key]
		if boundary {
			u.Boundaries++
		} else {
			u.Attached++
		}
		c.uses[key] = u
		c.index[string(attachmentKey(rec, policyARN, boundary))] = true
	}
	for _, policyARN := range rec.Attached {
		use(policyARN, false)
	}
	if rec.Boundary != "" {
		use(rec.Boundary, true)
	}
	for name, in := range rec.Inline {
		c.document(policy.Identity, in.Text, rec.ARN()+" "+name)
	}
	if rec.Kind == Role {
		c.document(policy.Trust, rec.Trust, rec.ARN())
	}
	for _, id := range rec.Keys {
		c.keys[id] = rec.Account + "/" + rec.Name
	}
	for _, group := range rec.Groups {
		g := Ref{Group, rec.Account, group}
		c.index[string(memberKey(g, rec.Name))] = true
		if there, err := has(c.v, g.key()); err != nil || !there {
			c.report(fmt.Sprintf("%s is in group %s, which is not there (%v)", rec.ARN(), group, err))
		}
	}
	for _, name := range rec.Profiles {
		if p, err := GetProfile(c.v, rec.Account, name); err != nil || p.Role != strings.ToLower(rec.Name) {
			c.report(fmt.Sprintf("%s is in instance profile %s, which has role %q (%v)", rec.ARN(), name, p.Role, err))
		}
	}
}

func (c *check) document(kind policy.Kind, text, of string) {
	if _, err := policy.Parse(kind, text); err != nil {
		c.report(fmt.Sprintf("a policy of %s: %v", of, err))
	}
}

func (c *check) policies() error {
	return each(c, policySpace, func(account string, m *Managed) {
		m.Account = account
		c.counts[account].Policies++
		c.counts[account].Versions += len(m.Versions)
		if _, ok := m.Version(m.Default); !ok {
			c.report(fmt.Sprintf("%s has no version %d, which is its default", m.ARN(), m.Default))
		}
		for _, v := range m.Versions {
			c.document(policy.Identity, v.Text, m.ARN())
		}
	})
}

func (c *check) others() error {
	err := each(c, profileSpace, func(account string, p *Profile) {
		p.Account = account
		c.counts[account].Profiles++
		if p.Role == "" {
			return
		}
		if rec, err := Get(c.v, Ref{Role, account, p.Role}); err != nil || !slices.Contains(rec.Profiles, strings.ToLower(p.Name)) {
			c.report(fmt.Sprintf("%s has role %s, which does not know (%v)", p.ARN(), p.Role, err))
		}
	})
	if err != nil {
		return err
	}
	for _, kind := range []ProviderKind{OIDC, SAML} {
		err := each(c, kind.space(), func(account string, _ *Provider) {
			if kind == SAML {
				c.counts[account].SAML++
			} else {
				c.counts[account].OIDC++
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *check) compareIndex() error {
	for _, space := range []string{memberSpace, attachedSpace} {
		err := store.Each(c.v, []byte(space), "", func(rest string, _ []byte) (bool, error) {
			if !c.index[space+rest] {
				c.report(fmt.Sprintf("identity %s %q leads to nobody", space, rest))
			}
			delete(c.index, space+rest)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	for key := range c.index {
		c.report(fmt.Sprintf("identity %q is missing", key))
	}
	return nil
}

func (c *check) compareUses() error {
	return store.Each(c.v, []byte(usesSpace), "", func(rest string, value []byte) (bool, error) {
		var kept Uses
		if err := decode(value, &kept); err == nil && kept != c.uses[rest] {
			c.report(fmt.Sprintf("policy %s is counted as %+v, and it is %+v", rest[accountSize:], kept, c.uses[rest]))
		}
		delete(c.uses, rest)
		return true, nil
	})
}

func (c *check) compareCounts() error {
	for key, uses := range c.uses {
		c.report(fmt.Sprintf("policy %s is not counted, and it is %+v", key[accountSize:], uses))
	}
	for account, found := range c.counts {
		if a, err := GetAccount(c.v, account); err != nil || a.Counts != *found {
			c.report(fmt.Sprintf("account %s counts %+v, and has %+v (%v)", account, a.Counts, *found, err))
		}
	}
	return nil
}

func (c *check) compareKeys() error {
	err := store.Each(c.v, []byte(keySpace), "", func(id string, value []byte) (bool, error) {
		var k KeyRecord
		if err := decode(value, &k); err != nil {
			c.report(fmt.Sprintf("access key %s: %v", id, err))
		} else if owner := c.keys[id]; owner != k.Account+"/"+k.User {
			c.report(fmt.Sprintf("access key %s is of %s/%s, which has %q", id, k.Account, k.User, owner))
		}
		delete(c.keys, id)
		return true, nil
	})
	for id, owner := range c.keys {
		c.report(fmt.Sprintf("access key %s of %s is missing", id, owner))
	}
	return err
}
