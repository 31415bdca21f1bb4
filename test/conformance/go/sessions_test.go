//lint:file-ignore SA1019 PackedPolicySize is what the model has that we speak.

package conformance

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// holding is a tour with the credentials of a session.
func (t *tour) holding(c *types.Credentials) *tour {
	t.Helper()
	return newTourWith(t.T, t.endpoint, t.account, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func (t *tour) assume(role string) *sts.AssumeRoleOutput {
	t.Helper()
	return must(t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + t.account + ":role/path/" + role), RoleSessionName: aws.String("night")}))(t)
}

func (t *tour) whoAmI() *sts.GetCallerIdentityOutput {
	t.Helper()
	return must(t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
}

// sessionRole: a role's session acts in its account, assumes another role, and is
// named by role and session.
func sessionRole(t *tour) {
	out := t.assume("worker")
	if !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") || out.Credentials.Expiration.Before(time.Now().Add(59*time.Minute)) {
		t.Errorf("credentials %s until %s", *out.Credentials.AccessKeyId, out.Credentials.Expiration)
	}
	worker := t.holding(out.Credentials)
	who := worker.whoAmI()
	equal(t, "Arn", *who.Arn, "arn:aws:sts::"+t.account+":assumed-role/worker/night")
	equal(t, "UserId", *who.UserId, *out.AssumedRoleUser.AssumedRoleId)
	url := worker.queue(nil)
	worker.send(url, unicode)
	equal(t, "Body", *t.one(url).Body, unicode)

	next := worker.assume("other")
	equal(t, "Arn", *worker.holding(next.Credentials).whoAmI().Arn, "arn:aws:sts::"+t.account+":assumed-role/other/night")
	_, err := worker.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: next.AssumedRoleUser.Arn, RoleSessionName: aws.String("night")})
	refused(t, "a session as a role", err, "ValidationError")
	_, err = worker.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + t.account + ":role/other"), RoleSessionName: aws.String("night"), DurationSeconds: aws.Int32(3601),
	})
	refused(t, "a chain longer than an hour", err, "ValidationError")
	info := must(t.sts.GetAccessKeyInfo(t.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: next.Credentials.AccessKeyId}))(t)
	equal(t, "Account", *info.Account, t.account)
}

// sessionUser: users' sessions are the users', and federated ones have names.
func sessionUser(t *tour) {
	out := must(t.sts.GetSessionToken(t.ctx, &sts.GetSessionTokenInput{}))(t)
	own := t.holding(out.Credentials)
	equal(t, "Arn", *own.whoAmI().Arn, *t.whoAmI().Arn)
	_, err := own.sts.GetSessionToken(t.ctx, &sts.GetSessionTokenInput{})
	refused(t, "a session's session", err, "AccessDenied")
	bob := must(t.sts.GetFederationToken(t.ctx, &sts.GetFederationTokenInput{Name: aws.String("bob"), Policy: aws.String(sessionPolicy)}))(t)
	equal(t, "FederatedUser", *bob.FederatedUser.Arn, "arn:aws:sts::"+t.account+":federated-user/bob")
	equal(t, "UserId", *t.holding(bob.Credentials).whoAmI().UserId, t.account+":bob")
}

const sessionPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`

// sessionErrors: what a session cannot be changes nothing and is named.
func sessionErrors(t *tour) {
	for what, c := range map[string]struct {
		change func(*sts.AssumeRoleInput)
		code   string
	}{
		"no policy": {func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") }, "MalformedPolicyDocument"},
		"a principal": {func(in *sts.AssumeRoleInput) {
			in.Policy = aws.String(strings.Replace(sessionPolicy, `"Action"`, `"Principal":"*","Action"`, 1))
		}, "MalformedPolicyDocument"},
		"no role":            {func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::" + t.account + ":user/somebody") }, "ValidationError"},
		"a short session":    {func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }, "ValidationError"},
		"a name with spaces": {func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }, "ValidationError"},
		"a tag twice": {func(in *sts.AssumeRoleInput) {
			in.Tags = []types.Tag{{Key: aws.String("Team"), Value: aws.String("a")}, {Key: aws.String("team"), Value: aws.String("b")}}
		}, "ValidationError|InvalidParameterValue|InvalidInput"},
	} {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + t.account + ":role/worker"), RoleSessionName: aws.String("night")}
		c.change(in)
		_, err := t.sts.AssumeRole(t.ctx, in)
		refused(t, what, err, strings.Split(c.code, "|")...)
	}
	tagged := must(t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + t.account + ":role/worker"), RoleSessionName: aws.String("night"), Policy: aws.String(sessionPolicy),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}, TransitiveTagKeys: []string{"team"}, SourceIdentity: aws.String("al"),
	}))(t)
	if p := tagged.PackedPolicySize; p == nil || *p < 1 || *p > 50 || *tagged.SourceIdentity != "al" {
		t.Errorf("packed %v, source identity %v", p, tagged.SourceIdentity)
	}
}

// strictSessions: a session of a key that is known is believed with its token,
// also in a presigned request, and with no other.
func strictSessions(t *tour) {
	one := must(t.sts.GetSessionToken(t.ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}))(t).Credentials
	two := must(t.sts.GetSessionToken(t.ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}))(t).Credentials
	own := t.holding(one)
	equal(t, "Account", *own.whoAmI().Account, strictAccount)
	own.queue(nil)
	for what, token := range map[string]string{"no token": "", "another token": *two.SessionToken, "nonsense": "nonsense"} {
		other := newTourWith(t.T, t.endpoint, t.account, *one.AccessKeyId, *one.SecretAccessKey, token)
		_, err := other.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
		refused(t, what, err, "InvalidClientTokenId")
		_, err = other.sqs.ListQueues(t.ctx, &sqs.ListQueuesInput{})
		refused(t, what, err, "InvalidClientTokenId", "UnrecognizedClientException")
	}
	signed := must(sts.NewPresignClient(own.sts).PresignGetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
	r := must(http.NewRequestWithContext(t.ctx, signed.Method, signed.URL, nil))(t)
	answer := must(http.DefaultClient.Do(r))(t)
	defer answer.Body.Close()
	equal(t, "status of a presigned request", answer.StatusCode, 200)
	_, err := t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + strictAccount + ":role/nobody"), RoleSessionName: aws.String("night")})
	refused(t, "a role for a root", err, "AccessDenied")
}
