package session

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
)

// prefix of the access keys of sessions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
const prefix = "ASIA"

// NewKey is an access key for a session of an account: an id and a secret. The
// id tells the account, as those of AWS do: five of its ten bytes are its number.
func NewKey(account string) (id, secret string) {
	var b [10]byte
	n, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		panic("session: no account: " + account)
	}
	for i := range 5 {
		b[i] = byte(n >> (32 - 8*i))
	}
	_, _ = rand.Read(b[5:]) // never fails
	var s [30]byte
	_, _ = rand.Read(s[:])
	return prefix + base32.StdEncoding.EncodeToString(b[:]), base64.StdEncoding.EncodeToString(s[:])
}

// IsKey tells whether an access key id has the form of a session's.
func IsKey(id string) bool { return len(id) == len(prefix)+16 && strings.HasPrefix(id, prefix) }

// AccountOf is the account that a session's access key id tells of.
func AccountOf(id string) (string, bool) {
	if !IsKey(id) {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(id[len(prefix):])
	if err != nil {
		return "", false
	}
	var n uint64
	for _, c := range b[:5] {
		n = n<<8 | uint64(c)
	}
	account := strconv.FormatUint(n, 10)
	if len(account) < 12 {
		account = strings.Repeat("0", 12-len(account)) + account
	}
	return account, arn.IsAccount(account)
}
