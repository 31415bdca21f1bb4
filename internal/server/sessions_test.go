package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/carillon-events/carillon/internal/server"
)

// with is a configuration that calls with the credentials of a session.
func with(c aws.Config, s *ststypes.Credentials) aws.Config {
	c.Credentials = aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(*s.AccessKeyId, *s.SecretAccessKey, *s.SessionToken))
	return c
}

func TestASessionOfARoleActsInTheRolesAccount(t *testing.T) {
	r := start(t, quick())
	c := configured(t, r, "111122223333", "x")
	out, err := sts.NewFromConfig(c).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::444455556666:role/nightly"), RoleSessionName: aws.String("job"),
	})
	if err != nil {
		t.Fatal(err)
	}
	q := sqs.NewFromConfig(with(c, out.Credentials))
	queue, err := q.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil || !strings.HasSuffix(*queue.QueueUrl, "/444455556666/orders") {
		t.Fatal(queue, err)
	}
	if _, err := q.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	got, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSenderId}})
	if err != nil || len(got.Messages) != 1 || got.Messages[0].Attributes["SenderId"] != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("%+v, %v; want the sender %s", got, err, *out.AssumedRoleUser.AssumedRoleId)
	}
}

func TestASessionSurvivesARestartAndNotTheLossOfItsKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "credentials.yaml")
	keys := func(id string) {
		text := "credentials:\n  - {accessKeyId: " + id + ", secretAccessKey: hush, account: \"123456789012\", user: orders}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := quick()
	c.Durability, c.Data, c.Auth, c.Credentials = "", filepath.Join(dir, "data"), server.AuthStrict, file
	var session *ststypes.Credentials
	run := func(then func(aws.Config)) {
		r, err := server.Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		then(configured(t, r, "AKIAORDERS", "hush"))
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	keys("AKIAORDERS")
	run(func(c aws.Config) {
		out, err := sts.NewFromConfig(c).GetSessionToken(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		session = out.Credentials
	})
	run(func(c aws.Config) {
		who, err := sts.NewFromConfig(with(c, session)).GetCallerIdentity(t.Context(), nil)
		if err != nil || *who.Arn != "arn:aws:iam::123456789012:user/orders" {
			t.Fatal(who, err)
		}
	})
	keys("AKIAOTHER")
	run(func(c aws.Config) {
		_, err := sts.NewFromConfig(with(c, session)).GetCallerIdentity(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), "InvalidClientTokenId") {
			t.Errorf("its key is gone: %v", err)
		}
	})
}

func TestAnIssuerThatIsNoURLIsRefused(t *testing.T) {
	for _, issuer := range []string{"x", "https://", "ftp://x", "https://x?y", "https://x=", "https://u:p@x"} {
		c := quick()
		c.OIDCIssuers = []string{issuer}
		if _, err := server.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "oidc-issuer") {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}
