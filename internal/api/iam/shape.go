package iam

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/wire"
)

// escaped is a document as IAM hands it out: percent-encoded as in RFC 3986.
func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func boundaryOf(rec *identity.Record) *model.AttachedPermissionsBoundary {
	if rec.Boundary == "" {
		return nil
	}
	return &model.AttachedPermissionsBoundary{
		PermissionsBoundaryType: wire.Some("Policy"), // not PermissionsBoundaryPolicy, which the model says and AWS does not send
		PermissionsBoundaryArn:  wire.Some(rec.Boundary),
	}
}

// userOf describes a user. Lists leave out tags and boundary, as AWS says that
// they do.
func userOf(rec *identity.Record, whole bool) model.User {
	u := model.User{Path: rec.Path, UserName: rec.Name, UserId: rec.ID, Arn: rec.ARN(), CreateDate: rec.CreatedAt}
	if whole {
		u.PermissionsBoundary, u.Tags = boundaryOf(rec), tagList(rec.Tags)
	}
	return u
}

func groupOf(rec *identity.Record) model.Group {
	return model.Group{Path: rec.Path, GroupName: rec.Name, GroupId: rec.ID, Arn: rec.ARN(), CreateDate: rec.CreatedAt}
}

func roleOf(rec *identity.Record, whole bool) model.Role {
	r := model.Role{
		Path: rec.Path, RoleName: rec.Name, RoleId: rec.ID, Arn: rec.ARN(), CreateDate: rec.CreatedAt,
		AssumeRolePolicyDocument: wire.Some(escaped(rec.Trust)), Description: some(rec.Description),
		MaxSessionDuration: wire.Some(int32(rec.MaxSession)),
	}
	if whole {
		r.PermissionsBoundary, r.Tags, r.RoleLastUsed = boundaryOf(rec), tagList(rec.Tags), &model.RoleLastUsed{}
	}
	return r
}

func versionName(number int) string { return "v" + strconv.Itoa(number) }

// versionNumber is 0, which no version has, for what is no version's name.
func versionNumber(name string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "v"))
	if err != nil || versionName(n) != name {
		return 0
	}
	return n
}

// policyOf describes a managed policy. Lists leave out tags and the description.
func policyOf(m *identity.Managed, uses identity.Uses, whole bool) model.Policy {
	p := model.Policy{
		PolicyName: wire.Some(m.Name), PolicyId: wire.Some(m.ID), Arn: wire.Some(m.ARN()), Path: wire.Some(m.Path),
		DefaultVersionId: wire.Some(versionName(m.Default)), AttachmentCount: wire.Some(int32(uses.Attached)),
		PermissionsBoundaryUsageCount: wire.Some(int32(uses.Boundaries)), IsAttachable: wire.Some(true),
		CreateDate: wire.Some(m.CreatedAt), UpdateDate: wire.Some(m.UpdatedAt),
	}
	if whole {
		p.Description, p.Tags = some(m.Description), tagList(m.Tags)
	}
	return p
}

func versionOf(m *identity.Managed, v *identity.Version, withText bool) model.PolicyVersion {
	out := model.PolicyVersion{
		VersionId: wire.Some(versionName(v.Number)), IsDefaultVersion: wire.Some(v.Number == m.Default), CreateDate: wire.Some(v.CreatedAt),
	}
	if withText {
		out.Document = wire.Some(escaped(v.Text))
	}
	return out
}

func attachedOf(policyARN string) model.AttachedPolicy {
	return model.AttachedPolicy{PolicyName: wire.Some(policyARN[strings.LastIndexByte(policyARN, '/')+1:]), PolicyArn: wire.Some(policyARN)}
}

// attachedList are attached policies whose path begins with prefix, by name.
func attachedList(rec *identity.Record, prefix string) []model.AttachedPolicy {
	all := []model.AttachedPolicy{}
	for _, policyARN := range rec.Attached {
		_, place, _ := strings.Cut(policyARN, ":policy")
		if strings.HasPrefix(place[:strings.LastIndexByte(place, '/')+1], prefix) {
			all = append(all, attachedOf(policyARN))
		}
	}
	slices.SortFunc(all, func(a, b model.AttachedPolicy) int { return strings.Compare(attachedName(a), attachedName(b)) })
	return all
}

// attachedName orders them, and tells two of one name apart.
func attachedName(a model.AttachedPolicy) string { return a.PolicyName.V + "\x00" + a.PolicyArn.V }

func inlineList(rec *identity.Record) []model.PolicyDetail {
	all := []model.PolicyDetail{}
	for _, name := range slices.Sorted(maps.Keys(rec.Inline)) {
		all = append(all, model.PolicyDetail{PolicyName: wire.Some(name), PolicyDocument: wire.Some(escaped(rec.Inline[name].Text))})
	}
	return all
}

func itself(s string) string { return s }
