package identity

import (
	"errors"
	"strings"

	"github.com/carillon-events/carillon/internal/store"
)

// Keys of identity. An account is 12 digits; names are in lower case, since IAM
// does not tell them apart by it, and hold no zero byte. A value is
// {version 1 = 1}{JSON}, or {version 1 = 1} alone where the key says it all.
//
//	'U' 'a' {account 12}                           the account: alias, password rules, root's keys, how much there is
//	'U' 'u' {account 12} {user}                    a user, with its inline policies and the ARNs of attached ones
//	'U' 'r' {account 12} {role}                    a role, the same
//	'U' 'g' {account 12} {group}                   a group, the same
//	'U' 'm' {account 12} {group} 0 {user}          a member of a group
//	'U' 'p' {account 12} {policy}                  a managed policy with its versions
//	'U' 't' {account 12} {ARN} 0 {how 1} {name}    an attachment; how is u, r or g, and U or R for a boundary
//	'U' 'n' {account 12} {ARN}                     how many attachments a policy has
//	'U' 'k' {access key id}                        an access key, whose account is in the value: the id is all that a request has
//	'U' 'i' {account 12} {instance profile}
//	'U' 'o' {account 12} {host and path}           an OIDC provider
//	'U' 's' {account 12} {name}                    a SAML provider
//	'U' 'l' {alias}                                whose an account alias is
const (
	accountSpace  = "Ua"
	userSpace     = "Uu"
	roleSpace     = "Ur"
	groupSpace    = "Ug"
	memberSpace   = "Um"
	policySpace   = "Up"
	attachedSpace = "Ut"
	usesSpace     = "Un"
	keySpace      = "Uk"
	profileSpace  = "Ui"
	oidcSpace     = "Uo"
	samlSpace     = "Us"
	aliasSpace    = "Ul"
)

const recordVersion = 1

var errDamaged = errors.New("damaged record")

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

func at(space, account, name string) []byte { return []byte(space + account + strings.ToLower(name)) }

func (k Kind) space() string {
	switch k {
	case Role:
		return roleSpace
	case Group:
		return groupSpace
	}
	return userSpace
}

// letter is what stands for the kind in the key of an attachment.
func (k Kind) letter() string { return k.space()[1:] }

// records are how everything here is kept, but what has a layout of its own.
var records = store.Records{Of: "identity", Version: recordVersion, Damaged: errDamaged}

func encode(record any) []byte { return records.Encode(record) }

func decode(value []byte, record any) error { return records.Decode(value, record) }

func get(r Reader, key []byte, record any) (bool, error) { return records.Get(r, key, record) }

func has(r Reader, key []byte) (bool, error) {
	_, ok, err := r.Get(key)
	return ok, err
}

// list decodes what is under space in account, behind the name `after`, until
// there are limit that keep takes. more: there are others.
func list[T any](r Reader, space, account, after string, limit int, keep func(*T) bool) (all []T, more bool, err error) {
	err = store.Each(r, []byte(space+account), strings.ToLower(after), func(_ string, value []byte) (bool, error) {
		var one T
		if err := decode(value, &one); err != nil {
			return false, err
		}
		if keep != nil && !keep(&one) {
			return true, nil
		}
		if more = len(all) == limit; more {
			return false, nil
		}
		all = append(all, one)
		return true, nil
	})
	return all, more, err
}

// names are what follows prefix in the keys that begin with it.
func names(r Reader, prefix, after string, limit int) (all []string, more bool, err error) {
	err = store.Each(r, []byte(prefix), after, func(rest string, _ []byte) (bool, error) {
		if more = len(all) == limit; more {
			return false, nil
		}
		all = append(all, rest)
		return true, nil
	})
	return all, more, err
}
