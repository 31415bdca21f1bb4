package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/policy"
)

const (
	rule      = "arn:aws:events:us-east-1:" + ours + ":rule/shop/paid"
	topic     = "arn:aws:sns:us-east-1:" + ours + ":news"
	ownBus    = "arn:aws:events:us-east-1:" + ours + ":event-bus/other"
	theirBus  = "arn:aws:events:us-east-1:" + theirs + ":event-bus/central"
	anEvent   = `{"version":"0","id":"1","detail-type":"Paid","source":"shop.till","detail":{"source":"forged"}}`
	byService = `"Principal":{"Service":"events.amazonaws.com"}`
	byTopics  = `"Principal":{"Service":"sns.amazonaws.com"}`
	byAccount = `"Principal":{"AWS":"arn:aws:iam::` + ours + `:root"}`
)

func sent(source, target string) *delivery.Delivery {
	to, err := arn.Parse(target)
	if err != nil {
		panic(err)
	}
	return &delivery.Delivery{Source: source, Target: to, Body: []byte(anEvent)}
}

func senders(t *testing.T, book *policy.Book) access.Senders {
	t.Helper()
	s, ok := strict(book).Senders()
	if !ok {
		t.Fatal("strict mode asks nobody")
	}
	return s
}

func allow(action, who string, condition string) string {
	if condition != "" {
		condition = `,"Condition":{` + condition + `}`
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + who + `,"Action":"` + action + `","Resource":"*"` + condition + `}]}`
}

// The cases are those of the pages that Senders names.
func TestWhatIsSentNeedsThePolicyOfItsTarget(t *testing.T) {
	for name, c := range map[string]struct {
		source, target, policy string
		allowed                bool
		varies                 bool
		reason                 string
	}{
		"a rule and a queue without a policy":      {source: rule, target: queue, reason: "no statement of a resource-based policy allows sqs:SendMessage on " + queue + " to events.amazonaws.com for rule " + rule + " (it has no policy)"},
		"a queue that allows EventBridge":          {source: rule, target: queue, policy: allow(send, byService, ""), allowed: true},
		"a queue that allows SNS only":             {source: rule, target: queue, policy: allow(send, byTopics, "")},
		"a queue that allows its account only":     {source: rule, target: queue, policy: allow("sqs:*", byAccount, "")},
		"a queue that allows the rule":             {source: rule, target: queue, policy: allow(send, byService, `"ArnEquals":{"aws:SourceArn":"`+rule+`"}`), allowed: true},
		"a queue that allows another rule":         {source: rule, target: queue, policy: allow(send, byService, `"ArnEquals":{"aws:SourceArn":"`+rule+`2"}`), reason: " to events.amazonaws.com for rule " + rule},
		"a queue that allows the rules of a bus":   {source: rule, target: queue, policy: allow(send, byService, `"ArnLike":{"aws:SourceArn":"arn:aws:events:us-east-1:*:rule/shop/*"}`), allowed: true},
		"a queue that allows an account's rules":   {source: rule, target: queue, policy: allow(send, byService, `"StringEquals":{"aws:SourceAccount":"`+ours+`"}`), allowed: true},
		"a queue that allows another's rules":      {source: rule, target: queue, policy: allow(send, byService, `"StringEquals":{"aws:SourceAccount":"`+theirs+`"}`)},
		"a queue that allows everybody by source":  {source: rule, target: queue, policy: allow(send, `"Principal":"*"`, `"ArnEquals":{"aws:SourceArn":"`+rule+`"}`), allowed: true},
		"a queue that allows services":             {source: rule, target: queue, policy: allow(send, `"Principal":"*"`, `"Bool":{"aws:PrincipalIsAWSService":"true"}`), allowed: true},
		"a queue that allows the service by key":   {source: rule, target: queue, policy: allow(send, `"Principal":"*"`, `"StringEquals":{"aws:PrincipalServiceName":"events.amazonaws.com"}`), allowed: true},
		"a queue that allows one of its names":     {source: rule, target: queue, policy: allow(send, `"Principal":"*"`, `"ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":["events.amazonaws.com"]}`), allowed: true},
		"a queue that allows an address":           {source: rule, target: queue, policy: allow(send, `"Principal":"*"`, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)},
		"a queue that wants TLS":                   {source: rule, target: queue, policy: allow(send, byService, `"Bool":{"aws:SecureTransport":"true"}`), allowed: true},
		"a queue that allows for a time":           {source: rule, target: queue, policy: allow(send, byService, `"DateLessThan":{"aws:CurrentTime":"2099-01-01T00:00:00Z"}`), allowed: true, varies: true},
		"a queue that allows reading":              {source: rule, target: queue, policy: allow("sqs:ReceiveMessage", byService, "")},
		"a queue in another partition's words":     {source: rule, target: strings.Replace(queue, "arn:aws:", "arn:aws-cn:", 1), policy: allow(send, byService, ""), allowed: true},
		"a queue that denies":                      {source: rule, target: queue, policy: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"},{"Sid":"No","Effect":"Deny",` + byService + `,"Action":"sqs:*","Resource":"*"}]}`, reason: "denied by statement No of the policy"},
		"a queue whose policy cannot be read":      {source: rule, target: queue, policy: "{", reason: "denied by statement unreadable"},
		"a topic and a queue without a policy":     {source: topic, target: queue, reason: "to sns.amazonaws.com for topic " + topic},
		"a queue that allows the topic":            {source: topic, target: queue, policy: allow(send, byTopics, `"ArnEquals":{"aws:SourceArn":"`+topic+`"}`), allowed: true},
		"the older form, for everybody":            {source: topic, target: queue, policy: `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["SQS:SendMessage"],"Resource":["` + queue + `"],"Condition":{"ArnLike":{"aws:SourceArn":["` + topic + `"]}}}]}`, allowed: true},
		"the older form, for another topic":        {source: topic, target: queue, policy: `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["SQS:SendMessage"],"Resource":["` + queue + `"],"Condition":{"ArnLike":{"aws:SourceArn":["` + topic + `s"]}}}]}`},
		"a topic and who has confirmed":            {source: topic, target: topic + ":0b1d", allowed: true},
		"a rule and a topic without a policy":      {source: rule, target: topic, reason: "sns:Publish"},
		"a topic that allows EventBridge":          {source: rule, target: topic, policy: allow("sns:Publish", byService, `"StringEquals":{"aws:SourceAccount":"`+ours+`"}`), allowed: true},
		"a topic that allows its owner":            {source: rule, target: topic, policy: allow("sns:Publish", `"Principal":{"AWS":"*"}`, `"StringEquals":{"AWS:SourceOwner":"`+ours+`"}`)},
		"a bus of the account":                     {source: rule, target: ownBus, allowed: true},
		"a bus of the account that denies":         {source: rule, target: ownBus, policy: `{"Statement":{"Sid":"s","Effect":"Deny","Principal":"*","Action":"events:PutEvents","Resource":"*"}}`, reason: "denied by statement s"},
		"another's bus without a policy":           {source: rule, target: theirBus, reason: "no statement of a resource-based policy allows events:PutEvents on " + theirBus + " to arn:aws:iam::" + ours + ":root for rule " + rule},
		"another's bus that allows the account":    {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, ""), allowed: true},
		"another's bus that allows the rule":       {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, `"ArnEquals":{"aws:SourceArn":"`+rule+`"}`), allowed: true},
		"another's bus that allows other rules":    {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, `"ArnEquals":{"aws:SourceArn":"`+rule+`2"}`)},
		"another's bus that allows the source":     {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, `"StringEquals":{"events:source":"shop.till","events:detail-type":"Paid"}`), allowed: true, varies: true},
		"another's bus that allows another source": {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, `"StringEquals":{"events:source":"forged"}`), varies: true},
		"another's bus that wants no other buses":  {source: rule, target: theirBus, policy: allow("events:PutEvents", byAccount, `"Bool":{"events:eventBusInvocation":"false"}`)},
		"an API destination without a role":        {source: rule, target: "arn:aws:events:us-east-1:" + ours + ":api-destination/d/1", reason: "has no RoleArn"},
		"a log group":                              {source: rule, target: "arn:aws:logs:us-east-1:" + ours + ":log-group:g", allowed: true},
		"what nobody knows":                        {source: rule, target: "arn:aws:lambda:us-east-1:" + ours + ":function:f", reason: "nothing says who may send"},
		"what nobody knows, of nobody":             {source: "x", target: queue, policy: allow("*", `"Principal":"*"`, ""), reason: "nothing says who may send"},
	} {
		t.Run(name, func(t *testing.T) {
			book := policy.NewBook()
			if c.policy != "" {
				to := sent(rule, c.target).Target
				to.Partition = "aws"
				_ = book.PutText(to.String(), to.Account, "the policy", c.policy) // that it cannot be read is a case
			}
			v := senders(t, book).Decide(sent(c.source, c.target))
			if (v.Denied == nil) != c.allowed || v.Varies != c.varies {
				t.Fatalf("%v, varies %v", v.Denied, v.Varies)
			}
			if v.Denied != nil && (!errors.Is(v.Denied, delivery.ErrDenied) || !strings.Contains(v.Denied.Error(), c.reason)) {
				t.Errorf("%v\nwant %s", v.Denied, c.reason)
			}
		})
	}
}

