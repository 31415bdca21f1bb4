//lint:file-ignore SA1019 PackedPolicySize is what the model has that we speak.

package sts_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/carillon-events/carillon/internal/policy"
)

func externalID(id string) func(*awssts.AssumeRoleInput) {
	return func(in *awssts.AssumeRoleInput) { in.ExternalId = aws.String(id) }
}

func tags(transitive string, pairs ...string) func(*awssts.AssumeRoleInput) {
	return func(in *awssts.AssumeRoleInput) {
		for i := 0; i < len(pairs); i += 2 {
			in.Tags = append(in.Tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
		}
		if transitive != "" {
			in.TransitiveTagKeys = strings.Split(transitive, ",")
		}
	}
}

func lasting(seconds int32) func(*awssts.AssumeRoleInput) {
	return func(in *awssts.AssumeRoleInput) { in.DurationSeconds = &seconds }
}

func source(name string) func(*awssts.AssumeRoleInput) {
	return func(in *awssts.AssumeRoleInput) { in.SourceIdentity = &name }
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func TestTheTrustPolicyDecidesWhoMayAssumeARole(t *testing.T) {
	none, all := "", may("Allow", assume)
	const tagged, sourced = assume + `,"sts:TagSession"`, assume + `,"sts:SetSourceIdentity"`
	for _, c := range []struct {
		name, own, role, trust string
		with                   func(*awssts.AssumeRoleInput)
		denial                 string // part of the sentence; empty: allowed
	}{
		{"it names the user", none, ourRole, trusting(alice, assume, ""), nil, ""},
		{"it names the account, and the user has no policy", none, ourRole, trusting(ours, assume, ""), nil,
			"because no identity-based policy allows the sts:AssumeRole action"},
		{"it names the account, and the user's policy allows", all, ourRole, trusting("arn:aws:iam::"+ours+":root", assume, ""), nil, ""},
		{"it names everyone", none, ourRole, trusting("*", assume, ""), nil, ""},
		{"it names somebody else, and the user's policy allows", all, ourRole, trusting(alice+"2", assume, ""), nil,
			"because no role trust policy allows the sts:AssumeRole action"},
		{"the user's policy denies", may("Deny", assume), ourRole, trusting(alice, assume, ""), nil, "with an explicit deny in an identity-based policy"},
		{"it allows something else", none, ourRole, trusting(alice, `"sts:TagSession"`, ""), nil, "not authorized to perform: sts:AssumeRole on resource: " + ourRole},
		{"there is no such role", all, ourRole + "2", "", nil, "not authorized to perform: sts:AssumeRole on resource: " + ourRole + "2"},
		{"the path is another", all, "arn:aws:iam::" + ours + ":role/ours", trusting("*", assume, ""), nil, "not authorized"},

		{"another account names the user, and the user has no policy", none, theirRole, trusting(alice, assume, ""), nil,
			"User: " + alice + " is not authorized to perform: sts:AssumeRole on resource: " + theirRole},
		{"another account names the user, and the user's policy allows", all, theirRole, trusting(alice, assume, ""), nil, ""},
		{"another account names the account, and the user's policy allows", all, theirRole, trusting(ours, assume, ""), nil, ""},
		{"another account does not trust it", all, theirRole, trusting(theirs, assume, ""), nil, "not authorized"},

		{"an external id is wanted and missing", none, ourRole, trusting(alice, assume, `{"StringEquals":{"sts:ExternalId":"x-1"}}`), nil, "not authorized"},
		{"the external id is another", none, ourRole, trusting(alice, assume, `{"StringEquals":{"sts:ExternalId":"x-1"}}`), externalID("x-2"), "not authorized"},
		{"the external id is the one", none, ourRole, trusting(alice, assume, `{"StringEquals":{"sts:ExternalId":"x-1"}}`), externalID("x-1"), ""},
		{"the session must be named after the user", none, ourRole, trusting(alice, assume, `{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}`), nil, "not authorized"},
		{"the session is named as it must be", none, ourRole, trusting(alice, assume, `{"StringLike":{"sts:RoleSessionName":"ni*"}}`), nil, ""},
		{"the user must have a tag", none, ourRole, trusting(alice, assume, `{"StringEquals":{"aws:PrincipalTag/Team":"blue"}}`), nil, ""},
		{"the user's tag is another", none, ourRole, trusting(alice, assume, `{"StringEquals":{"aws:PrincipalTag/Team":"red"}}`), nil, "not authorized"},
		{"the role's tag is as it must be", none, ourRole, trusting(alice, assume, `{"StringEquals":{"aws:ResourceTag/stage":"test"}}`), nil, ""},
		{"it wants MFA", none, ourRole, trusting(alice, assume, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), nil, "not authorized"},
		{"it was open until yesterday", none, ourRole, trusting(alice, assume, `{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`), nil, "not authorized"},

		{"tags need their own permission", none, ourRole, trusting(alice, assume, ""), tags("", "a", "b"), "not authorized to perform: sts:TagSession"},
		{"tags have it", none, ourRole, trusting(alice, tagged, ""), tags("a", "a", "b"), ""},
		{"a tag must have a value", none, ourRole, trusting(alice, tagged, `{"StringEquals":{"aws:RequestTag/a":"c"}}`), tags("", "a", "b"), "not authorized"},
		{"a tag must be there", none, ourRole, trusting(alice, tagged, `{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]},"StringEquals":{"aws:RequestTag/a":"b"}}`), tags("", "a", "b"), ""},
		{"a tag is one too many", none, ourRole, trusting(alice, tagged, `{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}`), tags("", "a", "b", "c", "d"), "not authorized"},
		{"a source identity needs its own permission", none, ourRole, trusting(alice, assume, ""), source("al"), "not authorized to perform: sts:SetSourceIdentity"},
		{"a source identity has it", none, ourRole, trusting(alice, sourced, `{"StringEquals":{"sts:SourceIdentity":"al"}}`), source("al"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, true)
			var own []string
			if c.own != none {
				own = append(own, c.own)
			}
			w.put(alice, "AIDAALICE", own...).Tags = map[string]string{"team": "blue"}
			if c.trust != "" {
				at := c.role
				if c.name == "the path is another" {
					at = ourRole
				}
				w.put(at, "AROAROLE", c.trust).Tags = map[string]string{"stage": "test"}
			}
			with := func(*awssts.AssumeRoleInput) {}
			if c.with != nil {
				with = c.with
			}
			out, err := w.assume(w.alice(), c.role, with)
			if c.denial != "" {
				refused(t, c.name, err, "AccessDenied", c.denial)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			arn, id := w.whoIs(w.session(out.Credentials))
			want := "arn:aws:sts::" + c.role[13:25] + ":assumed-role/" + c.role[strings.LastIndexByte(c.role, '/')+1:] + "/night"
			if arn != want || id != "AROAROLE:night" || *out.AssumedRoleUser.Arn != want || *out.AssumedRoleUser.AssumedRoleId != id {
				t.Errorf("it is %s (%s)", arn, id)
			}
		})
	}
}

func TestARootAssumesNoRole(t *testing.T) {
	w := newWorld(t, true)
	w.put(ourRole, "AROAROLE", trusting(ours, assume, ""))
	_, err := w.assume(w.root(), ourRole)
	refused(t, "root", err, "AccessDenied", "Roles may not be assumed by root accounts.")
}

func TestRolesAreChainedForAnHour(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE")
	w.put(ourRole, "AROAONE", trusting(alice, assume+`,"sts:TagSession","sts:SetSourceIdentity"`, ""), may("Allow", `"sts:*"`)).MaxSession = 12 * time.Hour
	w.put(theirRole, "AROATWO", trusting(ourRole, assume+`,"sts:TagSession","sts:SetSourceIdentity"`,
		`{"StringEquals":{"aws:PrincipalTag/team":"blue","aws:SourceIdentity":"al","aws:PrincipalArn":"`+ourRole+`"}}`)).MaxSession = 12 * time.Hour
	one := w.assumed(w.alice(), ourRole, tags("team", "team", "blue", "here", "only"), source("al"), lasting(43200))
	if *one.SourceIdentity != "al" || *one.PackedPolicySize < 1 {
		t.Errorf("source identity %s, packed %d", *one.SourceIdentity, *one.PackedPolicySize)
	}
	_, err := w.assume(w.session(one.Credentials), theirRole, lasting(3601))
	refused(t, "a long chain", err, "ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining")
	two := w.assumed(w.session(one.Credentials), theirRole, lasting(3600))
	if arn, id := w.whoIs(w.session(two.Credentials)); arn != "arn:aws:sts::222222222222:assumed-role/theirs/night" || id != "AROATWO:night" || *two.SourceIdentity != "al" {
		t.Errorf("it is %s (%s), of %s", arn, id, *two.SourceIdentity)
	}
	_, err = w.assume(w.session(one.Credentials), theirRole, tags("", "TEAM", "red"))
	refused(t, "a transitive tag that is set again", err, "ValidationError", "a transitive tag of the calling session has it")
	_, err = w.assume(w.session(one.Credentials), theirRole, source("bob"))
	refused(t, "another source identity", err, "AccessDenied", "SourceIdentity")

	// What did not go along is not there.
	w.put(theirRole, "AROATWO", trusting(ourRole, assume+`,"sts:TagSession","sts:SetSourceIdentity"`, ""), may("Allow", `"sts:*"`))
	w.put(ourRole, "AROAONE", trusting(theirRole, assume+`,"sts:TagSession","sts:SetSourceIdentity"`, `{"StringEquals":{"aws:PrincipalTag/team":"blue"},"Null":{"aws:PrincipalTag/here":"true"}}`))
	w.assumed(w.session(two.Credentials), ourRole)
}

func TestASessionPolicyNarrowsTheSession(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE")
	w.put(ourRole, "AROAONE", trusting(alice, assume, ""), may("Allow", `"*"`))
	w.put(theirRole, "AROATWO", trusting(ours, assume, ""))
	const readers = "arn:aws:iam::111111111111:policy/readers"
	w.managed[readers] = w.parse(policy.Identity, may("Allow", `"sqs:*"`))
	narrowed := func(text string, managed ...string) *awssts.Client {
		return w.session(w.assumed(w.alice(), ourRole, func(in *awssts.AssumeRoleInput) {
			if text != "" {
				in.Policy = &text
			}
			for _, arn := range managed {
				in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: &arn})
			}
		}).Credentials)
	}
	w.assumed(narrowed(""), theirRole)
	w.assumed(narrowed(may("Allow", `"sts:AssumeRole"`)), theirRole)
	for what, c := range map[string]*awssts.Client{
		"an inline policy": narrowed(may("Allow", `"sqs:SendMessage"`)), "a managed policy": narrowed("", readers),
	} {
		_, err := w.assume(c, theirRole)
		refused(t, what, err, "AccessDenied", "not authorized")
	}
	both := narrowed(may("Allow", `"sts:AssumeRole"`), readers)
	w.assumed(both, theirRole)
	limited := narrowed("", readers)
	w.managed[readers] = w.parse(policy.Identity, may("Allow", `"sts:*"`))
	w.assumed(limited, theirRole) // what the policy says now
	delete(w.managed, readers)
	_, err := w.assume(limited, theirRole)
	refused(t, "a policy that is gone", err, "AccessDenied", "not authorized")
	w.assumed(both, theirRole) // the other one still allows
}

