package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

func dev(book *policy.Book) *access.Decider {
	return access.NewDecider(access.Options{Policies: book, Record: access.NewRecord(now()), Now: now})
}

// ask asks in dev mode, which allows everything.
func ask(t *testing.T, d *access.Decider, key, action, resource string) {
	t.Helper()
	id := access.Dev(key)
	if err := d.Decide(t.Context(), &wire.Call{Account: id.Account, Region: "us-east-1", Principal: id.Principal, AccessKey: key, Caller: &id}, action, resource); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutARecordNobodyIsAskedInDevMode(t *testing.T) {
	if access.NewDecider(access.Options{Now: now}).Question() != nil {
		t.Error("somebody is asked")
	}
	if dev(nil).Question() == nil || strict(nil).Question() == nil {
		t.Error("nobody is asked")
	}
}

func TestDevModeSaysWhatAnApplicationLacks(t *testing.T) {
	d := dev(policy.NewBook())
	const a, b = "arn:aws:sqs:us-east-1:" + access.DefaultAccount + ":a", "arn:aws:sqs:us-east-1:" + access.DefaultAccount + ":b"
	for range 3 {
		ask(t, d, "shop", send, a)
	}
	ask(t, d, "shop", "sqs:ReceiveMessage", a)
	ask(t, d, "shop", "sqs:ReceiveMessage", b)
	ask(t, d, "shop", send, b)
	ask(t, d, "shop", "sns:ListTopics", "*")
	ask(t, d, "shop", "sns:Publish", "+491701234567")
	ask(t, d, "shop", "carillon:Backup", "*")
	r := d.Report()
	if len(r.Keys) != 1 || len(r.Grants) != 0 || r.Mode != "dev" {
		t.Fatalf("%+v", r)
	}
	k := r.Keys[0]
	const want = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "sns:ListTopics",
        "sns:Publish"
      ],
      "Resource": [
        "*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": [
        "sqs:ReceiveMessage",
        "sqs:SendMessage"
      ],
      "Resource": [
        "` + a + `",
        "` + b + `"
      ]
    }
  ]
}`
	if got := k.Policy.Text(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if k.Principal != "arn:aws:iam::"+access.DefaultAccount+":user/shop" || len(k.Lacks) != 6 || k.Lacks[3].Action != send || k.Lacks[3].Count != 3 {
		t.Errorf("%+v", k)
	}
	if _, err := policy.Parse(policy.Identity, k.Policy.Text()); err != nil {
		t.Error(err)
	}
	d.Record.Reset(now())
	if r := d.Report(); len(r.Keys) != 0 {
		t.Errorf("after a reset: %+v", r)
	}
}

func TestWhatThePolicySaysIsEnoughInStrictMode(t *testing.T) {
	d := dev(policy.NewBook())
	asked := [][2]string{{send, queue}, {"sqs:ReceiveMessage", queue}, {"events:PutEvents", "arn:aws:events:us-east-1:" + ours + ":event-bus/default"}, {"sns:ListTopics", "*"}}
	for _, q := range asked {
		ask(t, d, ours, q[0], q[1])
	}
	lacks := d.Report().Keys[0]
	who := user(ours, ours, policy.Policy{Name: "lacks", Document: doc(t, policy.Identity, lacks.Policy.Text())})
	for _, q := range asked {
		if err := strict(nil).Decide(t.Context(), call(who, nil), q[0], q[1]); err != nil {
			t.Error(err)
		}
	}
}

func TestBetweenAccountsTheResourcesSideIsReportedToo(t *testing.T) {
	book := policy.NewBook()
	d := dev(book)
	ask(t, d, theirs, send, queue)
	ask(t, d, theirs, "sqs:ReceiveMessage", queue)
	r := d.Report()
	want := "[{" + queue + " {account" + theirs + " Allow map[AWS:arn:aws:iam::" + theirs + ":root] [sqs:ReceiveMessage sqs:SendMessage] [" + queue + "] map[]}}]"
	if got := fmt.Sprint(r.Grants); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	text := (&access.Document{Version: "2012-10-17", Statement: []access.Statement{r.Grants[0].Statement}}).Text()
	if err := book.PutText(queue, ours, "queue policy", text); err != nil {
		t.Fatal(err)
	}
	if r = d.Report(); len(r.Grants) != 0 || len(r.Keys) != 1 || len(r.Keys[0].Lacks) != 2 {
		t.Errorf("with the queue's side: %+v", r)
	}
	if err := book.PutText(queue, ours, "queue policy", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}`); err != nil {
		t.Fatal(err)
	}
	if r = d.Report(); len(r.Keys) != 1 || r.Keys[0].Lacks[0].Remedy != "policy" {
		t.Errorf("a user of another account needs a policy of his own: %+v", r)
	}
}

