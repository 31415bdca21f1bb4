package iam_test

import (
	"encoding/xml"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/api/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store/storetest"
	"github.com/carillon-events/carillon/internal/wire"
)

// desk is a service and a caller.
type desk struct {
	t         *testing.T
	svc       *wire.Service
	directory *identity.Directory
	account   string
	principal string
}

func open(t *testing.T) *desk { return openWith(t, identity.DefaultLimits) }

func openWith(t *testing.T, limits identity.Limits) *desk {
	t.Helper()
	shard := storetest.Open(t).Shard
	box, err := seal.New(seal.Master{1}, "access keys")
	if err != nil {
		t.Fatal(err)
	}
	directory := identity.NewDirectory(shard, box)
	core := identity.New(limits, directory)
	svc := iam.New(iam.Options{Shard: shard, Core: core, Directory: directory, Box: box})
	return &desk{t, svc, directory, "123456789012", "arn:aws:iam::123456789012:root"}
}

// call runs an operation with parameters in pairs.
func (d *desk) call(operation string, pairs ...string) (string, error) {
	d.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	c := &wire.Call{RequestID: "r", Service: "iam", Operation: operation, Account: d.account, Region: "us-east-1", Principal: d.principal}
	op := d.svc.Operations[operation]
	if op == nil {
		d.t.Fatalf("there is no operation %s", operation)
	}
	out, err := op.Query(d.t.Context(), c, form, nil)
	if err == nil {
		if e := xml.Unmarshal(out, new(struct{ XMLName xml.Name })); e != nil {
			d.t.Errorf("%s answers what is no XML: %v\n%s", operation, e, out)
		}
	}
	return string(out), err
}

// do is call where all is well.
func (d *desk) do(operation string, pairs ...string) string {
	d.t.Helper()
	out, err := d.call(operation, pairs...)
	if err != nil {
		d.t.Fatalf("%s %v: %v", operation, pairs, err)
	}
	return out
}

// refuse is call where it is not.
func (d *desk) refuse(code, sentence, operation string, pairs ...string) {
	d.t.Helper()
	_, err := d.call(operation, pairs...)
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || e.QueryCode(d.svc) != code || !strings.Contains(e.Message, sentence) {
		d.t.Errorf("%s %v: got %v; want %s with %q", operation, pairs, err, code, sentence)
	}
}

// has checks what an answer has in it.
func (d *desk) has(out string, parts ...string) {
	d.t.Helper()
	for _, p := range parts {
		if !strings.Contains(out, p) {
			d.t.Errorf("no %s in %s", p, out)
		}
	}
}

// field is the text of the first element with a name.
func field(out, name string) string {
	m := regexp.MustCompile("<" + name + ">([^<]*)</" + name + ">").FindStringSubmatch(out)
	if m == nil {
		return ""
	}
	return m[1]
}

