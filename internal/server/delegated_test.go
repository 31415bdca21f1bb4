package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/carillon-events/carillon/internal/server"
)

// An administrator who may make users within a boundary, after the example of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
const delegate = `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":["iam:*","sts:*"],"Resource":"*"},
 {"Effect":"Deny","Action":["iam:CreateUser","iam:AttachUserPolicy","iam:PutUserPolicy","iam:PutUserPermissionsBoundary"],"Resource":"*",
  "Condition":{"StringNotEquals":{"iam:PermissionsBoundary":"arn:aws:iam::111111111111:policy/most"}}},
 {"Effect":"Deny","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*"},
 {"Effect":"Deny","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AdministratorAccess"}}},
 {"Effect":"Deny","Action":["iam:*","sts:GetFederationToken"],"Resource":["arn:aws:iam::111111111111:policy/most","arn:aws:iam::111111111111:user/chief","arn:aws:sts::111111111111:federated-user/chief"]},
 {"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/kept":"true"}}}]}`

func TestWhoMayMakeUsersWithinABoundaryCannotEscapeIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := "credentials:\n  - {accessKeyId: ROOT, secretAccessKey: hush, account: \"111111111111\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, path
	r := start(t, c)
	root := iam.NewFromConfig(configured(t, r, "ROOT", "hush"))
	most := must(root.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("most"), PolicyDocument: aws.String(all)}))(t).Policy.Arn
	must(root.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("chief")}))(t)
	must(root.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("deputy")}))(t)
	must(root.CreateGroup(t.Context(), &iam.CreateGroupInput{GroupName: aws.String("g")}))(t)
	must(root.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("deputy"), PolicyName: aws.String("p"), PolicyDocument: aws.String(delegate)}))(t)
	key := must(root.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("deputy")}))(t).AccessKey
	with := func(region string) aws.Config {
		c := configured(t, r, *key.AccessKeyId, *key.SecretAccessKey)
		c.Region = region
		return c
	}
	deputy, elsewhere := iam.NewFromConfig(with("us-east-1")), iam.NewFromConfig(with("cn-north-1"))
	user := aws.String("worker")
	must(deputy.CreateUser(t.Context(), &iam.CreateUserInput{UserName: user, PermissionsBoundary: most}))(t)
	must(deputy.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: user, PolicyName: aws.String("p"), PolicyDocument: aws.String(all)}))(t)
	must(deputy.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: user, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}))(t)

	administrator := aws.String("arn:aws:iam::aws:policy/AdministratorAccess")
	for what, err := range map[string]error{
		"a user without a boundary":         second(deputy.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("free")})),
		"a user with a wider one":           second(deputy.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("free"), PermissionsBoundary: administrator})),
		"a wider one for a user":            second(deputy.PutUserPermissionsBoundary(t.Context(), &iam.PutUserPermissionsBoundaryInput{UserName: user, PermissionsBoundary: administrator})),
		"no boundary any more":              second(deputy.DeleteUserPermissionsBoundary(t.Context(), &iam.DeleteUserPermissionsBoundaryInput{UserName: user})),
		"a policy for itself":               second(deputy.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("deputy"), PolicyName: aws.String("q"), PolicyDocument: aws.String(all)})),
		"the administrator's policy":        second(deputy.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: user, PolicyArn: administrator})),
		"another version of the boundary":   second(deputy.CreatePolicyVersion(t.Context(), &iam.CreatePolicyVersionInput{PolicyArn: most, PolicyDocument: aws.String(all), SetAsDefault: true})),
		"a key of the chief":                second(deputy.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("chief")})),
		"a key of the CHIEF":                second(deputy.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("CHIEF")})),
		"a key of the chief, from China":    second(elsewhere.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("chief")})),
		"a user who gets the chief's name":  second(deputy.UpdateUser(t.Context(), &iam.UpdateUserInput{UserName: user, NewUserName: aws.String("chief")})),
		"somebody like the chief":           second(sts.NewFromConfig(with("us-east-1")).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("chief")})),
		"somebody like the chief, in China": second(sts.NewFromConfig(with("cn-north-1")).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("chief")})),
	} {
		if codeOf(err) != "AccessDenied" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