func TestTheRecordIsBounded(t *testing.T) {
	d := dev(nil)
	for i := range 10_050 {
		ask(t, d, "shop", send, fmt.Sprint("arn:aws:sqs:us-east-1:", ours, ":q", i))
	}
	ask(t, d, strings.Repeat("k", 3000), send, queue)
	r := d.Report()
	if len(r.Keys) != 1 || len(r.Keys[0].Lacks) != 10_000 || r.Dropped != 51 {
		t.Errorf("%d keys, %d questions, %d dropped", len(r.Keys), len(r.Keys[0].Lacks), r.Dropped)
	}
}

func TestWhatStrictModeRefusedIsReported(t *testing.T) {
	d := access.NewDecider(access.Options{Strict: true, Record: access.NewRecord(now()), Now: now})
	id := user(ours, "u")
	id.AccessKey = "AKIAU"
	if d.Decide(t.Context(), call(id, &sendRights), send, queue) == nil {
		t.Fatal("allowed")
	}
	if r := d.Report(); r.Mode != "strict" || len(r.Keys) != 1 || r.Keys[0].Principal != id.Principal || r.Keys[0].Policy == nil {
		t.Errorf("%+v", r)
	}
}

func TestAnExplanationHasTheReasons(t *testing.T) {
	keys, err := access.ParseCredentials([]byte(`credentials:
  - {accessKeyId: AKIAU, secretAccessKey: s, account: "` + ours + `", user: u, policies: ['{"Statement":[{"Sid":"Send","Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}']}
  - {accessKeyId: AKIAR, secretAccessKey: s, account: "` + ours + `", operator: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	d := strict(nil)
	for _, c := range []struct {
		asked            access.Asked
		decision, reason string
	}{
		{access.Asked{Principal: "AKIAU", Action: send, Resource: queue, Keys: map[string]string{"aws:SourceIp": "10.1.1.1"}}, "allowed", "allowed by statement Send of credentials file's policy 0 of AKIAU"},
		{access.Asked{Principal: "arn:aws:iam::" + ours + ":user/u", Action: send, Resource: queue}, "implicitDeny", "no statement allows sqs:SendMessage on " + queue},
		{access.Asked{Principal: ours, Action: send, Resource: queue}, "allowed", "allowed: the root of an account needs no permission"},
		{access.Asked{Principal: theirs, Action: send, Resource: queue}, "implicitDeny", "no statement of a resource-based policy allows sqs:SendMessage on " + queue},
		{access.Asked{Principal: "AKIAR", Action: "carillon:Backup"}, "allowed", "allowed: it is a key of an operator"},
	} {
		e, err := d.Explain(t.Context(), keys, c.asked)
		if err != nil || e.Decision != c.decision || e.Reason != c.reason {
			t.Errorf("%+v: %+v, %v", c.asked, e, err)
		}
	}
	if _, err := d.Explain(t.Context(), keys, access.Asked{Principal: "arn:aws:iam::" + ours + ":user/nobody", Action: send}); err == nil {
		t.Error("nobody may")
	}
}
