//lint:file-ignore SA1019 PackedPolicySize is what the model has that we speak.

package sts_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestEveryCallerLearnsWhoItIs(t *testing.T) {
	w := newWorld(t, true)
	if arn, id := w.whoIs(w.root()); arn != "arn:aws:iam::"+ours+":root" || id != ours {
		t.Errorf("the root is %s (%s)", arn, id)
	}
	if arn, id := w.whoIs(w.alice()); arn != alice || !strings.HasPrefix(id, "AIDA") {
		t.Errorf("alice is %s (%s)", arn, id)
	}
}

func TestAnAccessKeyLeadsToItsAccount(t *testing.T) {
	w := newWorld(t, true)
	w.put(theirRole, "AROA", trusting(alice, assume, ""))
	w.put(alice, "AIDAALICE", may("Allow", assume))
	c := w.alice()
	key := *w.assumed(c, theirRole).Credentials.AccessKeyId
	for key, account := range map[string]string{"AKIAALICE00000000000": ours, key: theirs} {
		out, err := c.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: &key})
		if err != nil || *out.Account != account {
			t.Errorf("%s: %v, %v", key, out, err)
		}
	}
	_, err := c.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIANOBODY1234567890")})
	refused(t, "unknown key", err, "ValidationError", "AKIANOBODY1234567890")
}

func TestAUsersSessionIsTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		w.put(ourRole, "AROAONE", trusting(alice, assume, "")).MaxSession = 2 * time.Hour
		out, err := w.alice().GetSessionToken(t.Context(), nil)
		if err != nil || !out.Credentials.Expiration.Equal(time.Now().Add(12*time.Hour)) {
			t.Fatal(out, err)
		}
		c := w.session(out.Credentials)
		if arn, id := w.whoIs(c); arn != alice || !strings.HasPrefix(id, "AIDA") {
			t.Errorf("it is %s (%s)", arn, id)
		}
		w.assumed(c, ourRole, lasting(7200)) // which is no chain of roles
		_, err = c.GetSessionToken(t.Context(), nil)
		refused(t, "a session's session", err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
		_, err = c.GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("bob")})
		refused(t, "a session's federated user", err, "AccessDenied", "Cannot call GetFederationToken with session credentials")
		_, err = w.alice().GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{SerialNumber: aws.String("GAHT12345678"), TokenCode: aws.String("123456")})
		refused(t, "a device", err, "ValidationError", "SerialNumber")
		time.Sleep(12 * time.Hour)
		_, err = c.GetCallerIdentity(t.Context(), nil)
		refused(t, "over", err, "ExpiredToken", "expired")
	})
}

func TestARootsSessionsLastAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		out, err := w.root().GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)})
		if err != nil || !out.Credentials.Expiration.Equal(time.Now().Add(time.Hour)) {
			t.Fatal(out, err)
		}
		if arn, id := w.whoIs(w.session(out.Credentials)); arn != "arn:aws:iam::"+ours+":root" || id != ours {
			t.Errorf("it is %s (%s)", arn, id)
		}
	})
}

func TestAFederatedUserIsNamedByWhoAnswersForIt(t *testing.T) {
	w := newWorld(t, true)
	w.put(ourRole, "AROAONE", trusting("*", assume, ""))
	out, err := w.alice().GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{
		Name: aws.String("bob"), Policy: aws.String(may("Allow", `"sqs:*"`)), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const bob = "arn:aws:sts::" + ours + ":federated-user/bob"
	if *out.FederatedUser.Arn != bob || *out.FederatedUser.FederatedUserId != ours+":bob" || *out.PackedPolicySize < 1 {
		t.Errorf("it is %+v, packed %d", out.FederatedUser, *out.PackedPolicySize)
	}
	c := w.session(out.Credentials)
	if arn, id := w.whoIs(c); arn != bob || id != ours+":bob" {
		t.Errorf("it is %s (%s)", arn, id)
	}
	_, err = w.assume(c, ourRole)
	refused(t, "a role", err, "AccessDenied", "Cannot call AssumeRole")
	_, err = w.alice().GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("bob"), Policy: aws.String("[]")})
	refused(t, "no policy", err, "MalformedPolicyDocument", "")
}

