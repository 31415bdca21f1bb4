package iam

import (
	"reflect"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
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
				path = s.pathOf(c, subject.kind, name)
			}
			return arn.ARN{Partition: "aws", Service: "iam", Account: c.Account, Resource: subject.kind + path + name}.String()
		}
	}
	if url, ok := textOf(v.FieldByName("Url")); ok {
		return "arn:aws:iam::" + c.Account + ":oidc-provider/" + strings.TrimPrefix(url, "https://")
	}
	return "*"
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

// pathOf is the path of what is there; what is not has none.
func (s *Service) pathOf(c *wire.Call, kind, name string) (path string) {
	path = "/"
	_ = s.shard.View(func(v *store.View) error {
		switch kind {
		case "instance-profile":
			if p, err := identity.GetProfile(v, c.Account, name); err == nil {
				path = p.Path
			}
		case "user", "role", "group":
			of := map[string]identity.Kind{"user": identity.User, "role": identity.Role, "group": identity.Group}[kind]
			if rec, err := identity.Get(v, identity.Ref{Kind: of, Account: c.Account, Name: name}); err == nil {
				path = rec.Path
			}
		}
		return nil
	})
	return path
}
