// Package sts is the AWS Security Token Service: who am I, and temporary
// credentials for roles, users, federated users and web identities.
//
// It owns what a session may be: its length, its tags, the policies that limit
// it. It keeps nothing: what a session is, is sealed in its token (internal/session),
// and the edge finds out who is calling (internal/access).
//
// It refuses by name what needs SAML or multi-factor devices.
package sts

import (
	"context"
	"net/url"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// Options is what the service is made of.
type Options struct {
	// Role finds a role by its account and its name without the path.
	Role   func(account, name string) (*identity.Entity, bool)
	Sealer *session.Sealer
	// Account tells whose a long-lived access key is.
	Account func(accessKey string) (account string, ok bool)
	// Caller is what there is to know of who calls.
	Caller func(c *wire.Call) Caller
	// Trust decides whether the caller may have a session of a role. Its error is
	// ready for the client. Nil: dev mode, in which everybody may, also of a role
	// that does not exist.
	Trust func(c *wire.Call, q Question) error
	// Managed finds a managed policy; nil: there are none.
	Managed func(arn string) (*policy.Document, bool)
	// Decode opens what a denial of that account was sealed in; nil: nobody seals
	// them.
	Decode func(account, message string) (string, error)
	// Providers vouch for web identities; nil: there are none.
	Providers Providers
	Now       func() time.Time
}

// Caller is who calls.
type Caller struct {
	Kind           policy.PrincipalKind
	Entity         *identity.Entity // nil: a root, or nobody that IAM knows
	Session        session.Kind     // 0: with a long-lived key
	Tags           map[string]string
	Transitive     []string
	SourceIdentity string
}

// Question is whether somebody may have a session of a role.
type Question struct {
	Action   string // "sts:AssumeRole", "sts:TagSession", …
	RoleARN  string
	Account  string           // the role's
	Role     *identity.Entity // nil: there is no such role
	Provider string           // who vouches for a web identity; empty: the caller asks
	Keys     policy.Values    // condition keys of the request
}

// Service implements the operations of STS that there are.
type Service struct {
	model.NotImplemented
	Options
}

var _ model.Operations = (*Service)(nil)

// New is the table of STS's operations.
func New(o Options) *wire.Service {
	table := model.New(&Service{Options: o}, resource)
	for _, name := range []string{
		"GetCallerIdentity", "GetSessionToken", // need no permission, and nobody can be denied them
		"AssumeRole", "AssumeRoleWithWebIdentity", // the role's trust policy decides: Options.Trust
	} {
		decideAlone(table.Operations[name])
	}
	return table
}

// decideAlone keeps the general decision out of an operation.
func decideAlone(op *wire.Operation) {
	run := op.Query
	op.Query = func(ctx context.Context, c *wire.Call, form url.Values, dst []byte) ([]byte, error) {
		undecided := *c
		undecided.Decide = nil
		return run(ctx, &undecided, form, dst)
	}
}

// resource is what an operation needs a permission on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func resource(c *wire.Call, in any) string {
	if in, ok := in.(*model.GetFederationTokenInput); ok {
		return federatedARN(c, in.Name)
	}
	return "*"
}
