package conformance

import (
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	sendPolicy  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}`
	lambdaTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func iamUsers(t *tour) {
	name := t.name("user")
	user := must(t.iam.CreateUser(t.ctx, &iam.CreateUserInput{UserName: &name, Path: aws.String("/tour/"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}))(t).User
	equal(t, "Arn", *user.Arn, "arn:aws:iam::"+t.account+":user/tour/"+name)
	_, err := t.iam.CreateUser(t.ctx, &iam.CreateUserInput{UserName: &name})
	hasError[*types.EntityAlreadyExistsException](t, "the same again", err)
	if err := iam.NewUserExistsWaiter(t.iam).Wait(t.ctx, &iam.GetUserInput{UserName: &name}, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	got := must(t.iam.GetUser(t.ctx, &iam.GetUserInput{UserName: &name}))(t).User
	equal(t, "tag", *got.Tags[0].Value, "1")
	others := []string{t.name("user"), t.name("user")}
	path := "/pages" + t.name("") + "/"
	for _, other := range others {
		must(t.iam.CreateUser(t.ctx, &iam.CreateUserInput{UserName: &other, Path: &path}))(t)
	}
	seen, pages := 0, 0
	for p := iam.NewListUsersPaginator(t.iam, &iam.ListUsersInput{PathPrefix: &path, MaxItems: aws.Int32(1)}); p.HasMorePages(); pages++ {
		seen += len(must(p.NextPage(t.ctx))(t).Users)
	}
	equal(t, "users in pages", [2]int{seen, pages}, [2]int{2, 2})
	key := must(t.iam.CreateAccessKey(t.ctx, &iam.CreateAccessKeyInput{UserName: &name}))(t).AccessKey
	as := newTourAs(t.T, t.endpoint, t.account, *key.AccessKeyId, *key.SecretAccessKey)
	who := must(as.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
	equal(t, "who has the key", *who.Arn, *user.Arn)
	_, err = t.iam.DeleteUser(t.ctx, &iam.DeleteUserInput{UserName: &name})
	hasError[*types.DeleteConflictException](t, "a user with a key", err)
	must(t.iam.DeleteAccessKey(t.ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId}))(t)
	for _, gone := range append(others, name) {
		must(t.iam.DeleteUser(t.ctx, &iam.DeleteUserInput{UserName: &gone}))(t)
	}
	_, err = t.iam.GetUser(t.ctx, &iam.GetUserInput{UserName: &name})
	hasError[*types.NoSuchEntityException](t, "a user that is gone", err)
}

func iamPolicies(t *tour) {
	name := t.name("policy")
	arn := must(t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(sendPolicy)}))(t).Policy.Arn
	version := must(t.iam.GetPolicyVersion(t.ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")}))(t).PolicyVersion
	text, err := url.PathUnescape(*version.Document)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the document", text, sendPolicy)
	role := t.name("role")
	must(t.iam.CreateRole(t.ctx, &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: aws.String(lambdaTrust)}))(t)
	must(t.iam.AttachRolePolicy(t.ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: arn}))(t)
	attached := must(t.iam.ListAttachedRolePolicies(t.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role}))(t).AttachedPolicies
	equal(t, "attached", len(attached) == 1 && *attached[0].PolicyArn == *arn, true)
	_, err = t.iam.DeletePolicy(t.ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	hasError[*types.DeleteConflictException](t, "an attached policy", err)
	_, err = t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(t.name("policy")), PolicyDocument: aws.String("{}")})
	hasError[*types.MalformedPolicyDocumentException](t, "no policy", err)
	decided := must(t.iam.SimulatePrincipalPolicy(t.ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String("arn:aws:iam::" + t.account + ":role/" + role), ActionNames: []string{"sqs:SendMessage", "sqs:PurgeQueue"},
	}))(t).EvaluationResults
	equal(t, "sqs:SendMessage", decided[0].EvalDecision, types.PolicyEvaluationDecisionTypeAllowed)
	equal(t, "sqs:PurgeQueue", decided[1].EvalDecision, types.PolicyEvaluationDecisionTypeImplicitDeny)
	must(t.iam.DetachRolePolicy(t.ctx, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: arn}))(t)
	must(t.iam.DeleteRole(t.ctx, &iam.DeleteRoleInput{RoleName: &role}))(t)
	must(t.iam.DeletePolicy(t.ctx, &iam.DeletePolicyInput{PolicyArn: arn}))(t)
}
