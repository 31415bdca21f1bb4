package iam

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// machines are whom roles in instance profiles are passed to.
const machines = "ec2.amazonaws.com"

// passing is a role that is put into an instance profile.
type passing struct{}

// keys answers for IAM's condition keys, and those of tags. By them an
// administrator is allowed to make users who have no more than he has himself, so
// one that were missing would open what a Deny closes.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func (s *Service) keys(_ context.Context, c *wire.Call, q wire.Question, key string) policy.Value {
	kind, tag, _ := strings.Cut(key, "/")
	switch kind {
	case "aws:resourcetag", "iam:resourcetag":
		return policy.Tag(s.resourceOf(c, q.Resource).Tags, tag)
	case "aws:requesttag":
		set, _ := tagsIn(q.About)
		return policy.Tag(set, tag)
	case "aws:tagkeys":
		set, removed := tagsIn(q.About)
		if names := slices.AppendSeq(slices.Clone(removed), maps.Keys(set)); len(names) > 0 {
			return policy.Many(names)
		}
	case "iam:policyarn":
		if verb := strings.TrimPrefix(q.Action, "iam:"); strings.HasPrefix(verb, "Attach") || strings.HasPrefix(verb, "Detach") {
			return present(memberOf(q.About, "PolicyArn"))
		}
	case "iam:permissionsboundary":
		return s.boundaryKey(c, q)
	case "iam:awsservicename":
		if in, ok := q.About.(*model.CreateServiceLinkedRoleInput); ok {
			return policy.One(in.AWSServiceName)
		}
	case "iam:passedtoservice":
		if _, ok := q.About.(passing); ok {
			return policy.One(machines)
		}
	}
	return policy.Value{}
}

// bounding are the actions that are asked about with a boundary: that of the
// request or, if it cannot have one, that of the user or role.
var bounding = []string{
	"iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreateRole", "iam:CreateUser", "iam:DeleteRolePermissionsBoundary",
	"iam:DeleteRolePolicy", "iam:DeleteUserPermissionsBoundary", "iam:DeleteUserPolicy", "iam:DetachRolePolicy",
	"iam:DetachUserPolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy",
}

func (s *Service) boundaryKey(c *wire.Call, q wire.Question) policy.Value {
	if !slices.Contains(bounding, q.Action) {
		return policy.Value{}
	}
	if text, can := memberOf(q.About, "PermissionsBoundary"); can {
		return present(text, true)
	}
	boundary := s.resourceOf(c, q.Resource).Boundary
	return present(boundary, true)
}

// present is a value, unless it is empty.
func present(text string, ok bool) policy.Value {
	if !ok || text == "" {
		return policy.Value{}
	}
	return policy.One(text)
}

// memberOf is a text of a request's input.
func memberOf(in any, name string) (string, bool) {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return "", false
	}
	return textOf(v.Elem().FieldByName(name))
}

// tagsIn are the tags that a request sets, and the names of those that it removes.
func tagsIn(in any) (set map[string]string, removed []string) {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, nil
	}
	if f := v.Elem().FieldByName("Tags"); f.IsValid() {
		if tags, ok := f.Interface().([]model.Tag); ok {
			set = make(map[string]string, len(tags))
			for _, t := range tags {
				set[t.Key] = t.Value
			}
		}
	}
	if f := v.Elem().FieldByName("TagKeys"); f.IsValid() {
		removed, _ = f.Interface().([]string)
	}
	return set, removed
}

// described is what conditions ask of a resource.
type described struct {
	Tags     map[string]string
	Boundary string
}

// resourceOf finds what a question is about; of what is not there, nothing.
func (s *Service) resourceOf(c *wire.Call, resource string) (d described) {
	a, err := arn.Parse(resource)
	if err != nil {
		return d
	}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	_ = s.shard.View(func(v *store.View) error {
		switch kind {
		case "user", "role", "group":
			rec, err := identity.Get(v, identity.Ref{Kind: entityKinds[kind], Account: c.Account, Name: name})
			if err == nil {
				d = described{rec.Tags, rec.Boundary}
			}
		case "policy":
			m, err := identity.GetPolicy(v, c.Account, resource)
			if err == nil {
				d.Tags = m.Tags
			}
		case "instance-profile":
			p, err := identity.GetProfile(v, c.Account, name)
			if err == nil {
				d.Tags = p.Tags
			}
		case "oidc-provider", "saml-provider":
			of := identity.OIDC
			if kind == "saml-provider" {
				of = identity.SAML
			}
			p, err := identity.GetProvider(v, c.Account, of, resource)
			if err == nil {
				d.Tags = p.Tags
			}
		}
		return nil
	})
	return d
}

// mayTag reads the tags of what is made, and asks whether the caller may set them:
// whoever may make something may not therefore tag it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam-new-user-tag.html
func (s *Service) mayTag(ctx context.Context, c *wire.Call, action string, in any, tags []model.Tag) (map[string]string, error) {
	read, err := tagMap(tags)
	if err != nil || len(read) == 0 || c.Decide == nil {
		return read, err
	}
	return read, c.Ask(ctx, wire.Question{Action: action, Resource: s.resource(c, in), About: in})
}

// mayPass asks whether the caller may hand a role to machines.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (s *Service) mayPass(ctx context.Context, c *wire.Call, role string) error {
	if c.Decide == nil {
		return nil
	}
	path, name := s.kept(c, "role", role)
	return c.Ask(ctx, wire.Question{Action: "iam:PassRole", Resource: arnOf(c, "role", path, name), About: passing{}})
}
