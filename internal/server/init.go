package server

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/iam"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy/managed"
	"github.com/carillon-events/carillon/internal/store"
)

// FirstKey says whose first key Init makes.
type FirstKey struct {
	Account string // access.DefaultAccount where empty
	User    string // of IAM, with AdministratorAccess; empty: the account's root
	Rotate  bool   // in place of the keys that the owner has, which are gone then
}

// MadeKey is what Init made. Its secret is nowhere else.
type MadeKey struct {
	AccessKeyID, SecretAccessKey string
	Account, Principal           string
	Encrypted                    bool // the directory is, and serve must be told so
}

// ErrHasKeys: a directory has an access key already.
var ErrHasKeys = errors.New("it has access keys already")

var userName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

// Init makes a data directory that strict mode can start with, or another key for
// one that there is. No server may be using it.
func Init(ctx context.Context, c Config, first FirstKey) (made MadeKey, err error) {
	if first.Account == "" {
		first.Account = access.DefaultAccount
	}
	switch {
	case !arn.IsAccount(first.Account):
		return made, fmt.Errorf("account %q: want 12 digits", first.Account)
	case first.User != "" && !userName.MatchString(first.User):
		return made, fmt.Errorf("user %q: want up to 64 letters, digits and +=,.@-_", first.User)
	}
	c = c.withDefaults()
	c.Durability = store.Fsync
	if err := c.checkEncryption(); err != nil {
		return made, err
	}
	encryption, err := c.Encryption.unlock(ctx)
	if err != nil {
		return made, err
	}
	if holds, _ := Look(c.Data); encryption != nil && holds == HoldsData {
		encryption.AsIs = true // it is encrypted or not, whatever a new one would be
	}
	r := &Running{config: c, log: c.Logger, commits: newCommits(), tails: newTails(), failed: make(chan error, 1)}
	if err := r.openStore(encryption); err != nil {
		return made, err
	}
	made, err = r.firstKey(ctx, first)
	made.Encrypted = r.store.Encrypted()
	return made, errors.Join(err, r.Stop())
}

func (r *Running) firstKey(ctx context.Context, first FirstKey) (made MadeKey, err error) {
	who, err := r.identities(ctx, nil)
	if err != nil {
		return made, err
	}
	key, secret, err := iam.NewKey(who.box, first.Account, first.User)
	if err != nil {
		return made, err
	}
	made = MadeKey{AccessKeyID: key.ID, SecretAccessKey: secret, Account: first.Account, Principal: arn.Root(first.Account).String()}
	if first.User != "" {
		made.Principal = arn.User(first.Account, first.User).String()
	}
	id := iam.NewUserID()
	err = r.store.Shard(0).Update(ctx, func(tx *store.Tx) error {
		if err := who.makeRoom(tx, first); err != nil {
			return fmt.Errorf("%s: %w", r.config.Data, err)
		}
		if first.User != "" {
			if err := who.administrator(tx, first, id); err != nil {
				return err
			}
		}
		_, err := who.core.CreateKey(tx, key)
		return err
	})
	return made, err
}

// makeRoom refuses a directory that has keys or, where the key is lost, removes
// those of its owner.
func (i *identities) makeRoom(tx *store.Tx, first FirstKey) error {
	if !first.Rotate {
		some, err := identity.HasKeys(tx)
		if err == nil && some {
			err = ErrHasKeys
		}
		return err
	}
	old, err := identity.KeysOf(tx, first.Account, first.User)
	if errors.Is(err, identity.ErrNotFound) {
		return nil
	}
	for _, k := range old {
		if err := i.core.DeleteKey(tx, first.Account, first.User, k.ID); err != nil {
			return err
		}
	}
	return err
}

// administrator makes sure that a user is there who may do everything.
func (i *identities) administrator(tx *store.Tx, first FirstKey, id string) error {
	ref := identity.Ref{Kind: identity.User, Account: first.Account, Name: first.User}
	rec, err := identity.Get(tx, ref)
	if errors.Is(err, identity.ErrNotFound) {
		rec = identity.Record{Kind: ref.Kind, Account: ref.Account, Name: ref.Name, Path: "/", ID: id}
		err = i.core.Create(tx, rec)
	}
	if err != nil {
		return err
	}
	everything := managed.Prefix + "/AdministratorAccess"
	if slices.Contains(rec.Attached, everything) {
		return nil
	}
	return i.core.Attach(tx, ref, everything, false)
}