const (
	sendPolicy = `{"Version": "2012-10-17", "Statement": [{"Sid": "S", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}`
	trust      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func TestAUserIsMadeDescribedRenamedAndDeleted(t *testing.T) {
	d := open(t)
	out := d.do("CreateUser", "UserName", "Ann", "Path", "/staff/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red")
	d.has(out, "<UserName>Ann</UserName>", "<Arn>arn:aws:iam::123456789012:user/staff/Ann</Arn>", "<Key>team</Key>")
	if id := field(out, "UserId"); !regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`).MatchString(id) {
		t.Errorf("the id is %s", id)
	}
	d.refuse("EntityAlreadyExists", "User with name ann already exists.", "CreateUser", "UserName", "ann")
	d.has(d.do("GetUser", "UserName", "ann"), "<UserName>Ann</UserName>", "<Key>team</Key>")
	d.do("UpdateUser", "UserName", "Ann", "NewUserName", "Anna")
	d.refuse("NoSuchEntity", "The user with name Ann cannot be found.", "GetUser", "UserName", "Ann")
	d.has(d.do("ListUsers", "PathPrefix", "/staff/"), "<UserName>Anna</UserName>", "<IsTruncated>false</IsTruncated>")
	d.do("DeleteUser", "UserName", "Anna")
	d.has(d.do("ListUsers"), "<Users></Users>")
	d.refuse("ValidationError", "userName", "CreateUser")
	d.refuse("ValidationError", "failed to satisfy constraint", "CreateUser", "UserName", "a b")
}

func TestAnAccessKeyIsKnownAtOnceAndGoneAtOnce(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "bob")
	out := d.do("CreateAccessKey", "UserName", "bob")
	id, secret := field(out, "AccessKeyId"), field(out, "SecretAccessKey")
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") || len(secret) != 40 {
		t.Fatalf("id %q, secret of %d characters", id, len(secret))
	}
	k, ok := d.directory.Key(id)
	if !ok || k.Secret != secret || !k.Active || k.Owner == nil || k.Owner.ARN != "arn:aws:iam::123456789012:user/bob" || k.Account != d.account {
		t.Fatalf("the directory knows %+v", k)
	}
	d.do("AttachUserPolicy", "UserName", "bob", "PolicyArn", "arn:aws:iam::aws:policy/AmazonSQSFullAccess")
	if k, _ := d.directory.Key(id); len(k.Owner.Policies) != 1 {
		t.Error("the key's owner is as it was before")
	}
	d.do("UpdateAccessKey", "UserName", "bob", "AccessKeyId", id, "Status", "Inactive")
	if k, _ := d.directory.Key(id); k.Active {
		t.Error("the key is active still")
	}
	d.has(d.do("ListAccessKeys", "UserName", "bob"), "<Status>Inactive</Status>", id)
	d.has(d.do("GetAccessKeyLastUsed", "AccessKeyId", id), "<UserName>bob</UserName>", "<ServiceName>N/A</ServiceName>")
	d.do("CreateAccessKey", "UserName", "bob")
	d.refuse("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", "CreateAccessKey", "UserName", "bob")
	d.refuse("DeleteConflict", "must delete access keys first", "DeleteUser", "UserName", "bob")
	d.do("DeleteAccessKey", "UserName", "bob", "AccessKeyId", id)
	if _, ok := d.directory.Key(id); ok {
		t.Error("the directory knows a key that is gone")
	}
	d.refuse("NoSuchEntity", "The Access Key with id "+id+" cannot be found.", "DeleteAccessKey", "UserName", "bob", "AccessKeyId", id)
	d.account = "210987654321"
	d.refuse("NoSuchEntity", "cannot be found", "GetAccessKeyLastUsed", "AccessKeyId", id)
}

func TestWhoNamesNoUserMeansItself(t *testing.T) {
	d := open(t)
	out := d.do("CreateAccessKey")
	k, ok := d.directory.Key(field(out, "AccessKeyId"))
	if !ok || k.Owner != nil || k.Account != d.account {
		t.Errorf("root's key is %+v", k)
	}
	d.has(d.do("GetUser"), "<Arn>arn:aws:iam::123456789012:root</Arn>", "<UserId>123456789012</UserId>")
	d.do("CreateUser", "UserName", "carol", "Path", "/x/")
	d.principal = "arn:aws:iam::123456789012:user/x/carol"
	d.has(d.do("GetUser"), "<UserName>carol</UserName>")
	d.has(d.do("CreateAccessKey"), "<UserName>carol</UserName>")
	d.principal = "arn:aws:sts::123456789012:assumed-role/r/s"
	d.refuse("ValidationError", "Must specify userName", "CreateAccessKey")
}

func TestAGroupsPoliciesReachItsMembers(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "dan")
	d.do("CreateGroup", "GroupName", "ops")
	policies := func() int {
		e, ok := d.directory.User(d.account, "dan")
		if !ok {
			t.Fatal("dan is not there")
		}
		return len(e.Policies)
	}
	d.do("AddUserToGroup", "GroupName", "ops", "UserName", "dan")
	if policies() != 0 {
		t.Error("policies of nothing")
	}
	d.do("PutGroupPolicy", "GroupName", "ops", "PolicyName", "send", "PolicyDocument", sendPolicy)
	d.do("AttachGroupPolicy", "GroupName", "ops", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	if policies() != 2 {
		t.Errorf("%d policies after the group got two", policies())
	}
	d.do("UpdateGroup", "GroupName", "ops", "NewGroupName", "operators")
	if policies() != 2 {
		t.Errorf("%d policies after the group was renamed", policies())
	}
	d.has(d.do("GetGroup", "GroupName", "operators"), "<UserName>dan</UserName>")
	d.has(d.do("ListGroupsForUser", "UserName", "dan"), "<GroupName>operators</GroupName>")
	d.refuse("DeleteConflict", "must remove users from group first", "DeleteGroup", "GroupName", "operators")
	d.do("RemoveUserFromGroup", "GroupName", "operators", "UserName", "dan")
	if policies() != 0 {
		t.Error("a member no more, and its policies stay")
	}
	d.refuse("DeleteConflict", "must delete policies first", "DeleteGroup", "GroupName", "operators")
	d.do("DeleteGroupPolicy", "GroupName", "operators", "PolicyName", "send")
	d.refuse("DeleteConflict", "must detach all policies first", "DeleteGroup", "GroupName", "operators")
	d.do("DetachGroupPolicy", "GroupName", "operators", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	d.do("DeleteGroup", "GroupName", "operators")
}

func TestAManagedPolicyHasFiveVersions(t *testing.T) {
	d := open(t)
	out := d.do("CreatePolicy", "PolicyName", "Send", "Path", "/p/", "PolicyDocument", sendPolicy, "Description", "to send")
	arn := field(out, "Arn")
	if arn != "arn:aws:iam::123456789012:policy/p/Send" {
		t.Fatalf("ARN %s", arn)
	}
	d.refuse("EntityAlreadyExists", "A policy called Send already exists. Duplicate names are not allowed.", "CreatePolicy", "PolicyName", "Send", "PolicyDocument", sendPolicy)
	got, err := url.PathUnescape(field(d.do("GetPolicyVersion", "PolicyArn", arn, "VersionId", "v1"), "Document"))
	if err != nil || got != sendPolicy {
		t.Errorf("the document comes back as %s", got)
	}
	d.do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	d.do("AttachRolePolicy", "RoleName", "r", "PolicyArn", arn)
	d.do("AttachRolePolicy", "RoleName", "r", "PolicyArn", arn)
	d.has(d.do("GetPolicy", "PolicyArn", arn), "<AttachmentCount>1</AttachmentCount>", "<Description>to send</Description>")
	before, _ := d.directory.Role(d.account, "r")
	for range 4 {
		d.do("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", strings.Replace(sendPolicy, "SendMessage", "*", 1), "SetAsDefault", "true")
	}
	after, _ := d.directory.Role(d.account, "r")
	if before.Policies[0].Document == after.Policies[0].Document || !strings.Contains(after.Policies[0].Document.Text(), "sqs:*") {
		t.Error("the role has the first version still")
	}
	d.refuse("LimitExceeded", "A managed policy can have up to 5 versions.", "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", sendPolicy)
	d.refuse("DeleteConflict", "Cannot delete the default version of a policy.", "DeletePolicyVersion", "PolicyArn", arn, "VersionId", "v5")
	d.refuse("DeleteConflict", "Cannot delete a policy attached to entities.", "DeletePolicy", "PolicyArn", arn)
	d.has(d.do("ListEntitiesForPolicy", "PolicyArn", arn), "<RoleName>r</RoleName>", "<PolicyUsers></PolicyUsers>")
	d.do("DetachRolePolicy", "RoleName", "r", "PolicyArn", arn)
	d.refuse("DeleteConflict", "This policy has more than one version.", "DeletePolicy", "PolicyArn", arn)
	for _, v := range []string{"v1", "v2", "v3", "v4"} {
		d.do("DeletePolicyVersion", "PolicyArn", arn, "VersionId", v)
	}
	d.do("DeletePolicy", "PolicyArn", arn)
	d.refuse("NoSuchEntity", "Policy "+arn+" was not found.", "GetPolicy", "PolicyArn", arn)
	d.refuse("NoSuchEntity", "does not exist or is not attachable", "AttachRolePolicy", "RoleName", "r", "PolicyArn", arn)
	d.refuse("AccessDenied", "is outside your own account", "DeletePolicy", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")
}

func TestARoleTrustsOnlyWhoIsThere(t *testing.T) {
	d := open(t)
	byUser := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/eve"},"Action":"sts:AssumeRole"}]}`
	d.refuse("MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/eve"`, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", byUser)
	d.do("CreateUser", "UserName", "eve")
	out := d.do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", byUser, "MaxSessionDuration", "7200", "Description", "d")
	d.has(out, "<MaxSessionDuration>7200</MaxSessionDuration>", "<RoleId>AROA")
	d.do("UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", trust)
	d.do("UpdateRole", "RoleName", "r", "Description", "e", "MaxSessionDuration", "3600")
	out = d.do("GetRole", "RoleName", "r")
	if got, _ := url.PathUnescape(field(out, "AssumeRolePolicyDocument")); got != trust {
		t.Errorf("trusts %s", got)
	}
	d.has(out, "<Description>e</Description>")
	e, ok := d.directory.Role(d.account, "r")
	if !ok || e.Trust.Text() != trust || e.MaxSession.Hours() != 1 {
		t.Errorf("the directory has %+v", e)
	}
	if _, ok := d.directory.Role(d.account, "R"); ok {
		t.Error("ARNs are told apart by case, and the directory does not")
	}
	d.refuse("MalformedPolicyDocument", "", "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", "{}")
	d.refuse("ValidationError", "maxSessionDuration", "UpdateRole", "RoleName", "r", "MaxSessionDuration", "60")
}

func TestListsComeInPages(t *testing.T) {
	d := open(t)
	for _, name := range []string{"a", "B", "c", "d", "e"} {
		d.do("CreateUser", "UserName", name)
		d.do("TagUser", "UserName", "a", "Tags.member.1.Key", name, "Tags.member.1.Value", "v")
	}
	for operation, pairs := range map[string][]string{"ListUsers": nil, "ListUserTags": {"UserName", "a"}} {
		var all []string
		marker := []string{}
		for range 10 {
			out := d.do(operation, append(append([]string{"MaxItems", "2"}, pairs...), marker...)...)
			for _, m := range regexp.MustCompile("<(?:UserName|Key)>([^<]*)<").FindAllStringSubmatch(out, -1) {
				all = append(all, m[1])
			}
			if field(out, "IsTruncated") == "false" {
				break
			}
			marker = []string{"Marker", field(out, "Marker")}
		}
		if got := strings.ToLower(strings.Join(all, "")); len(all) != 5 || !strings.Contains("abcde bacde", got) {
			t.Errorf("%s: %v", operation, all)
		}
	}
	d.refuse("ValidationError", "Invalid Marker.", "ListUsers", "Marker", "nonsense")
}
