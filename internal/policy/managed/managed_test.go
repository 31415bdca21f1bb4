package managed_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/policy/managed"
)

func TestEveryPolicyOfAWSHasADocumentThatParses(t *testing.T) {
	all := managed.All()
	if len(all) < 1500 {
		t.Fatalf("only %d policies", len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b managed.Policy) int { return strings.Compare(a.ARN, b.ARN) }) {
		t.Error("they are in no order")
	}
	known := 0
	for _, p := range all {
		d := p.Document()
		if d.Text() != p.Text() || d.Size() > policy.MaxManaged {
			t.Errorf("%s: %d characters", p.ARN, d.Size())
		}
		if p.Known {
			known++
		}
		if found, ok := managed.Find(p.ARN); !ok || found != p || p.ARN != managed.Prefix+p.Path+p.Name {
			t.Errorf("%s is found as %+v", p.ARN, found)
		}
	}
	if known != managed.Documents() {
		t.Errorf("%d documents for %d names: a document is of a name that AWS does not have", managed.Documents(), known)
	}
}

func TestWhatIsKnownByNameOnlyAllowsNothingAndSaysSo(t *testing.T) {
	p, ok := managed.Find("arn:aws:iam::aws:policy/AmazonEC2FullAccess")
	if !ok || p.Known || !strings.Contains(p.Description(), "name only") {
		t.Fatalf("%+v", p)
	}
	if allows(p, "ec2:RunInstances", "*") || allows(p, "sqs:SendMessage", "*") {
		t.Error("it allows something")
	}
}

func TestPoliciesAllowWhatTheirNamesSay(t *testing.T) {
	for _, c := range []struct {
		name, action string
		want         bool
	}{
		{"AdministratorAccess", "iam:CreateUser", true},
		{"PowerUserAccess", "sqs:CreateQueue", true},
		{"PowerUserAccess", "iam:CreateUser", false},
		{"PowerUserAccess", "iam:ListRoles", true},
		{"ReadOnlyAccess", "sns:ListTopics", true},
		{"ReadOnlyAccess", "sns:Publish", false},
		{"AmazonSQSFullAccess", "sqs:PurgeQueue", true},
		{"AmazonSQSFullAccess", "sns:Publish", false},
		{"AmazonSQSReadOnlyAccess", "sqs:ListQueues", true},
		{"AmazonSQSReadOnlyAccess", "sqs:ReceiveMessage", false},
		{"service-role/AWSLambdaSQSQueueExecutionRole", "sqs:DeleteMessage", true},
		{"IAMReadOnlyAccess", "iam:GetUser", true},
		{"IAMReadOnlyAccess", "iam:CreateUser", false},
	} {
		p, ok := managed.Find(managed.Prefix + "/" + c.name)
		if !ok || allows(p, c.action, "*") != c.want {
			t.Errorf("%s allows %s: want %v (found: %v)", c.name, c.action, c.want, ok)
		}
	}
}

func allows(p managed.Policy, action, resource string) bool {
	d := policy.Decide(
		&policy.Request{Principal: policy.Principal{Kind: policy.User, ARN: "arn:aws:iam::123456789012:user/u", Account: "123456789012"}, Action: action, Resource: resource},
		&policy.Set{Identity: []policy.Policy{{Name: p.ARN, Document: p.Document()}}})
	return d.Allows()
}
