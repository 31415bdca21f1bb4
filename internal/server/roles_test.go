package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/carillon-events/carillon/internal/server"
)

const trustsAlice = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`

func assumeRole(t *testing.T, c aws.Config, arn *string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: arn, RoleSessionName: aws.String("job")}
	for _, f := range change {
		f(in)
	}
	return sts.NewFromConfig(c).AssumeRole(t.Context(), in)
}

func TestARoleOfIAMIsAssumedInStrictMode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials.yaml")
	if err := os.WriteFile(file, []byte("credentials:\n  - {accessKeyId: AKIAROOT, secretAccessKey: hush, account: \"123456789012\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, file
	r := start(t, c)
	root := configured(t, r, "AKIAROOT", "hush")
	root.Region = "us-east-1"
	people := iam.NewFromConfig(root)
	if _, err := people.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("alice")}); err != nil {
		t.Fatal(err)
	}
	key, err := people.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("alice")})
	if err != nil {
		t.Fatal(err)
	}
	role, err := people.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("nightly"), Path: aws.String("/jobs/"), AssumeRolePolicyDocument: aws.String(trustsAlice)})
	if err != nil {
		t.Fatal(err)
	}
	alice := configured(t, r, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)
	if _, err := assumeRole(t, root, role.Role.Arn); codeOf(err) != "AccessDenied" {
		t.Errorf("the root: %v", err)
	}
	out, err := assumeRole(t, alice, role.Role.Arn, func(in *sts.AssumeRoleInput) {
		in.PolicyArns = []ststypes.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
	})
	if err != nil {
		t.Fatal(err)
	}
	session := sts.NewFromConfig(with(alice, out.Credentials))
	who, err := session.GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != "arn:aws:sts::123456789012:assumed-role/nightly/job" || *who.UserId != *role.Role.RoleId+":job" {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := assumeRole(t, alice, role.Role.Arn, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }); codeOf(err) != "ValidationError" {
		t.Errorf("longer than the role's sessions: %v", err)
	}
	own, err := sts.NewFromConfig(alice).GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(with(root, own.Credentials)).ListUsers(t.Context(), nil); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("IAM with a user's session: %v", err)
	}
	trusting := func(document string) {
		t.Helper()
		if _, err := people.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("nightly"), PolicyDocument: &document}); err != nil {
			t.Fatal(err)
		}
	}
	trusting(strings.Replace(trustsAlice, "user/alice", "root", 1))
	if _, err := assumeRole(t, alice, role.Role.Arn); codeOf(err) != "AccessDenied" {
		t.Errorf("trusted with the account, and without a policy: %v", err)
	}
	if _, err := session.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("a session whose role does not trust its owner any more: %v", err)
	}
	if _, err := people.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("nightly")}); err != nil {
		t.Fatal(err)
	}
	if _, err := session.GetCallerIdentity(t.Context(), nil); codeOf(err) != "InvalidClientTokenId" {
		t.Errorf("a session of a role that is gone: %v", err)
	}
}