func TestWhatASessionCannotBeIsRefused(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE")
	w.put(ourRole, "AROAONE", trusting(alice, `"sts:*"`, "")).MaxSession = 2 * time.Hour
	for _, c := range []struct {
		name, code, part string
		with             func(*awssts.AssumeRoleInput)
	}{
		{"too long for the role", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", lasting(7201)},
		{"too long", "ValidationError", "durationSeconds", lasting(43201)},
		{"too short", "ValidationError", "durationSeconds", lasting(899)},
		{"no role", "ValidationError", "arn:aws:sqs:us-east-1:111111111111:q is invalid", func(in *awssts.AssumeRoleInput) {
			in.RoleArn = aws.String("arn:aws:sqs:us-east-1:111111111111:q")
		}},
		{"no name", "ValidationError", "roleSessionName", func(in *awssts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }},
		{"no policy", "MalformedPolicyDocument", "Syntax errors in policy.", func(in *awssts.AssumeRoleInput) { in.Policy = aws.String("{") }},
		{"a policy with a principal", "MalformedPolicyDocument", "principal", func(in *awssts.AssumeRoleInput) { in.Policy = aws.String(trusting("*", assume, "")) }},
		{"a long policy", "ValidationError", "2048", func(in *awssts.AssumeRoleInput) {
			in.Policy = aws.String(may("Allow", `"sqs:`+strings.Repeat("a", 2000)+`"`))
		}},
		{"no managed policy", "ValidationError", "PolicyArns", func(in *awssts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::111111111111:policy/nobody")}}
		}},
		{"another account's policy", "ValidationError", "another account", func(in *awssts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::222222222222:policy/theirs")}}
		}},
		{"a tag twice", "ValidationError", "Duplicate tag keys", tags("", "a", "b", "A", "c")},
		{"a tag of AWS", "ValidationError", "aws:", tags("", "aws:a", "b")},
		{"a transitive tag that is not there", "ValidationError", "must be included in the requested tags", tags("b", "a", "b")},
		{"a device", "ValidationError", "SerialNumber", func(in *awssts.AssumeRoleInput) { in.SerialNumber = aws.String("GAHT12345678") }},
		{"a code", "ValidationError", "TokenCode", func(in *awssts.AssumeRoleInput) { in.TokenCode = aws.String("123456") }},
		{"a context", "ValidationError", "ProvidedContexts", func(in *awssts.AssumeRoleInput) {
			in.ProvidedContexts = []types.ProvidedContext{{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/x"), ContextAssertion: aws.String("assertion")}}
		}},
		{"a source identity of AWS", "ValidationError", "sourceIdentity", source("aws:x")},
	} {
		_, err := w.assume(w.alice(), ourRole, c.with)
		refused(t, c.name, err, c.code, c.part)
	}
	many := make([]string, 0, 100)
	for i := range 50 {
		seed := uint64(i)*0x9e3779b97f4a7c15 + 1
		text := ""
		for len(text) < 200 {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			text += fmt.Sprintf("%x", seed)
		}
		many = append(many, fmt.Sprint("key", i), text)
	}
	_, err := w.assume(w.alice(), ourRole, tags("", many...))
	refused(t, "large tags", err, "PackedPolicyTooLarge", "Packed size of session tags consumes")
	w.assumed(w.alice(), ourRole, lasting(7200))
}

func TestASessionEndsToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		w.put(alice, "AIDAALICE")
		w.put(ourRole, "AROAONE", trusting(alice, assume, ""))
		out := w.assumed(w.alice(), ourRole, lasting(900))
		if want := time.Now().Add(15 * time.Minute); !out.Credentials.Expiration.Equal(want) {
			t.Errorf("until %s, want %s", out.Credentials.Expiration, want)
		}
		c := w.session(out.Credentials)
		time.Sleep(15*time.Minute - time.Nanosecond)
		w.whoIs(c)
		time.Sleep(time.Nanosecond)
		_, err := c.GetCallerIdentity(t.Context(), nil)
		refused(t, "over", err, "ExpiredToken", "The security token included in the request is expired")
	})
}

