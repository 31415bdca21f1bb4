package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

const (
	ours   = "111111111111"
	theirs = "222222222222"
	queue  = "arn:aws:sqs:us-east-1:" + ours + ":orders"
	send   = "sqs:SendMessage"
)

var sendRights = wire.Rights{Action: send, Spelled: "sqs:sendmessage", Denied: "AccessDeniedException"}

func doc(tb testing.TB, kind policy.Kind, text string) *policy.Document {
	tb.Helper()
	d, err := policy.Parse(kind, text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return d
}

func identityPolicy(tb testing.TB, statement string) []policy.Policy {
	return []policy.Policy{{Name: "orders", Document: doc(tb, policy.Identity, `{"Version":"2012-10-17","Statement":`+statement+`}`)}}
}

func root(account string) access.Identity {
	return access.Identity{Account: account, Principal: "arn:aws:iam::" + account + ":root"}
}

func user(account, name string, policies ...policy.Policy) access.Identity {
	return access.Identity{Account: account, Principal: "arn:aws:iam::" + account + ":user/" + name, Policies: policies}
}

// call is one by somebody for an operation.
func call(id access.Identity, rights *wire.Rights) *wire.Call {
	caller := ""
	if id.Session != nil {
		caller = id.Session.UserID
	}
	return &wire.Call{
		CallerID: caller,
		Service:  "sqs", Operation: "SendMessage", Account: id.Account, Region: "us-east-1", Principal: id.Principal, AccessKey: id.AccessKey,
		SourceIP: "10.0.0.1", Rights: rights, Caller: &id,
	}
}

func strict(book *policy.Book) *access.Decider {
	return access.NewDecider(access.Options{Strict: true, Policies: book, Now: now})
}

func TestStrictModeDecidesByThePoliciesOfBothSides(t *testing.T) {
	allow := func(who string) string {
		return `{"Statement":{"Sid":"in","Effect":"Allow","Principal":` + who + `,"Action":"SQS:*","Resource":"` + queue + `"}}`
	}
	may := identityPolicy(t, `{"Effect":"Allow","Action":"sqs:Send*","Resource":"arn:aws:sqs:*:*:orders"}`)
	const (
		noIdentity = " because no identity-based policy allows the sqs:sendmessage action"
		noResource = " because no resource-based policy allows the sqs:sendmessage action"
	)
	for name, c := range map[string]struct {
		who      access.Identity
		resource string // policy of the queue
		rights   wire.Rights
		want     string // of the refusal, behind what all begin with; "-": allowed
	}{
		"the root of the account may":                          {who: root(ours), want: "-"},
		"a user without policies may not":                      {who: user(ours, "u"), want: noIdentity},
		"a user with a policy may":                             {who: user(ours, "u", may...), want: "-"},
		"a queue may let in a user by name":                    {who: user(ours, "u"), resource: allow(`{"AWS":"arn:aws:iam::` + ours + `:user/u"}`), want: "-"},
		"a queue that denies beats a policy":                   {who: user(ours, "u", may...), resource: `{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}`, want: " with an explicit deny in a resource-based policy"},
		"the root of another account may not":                  {who: root(theirs), want: noResource},
		"another account may if the queue says so":             {who: root(theirs), resource: allow(`"` + "*" + `"`), want: "-"},
		"a user of another account needs a policy, too":        {who: user(theirs, "u"), resource: allow(`{"AWS":"` + theirs + `"}`), want: noIdentity},
		"a user of another account with both may":              {who: user(theirs, "u", may...), resource: allow(`{"AWS":"` + theirs + `"}`), want: "-"},
		"what only the owner may, no queue can give":           {who: root(theirs), resource: allow(`"*"`), rights: wire.Rights{OwnerOnly: true}, want: noResource},
		"what the own side decides needs no queue":             {who: root(theirs), rights: wire.Rights{OwnSide: true}, want: "-"},
		"what the own side decides still needs its policy":     {who: user(theirs, "u"), rights: wire.Rights{OwnSide: true}, want: noIdentity},
		"a policy that cannot be read closes the queue":        {who: user(ours, "u", may...), resource: `{"Statement":{"Effect":"Maybe"}}`, want: " with an explicit deny in a resource-based policy"},
		"a policy that cannot be read leaves the queue's root": {who: root(ours), resource: `{"Statement":{"Effect":"Maybe"}}`, want: "-"},
	} {
		t.Run(name, func(t *testing.T) {
			book := policy.NewBook()
			_ = book.PutText(queue, ours, "queue policy", c.resource) // that it cannot be read is a case
			rights := sendRights
			rights.OwnerOnly, rights.OwnSide = c.rights.OwnerOnly, c.rights.OwnSide
			asked := call(c.who, &rights)
			err := strict(book).Decide(t.Context(), asked, send, queue)
			if c.want == "-" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := "User: " + c.who.Principal + " is not authorized to perform: sqs:sendmessage on resource: " + queue + c.want
			var refusal *wire.Error
			if !errors.As(err, &refusal) || refusal.Code != "AccessDeniedException" || refusal.Message != want {
				t.Errorf("%v\nwant %s", err, want)
			}
			if asked.Refused == nil || asked.Refused.Action != send || asked.Refused.Resource != queue || asked.Refused.Reason == "" {
				t.Errorf("the audit record gets %+v", asked.Refused)
			}
		})
	}
}

func TestWhoHasNoPoliciesIsToldSoInTheReason(t *testing.T) {
	c := call(user(ours, "u"), nil)
	if err := strict(nil).Decide(t.Context(), c, send, queue); err == nil {
		t.Fatal("allowed")
	}
	const want = "no statement allows sqs:SendMessage on " + queue + ": arn:aws:iam::" + ours + ":user/u has no policies" +
		" (it is no user of IAM, and the credentials file gives it none)"
	if c.Refused.Reason != want {
		t.Errorf("%s\nwant %s", c.Refused.Reason, want)
	}
}

func TestAnotherNameOfTheSameResourceEvadesNoPolicy(t *testing.T) {
	who := user(ours, "u", identityPolicy(t, `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"`+queue+`"}]`)...)
	for _, name := range []string{queue, "arn:aws-cn:sqs:us-east-1:" + ours + ":orders", "arn::sqs:us-east-1:" + ours + ":orders"} {
		if err := strict(nil).Decide(t.Context(), call(who, nil), send, name); err == nil {
			t.Errorf("%s is allowed", name)
		}
	}
}

func TestConditionKeysAnswerForTheRequest(t *testing.T) {
	entity := &identity.Entity{
		Kind: identity.User, ARN: "arn:aws:iam::" + ours + ":user/team/ann", ID: "AIDAANN", Account: ours, Name: "ann", Path: "/team/", Tags: map[string]string{"Team": "orders"},
	}
	role := &identity.Entity{Kind: identity.Role, ARN: "arn:aws:iam::" + ours + ":role/r", ID: "AROAR", Account: ours, Name: "r", Tags: map[string]string{"Team": "orders", "Stage": "test"}}
	ann := access.Identity{AccessKey: "AKIAANN", Account: ours, Principal: entity.ARN, Entity: entity}
	session := access.Identity{
		AccessKey: "ASIAR", Account: ours, Principal: "arn:aws:sts::" + ours + ":assumed-role/r/s", Entity: role,
		Session: &access.Session{Name: "s", UserID: "AROAR:s", IssuedAt: now().Add(-time.Minute), Tags: map[string]string{"Team": "parcels"}, SourceIdentity: "ann"},
	}
	rights := sendRights
	rights.Keys = func(_ context.Context, _ *wire.Call, q wire.Question, key string) policy.Value {
		return policy.One(key + " of " + q.Resource + " about " + q.About.(string))
	}
	for _, c := range []struct {
		who        access.Identity
		key, value string // "": it is not there
	}{
		{ann, "aws:PrincipalArn", entity.ARN}, {ann, "aws:PrincipalAccount", ours}, {ann, "aws:PrincipalType", "User"},
		{ann, "aws:userid", "AIDAANN"}, {ann, "aws:username", "ann"}, {ann, "aws:PrincipalTag/team", "orders"},
		{ann, "aws:TokenIssueTime", ""}, {ann, "aws:SourceIdentity", ""}, {ann, "aws:MultiFactorAuthPresent", ""},
		{session, "aws:PrincipalArn", role.ARN}, {session, "aws:PrincipalType", "AssumedRole"}, {session, "aws:userid", "AROAR:s"},
		{session, "aws:username", ""}, {session, "aws:PrincipalTag/Team", "parcels"}, {session, "aws:PrincipalTag/Stage", "test"},
		{session, "aws:TokenIssueTime", "2026-01-02T03:03:05Z"}, {session, "aws:SourceIdentity", "ann"}, {session, "aws:MultiFactorAuthPresent", "false"},
		{root(ours), "aws:PrincipalType", "Account"}, {root(ours), "aws:userid", ours},
		{ann, "aws:CurrentTime", "2026-01-02T03:04:05Z"}, {ann, "aws:EpochTime", "1767323045"}, {ann, "aws:SourceIp", "10.0.0.1"},
		{ann, "aws:SecureTransport", "false"}, {ann, "aws:RequestedRegion", "us-east-1"}, {ann, "aws:ResourceAccount", ours},
		{ann, "aws:UserAgent", "aws-cli/2"}, {ann, "aws:Referer", ""}, {ann, "aws:ViaAWSService", "false"}, {ann, "aws:PrincipalIsAWSService", "false"},
		{ann, "aws:SourceVpc", ""},
		{ann, "sqs:Something", "sqs:something of " + queue + " about input"}, {ann, "aws:ResourceTag/Stage", "aws:resourcetag/stage of " + queue + " about input"},
	} {
		operator, value := "StringEquals", c.value
		if value == "" {
			operator, value = "Null", "true"
		}
		// A queue's policy that denies what is not so, since roots need nothing else.
		book := policy.NewBook()
		text := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"` + operator + `":{"` + c.key + `":"` + value + `"}}},` +
			`{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"` + map[string]string{"StringEquals": "StringNotEquals", "Null": "StringLike"}[operator] + `":{"` + c.key + `":"` + map[string]string{"StringEquals": value, "Null": "*"}[operator] + `"}}}]}`
		if err := book.PutText(queue, ours, "queue policy", text); err != nil {
			t.Fatal(err)
		}
		asked := call(c.who, &rights)
		asked.About, asked.Header = "input", map[string][]string{"User-Agent": {"aws-cli/2"}}
		if err := strict(book).Decide(t.Context(), asked, send, queue); err != nil {
			t.Errorf("%s of %s is not %q: %v", c.key, c.who.Principal, c.value, err)
		}
	}
}

func TestAnOperatorMayWhatConcernsTheNode(t *testing.T) {
	operator := root(ours)
	operator.Operator = true
	other := user(ours, "u")
	other.Operator = true
	for _, id := range []access.Identity{operator, other} {
		if err := strict(nil).Decide(t.Context(), call(id, nil), "carillon:Backup", "*"); err != nil {
			t.Error(err)
		}
	}
	if err := strict(nil).Decide(t.Context(), call(other, nil), send, queue); err == nil {
		t.Error("an operator may send, too")
	}
	if err := strict(nil).Decide(t.Context(), call(user(ours, "v"), nil), "carillon:Backup", "*"); err == nil {
		t.Error("a user without policies may take a backup")
	}
	may := user(ours, "w", identityPolicy(t, `{"Effect":"Allow","Action":"carillon:*","Resource":"*"}`)...)
	if err := strict(nil).Decide(t.Context(), call(may, nil), "carillon:Backup", "*"); err != nil {
		t.Error(err)
	}
}

func TestAnAllowedDecisionCostsNoGarbage(t *testing.T) {
	d, c := strict(policy.NewBook()), call(root(ours), &sendRights)
	if n := testing.AllocsPerRun(1000, func() {
		if d.Decide(context.Background(), c, send, queue) != nil {
			t.Fatal("refused")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRoot(b *testing.B) {
	d, c := strict(policy.NewBook()), call(root(ours), &sendRights)
	b.ReportAllocs()
	for b.Loop() {
		if d.Decide(context.Background(), c, send, queue) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkUserWithPolicy(b *testing.B) {
	who := user(ours, "u", identityPolicy(b, `{"Effect":"Allow","Action":"sqs:Send*","Resource":"arn:aws:sqs:*:*:orders"}`)...)
	d, c := strict(policy.NewBook()), call(who, &sendRights)
	b.ReportAllocs()
	for b.Loop() {
		if d.Decide(context.Background(), c, send, queue) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkDevRecords(b *testing.B) {
	d := access.NewDecider(access.Options{Record: access.NewRecord(now()), Now: time.Now})
	id := access.Dev("test")
	c := call(id, &sendRights)
	b.ReportAllocs()
	for b.Loop() {
		if d.Decide(context.Background(), c, send, queue) != nil {
			b.Fatal("refused")
		}
	}
}
