package iam

import (
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
)

// identityDocument reads a policy that says what somebody may do.
func identityDocument(text string) (*policy.Document, error) {
	doc, err := policy.Parse(policy.Identity, text)
	return doc, explain(err)
}

// trustDocument reads a policy that says who may assume a role.
func trustDocument(text string) (*policy.Document, error) {
	doc, err := policy.Parse(policy.Trust, text)
	if err == nil && doc.Size() > policy.MaxTrust {
		err = &identity.Fault{Err: identity.ErrTooLarge, What: identity.ATrust, Most: policy.MaxTrust}
	}
	return doc, explain(err)
}
