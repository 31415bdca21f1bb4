package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/carillon-events/carillon/internal/server"
)

const all = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// oneUser is a node with a root, and a user of the credentials file who may send
// to queues and give out sessions, and may not purge.
func oneUser(t *testing.T) (r *server.Running, root, clerk aws.Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := `credentials:
  - {accessKeyId: ROOT, secretAccessKey: hush, account: "111111111111"}
  - accessKeyId: CLERK
    secretAccessKey: hush
    account: "111111111111"
    user: clerk
    policies:
      - '{"Statement": [{"Effect": "Allow", "Action": ["sqs:CreateQueue", "sts:GetFederationToken"], "Resource": "*"}, {"Effect": "Deny", "Action": ["sqs:PurgeQueue", "sts:AssumeRole"], "Resource": "*"}]}'
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, path
	r = start(t, c)
	return r, configured(t, r, "ROOT", "hush"), configured(t, r, "CLERK", "hush")
}

func federated(t *testing.T, c aws.Config) aws.Config {
	t.Helper()
	out, err := sts.NewFromConfig(c).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("bob"), Policy: aws.String(all)})
	if err != nil {
		t.Fatal(err)
	}
	return with(c, out.Credentials)
}

func TestWhoAUserOfTheFileAnswersForMayWhatTheUserMay(t *testing.T) {
	_, root, clerk := oneUser(t)
	bob := federated(t, clerk)
	if _, err := sqs.NewFromConfig(bob).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
		t.Error("what the user may:", err)
	}
	_, err := sns.NewFromConfig(bob).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	deniedAs(t, "what only the root may", err, "AuthorizationError", "federated-user/bob is not authorized to perform: SNS:CreateTopic")
	if _, err := sns.NewFromConfig(federated(t, root)).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
		t.Error("whom a root answers for:", err)
	}
}

func TestAUserOfTheFileKeepsItsPoliciesInItsSessions(t *testing.T) {
	_, root, clerk := oneUser(t)
	give(t, root, "clerk") // more, in IAM, than the file denies
	queue, err := sqs.NewFromConfig(root).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(clerk).GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]aws.Config{"the user": clerk, "a session": with(clerk, out.Credentials), "a federated user": federated(t, clerk)} {
		if _, err := sns.NewFromConfig(c).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")}); err != nil {
			t.Error(who, "has IAM's policies, too:", err)
		}
		_, err = sqs.NewFromConfig(c).PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: queue.QueueUrl})
		deniedAs(t, who, err, "AccessDenied", "with an explicit deny in an identity-based policy")
	}
}

// give makes a user of IAM and lets it do everything.
func give(t *testing.T, root aws.Config, name string) {
	t.Helper()
	c := iam.NewFromConfig(root)
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("all"), PolicyDocument: aws.String(all)}); err != nil {
		t.Fatal(err)
	}
}

// The trust policy names the user, so that its own policies need not allow it; what
// they deny is denied.
func TestWhatIAMDeniesAUserOfTheFileHoldsForRolesToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.yaml")
	text := "credentials:\n  - {accessKeyId: ROOT, secretAccessKey: hush, account: \"111111111111\"}\n  - {accessKeyId: CLERK, secretAccessKey: hush, account: \"111111111111\", user: clerk}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := quick()
	c.Auth, c.Credentials = server.AuthStrict, path
	r := start(t, c)
	root, clerk := iam.NewFromConfig(configured(t, r, "ROOT", "hush")), sts.NewFromConfig(configured(t, r, "CLERK", "hush"))
	user, policy := aws.String("clerk"), aws.String("p")
	must(root.CreateUser(t.Context(), &iam.CreateUserInput{UserName: user}))(t)
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/clerk"},"Action":"sts:AssumeRole"}}`
	must(root.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &trust}))(t)
	assume := func() (*ststypes.Credentials, error) {
		out, err := clerk.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111111111111:role/r"), RoleSessionName: aws.String("ss")})
		if err != nil {
			return nil, err
		}
		return out.Credentials, nil
	}
	if _, err := assume(); err != nil {
		t.Error("nothing denies it:", err)
	}
	deny := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`
	must(root.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: user, PolicyName: policy, PolicyDocument: &deny}))(t)
	_, err := assume()
	deniedAs(t, "an explicit deny", err, "AccessDenied", "with an explicit deny in an identity-based policy")
}