func TestARoleThatThereIsNotCannotBeAssumed(t *testing.T) {
	d := sent(rule, queue)
	d.Role = "arn:aws:iam::" + ours + ":role/gone"
	book := policy.NewBook()
	if err := book.PutText(queue, ours, "queue policy", allow("*", `"Principal":"*"`, "")); err != nil {
		t.Fatal(err)
	}
	if v := senders(t, book).Decide(d); !errors.Is(v.Denied, delivery.ErrNotAssumed) {
		t.Error(v.Denied)
	}
	d.Ended = &delivery.End{}
	if v := senders(t, book).Decide(d); v.Denied != nil {
		t.Error("a dead letter is sent in the name of EventBridge:", v.Denied)
	}
}

func TestAChangeOfAPolicyIsAnotherGeneration(t *testing.T) {
	book := policy.NewBook()
	s := senders(t, book)
	for _, text := range []string{allow(send, byService, ""), "", "{"} {
		before := s.Generation()
		_ = book.PutText(queue, ours, "queue policy", text)
		if s.Generation() == before {
			t.Errorf("%q is no change", text)
		}
	}
}

func TestDevModeSendsAndRemembersWhatStrictModeWouldNot(t *testing.T) {
	book := policy.NewBook()
	d := access.NewDecider(access.Options{Policies: book, Now: now, Record: access.NewRecord(now())})
	s, _ := d.Senders()
	for _, from := range []string{rule, rule + "2"} {
		v := s.Decide(sent(from, queue))
		if v.Denied != nil || v.Noted == nil {
			t.Fatalf("%+v", v)
		}
		v.Noted.Again(now().Add(time.Minute))
	}
	if v := s.Decide(sent(rule, theirBus)); v.Noted == nil {
		t.Fatalf("%+v", v)
	}
	got := d.Report()
	if len(got.Sendings) != 3 || got.Sendings[0].Sender != rule || got.Sendings[0].Count != 0 || got.Sendings[1].Count != 1 || got.Sendings[1].As != "events.amazonaws.com" {
		t.Fatalf("%+v", got.Sendings)
	}
	// What is printed is enough.
	for _, g := range got.Grants {
		document := access.Document{Version: "2012-10-17", Statement: []access.Statement{g.Statement}}
		if err := book.PutText(g.Resource, "", "policy", document.Text()); err != nil {
			t.Fatal(err)
		}
	}
	i := slices.IndexFunc(got.Grants, func(g access.Grant) bool { return g.Resource == queue })
	if i < 0 || !slices.Equal(got.Grants[i].Statement.Condition["ArnEquals"]["aws:SourceArn"], []string{rule, rule + "2"}) {
		t.Errorf("%+v", got.Grants)
	}
	if after := d.Report(); len(after.Sendings) != 0 || len(after.Grants) != 0 {
		t.Errorf("%+v", after)
	}
	before := s.Generation()
	d.Record.Reset(now())
	if s.Generation() == before {
		t.Error("after a reset, what is remembered of sendings counts for nobody")
	}
}

func TestNobodyIsAskedInDevModeWithoutARecord(t *testing.T) {
	if _, ok := access.NewDecider(access.Options{Policies: policy.NewBook(), Now: now}).Senders(); ok {
		t.Error("somebody is")
	}
}

func TestServicesCanBeExplained(t *testing.T) {
	book := policy.NewBook()
	if err := book.PutText(queue, ours, "queue policy", allow(send, byService, `"ArnEquals":{"aws:SourceArn":"`+rule+`"},"StringEquals":{"aws:SourceAccount":"`+ours+`"}`)); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{rule: "allowed", rule + "2": "implicitDeny"} {
		e, err := strict(book).Explain(t.Context(), nil, access.Asked{Principal: "events.amazonaws.com", Action: send, Resource: queue, Keys: map[string]string{"aws:SourceArn": from}})
		if err != nil || e.Decision != want || e.Principal != "events.amazonaws.com" {
			t.Errorf("%s: %+v, %v", from, e, err)
		}
	}
}
