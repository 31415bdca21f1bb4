package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/seal"
)

// Prefixes of unique ids.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
const (
	userID    = "AIDA"
	roleID    = "AROA"
	groupID   = "AGPA"
	policyID  = "ANPA"
	profileID = "AIPA"
	keyID     = "AKIA"
)

// newID is a prefix and 17 random characters; of access keys 16.
func newID(prefix string) string {
	n := 17
	if prefix == keyID {
		n = 16
	}
	return prefix + random32()[:n]
}

func random32() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // which never fails
	return base32.StdEncoding.EncodeToString(b[:])
}

// newSecret is the secret of an access key: 40 characters for 240 random bits.
func newSecret() string {
	var b [30]byte
	_, _ = rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// NewUserID is the unique id of a user.
func NewUserID() string { return newID(userID) }

// NewKey is an access key of a user, or of the account's root if it names none,
// and its secret, which the record has sealed.
func NewKey(box *seal.Box, account, name string) (identity.KeyRecord, string, error) {
	id, secret := newID(keyID), newSecret()
	sealed, err := box.Seal([]byte(secret), identity.KeyOwner(id))
	return identity.KeyRecord{ID: id, Account: account, User: name, Sealed: sealed}, secret, err
}
