package access

import (
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/identity"
)

// Ask has the keys of a directory known beside those of the file, which come
// first. It is called before the first Lookup.
func (c *Credentials) Ask(directory *identity.Directory) { c.directory = directory }

// Known is whose an access key of a directory is, unless it is not active.
func Known(directory *identity.Directory, accessKey string) (Identity, bool) {
	if directory == nil || !madeByIAM(accessKey) {
		return Identity{}, false
	}
	k, ok := directory.Key(accessKey)
	if !ok || !k.Active {
		return Identity{}, false
	}
	id := Identity{AccessKey: k.ID, Secret: k.Secret, Account: k.Account, Entity: k.Owner}
	if k.Owner == nil {
		id.Principal = arn.Root(k.Account).String()
	} else {
		id.Principal = k.Owner.ARN
	}
	return id, true
}

// madeByIAM tells whether an access key's id has the form of those that IAM
// makes. In dev mode most have not, and need not be looked up.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func madeByIAM(id string) bool { return len(id) == 20 && id[:4] == "AKIA" }
