package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
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
