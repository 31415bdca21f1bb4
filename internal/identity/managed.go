package identity

import (
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/policy/managed"
	"github.com/carillon-events/carillon/internal/store"
)

// Managed is a policy that stands for itself and may be attached to many.
type Managed struct {
	Account string `json:"-"` // "aws" of those that AWS keeps

	Name        string            `json:"name"`
	Path        string            `json:"path"`
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	CreatedAt   time.Time         `json:"createdAt"`
	UpdatedAt   time.Time         `json:"updatedAt"`
	Tags        map[string]string `json:"tags,omitempty"`
	Versions    []Version         `json:"versions"` // the oldest first
	Default     int               `json:"default"`  // number of a version
	Last        int               `json:"last"`     // number that was given last
}

// Version is a version of a Managed policy.
type Version struct {
	Number    int       `json:"number"`
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"createdAt"`
}

// Uses are how many have a policy.
type Uses struct {
	Attached   int `json:"attached,omitempty"`
	Boundaries int `json:"boundaries,omitempty"`
}

// ARN is the policy's own.
func (m *Managed) ARN() string {
	return arn.ARN{Partition: "aws", Service: "iam", Account: m.Account, Resource: "policy" + m.Path + m.Name}.String()
}

func (m *Managed) key() []byte { return at(policySpace, m.Account, m.Name) }

// Version finds a version by its number.
func (m *Managed) Version(number int) (*Version, bool) {
	for i := range m.Versions {
		if m.Versions[i].Number == number {
			return &m.Versions[i], true
		}
	}
	return nil, false
}

// Current is the text of the default version.
func (m *Managed) Current() string {
	if v, ok := m.Version(m.Default); ok {
		return v.Text
	}
	return ""
}

// GetPolicy is the policy that account sees at an ARN: its own, or one of AWS's.
// Another account's is not there.
func GetPolicy(r Reader, account, policyARN string) (Managed, error) {
	if p, ok := managed.Find(policyARN); ok {
		return ofAWS(p), nil
	}
	a, err := arn.Parse(policyARN)
	if err != nil || a.Account != account || !strings.HasPrefix(a.Resource, "policy/") {
		return Managed{}, missing(APolicy, policyARN)
	}
	m := Managed{Account: account}
	found, err := get(r, at(policySpace, account, policyARN[strings.LastIndexByte(policyARN, '/')+1:]), &m)
	if err == nil && (!found || m.ARN() != policyARN) {
		err = missing(APolicy, policyARN)
	}
	return m, err
}

func ofAWS(p managed.Policy) Managed {
	return Managed{
		Account: "aws", Name: p.Name, Path: p.Path, ID: awsPolicyID(p.ARN), Description: p.Description(),
		CreatedAt: p.CreatedAt, UpdatedAt: p.CreatedAt, Default: 1, Last: 1,
		Versions: []Version{{Number: 1, Text: p.Text(), CreatedAt: p.CreatedAt}},
	}
}

// ListPolicies has up to limit of an account's own policies, by name.
func ListPolicies(r Reader, account, after string, limit int, keep func(*Managed) bool) ([]Managed, bool, error) {
	return list(r, policySpace, account, after, limit, func(m *Managed) bool {
		m.Account = account
		return keep == nil || keep(m)
	})
}

// PoliciesOfAWS are AWS's, as Managed policies, in the order of their ARNs.
func PoliciesOfAWS(yield func(Managed) bool) {
	for _, p := range managed.All() {
		if !yield(ofAWS(p)) {
			return
		}
	}
}

// CreatePolicy makes a policy with a first version.
func (c *Core) CreatePolicy(tx *store.Tx, m Managed, d *policy.Document) (Managed, error) {
	there, err := has(tx, m.key())
	switch {
	case err != nil:
		return m, err
	case there:
		return m, exists(APolicy, m.Name)
	case d.Size() > policy.MaxManaged:
		return m, &Fault{Err: ErrTooLarge, What: APolicy, Name: m.Name, Most: policy.MaxManaged}
	case len(m.Tags) > c.limits.Tags:
		return m, &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	if err := room(tx, m.Account, APolicy, c.limits.Policies, func(n *Counts) *int { return &n.Policies }); err != nil {
		return m, err
	}
	m.CreatedAt, m.UpdatedAt, m.Default, m.Last = tx.Now(), tx.Now(), 1, 1
	m.Versions = []Version{{Number: 1, Text: d.Text(), CreatedAt: tx.Now()}}
	if err := tx.Set(m.key(), encode(m)); err != nil {
		return m, err
	}
	err = changeAccount(tx, m.Account, func(a *Account) { a.Counts.Policies++; a.Counts.Versions++ })
	return m, err
}

// AddVersion makes another version, and it the default if asked to.
func (c *Core) AddVersion(tx *store.Tx, account, policyARN string, d *policy.Document, asDefault bool) (Version, error) {
	m, err := c.own(tx, account, policyARN)
	switch {
	case err != nil:
		return Version{}, err
	case d.Size() > policy.MaxManaged:
		return Version{}, &Fault{Err: ErrTooLarge, What: APolicy, Name: m.Name, Most: policy.MaxManaged}
	case len(m.Versions) >= c.limits.Versions:
		return Version{}, &Fault{Err: ErrTooMany, What: AVersion, Name: m.Name, Most: c.limits.Versions}
	}
	m.Last++
	v := Version{Number: m.Last, Text: d.Text(), CreatedAt: tx.Now()}
	m.Versions = append(m.Versions, v)
	m.UpdatedAt = tx.Now()
	if asDefault {
		m.Default = v.Number
	}
	if err := c.putPolicy(tx, &m); err != nil {
		return v, err
	}
	return v, countBy(tx, account, 1, func(n *Counts) *int { return &n.Versions })
}

// own is an account's policy that may be changed: AWS's may not.
func (c *Core) own(tx *store.Tx, account, policyARN string) (Managed, error) {
	m, err := GetPolicy(tx, account, policyARN)
	if err == nil && m.Account != account {
		err = &Fault{Err: ErrProtected, What: APolicy, Name: policyARN}
	}
	return m, err
}

func (c *Core) putPolicy(tx *store.Tx, m *Managed) error {
	c.directory.changedFor(tx, m.Account)
	return tx.Set(m.key(), encode(m))
}

// ChangePolicy replaces what edit changes of a policy, which is not its name.
func (c *Core) ChangePolicy(tx *store.Tx, account, policyARN string, edit func(*Managed) error) error {
	m, err := c.own(tx, account, policyARN)
	if err != nil {
		return err
	}
	if err := edit(&m); err != nil {
		return err
	}
	if len(m.Tags) > c.limits.Tags {
		return &Fault{Err: ErrTooMany, What: ATag, Most: c.limits.Tags}
	}
	return c.putPolicy(tx, &m)
}

// SetDefault makes a version the one that counts.
func (c *Core) SetDefault(tx *store.Tx, account, policyARN string, number int) error {
	return c.ChangePolicy(tx, account, policyARN, func(m *Managed) error {
		if _, ok := m.Version(number); !ok {
			return missing(AVersion, policyARN)
		}
		m.Default, m.UpdatedAt = number, tx.Now()
		return nil
	})
}

// DropVersion removes a version that is not the default.
func (c *Core) DropVersion(tx *store.Tx, account, policyARN string, number int) error {
	err := c.ChangePolicy(tx, account, policyARN, func(m *Managed) error {
		for i, v := range m.Versions {
			switch {
			case v.Number != number:
			case number == m.Default:
				return &Fault{Err: ErrDefault, What: AVersion, Name: m.Name}
			default:
				m.Versions = append(m.Versions[:i:i], m.Versions[i+1:]...)
				return nil
			}
		}
		return missing(AVersion, policyARN)
	})
	if err != nil {
		return err
	}
	return countBy(tx, account, -1, func(n *Counts) *int { return &n.Versions })
}

// DeletePolicy removes a policy that nobody has and that has one version.
func (c *Core) DeletePolicy(tx *store.Tx, account, policyARN string) error {
	m, err := c.own(tx, account, policyARN)
	if err != nil {
		return err
	}
	uses, err := UsesOf(tx, account, policyARN)
	switch {
	case err != nil:
		return err
	case uses != Uses{}:
		return &Fault{Err: ErrInUse, What: APolicy, Name: m.Name}
	case len(m.Versions) > 1:
		return &Fault{Err: ErrInUse, What: AVersion, Name: m.Name}
	}
	if err := tx.Delete(m.key()); err != nil {
		return err
	}
	return changeAccount(tx, account, func(a *Account) { a.Counts.Policies--; a.Counts.Versions-- })
}
