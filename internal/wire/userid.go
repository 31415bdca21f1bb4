package wire

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// UserID is by what AWS knows the caller besides its ARN: the account for its
// root, else an id of the form that AWS gives to users. It is made of the ARN,
// so that a caller keeps it, unless it has
// one that was given to it (CallerID).
func (c *Call) UserID() string {
	if c.CallerID != "" {
		return c.CallerID
	}
	if c.Principal == "" || strings.HasSuffix(c.Principal, ":root") {
		return c.Account
	}
	sum := sha256.Sum256([]byte(c.Principal))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
