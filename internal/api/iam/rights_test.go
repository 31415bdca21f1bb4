package iam_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// questions are what an operation asks before it does anything, as "action
// resource", with the values of the condition keys that are wanted.
func (d *desk) questions(operation string, keys []string, pairs ...string) []string {
	d.t.Helper()
	var all []string
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	op := d.svc.Operations[operation]
	c := &wire.Call{
		RequestID: "r", Service: "iam", Operation: operation, Account: d.account, Region: "us-east-1", Principal: d.principal, Rights: &op.Rights,
		Decide: func(ctx context.Context, c *wire.Call, action, resource string) error {
			text := action + " " + strings.TrimPrefix(resource, "arn:aws:iam::123456789012:")
			for _, key := range keys {
				q := wire.Question{Action: action, Resource: resource, About: c.About}
				for value := range ask(op.Rights.Keys(ctx, c, q, key)) {
					text += " " + key + "=" + value
				}
			}
			all = append(all, text)
			return nil
		},
	}
	if _, err := op.Query(d.t.Context(), c, form, nil); err != nil {
		d.t.Errorf("%s %v: %v", operation, pairs, err)
	}
	return all
}

// ask is what a value is found to be, by policies: its own parts are nobody's.
func ask(v policy.Value) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, want := range []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AdministratorAccess", "blue", "red", "team", "cost", "events.amazonaws.com", "ec2.amazonaws.com"} {
			d, err := policy.Parse(policy.Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"x:y":"`+want+`"}}}}`)
			if err != nil {
				panic(err)
			}
			r := &policy.Request{Principal: policy.Principal{Kind: policy.User}, Action: "a:b", Resource: "*", Context: policy.Values{"x:y": v}}
			if out := policy.Decide(r, &policy.Set{Identity: []policy.Policy{{Document: d}}}); out.Allows() && !yield(want) {
				return
			}
		}
	}
}

const (
	readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	admin    = "arn:aws:iam::aws:policy/AdministratorAccess"
)

func TestDecisionsAreAboutTheNameThatIsKept(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "Ann", "Path", "/staff/")
	d.do("CreateGroup", "GroupName", "Sales")
	d.do("CreateRole", "RoleName", "Nightly", "Path", "/jobs/", "AssumeRolePolicyDocument", trust)
	d.do("CreateInstanceProfile", "InstanceProfileName", "Web", "Path", "/p/")
	for _, c := range []struct {
		operation string
		pairs     []string
		want      []string
	}{
		{"CreateAccessKey", []string{"UserName", "aNN"}, []string{"iam:CreateAccessKey user/staff/Ann"}},
		{"UpdateAssumeRolePolicy", []string{"RoleName", "NIGHTLY", "PolicyDocument", trust}, []string{"iam:UpdateAssumeRolePolicy role/jobs/Nightly"}},
		{"AddUserToGroup", []string{"GroupName", "sales", "UserName", "ann"}, []string{"iam:AddUserToGroup group/Sales"}},
		{"UpdateUser", []string{"UserName", "ann", "NewPath", "/admin/"}, []string{"iam:UpdateUser user/staff/Ann", "iam:UpdateUser user/admin/Ann"}},
		{"UpdateUser", []string{"UserName", "ann", "NewUserName", "Root"}, []string{"iam:UpdateUser user/admin/Ann", "iam:UpdateUser user/admin/Root"}},
		{"UpdateGroup", []string{"GroupName", "sales", "NewGroupName", "Admins"}, []string{"iam:UpdateGroup group/Sales", "iam:UpdateGroup group/Admins"}},
		{"AddRoleToInstanceProfile", []string{"InstanceProfileName", "web", "RoleName", "nightly"}, []string{"iam:AddRoleToInstanceProfile instance-profile/p/Web", "iam:PassRole role/jobs/Nightly"}},
		{"CreateServiceLinkedRole", []string{"AWSServiceName", "events.amazonaws.com"}, []string{"iam:CreateServiceLinkedRole role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents"}},
		{"CreateUser", []string{"UserName", "bob", "Path", "/x/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red"}, []string{"iam:CreateUser user/x/bob", "iam:TagUser user/x/bob"}},
		{"CreateRole", []string{"RoleName", "r", "AssumeRolePolicyDocument", trust}, []string{"iam:CreateRole role/r"}},
		{"CreateOpenIDConnectProvider", []string{"Url", "https://example.com/a"}, []string{"iam:CreateOpenIDConnectProvider oidc-provider/example.com/a"}},
		{"GetUser", nil, []string{"iam:GetUser root"}},
		{"ListUsers", nil, []string{"iam:ListUsers *"}},
	} {
		if got := d.questions(c.operation, nil, c.pairs...); !slices.Equal(got, c.want) {
			t.Errorf("%s %v asks %q; want %q", c.operation, c.pairs, got, c.want)
		}
	}
}

func TestConditionKeysTellWhatARequestGives(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "Ann", "PermissionsBoundary", readOnly, "Tags.member.1.Key", "Team", "Tags.member.1.Value", "blue")
	d.do("CreateUser", "UserName", "Free")
	d.do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	d.do("CreateInstanceProfile", "InstanceProfileName", "p")
	const boundary, policyARN = "iam:permissionsboundary", "iam:policyarn"
	inline := []string{"PolicyName", "p", "PolicyDocument", sendPolicy}
	for _, c := range []struct {
		operation string
		keys      string
		pairs     []string
		want      []string
	}{
		{"CreateUser", boundary, []string{"UserName", "b", "PermissionsBoundary", readOnly}, []string{"iam:CreateUser user/b iam:permissionsboundary=" + readOnly}},
		{"CreateUser", boundary, []string{"UserName", "c"}, []string{"iam:CreateUser user/c"}},
		{"PutUserPolicy", boundary, append([]string{"UserName", "ann"}, inline...), []string{"iam:PutUserPolicy user/Ann iam:permissionsboundary=" + readOnly}},
		{"PutUserPolicy", boundary, append([]string{"UserName", "free"}, inline...), []string{"iam:PutUserPolicy user/Free"}},
		{"GetUser", boundary, []string{"UserName", "ann"}, []string{"iam:GetUser user/Ann"}},
		{"AttachUserPolicy", boundary + " " + policyARN, []string{"UserName", "ann", "PolicyArn", admin},
			[]string{"iam:AttachUserPolicy user/Ann iam:permissionsboundary=" + readOnly + " iam:policyarn=" + admin}},
		{"PutUserPermissionsBoundary", boundary, []string{"UserName", "ann", "PermissionsBoundary", admin}, []string{"iam:PutUserPermissionsBoundary user/Ann iam:permissionsboundary=" + admin}},
		{"DeleteUserPermissionsBoundary", boundary, []string{"UserName", "ann"}, []string{"iam:DeleteUserPermissionsBoundary user/Ann iam:permissionsboundary=" + admin}},
		{"TagUser", "aws:requesttag/team aws:resourcetag/team aws:tagkeys", []string{"UserName", "ann", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red"},
			[]string{"iam:TagUser user/Ann aws:requesttag/team=red aws:resourcetag/team=blue aws:tagkeys=team"}},
		{"UntagUser", "aws:tagkeys iam:resourcetag/team", []string{"UserName", "ann", "TagKeys.member.1", "cost"}, []string{"iam:UntagUser user/Ann aws:tagkeys=cost iam:resourcetag/team=red"}},
		{"CreateUser", "aws:requesttag/team", []string{"UserName", "e", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red"},
			[]string{"iam:CreateUser user/e aws:requesttag/team=red", "iam:TagUser user/e aws:requesttag/team=red"}},
		{"CreateServiceLinkedRole", "iam:awsservicename", []string{"AWSServiceName", "events.amazonaws.com"},
			[]string{"iam:CreateServiceLinkedRole role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents iam:awsservicename=events.amazonaws.com"}},
		{"AddRoleToInstanceProfile", "iam:passedtoservice", []string{"InstanceProfileName", "p", "RoleName", "r"},
			[]string{"iam:AddRoleToInstanceProfile instance-profile/p", "iam:PassRole role/r iam:passedtoservice=ec2.amazonaws.com"}},
	} {
		if got := d.questions(c.operation, strings.Fields(c.keys), c.pairs...); !slices.Equal(got, c.want) {
			t.Errorf("%s %v asks\n%q; want\n%q", c.operation, c.pairs, got, c.want)
		}
	}
}
