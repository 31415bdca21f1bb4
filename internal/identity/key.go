package identity

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// KeyRecord is what is kept of an access key.
type KeyRecord struct {
	ID string `json:"-"`

	Account   string    `json:"account"`
	User      string    `json:"user,omitempty"` // empty: the account's root
	Sealed    []byte    `json:"sealed"`         // the secret, for keyOwner
	Inactive  bool      `json:"inactive,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	LastUse   *Use      `json:"lastUse,omitempty"`
}

// Use is when a key was used, and for what.
type Use struct {
	At      time.Time `json:"at"`
	Service string    `json:"service"`
	Region  string    `json:"region"`
}

// KeyOwner is what the secret of a key is sealed for.
func KeyOwner(id string) string { return "access key " + id }

func keyKey(id string) []byte { return []byte(keySpace + id) }

// GetKey is the record of a key.
func GetKey(r Reader, id string) (KeyRecord, error) {
	k := KeyRecord{ID: id}
	found, err := get(r, keyKey(id), &k)
	if err == nil && !found {
		err = missing(AKey, id)
	}
	return k, err
}

// KeysOf are the keys of a user, or of the account's root if there is none, the
// oldest first.
func KeysOf(r Reader, account, user string) ([]KeyRecord, error) {
	ids, err := keyIDs(r, account, user)
	if err != nil {
		return nil, err
	}
	var all []KeyRecord
	for _, id := range ids {
		k, err := GetKey(r, id)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

func keyIDs(r Reader, account, user string) ([]string, error) {
	if user == "" {
		a, err := GetAccount(r, account)
		return a.RootKeys, err
	}
	rec, err := Get(r, Ref{User, account, user})
	return rec.Keys, err
}

// HasKeys tells whether there is any access key.
func HasKeys(r Reader) (bool, error) {
	some, _, err := names(r, keySpace, "", 1)
	return len(some) > 0, err
}

// CreateKey makes an access key of a user, or of the account's root where k names
// no user.
func (c *Core) CreateKey(tx *store.Tx, k KeyRecord) (KeyRecord, error) {
	there, err := has(tx, keyKey(k.ID))
	switch {
	case err != nil:
		return k, err
	case there: // 80 random bits
		return k, fmt.Errorf("access key %s: %w", k.ID, ErrExists)
	}
	if k.User != "" { // as it is spelled: by that the directory finds it
		rec, err := Get(tx, Ref{User, k.Account, k.User})
		if err != nil {
			return k, err
		}
		k.User = rec.Name
	}
	ids, err := keyIDs(tx, k.Account, k.User)
	if err != nil {
		return k, err
	}
	if len(ids) >= c.limits.KeysPerUser {
		return k, &Fault{Err: ErrTooMany, What: AKey, Name: k.User, Most: c.limits.KeysPerUser}
	}
	k.CreatedAt = tx.Now()
	if err := tx.Set(keyKey(k.ID), encode(k)); err != nil {
		return k, err
	}
	return k, c.setKeys(tx, k.Account, k.User, append(ids, k.ID))
}

func (c *Core) setKeys(tx *store.Tx, account, user string, ids []string) error {
	if user == "" {
		return changeAccount(tx, account, func(a *Account) { a.RootKeys = ids })
	}
	return c.Change(tx, Ref{User, account, user}, false, func(rec *Record) error {
		rec.Keys = ids
		return nil
	})
}

// owned is a key, if it is that of a user, or of the account's root.
func owned(tx *store.Tx, account, user, id string) ([]string, error) {
	ids, err := keyIDs(tx, account, user)
	if err == nil && !slices.Contains(ids, id) {
		err = missing(AKey, id)
	}
	return ids, err
}

// ActivateKey says whether a key may be used.
func (c *Core) ActivateKey(tx *store.Tx, account, user, id string, active bool) error {
	if _, err := owned(tx, account, user, id); err != nil {
		return err
	}
	return c.changeKey(tx, id, func(k *KeyRecord) { k.Inactive = !active })
}

func (c *Core) changeKey(tx *store.Tx, id string, edit func(*KeyRecord)) error {
	k, err := GetKey(tx, id)
	if err != nil {
		return err
	}
	edit(&k)
	c.directory.changedKey(tx, id)
	return tx.Set(keyKey(id), encode(k))
}

// DeleteKey removes a key for good.
func (c *Core) DeleteKey(tx *store.Tx, account, user, id string) error {
	ids, err := owned(tx, account, user, id)
	if err != nil {
		return err
	}
	c.directory.changedKey(tx, id)
	if err := tx.Delete(keyKey(id)); err != nil {
		return err
	}
	return c.setKeys(tx, account, user, slices.DeleteFunc(ids, func(other string) bool { return other == id }))
}

// NoteUse keeps when keys were used last; of one that is gone, nothing.
func NoteUse(tx *store.Tx, uses map[string]Use) error {
	for _, id := range slices.Sorted(maps.Keys(uses)) {
		var k KeyRecord
		found, err := get(tx, keyKey(id), &k)
		if err != nil {
			return err
		}
		if use := uses[id]; found && (k.LastUse == nil || k.LastUse.At.Before(use.At)) {
			k.LastUse = &use
			if err := tx.Set(keyKey(id), encode(k)); err != nil {
				return err
			}
		}
	}
	return nil
}