func TestASessionIsNothingWithoutItsRole(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE")
	w.put(ourRole, "AROAONE", trusting(alice, assume, ""))
	c := w.session(w.assumed(w.alice(), ourRole).Credentials)
	w.whoIs(c)
	w.put(ourRole, "AROATWO", trusting(alice, assume, "")) // deleted, and made anew
	_, err := c.GetCallerIdentity(t.Context(), nil)
	refused(t, "another role of that name", err, "InvalidClientTokenId", "The security token included in the request is invalid")
	delete(w.who, "role"+ours+"ours")
	_, err = c.GetCallerIdentity(t.Context(), nil)
	refused(t, "no role", err, "InvalidClientTokenId", "invalid")
}

func TestATokenGoesWithItsKey(t *testing.T) {
	w := newWorld(t, true)
	w.put(alice, "AIDAALICE")
	w.put(ourRole, "AROAONE", trusting(alice, assume, ""))
	one, two := w.assumed(w.alice(), ourRole).Credentials, w.assumed(w.alice(), ourRole).Credentials
	w.whoIs(w.session(one))
	for what, c := range map[string]*awssts.Client{
		"no token":                w.as(*one.AccessKeyId, *one.SecretAccessKey, ""),
		"another's token":         w.as(*one.AccessKeyId, *one.SecretAccessKey, *two.SessionToken),
		"a token of nobody":       w.as(*one.AccessKeyId, *one.SecretAccessKey, "nonsense"),
		"a long-lived key's":      w.as("AKIAALICE00000000000", "hush", *one.SessionToken),
		"an unknown key's":        w.as("ASIAAAAAAAAAAAAAAAAA", "hush", *one.SessionToken),
		"a long unknown key's":    w.as("AKIANOBODY0000000000", "hush", *one.SessionToken),
		"no token, never was one": w.as("ASIAAAAAAAAAAAAAAAAA", "hush", ""),
	} {
		_, err := c.GetCallerIdentity(t.Context(), nil)
		refused(t, what, err, "InvalidClientTokenId", "The security token included in the request is invalid")
	}
	_, err := w.as(*one.AccessKeyId, *two.SecretAccessKey, *one.SessionToken).GetCallerIdentity(t.Context(), nil)
	refused(t, "another's secret", err, "SignatureDoesNotMatch", "")
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
func TestSessionsAreRevokedByTheTimeTheyWereIssuedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		w.put(alice, "AIDAALICE")
		w.put(ourRole, "AROAONE", trusting(alice, assume, ""), may("Allow", `"*"`))
		w.put(theirRole, "AROATWO", trusting(ours, assume, ""))
		old := w.session(w.assumed(w.alice(), ourRole).Credentials)
		w.assumed(old, theirRole)
		time.Sleep(time.Minute)
		w.put(ourRole, "AROAONE", trusting(alice, assume, ""), may("Allow", `"*"`),
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+time.Now().UTC().Format(time.RFC3339)+`"}}}]}`)
		_, err := w.assume(old, theirRole)
		refused(t, "an old session", err, "AccessDenied", "not authorized")
		w.assumed(w.session(w.assumed(w.alice(), ourRole).Credentials), theirRole)
	})
}