func TestAPresignedRequestOfASessionSaysWhoItIs(t *testing.T) {
	w := newWorld(t, true)
	w.put(ourRole, "AROAONE", trusting(alice, assume, ""))
	c := w.session(w.assumed(w.alice(), ourRole).Credentials)
	signed, err := awssts.NewPresignClient(c).PresignGetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.Contains(signed.URL, "X-Amz-Security-Token=") {
		t.Fatal(signed, err)
	}
	ask := func(url string) int {
		r, err := http.NewRequestWithContext(t.Context(), signed.Method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := w.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	if status := ask(signed.URL); status != 200 {
		t.Errorf("status %d", status)
	}
	if status := ask(strings.Replace(signed.URL, "X-Amz-Security-Token=", "X-Amz-Security-Token=A", 1)); status != 403 {
		t.Errorf("with another token: %d", status)
	}
}

func TestInDevModeAnyRoleCanBeAssumed(t *testing.T) {
	w := newWorld(t, false)
	anybody := w.as("test", "test", "")
	out := w.assumed(anybody, theirRole, tags("team", "team", "blue"), lasting(43200))
	c := w.session(out.Credentials)
	arn, id := w.whoIs(c)
	if arn != "arn:aws:sts::"+theirs+":assumed-role/theirs/night" || !strings.HasPrefix(id, "AROA") || !strings.HasSuffix(id, ":night") || len(id) != 27 {
		t.Errorf("it is %s (%s)", arn, id)
	}
	chained := w.assumed(c, ourRole)
	if arn, _ := w.whoIs(w.session(chained.Credentials)); arn != "arn:aws:sts::"+ours+":assumed-role/ours/night" {
		t.Errorf("it is %s", arn)
	}
	// What does not open is a key like any other.
	if arn, _ := w.whoIs(w.as("ASIAAAAAAAAAAAAAAAAA", "x", "y")); arn != "arn:aws:iam::000000000000:root" {
		t.Errorf("it is %s", arn)
	}
	if _, err := anybody.GetSessionToken(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestWhatThereIsNotIsRefusedByName(t *testing.T) {
	w := newWorld(t, false)
	_, err := w.as("test", "test", "").AssumeRoleWithSAML(t.Context(), &awssts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String(ourRole), PrincipalArn: aws.String("arn:aws:iam::111111111111:saml-provider/x"), SAMLAssertion: aws.String("PHNhbWw+"),
	})
	refused(t, "SAML", err, "NotImplemented", "sts:AssumeRoleWithSAML")
	_, err = w.as("test", "test", "").DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	refused(t, "no message", err, "InvalidAuthorizationMessageException", "")
}

func TestADenialIsExplainedToItsAccount(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE", may("Deny", assume))
	w.put(ourRole, "AROAONE", trusting(alice, assume, ""))
	w.put(theirRole, "AROATWO", trusting(ours, assume, ""))
	_, err := w.assume(w.alice(), ourRole)
	refused(t, "denied", err, "AccessDenied", "explicit deny")
	message := w.last.Get("X-Carillon-Authorization-Message")
	out, err := w.root().DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"allowed":false`, `"explicitDeny":true`, `"arn":"` + alice + `"`, `"action":"sts:AssumeRole"`, `"resource":"` + ourRole + `"`, "denied by statement 1"} {
		if !strings.Contains(*out.DecodedMessage, part) {
			t.Errorf("no %s in %s", part, *out.DecodedMessage)
		}
	}
	message = "A" + message
	_, err = w.root().DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	refused(t, "tampered", err, "InvalidAuthorizationMessageException", "")
	if _, err := w.assume(w.alice(), theirRole); err == nil || w.last.Get("X-Carillon-Authorization-Message") != "" {
		t.Errorf("another account's role is explained: %v", err)
	}
}
