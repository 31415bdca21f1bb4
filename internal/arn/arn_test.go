package arn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/arn"
)

func TestParseTakesAnARNApart(t *testing.T) {
	for text, want := range map[string]arn.ARN{
		"arn:aws:sqs:us-east-1:123456789012:orders":          {"aws", "sqs", "us-east-1", "123456789012", "orders"},
		"arn:aws-cn:events:cn-north-1:123456789012:rule/b/r": {"aws-cn", "events", "cn-north-1", "123456789012", "rule/b/r"},
		"arn:aws:iam::123456789012:root":                     {"aws", "iam", "", "123456789012", "root"},
		"arn:aws:s3:::bucket/key:with:colons":                {"aws", "s3", "", "", "bucket/key:with:colons"},
		"arn:aws:iam::aws:policy/AdministratorAccess":        {"aws", "iam", "", "aws", "policy/AdministratorAccess"},
	} {
		got, err := arn.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("Parse(%q).String() = %q", text, got.String())
		}
	}
}

func TestParseNamesThePartThatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "does not begin with",
		"orders":                               "does not begin with",
		"arn:aws:sqs":                          "3 parts",
		"arn:aws:sqs:us-east-1:123456789012":   "5 parts",
		"arn::sqs:us-east-1:123456789012:q":    "partition is empty",
		"arn:aws::us-east-1:123456789012:q":    "service is empty",
		"arn:aws:sqs:us-east-1:123456789012:":  "resource is empty",
		"arn:aws:sqs:us-east-1:12345:q":        "12 digits",
		"arn:aws:sqs:us-east-1:12345678901x:q": "12 digits",
	} {
		_, err := arn.Parse(text)
		if !errors.Is(err, arn.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v; want an ErrInvalid that says %q", text, err, want)
		}
	}
}

func TestAnErrorDoesNotRepeatAMegabyteOfInput(t *testing.T) {
	_, err := arn.Parse(strings.Repeat("x", 1<<20))
	if err == nil || len(err.Error()) > 1000 {
		t.Fatalf("error of %d bytes", len(err.Error()))
	}
}

func TestRuleARNsNameTheBusUnlessItIsTheDefault(t *testing.T) {
	for _, c := range []struct{ bus, name, want string }{
		{"default", "r", "arn:aws:events:eu-west-1:000000000000:rule/r"},
		{"orders", "r", "arn:aws:events:eu-west-1:000000000000:rule/orders/r"},
		{"aws.partner/shop/1", "r", "arn:aws:events:eu-west-1:000000000000:rule/aws.partner/shop/1/r"},
	} {
		a := arn.Rule("eu-west-1", "000000000000", c.bus, c.name)
		if a.String() != c.want {
			t.Errorf("Rule(%q, %q) = %s; want %s", c.bus, c.name, a, c.want)
		}
		if bus, name, ok := a.RuleName(); !ok || bus != c.bus || name != c.name {
			t.Errorf("%s is rule %q of bus %q, %v", a, name, bus, ok)
		}
	}
}

func TestNamesComeBackOutOfTheirARNs(t *testing.T) {
	if name, ok := arn.Queue("us-east-1", "123456789012", "q.fifo").QueueName(); !ok || name != "q.fifo" {
		t.Errorf("queue name %q, %v", name, ok)
	}
	if name, ok := arn.Bus("us-east-1", "123456789012", "b").BusName(); !ok || name != "b" {
		t.Errorf("bus name %q, %v", name, ok)
	}
	topic := arn.ARN{Partition: "aws", Service: "sns", Region: "us-east-1", Account: "123456789012", Resource: "q"}
	if _, ok := topic.QueueName(); ok {
		t.Error("a topic passed for a queue")
	}
	if _, ok := topic.BusName(); ok {
		t.Error("a topic passed for a bus")
	}
	if _, _, ok := arn.Queue("us-east-1", "123456789012", "rule/x").RuleName(); ok {
		t.Error("a queue passed for a rule")
	}
}

func TestThePartitionFollowsTheRegion(t *testing.T) {
	for region, want := range map[string]string{"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		if got := arn.Partition(region); got != want {
			t.Errorf("Partition(%q) = %q; want %q", region, got, want)
		}
	}
}

func FuzzWhatParsesPrintsBack(f *testing.F) {
	f.Add("arn:aws:sqs:us-east-1:123456789012:orders")
	f.Add("arn:aws:s3:::b/k:v")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := arn.Parse(text)
		if err == nil && a.String() != text {
			t.Fatalf("%q printed back as %q", text, a)
		}
	})
}
