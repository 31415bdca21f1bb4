package iam

import (
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// detailPage collects a page of GetAccountAuthorizationDetails, which goes through
// users, groups, roles, the account's policies and those of AWS that it has
// attached, in this order.
type detailPage struct {
	v       *store.View
	account string
	w       window
	section string // where the cursor is; empty: before all
	after   string
	out     *model.GetAccountAuthorizationDetailsOutput
	count   int
	size    int // of the documents
	last    string
}

// A page ends when its documents are so large together: a thousand policies with
// five versions would be 90 MB of answer. AWS says that there may be less than
// MaxItems. It is filled in so small parts.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
const (
	maxDetails  = 1 << 20
	detailsEach = 50
)

// section is a part of the page.
type section struct {
	name, filter string
	fill         func(p *detailPage, after string, limit int) (more bool, err error)
}

var sections = []section{
	{"1", "User", (*detailPage).users},
	{"2", "Group", (*detailPage).groups},
	{"3", "Role", (*detailPage).roles},
	{"4", "LocalManagedPolicy", (*detailPage).policies},
	{"5", "AWSManagedPolicy", (*detailPage).policiesOfAWS},
}

// fill goes through the sections from the cursor on.
func (p *detailPage) fill(filter []string) error {
	for _, sec := range sections {
		if sec.name < p.section || len(filter) > 0 && !slices.Contains(filter, sec.filter) {
			continue
		}
		after := ""
		if sec.name == p.section {
			after = p.after
		}
		if p.full() { // and nobody knows yet whether there is more: the next page may be empty
			p.out.IsTruncated, p.out.Marker = p.w.end(true, sec.name+after)
			return nil
		}
		more, err := p.fillFrom(sec, after)
		if err != nil {
			return err
		}
		if more {
			p.out.IsTruncated, p.out.Marker = p.w.end(true, sec.name+p.last)
			return nil
		}
	}
	p.out.IsTruncated, p.out.Marker = p.w.end(false, "")
	return nil
}

// fillFrom takes from one section until the page is full. more: it has others.
func (p *detailPage) fillFrom(sec section, after string) (more bool, err error) {
	for {
		more, err = sec.fill(p, after, min(p.w.limit-p.count, detailsEach))
		if err != nil || !more || p.full() {
			return more, err
		}
		after = p.last
	}
}

func (p *detailPage) full() bool { return p.count >= p.w.limit || p.size >= maxDetails }

func (p *detailPage) took(last string, size int) {
	p.count, p.size, p.last = p.count+1, p.size+size, last
}

// sizeOf is how long an entity's documents are.
func sizeOf(rec *identity.Record) int {
	n := len(rec.Trust)
	for _, in := range rec.Inline {
		n += len(in.Text)
	}
	return n
}

func (p *detailPage) users(after string, limit int) (bool, error) {
	all, more, err := identity.List(p.v, p.account, identity.User, "/", after, limit)
	for _, rec := range all {
		var groups []string
		for _, name := range rec.Groups {
			g, err := identity.Get(p.v, identity.Ref{Kind: identity.Group, Account: p.account, Name: name})
			if err != nil {
				return false, err
			}
			groups = append(groups, g.Name)
		}
		p.out.UserDetailList = append(p.out.UserDetailList, model.UserDetail{
			Path: wire.Some(rec.Path), UserName: wire.Some(rec.Name), UserId: wire.Some(rec.ID), Arn: wire.Some(rec.ARN()), CreateDate: wire.Some(rec.CreatedAt),
			UserPolicyList: inlineList(&rec), GroupList: groups, AttachedManagedPolicies: attachedList(&rec, "/"),
			PermissionsBoundary: boundaryOf(&rec), Tags: tagList(rec.Tags),
		})
		p.took(rec.Name, sizeOf(&rec))
	}
	return more, err
}

func (p *detailPage) groups(after string, limit int) (bool, error) {
	all, more, err := identity.List(p.v, p.account, identity.Group, "/", after, limit)
	for _, rec := range all {
		p.out.GroupDetailList = append(p.out.GroupDetailList, model.GroupDetail{
			Path: wire.Some(rec.Path), GroupName: wire.Some(rec.Name), GroupId: wire.Some(rec.ID), Arn: wire.Some(rec.ARN()), CreateDate: wire.Some(rec.CreatedAt),
			GroupPolicyList: inlineList(&rec), AttachedManagedPolicies: attachedList(&rec, "/"),
		})
		p.took(rec.Name, sizeOf(&rec))
	}
	return more, err
}

func (p *detailPage) roles(after string, limit int) (bool, error) {
	all, more, err := identity.List(p.v, p.account, identity.Role, "/", after, limit)
	for _, rec := range all {
		profiles, err := profilesOf(p.v, &rec)
		if err != nil {
			return false, err
		}
		p.out.RoleDetailList = append(p.out.RoleDetailList, model.RoleDetail{
			Path: wire.Some(rec.Path), RoleName: wire.Some(rec.Name), RoleId: wire.Some(rec.ID), Arn: wire.Some(rec.ARN()), CreateDate: wire.Some(rec.CreatedAt),
			AssumeRolePolicyDocument: wire.Some(escaped(rec.Trust)), InstanceProfileList: profiles,
			RolePolicyList: inlineList(&rec), AttachedManagedPolicies: attachedList(&rec, "/"),
			PermissionsBoundary: boundaryOf(&rec), Tags: tagList(rec.Tags), RoleLastUsed: &model.RoleLastUsed{},
		})
		p.took(rec.Name, sizeOf(&rec))
	}
	return more, err
}

func (p *detailPage) policies(after string, limit int) (bool, error) {
	all, more, err := identity.ListPolicies(p.v, p.account, after, limit, nil)
	for _, m := range all {
		uses, err := identity.UsesOf(p.v, p.account, m.ARN())
		if err != nil {
			return false, err
		}
		p.addPolicy(&m, uses)
		p.took(m.Name, versionsSize(&m))
	}
	return more, err
}

func (p *detailPage) policiesOfAWS(after string, limit int) (bool, error) {
	for m := range identity.PoliciesOfAWS {
		policyARN := m.ARN()
		if after != "" && policyARN <= after {
			continue
		}
		uses, err := identity.UsesOf(p.v, p.account, policyARN)
		if err != nil {
			return false, err
		}
		if uses == (identity.Uses{}) {
			continue
		}
		if limit == 0 {
			return true, nil
		}
		limit--
		p.addPolicy(&m, uses)
		p.took(policyARN, versionsSize(&m))
	}
	return false, nil
}

func versionsSize(m *identity.Managed) (n int) {
	for i := range m.Versions {
		n += len(m.Versions[i].Text)
	}
	return n
}

func (p *detailPage) addPolicy(m *identity.Managed, uses identity.Uses) {
	d := policyOf(m, uses, true)
	detail := model.ManagedPolicyDetail{
		PolicyName: d.PolicyName, PolicyId: d.PolicyId, Arn: d.Arn, Path: d.Path, DefaultVersionId: d.DefaultVersionId,
		AttachmentCount: d.AttachmentCount, PermissionsBoundaryUsageCount: d.PermissionsBoundaryUsageCount, IsAttachable: d.IsAttachable,
		Description: d.Description, CreateDate: d.CreateDate, UpdateDate: d.UpdateDate,
	}
	for i := len(m.Versions) - 1; i >= 0; i-- {
		detail.PolicyVersionList = append(detail.PolicyVersionList, versionOf(m, &m.Versions[i], true))
	}
	p.out.Policies = append(p.out.Policies, detail)
}
