package policy

import (
	"strings"
	"testing"
)

var (
	ann     = Principal{Kind: User, ARN: "arn:aws:iam::111111111111:user/ann", Account: ours}
	root    = Principal{Kind: Root, ARN: "arn:aws:iam::111111111111:root", Account: ours}
	session = Principal{Kind: RoleSession, ARN: "arn:aws:sts::111111111111:assumed-role/r/s", Account: ours, Behind: "arn:aws:iam::111111111111:role/p/r"}
	guest   = Principal{Kind: FederatedUser, ARN: "arn:aws:sts::111111111111:federated-user/g", Account: ours, Behind: ann.ARN}
	events  = Principal{Kind: Service, ARN: "events.amazonaws.com"}
	nobody  = Principal{}
)

const queue = "arn:aws:sqs:us-east-1:111111111111:q"

func policyOf(t *testing.T, kind Kind, statements ...string) Policy {
	t.Helper()
	return Policy{Name: kind.String(), Document: mustParse(t, kind, statementsOf(statements...))}
}

// TestAWSsTableOfResourcePoliciesAndImplicitDenies is the table of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// and what its page says around it.
func TestAWSsTableOfResourcePoliciesAndImplicitDenies(t *testing.T) {
	const anybody, account = `"*"`, `{"AWS": "111111111111"}`
	aws := func(arn string) string { return `{"AWS": "` + arn + `"}` }
	for name, test := range map[string]struct {
		who                         Principal
		named                       string // by the queue's policy; empty: it has none
		identity, boundary, session int    // 0: there is none, 1: it allows, -1: it is there, and silent
		want                        string // "allow", or what should have allowed
	}{
		"a user by name is limited by nothing":                  {ann, aws(ann.ARN), -1, -1, 0, "allow"},
		"a session by name is limited by nothing":               {session, aws(session.ARN), -1, -1, -1, "allow"},
		"a session by its role needs no identity policy":        {session, aws(session.Behind), -1, 0, 0, "allow"},
		"a session by its role within its limits":               {session, aws(session.Behind), 0, 1, 1, "allow"},
		"a session by its role is limited by the boundary":      {session, aws(session.Behind), 1, -1, 0, "permissions boundary"},
		"a session by its role is limited by session policies":  {session, aws(session.Behind), 0, 0, -1, "session policy"},
		"a federated user by name is limited by nothing":        {guest, aws(guest.ARN), -1, -1, -1, "allow"},
		"a federated user by the user behind it":                {guest, aws(ann.ARN), -1, 0, 1, "allow"},
		"a federated user by the user, without session policy":  {guest, aws(ann.ARN), 1, 0, 0, "session policy"},
		"a federated user by the user, silent session policy":   {guest, aws(ann.ARN), 1, 0, -1, "session policy"},
		"a federated user by the user, silent boundary":         {guest, aws(ann.ARN), 1, -1, 1, "permissions boundary"},
		"everyone is everyone in the account":                   {ann, anybody, -1, -1, 0, "allow"},
		"everyone is also who has no name":                      {nobody, anybody, 0, 0, 0, "allow"},
		"everyone is also a service":                            {events, anybody, 0, 0, 0, "allow"},
		"a service by name":                                     {events, `{"Service": "events.amazonaws.com"}`, 0, 0, 0, "allow"},
		"another service":                                       {events, `{"Service": "sns.amazonaws.com"}`, 0, 0, 0, "resource-based policy"},
		"nobody in particular":                                  {nobody, account, 0, 0, 0, "resource-based policy"},
		"an account does not mean its users without a policy":   {ann, account, 0, 0, 0, "identity-based policy"},
		"an account and an identity policy":                     {ann, account, 1, 0, 0, "allow"},
		"an account, an identity policy, and a silent boundary": {ann, account, 1, -1, 0, "permissions boundary"},
		"the root by its account":                               {root, account, 0, 0, 0, "allow"},
		"the root needs nothing":                                {root, "", -1, -1, -1, "allow"},
		"an identity policy is enough":                          {ann, "", 1, 0, 0, "allow"},
		"an identity policy within limits":                      {session, "", 1, 1, 1, "allow"},
		"an identity policy, and a silent boundary":             {session, "", 1, -1, 1, "permissions boundary"},
		"an identity policy, and a silent session policy":       {session, "", 1, 1, -1, "session policy"},
		"limits give nothing":                                   {session, "", 0, 1, 1, "identity-based policy"},
		"a federated user has nothing without session policies": {guest, "", 1, 0, 0, "session policy"},
		"a federated user with one":                             {guest, "", 1, 0, 1, "allow"},
		"another user by name":                                  {ann, aws("arn:aws:iam::111111111111:user/bob"), 0, 0, 0, "identity-based policy"},
	} {
		pick := func(kind Kind, how int) []Policy {
			switch how {
			case 1:
				return []Policy{policyOf(t, kind, `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}`)}
			case -1:
				return []Policy{policyOf(t, kind, `{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}`)}
			}
			return nil
		}
		s := &Set{Identity: pick(Identity, test.identity), Session: pick(Session, test.session)}
		if b := pick(Boundary, test.boundary); b != nil {
			s.Boundary = b[0]
		}
		if test.named != "" {
			s.Resource = []Policy{policyOf(t, Resource, `{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": `+test.named+`}`)}
		}
		d := Decide(&Request{Principal: test.who, Action: "sqs:SendMessage", Resource: queue, ResourceAccount: ours}, s)
		got := "allow"
		if !d.Allows() {
			got = d.Missing().String()
		}
		if got != test.want || d.Outcome == ExplicitDeny {
			t.Errorf("%s: %s (%v), want %s", name, got, d.Outcome, test.want)
		}
	}
}

