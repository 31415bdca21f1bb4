package filterpolicy

import (
	"errors"
	"testing"

	"github.com/carillon-events/carillon/internal/pattern/engine"
	"github.com/carillon-events/carillon/internal/pattern/oracle"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// delivers does what a topic does with one subscription.
func delivers(t failer, policy string, scope Scope, attrs []Attribute, body string) bool {
	t.Helper()
	p, err := Parse(policy, scope)
	if err != nil {
		t.Fatalf("policy %s: %v", policy, err)
	}
	if p == nil {
		return true
	}
	event := []byte(body)
	if scope == MessageAttributes {
		event, err = AppendAttributes(nil, attrs)
	} else {
		err = CheckBody(event)
	}
	if err != nil {
		return false
	}
	ok, err := oracle.New(p).Match(event)
	if err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	// The oracle says what is right; topics match with the engine.
	set := engine.NewSet()
	set.Add(engine.NewRule(p, nil))
	var m engine.Memory
	if rules, _, err := set.Snapshot().Match(&m, event); err != nil || len(rules) == 1 != ok {
		t.Fatalf("event %s: the engine says %v, %v, and the oracle %v", event, len(rules) == 1, err, ok)
	}
	return ok
}

func str(name, value string) Attribute  { return Attribute{name, "String", value} }
func list(name, value string) Attribute { return Attribute{name, "String.Array", value} }
func num(name, value string) Attribute  { return Attribute{name, "Number", value} }

// TestBothScopesMatchAValueAlike covers what the documentation has an example
// of in both scopes: string-value-matching, numeric-value-matching and
// attribute-key-matching under https://docs.aws.amazon.com/sns/latest/dg/.
func TestBothScopesMatchAValueAlike(t *testing.T) {
	for _, c := range []struct {
		policy   string
		attr     Attribute
		body     string
		delivers bool
	}{
		{`{"fruit": ["fig", "plum"]}`, str("fruit", "plum"), `{"fruit": "plum"}`, true},
		{`{"fruit": ["fig", "plum"]}`, str("fruit", "pear"), `{"fruit": "pear"}`, false},
		{`{"fruit": ["fig"]}`, str("fruit", "Fig"), `{"fruit": "Fig"}`, false},
		{`{"fruit": ["fig"]}`, list("fruit", `["pear", "fig"]`), `{"fruit": ["pear", "fig"]}`, true},
		{`{"fruit": ["fig"]}`, list("fruit", `["pear"]`), `{"fruit": ["pear"]}`, false},
		{`{"fruit": [{"prefix": "pl"}]}`, str("fruit", "plum"), `{"fruit": "plum"}`, true},
		{`{"fruit": [{"prefix": "pl"}]}`, str("fruit", "apple"), `{"fruit": "apple"}`, false},
		{`{"fruit": [{"suffix": "um"}]}`, str("fruit", "plum"), `{"fruit": "plum"}`, true},
		{`{"fruit": [{"suffix": "um"}]}`, str("fruit", "umbra"), `{"fruit": "umbra"}`, false},
		{`{"fruit": [{"equals-ignore-case": "FIG"}]}`, str("fruit", "fIg"), `{"fruit": "fIg"}`, true},
		{`{"fruit": [{"equals-ignore-case": "FIG"}]}`, str("fruit", "figs"), `{"fruit": "figs"}`, false},
		{`{"path": [{"wildcard": "*/src/*.go"}]}`, str("path", "a/src/b.go"), `{"path": "a/src/b.go"}`, true},
		{`{"path": [{"wildcard": "*/src/*.go"}]}`, str("path", "a/src/b.js"), `{"path": "a/src/b.js"}`, false},
		{`{"path": [{"wildcard": "*"}]}`, str("path", "x"), `{"path": "x"}`, true},

		{`{"fruit": [{"anything-but": ["fig", "plum"]}]}`, str("fruit", "pear"), `{"fruit": "pear"}`, true},
		{`{"fruit": [{"anything-but": ["fig", "plum"]}]}`, str("fruit", "fig"), `{"fruit": "fig"}`, false},
		{`{"fruit": [{"anything-but": "fig"}]}`, str("tree", "oak"), `{"tree": "oak"}`, false},
		// One of the values is another, which is enough.
		{`{"fruit": [{"anything-but": ["fig", "plum"]}]}`, list("fruit", `["fig", "pear"]`), `{"fruit": ["fig", "pear"]}`, true},
		{`{"fruit": [{"anything-but": ["fig", "plum"]}]}`, list("fruit", `["fig"]`), `{"fruit": ["fig"]}`, false},
		{`{"fruit": [{"anything-but": {"prefix": "pl"}}]}`, str("fruit", "fig"), `{"fruit": "fig"}`, true},
		{`{"fruit": [{"anything-but": {"prefix": "pl"}}]}`, str("fruit", "plum"), `{"fruit": "plum"}`, false},
		{`{"fruit": [{"anything-but": {"suffix": "um"}}]}`, str("fruit", "plum"), `{"fruit": "plum"}`, false},
		{`{"env": [{"anything-but": {"wildcard": "test-*"}}]}`, str("env", "prod-1"), `{"env": "prod-1"}`, true},
		{`{"env": [{"anything-but": {"wildcard": "test-*"}}]}`, str("env", "test-1"), `{"env": "test-1"}`, false},
		{`{"env": ["prod", {"wildcard": "stage-*"}]}`, str("env", "stage-2"), `{"env": "stage-2"}`, true},
		{`{"fruit": [{"anything-but": ["fig"]}, {"exists": false}]}`, str("tree", "oak"), `{"tree": "oak"}`, true},

		{`{"ip": [{"cidr": "192.0.2.0/24"}]}`, str("ip", "192.0.2.255"), `{"ip": "192.0.2.255"}`, true},
		{`{"ip": [{"cidr": "192.0.2.0/24"}]}`, str("ip", "192.0.3.0"), `{"ip": "192.0.3.0"}`, false},
		{`{"ip": [{"cidr": "2001:db8::/32"}]}`, str("ip", "2001:db8::1"), `{"ip": "2001:db8::1"}`, true},

		{`{"price": [{"numeric": ["=", 12.5]}]}`, num("price", "12.50"), `{"price": 12.50}`, true},
		{`{"price": [{"numeric": ["=", 12.5]}]}`, num("price", "1.25e1"), `{"price": 1.25e1}`, true},
		{`{"price": [12.5]}`, num("price", "12.5"), `{"price": 12.5}`, true},
		{`{"price": [{"numeric": ["<", 0]}]}`, num("price", "-0.00001"), `{"price": -0.00001}`, true},
		{`{"price": [{"numeric": ["<", 0]}]}`, num("price", "0"), `{"price": 0}`, false},
		{`{"price": [{"numeric": [">", 0, "<=", 9]}]}`, num("price", "9"), `{"price": 9}`, true},
		{`{"price": [{"numeric": [">", 0, "<=", 9]}]}`, num("price", "9.00001"), `{"price": 9.00001}`, false},
		{`{"price": [{"anything-but": [1, 5]}]}`, num("price", "1.1"), `{"price": 1.1}`, true},
		{`{"price": [{"anything-but": [1, 5]}]}`, num("price", "1.0"), `{"price": 1.0}`, false},
		{`{"price": [{"anything-but": [1, 5]}]}`, Attribute{"price", "Number.Array", "[1, 7]"}, `{"price": [1, 7]}`, true},
		// A number in quotes is text.
		{`{"price": [5]}`, str("price", "5"), `{"price": "5"}`, false},
		{`{"price": ["5"]}`, num("price", "5"), `{"price": 5}`, false},
		{`{"price": [{"numeric": [">", 0]}]}`, str("price", "5"), `{"price": "5"}`, false},

		{`{"on": [true]}`, list("on", `[true]`), `{"on": true}`, true},
		{`{"on": [true]}`, str("on", "true"), `{"on": "true"}`, false},
		{`{"on": [null]}`, list("on", `["x", null]`), `{"on": ["x", null]}`, true},
		{`{"on": [3]}`, list("on", `["x", 3.0]`), `{"on": ["x", 3.0]}`, true},

		{`{"store": [{"exists": true}]}`, str("store", "north"), `{"store": "north"}`, true},
		{`{"store": [{"exists": true}]}`, str("shop", "north"), `{"shop": "north"}`, false},
		{`{"store": [{"exists": false}]}`, str("store", "north"), `{"store": "north"}`, false},
		{`{"store": [{"exists": false}]}`, str("shop", "north"), `{"shop": "north"}`, true},
		{`{"store": [{"exists": true}]}`, list("store", `[]`), `{"store": []}`, false},
	} {
		if got := delivers(t, c.policy, MessageAttributes, []Attribute{c.attr}, ""); got != c.delivers {
			t.Errorf("%s delivers attribute %v: %v", c.policy, c.attr, got)
		}
		if got := delivers(t, c.policy, MessageBody, nil, c.body); got != c.delivers {
			t.Errorf("%s delivers body %s: %v", c.policy, c.body, got)
		}
	}
}

func TestEveryKeyOfAPolicyMustMatch(t *testing.T) {
	order := []Attribute{list("tags", `["new", "big"]`), str("shop", "north"), str("step", "paid"), num("total", "99.95")}
	const body = `{"tags": ["new", "big"], "shop": "north", "step": "paid", "total": 99.95}`
	for policy, want := range map[string]bool{
		`{"shop": ["north"], "step": [{"anything-but": "void"}], "tags": ["old", "big"], "total": [{"numeric": [">=", 50]}]}`: true,
		`{"shop": ["north"], "step": ["void"]}`:                   false,
		`{"shop": ["north"], "secret": [false]}`:                  false,
		`{"shop": ["north"], "total": [{"numeric": [">", 100]}]}`: false,
		`{}`: true,
		`{"shop": ["south"], "$or": [{"step": ["paid"]}, {"total": [1]}]}`:                             false,
		`{"shop": ["north"], "$or": [{"step": ["void"]}, {"total": [99.95]}]}`:                         true,
		`{"$or": [{"step": ["void"]}, {"shop": ["north"], "$or": [{"tags": ["x"]}, {"total": [1]}]}]}`: false,
		`{"$or": [{"step": ["void"]}, {"shop": ["north"], "$or": [{"tags": ["new"]}, {"t": [1]}]}]}`:   true,
	} {
		if got := delivers(t, policy, MessageAttributes, order, ""); got != want {
			t.Errorf("%s delivers the attributes: %v", policy, got)
		}
		if got := delivers(t, policy, MessageBody, nil, body); got != want {
			t.Errorf("%s delivers the body: %v", policy, got)
		}
	}
}

func TestABodyPolicyMayNest(t *testing.T) {
	const policy = `{"order": {"lines": {"sku": [{"prefix": "A-"}]}, "$or": [{"paid": [true]}, {"by": ["card"]}]}}`
	for body, want := range map[string]bool{
		`{"order": {"lines": [{"sku": "B-1"}, {"sku": "A-7"}], "paid": true}}`: true,
		`{"order": {"lines": {"sku": "A-7"}, "by": ["cash", "card"]}}`:         true,
		`{"order": {"lines": [{"sku": "A-7"}]}}`:                               false,
		`{"lines": [{"sku": "A-7"}], "paid": true}`:                            false,
	} {
		if got := delivers(t, policy, MessageBody, nil, body); got != want {
			t.Errorf("%s is delivered: %v", body, got)
		}
	}
}

func TestABodyThatIsNoObjectMatchesNoPolicy(t *testing.T) {
	for _, body := range []string{``, `hello`, `"a"`, `[{"a": 1}]`, `5`, `null`, `{"a": 1`, `{"b": tru}`, `{"b": 1} x`, `{}{}`} {
		if err := CheckBody([]byte(body)); !errors.Is(err, ErrBody) {
			t.Errorf("%s: %v", body, err)
		}
		if delivers(t, `{"a": [{"exists": false}]}`, MessageBody, nil, body) {
			t.Errorf("%s is delivered", body)
		}
	}
	if !delivers(t, `{"a": [{"exists": false}]}`, MessageBody, nil, " \n{}\n") {
		t.Error("an empty object is not delivered")
	}
}

// https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html has a
// note that {"exists": false} needs some attribute.
func TestAMessageWithoutAttributesMatchesNoAttributePolicy(t *testing.T) {
	for _, attrs := range [][]Attribute{nil, {{"blob", "Binary", ""}}} {
		if delivers(t, `{"a": [{"exists": false}]}`, MessageAttributes, attrs, "") {
			t.Errorf("%v is delivered", attrs)
		}
		if !delivers(t, `{}`, MessageAttributes, attrs, "") {
			t.Errorf("%v is not delivered to a subscription without a policy", attrs)
		}
	}
}

func TestAnAttributeNameWithDotsIsOnlyAName(t *testing.T) {
	const policy = `{"a.b": ["x"], "a": ["y"], "a.b.c": [{"exists": false}]}`
	if !delivers(t, policy, MessageAttributes, []Attribute{str("a", "y"), str("a.b", "x")}, "") {
		t.Error("names with dots do not match themselves")
	}
	// Were the object taken for part of the event, this would be a.b too.
	inside := []Attribute{list("a", `["y", {"b": "x"}]`)}
	if delivers(t, policy, MessageAttributes, inside, "") {
		t.Error("an object in an attribute is taken for the attribute a.b")
	}
	if !delivers(t, `{"a": ["y"], "a.b": [{"exists": false}]}`, MessageAttributes, inside, "") {
		t.Error("an object in an attribute hides that a.b is missing")
	}
}
