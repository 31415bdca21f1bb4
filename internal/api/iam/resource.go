package iam

import (
	"cmp"
	"context"
	"reflect"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// subjects are the members of requests that name what a request is about; the
// first that a request has counts: who adds a user to a group changes the group.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
var subjects = []struct {
	member string
	kind   string // of the ARN; empty: the member is an ARN
}{
	{"GroupName", "group"}, {"InstanceProfileName", "instance-profile"}, {"UserName", "user"}, {"RoleName", "role"},
	{"PolicySourceArn", ""}, {"OpenIDConnectProviderArn", ""}, {"SAMLProviderArn", ""}, {"PolicyArn", ""},
	{"PolicyName", "policy"}, {"SerialNumber", ""}, {"ServerCertificateName", "server-certificate"},
}

// resource is what a request is about, for the authorisation decision. The
// members of 170 requests are told apart by their names: IAM is not what a
// request a microsecond is made of.
func (s *Service) resource(c *wire.Call, in any) string {
	v := reflect.ValueOf(in).Elem()
	for _, subject := range subjects {
		name, ok := textOf(v.FieldByName(subject.member))
		switch {
		case !ok:
		case subject.kind == "" && name != "":
			return name
		case subject.kind == "user" && name == "":
			return s.own(c)
		case subject.kind != "":
			path, given := textOf(v.FieldByName("Path"))
			if !given || path == "" {
				path, name = s.kept(c, subject.kind, name)
			}
			return arnOf(c, subject.kind, path, name)
		}
	}
	switch in := in.(type) {
	case *model.CreateOpenIDConnectProviderInput:
		return arnOf(c, "oidc-provider", "/", strings.TrimPrefix(in.Url, "https://"))
	case *model.CreateSAMLProviderInput:
		return arnOf(c, "saml-provider", "/", in.Name)
	case *model.CreateServiceLinkedRoleInput:
		return arnOf(c, "role", servicePath+in.AWSServiceName+"/", serviceRoleName(in.AWSServiceName, in.CustomSuffix.V))
	}
	return "*"
}

func arnOf(c *wire.Call, kind, path, name string) string {
	return arn.ARN{Partition: "aws", Service: "iam", Account: c.Account, Resource: kind + path + name}.String()
}

// textOf reads a string or an optional one.
func textOf(v reflect.Value) (string, bool) {
	if !v.IsValid() {
		return "", false
	}
	switch t := v.Interface().(type) {
	case string:
		return t, true
	case wire.Opt[string]:
		return t.V, true
	}
	return "", false
}

// own is the caller as a resource: who names no user means itself.
func (s *Service) own(c *wire.Call) string {
	if c.Principal != "" {
		return c.Principal
	}
	return arn.Root(c.Account).String()
}

// entityKinds are the kinds of entities by what their ARNs call them.
var entityKinds = map[string]identity.Kind{"user": identity.User, "role": identity.Role, "group": identity.Group}

// kept is the path of what is there, and its name as it is spelt: a request may
// spell it otherwise, and must not be another resource by that. What is not there
// has no path.
func (s *Service) kept(c *wire.Call, kind, asked string) (path, name string) {
	path, name = "/", asked
	_ = s.shard.View(func(v *store.View) error {
		if kind == "instance-profile" {
			if p, err := identity.GetProfile(v, c.Account, asked); err == nil {
				path, name = p.Path, p.Name
			}
		} else if of, ok := entityKinds[kind]; ok {
			if rec, err := identity.Get(v, identity.Ref{Kind: of, Account: c.Account, Name: asked}); err == nil {
				path, name = rec.Path, rec.Name
			}
		}
		return nil
	})
	return path, name
}

// renamed asks whether the caller may have what is renamed under its new name, too.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
func (s *Service) renamed(ctx context.Context, c *wire.Call, kind, old, name, path string) error {
	if c.Decide == nil || name == "" && path == "" {
		return nil
	}
	oldPath, oldName := s.kept(c, kind, old)
	return c.Ask(ctx, wire.Question{Resource: arnOf(c, kind, cmp.Or(path, oldPath), cmp.Or(name, oldName)), About: c.About})
}