func TestBetweenAccountsBothSidesMustAllow(t *testing.T) {
	allow := policyOf(t, Identity, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	theirs := func(principal string) []Policy {
		return []Policy{policyOf(t, Resource, `{"Effect": "Allow", "Action": "*", "Principal": `+principal+`}`)}
	}
	for name, test := range map[string]struct {
		who  Principal
		set  Set
		want string
	}{
		"neither":                     {ann, Set{}, "identity-based policy"},
		"only ours":                   {ann, Set{Identity: []Policy{allow}}, "resource-based policy"},
		"only theirs, by name":        {ann, Set{Resource: theirs(`{"AWS": "` + ann.ARN + `"}`)}, "identity-based policy"},
		"only theirs, everyone":       {ann, Set{Resource: theirs(`"*"`)}, "identity-based policy"},
		"both":                        {ann, Set{Identity: []Policy{allow}, Resource: theirs(`{"AWS": "111111111111"}`)}, "allow"},
		"both, by role":               {session, Set{Identity: []Policy{allow}, Resource: theirs(`{"AWS": "` + session.Behind + `"}`)}, "allow"},
		"both, within a silent limit": {session, Set{Identity: []Policy{allow}, Session: []Policy{policyOf(t, Session, `{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}`)}, Resource: theirs(`{"AWS": "` + session.ARN + `"}`)}, "session policy"},
		"their policy means others":   {ann, Set{Identity: []Policy{allow}, Resource: theirs(`{"AWS": "333333333333"}`)}, "resource-based policy"},
		"the root, if they trust us":  {root, Set{Resource: theirs(`{"AWS": "arn:aws:iam::111111111111:root"}`)}, "allow"},
		"the root, if they do not":    {root, Set{}, "resource-based policy"},
		"a service has no account":    {events, Set{Resource: theirs(`{"Service": "events.amazonaws.com"}`)}, "allow"},
	} {
		d := Decide(&Request{Principal: test.who, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:222222222222:q", ResourceAccount: "222222222222"}, &test.set)
		got := "allow"
		if !d.Allows() {
			got = d.Missing().String()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestADenyInAnyPolicyIsTheEnd(t *testing.T) {
	allow := `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	deny := `{"Sid": "no", "Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}`
	anyone := strings.Replace(allow, `{`, `{"Principal": "*", `, 1)
	full := func() *Set {
		return &Set{
			Identity: []Policy{policyOf(t, Identity, allow)}, Boundary: policyOf(t, Boundary, allow),
			Session: []Policy{policyOf(t, Session, allow)}, Resource: []Policy{policyOf(t, Resource, anyone)},
		}
	}
	r := &Request{Principal: session, Action: "sqs:SendMessage", Resource: queue}
	if d := Decide(r, full()); !d.Allows() {
		t.Fatal(d.Reason(r))
	}
	for kind, put := range map[Kind]func(*Set){
		Identity: func(s *Set) { s.Identity = append(s.Identity, policyOf(t, Identity, allow, deny)) },
		Boundary: func(s *Set) { s.Boundary = policyOf(t, Boundary, allow, deny) },
		Session:  func(s *Set) { s.Session = append(s.Session, policyOf(t, Session, deny)) },
		Resource: func(s *Set) {
			s.Resource = append(s.Resource, policyOf(t, Resource, strings.Replace(deny, `{`, `{"Principal": {"AWS": "111111111111"}, `, 1)))
		},
	} {
		s := full()
		put(s)
		d := Decide(r, s)
		if p, _ := d.By(); d.Outcome != ExplicitDeny || p.Document.Kind() != kind || d.Reason(r) != "denied by statement no of "+kind.String() {
			t.Errorf("%v: %v, %s", kind, d.Outcome, d.Reason(r))
		}
	}
	// The root has no identity policies, but its resources have policies.
	s := &Set{Resource: []Policy{policyOf(t, Resource, strings.Replace(deny, `{`, `{"Principal": "*", `, 1))}}
	if d := Decide(&Request{Principal: root, Action: "sqs:SendMessage", Resource: queue}, s); d.Outcome != ExplicitDeny {
		t.Error("the root is not denied")
	}
}

func TestNotPrincipalSparesOnlyWhoIsNamedOnEveryLevel(t *testing.T) {
	for _, test := range []struct {
		spared string
		who    Principal
		bound  bool
		want   bool // denied
	}{
		{`"` + ann.ARN + `", "111111111111"`, ann, false, false},
		{`"` + ann.ARN + `"`, ann, false, true},
		{`"111111111111"`, ann, false, true},
		{`"` + ann.ARN + `", "111111111111"`, ann, true, true}, // a boundary is denied always
		{`"` + ann.ARN + `", "111111111111"`, nobody, false, true},
		{`"` + session.ARN + `", "` + session.Behind + `", "arn:aws:iam::111111111111:root"`, session, false, false},
		{`"` + session.Behind + `", "arn:aws:iam::111111111111:root"`, session, false, true},
		{`"` + session.ARN + `", "arn:aws:iam::111111111111:root"`, session, false, true},
		{`"111111111111"`, root, false, false},
		{`"*"`, ann, false, false},
		{`"*"`, nobody, false, false},
		{`"111111111111"`, events, false, true},
	} {
		s := &Set{
			Identity: []Policy{policyOf(t, Identity, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)},
			Resource: []Policy{policyOf(t, Resource, `{"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": [`+test.spared+`]}}`)},
		}
		if test.bound {
			s.Boundary = policyOf(t, Boundary, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
		}
		d := Decide(&Request{Principal: test.who, Action: "sqs:SendMessage", Resource: queue}, s)
		if got := d.Outcome == ExplicitDeny; got != test.want {
			t.Errorf("NotPrincipal %s, %s: denied %v", test.spared, test.who.name(), got)
		}
	}
}

func TestARoleIsOnlyForWhomItsTrustPolicyNames(t *testing.T) {
	may := []Policy{policyOf(t, Identity, `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/x"}`)}
	trust := func(principal, condition string) []Policy {
		return []Policy{policyOf(t, Trust, `{"Effect": "Allow", "Action": "sts:AssumeRole*", "Principal": `+principal+`, "Condition": {`+condition+`}}`)}
	}
	google := Principal{Kind: Provider, ARN: "accounts.google.com"}
	for name, test := range map[string]struct {
		who      Principal
		identity []Policy
		trust    []Policy
		want     string
	}{
		"trusted by name":                      {ann, nil, trust(`{"AWS": "`+ann.ARN+`"}`, ""), "allow"},
		"the account is trusted":               {ann, may, trust(`{"AWS": "111111111111"}`, ""), "allow"},
		"the account is, but not the user":     {ann, nil, trust(`{"AWS": "111111111111"}`, ""), "identity-based policy"},
		"not trusted":                          {ann, may, trust(`{"Service": "events.amazonaws.com"}`, ""), "role trust policy"},
		"not even the root":                    {root, nil, trust(`{"Service": "events.amazonaws.com"}`, ""), "role trust policy"},
		"a service":                            {events, nil, trust(`{"Service": "events.amazonaws.com"}`, ""), "allow"},
		"a role by another role":               {session, may, trust(`{"AWS": "`+session.Behind+`"}`, ""), "allow"},
		"a provider, for the right audience":   {google, nil, trust(`{"Federated": "accounts.google.com"}`, `"StringEquals": {"accounts.google.com:aud": "app"}`), "allow"},
		"a provider, for another audience":     {google, nil, trust(`{"Federated": "accounts.google.com"}`, `"StringEquals": {"accounts.google.com:aud": "other"}`), "role trust policy"},
		"an external id that was not given":    {ann, may, trust(`{"AWS": "111111111111"}`, `"StringEquals": {"sts:ExternalId": "x"}`), "role trust policy"},
		"no trust policy: nobody is, whatever": {ann, may, nil, "resource-based policy"},
	} {
		r := &Request{Principal: test.who, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/x", ResourceAccount: ours, Context: Values{"accounts.google.com:aud": One("app")}}
		d := Decide(r, &Set{Identity: test.identity, Resource: test.trust, MustBeTrusted: true})
		got := "allow"
		if !d.Allows() {
			got = d.Missing().String()
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestADecisionSaysWhy(t *testing.T) {
	bus := "arn:aws:events:us-east-1:111111111111:event-bus/orders"
	allow := func(kind Kind, action string) Policy {
		return policyOf(t, kind, `{"Effect": "Allow", "Action": "`+action+`", "Resource": "*"}`)
	}
	user := "User: " + ann.ARN + " is not authorized to perform: events:PutEvents on resource: " + bus
	for _, test := range []struct {
		who            Principal
		set            Set
		reason, denial string
	}{
		{ann, Set{}, "no statement allows events:PutEvents on " + bus, user + " because no identity-based policy allows the events:PutEvents action"},
		{ann, Set{Identity: []Policy{{Name: "OrdersWrite", Document: mustParse(t, Identity, statementsOf(`{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}`, `{"Effect": "Allow", "Action": "events:*", "Resource": "*"}`))}}},
			"allowed by statement 2 of OrdersWrite", ""},
		{ann, Set{Identity: []Policy{allow(Identity, "*")}, Boundary: allow(Boundary, "sqs:*")},
			"no statement of the permissions boundary allows events:PutEvents on " + bus, user + " because no permissions boundary allows the events:PutEvents action"},
		{session, Set{Identity: []Policy{allow(Identity, "*")}, Session: []Policy{allow(Session, "sqs:*")}},
			"no statement of a session policy allows events:PutEvents on " + bus,
			"User: " + session.ARN + " is not authorized to perform: events:PutEvents on resource: " + bus + " because no session policy allows the events:PutEvents action"},
		{nobody, Set{}, "no statement of a resource-based policy allows events:PutEvents on " + bus,
			"User: anonymous is not authorized to perform: events:PutEvents on resource: " + bus + " because no resource-based policy allows the events:PutEvents action"},
		{ann, Set{Resource: []Policy{{Name: "the bus's policy", Document: mustParse(t, Resource, statementsOf(`{"Sid": "Sid2", "Effect": "Deny", "Principal": "*", "Action": "events:*"}`))}}},
			"denied by statement Sid2 of the bus's policy", user + " with an explicit deny in a resource-based policy"},
		{ann, Set{Identity: []Policy{policyOf(t, Identity, `{"Effect": "Deny", "Action": "*", "Resource": "*"}`)}},
			"denied by statement 1 of identity-based policy", user + " with an explicit deny in an identity-based policy"},
		{ann, Set{Boundary: Policy{Document: mustParse(t, Boundary, statementsOf(`{"Effect": "Deny", "Action": "*", "Resource": "*"}`))}},
			"denied by statement 1 of the permissions boundary", user + " with an explicit deny in a permissions boundary"},
		{root, Set{}, "allowed: the root of an account needs no permission", ""},
	} {
		r := &Request{Principal: test.who, Action: "events:PutEvents", Resource: bus}
		d := Decide(r, &test.set)
		if d.Reason(r) != test.reason || d.Denial(r) != test.denial {
			t.Errorf("%s\n%s\nwant\n%s\n%s", d.Reason(r), d.Denial(r), test.reason, test.denial)
		}
	}
	r := &Request{Principal: ann, Action: "sqs:ListQueues", Resource: "*"}
	if d := Decide(r, &Set{}); d.Denial(r) != "User: "+ann.ARN+" is not authorized to perform: sqs:ListQueues because no identity-based policy allows the sqs:ListQueues action" {
		t.Error(d.Denial(r))
	}
}

func TestTheContextIsAskedOnlyForWhatMatters(t *testing.T) {
	asked := &counter{}
	s := &Set{Identity: []Policy{policyOf(t, Identity,
		`{"Effect": "Allow", "Action": "sns:*", "Resource": "*", "Condition": {"StringEquals": {"aws:a": "x"}}}`,
		`{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:other", "Condition": {"StringEquals": {"aws:b": "x"}}}`,
		`{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:c": "x"}}}`)}}
	Decide(&Request{Principal: ann, Action: "sqs:SendMessage", Resource: queue, Context: asked}, s)
	if len(asked.keys) != 1 || asked.keys[0] != "aws:c" {
		t.Errorf("asked for %v", asked.keys)
	}
}

type counter struct{ keys []string }

func (c *counter) Lookup(key string) Value {
	c.keys = append(c.keys, key)
	return Value{}
}

func TestAnARNTellsWhatAPrincipalIs(t *testing.T) {
	role := session
	role.Behind = "arn:aws:iam::111111111111:role/r"
	noUser := guest
	noUser.Behind = ""
	for _, want := range []Principal{ann, root, role, noUser} {
		if got, ok := ParsePrincipal(want.ARN); !ok || got != want {
			t.Errorf("%s: %+v", want.ARN, got)
		}
	}
	for _, bad := range []string{"", "ann", queue, "arn:aws:iam::111111111111:user", "arn:aws:iam::111111111111:user/", "arn:aws:iam::111111111111:rootx", "arn:aws:iam::111111111111:role/r",
		"arn:aws:sts::111111111111:assumed-role/r", "arn:aws:sts::111111111111:assumed-role/r/", "arn:aws:iam:::user/ann", "arn:aws:iam::111111111111:root/x"} {
		if got, ok := ParsePrincipal(bad); ok {
			t.Errorf("%s: %+v", bad, got)
		}
	}
	d := mustParse(t, Resource, statementsOf(`{"Effect": "Allow", "Action": "*", "Principal": {"AWS": ["*", "111111111111", "`+ann.ARN+`"]}}`))
	if got := d.Principals(); len(got) != 1 || got[0] != ann.ARN {
		t.Errorf("%v", got)
	}
}
