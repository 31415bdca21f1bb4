package identity

import "github.com/carillon-events/carillon/internal/store"

// Account is what an account has besides its entities.
type Account struct {
	Alias     string        `json:"alias,omitempty"`
	Passwords *PasswordRule `json:"passwords,omitempty"`
	RootKeys  []string      `json:"rootKeys,omitempty"`
	Counts    Counts        `json:"counts"`
}

// Counts are how much an account has.
type Counts struct {
	Users    int `json:"users,omitempty"`
	Groups   int `json:"groups,omitempty"`
	Roles    int `json:"roles,omitempty"`
	Policies int `json:"policies,omitempty"`
	Versions int `json:"versions,omitempty"` // of all policies
	Profiles int `json:"profiles,omitempty"`
	OIDC     int `json:"oidc,omitempty"`
	SAML     int `json:"saml,omitempty"`
}

// PasswordRule is what passwords have to be like. Carillon has no sign-in, so it
// is kept for the tools that set and check it.
type PasswordRule struct {
	MinLength     int  `json:"minLength"`
	Symbols       bool `json:"symbols,omitempty"`
	Numbers       bool `json:"numbers,omitempty"`
	Upper         bool `json:"upper,omitempty"`
	Lower         bool `json:"lower,omitempty"`
	MayChange     bool `json:"mayChange,omitempty"`
	MaxAgeDays    int  `json:"maxAgeDays,omitempty"`
	NotLast       int  `json:"notLast,omitempty"`
	HardExpiry    bool `json:"hardExpiry,omitempty"`
	HardExpirySet bool `json:"hardExpirySet,omitempty"`
}

// GetAccount is what an account has; of one that has nothing, nothing.
func GetAccount(r Reader, account string) (a Account, err error) {
	_, err = get(r, at(accountSpace, account, ""), &a)
	return a, err
}

func changeAccount(tx *store.Tx, account string, edit func(a *Account)) error {
	a, err := GetAccount(tx, account)
	if err != nil {
		return err
	}
	edit(&a)
	return tx.Set(at(accountSpace, account, ""), encode(a))
}

// count is where a kind of entity is counted.
func (c *Counts) count(k Kind) *int {
	switch k {
	case Role:
		return &c.Roles
	case Group:
		return &c.Groups
	}
	return &c.Users
}

func (l *Limits) of(k Kind) int {
	switch k {
	case Role:
		return l.Roles
	case Group:
		return l.Groups
	}
	return l.Users
}

// room makes one more of what counts tells, or refuses it with a fault.
func room(tx *store.Tx, account string, what Thing, most int, counter func(*Counts) *int) error {
	a, err := GetAccount(tx, account)
	if err != nil {
		return err
	}
	if n := counter(&a.Counts); *n >= most {
		return &Fault{Err: ErrTooMany, What: what, Most: most}
	}
	return nil
}

func countBy(tx *store.Tx, account string, by int, counter func(*Counts) *int) error {
	return changeAccount(tx, account, func(a *Account) { *counter(&a.Counts) += by })
}

// SetAlias names an account. An alias is one account's.
func (c *Core) SetAlias(tx *store.Tx, account, alias string) error {
	var owner string
	found, err := get(tx, []byte(aliasSpace+alias), &owner)
	if err != nil {
		return err
	}
	if found {
		if owner == account {
			return nil
		}
		return exists(AnAlias, alias)
	}
	a, err := GetAccount(tx, account)
	if err != nil {
		return err
	}
	if a.Alias != "" {
		if err := tx.Delete([]byte(aliasSpace + a.Alias)); err != nil {
			return err
		}
	}
	if err := tx.Set([]byte(aliasSpace+alias), encode(account)); err != nil {
		return err
	}
	return changeAccount(tx, account, func(a *Account) { a.Alias = alias })
}

// DropAlias takes an account's alias.
func (c *Core) DropAlias(tx *store.Tx, account, alias string) error {
	a, err := GetAccount(tx, account)
	if err != nil {
		return err
	}
	if a.Alias != alias {
		return missing(AnAlias, alias)
	}
	if err := tx.Delete([]byte(aliasSpace + alias)); err != nil {
		return err
	}
	return changeAccount(tx, account, func(a *Account) { a.Alias = "" })
}

// SetPasswordRule replaces an account's rule; nil drops it, if there is one.
func (c *Core) SetPasswordRule(tx *store.Tx, account string, rule *PasswordRule) error {
	a, err := GetAccount(tx, account)
	if err != nil {
		return err
	}
	if rule == nil && a.Passwords == nil {
		return missing(APasswordRule, account)
	}
	return changeAccount(tx, account, func(a *Account) { a.Passwords = rule })
}
