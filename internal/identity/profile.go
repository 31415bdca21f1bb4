package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Profile is an instance profile: a name by which machines get a role. There are
// no machines here; tools make one beside a role.
type Profile struct {
	Account string `json:"-"`

	Name      string            `json:"name"`
	Path      string            `json:"path"`
	ID        string            `json:"id"`
	CreatedAt time.Time         `json:"createdAt"`
	Role      string            `json:"role,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// ARN is the profile's own.
func (p *Profile) ARN() string {
	return arn.ARN{Partition: "aws", Service: "iam", Account: p.Account, Resource: "instance-profile" + p.Path + p.Name}.String()
}

func profileKey(account, name string) []byte { return at(profileSpace, account, name) }

// GetProfile is a profile by its name.
func GetProfile(r Reader, account, name string) (Profile, error) {
	p := Profile{Account: account}
	found, err := get(r, profileKey(account, name), &p)
	if err == nil && !found {
		err = missing(AProfile, name)
	}
	return p, err
}

// ListProfiles has up to limit profiles whose path begins with prefix.
func ListProfiles(r Reader, account, prefix, after string, limit int) ([]Profile, bool, error) {
	return list(r, profileSpace, account, after, limit, func(p *Profile) bool {
		p.Account = account
		return strings.HasPrefix(p.Path, prefix)
	})
}

// CreateProfile makes a profile without a role.
func (c *Core) CreateProfile(tx *store.Tx, p Profile) (Profile, error) {
	there, err := has(tx, profileKey(p.Account, p.Name))
	switch {
	case err != nil:
		return p, err
	case there:
		return p, exists(AProfile, p.Name)
	case len(p.Tags) > c.limits.Tags:
		return p, &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	if err := room(tx, p.Account, AProfile, c.limits.Profiles, func(n *Counts) *int { return &n.Profiles }); err != nil {
		return p, err
	}
	p.CreatedAt = tx.Now()
	if err := tx.Set(profileKey(p.Account, p.Name), encode(p)); err != nil {
		return p, err
	}
	return p, countBy(tx, p.Account, 1, func(n *Counts) *int { return &n.Profiles })
}

// ChangeProfile replaces what edit changes of a profile: its tags.
func (c *Core) ChangeProfile(tx *store.Tx, account, name string, edit func(*Profile) error) error {
	p, err := GetProfile(tx, account, name)
	if err != nil {
		return err
	}
	if err := edit(&p); err != nil {
		return err
	}
	if len(p.Tags) > c.limits.Tags {
		return &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	return tx.Set(profileKey(account, name), encode(p))
}

// FillProfile puts a role into a profile, which takes one.
func (c *Core) FillProfile(tx *store.Tx, account, name, role string) error {
	p, err := GetProfile(tx, account, name)
	if err != nil {
		return err
	}
	r, err := c.editable(tx, Ref{Role, account, role}, false)
	switch {
	case err != nil:
		return err
	case p.Role != "":
		return &Fault{Err: ErrTooMany, What: AProfile, Name: p.Name, Most: 1}
	}
	p.Role = strings.ToLower(r.Name)
	r.Profiles = append(r.Profiles, strings.ToLower(p.Name))
	if err := tx.Set(profileKey(account, name), encode(p)); err != nil {
		return err
	}
	return c.put(tx, &r)
}

// EmptyProfile takes a role out of a profile.
func (c *Core) EmptyProfile(tx *store.Tx, account, name, role string) error {
	p, err := GetProfile(tx, account, name)
	if err != nil {
		return err
	}
	if p.Role != strings.ToLower(role) {
		return missing(ARole, role)
	}
	r, err := Get(tx, Ref{Role, account, role})
	if err != nil {
		return err
	}
	p.Role = ""
	r.Profiles = slices.DeleteFunc(r.Profiles, func(other string) bool { return other == strings.ToLower(name) })
	if err := tx.Set(profileKey(account, name), encode(p)); err != nil {
		return err
	}
	return c.put(tx, &r)
}

// DeleteProfile removes a profile that has no role.
func (c *Core) DeleteProfile(tx *store.Tx, account, name string) error {
	p, err := GetProfile(tx, account, name)
	switch {
	case err != nil:
		return err
	case p.Role != "":
		return &Fault{Err: ErrInUse, What: ARole, Name: p.Name}
	}
	if err := tx.Delete(profileKey(account, name)); err != nil {
		return err
	}
	return countBy(tx, account, -1, func(n *Counts) *int { return &n.Profiles })
}
