package sns

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/topic"
)

// A topic's policy is kept as text and read here, where AddPermission and
// RemovePermission change single statements of it.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
const (
	maxPolicy     = 30 << 10
	maxStatements = 100
	maxPrincipals = 200
)

// actions are those that a statement of AddPermission may allow.
var actions = []string{
	"AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource",
	"Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission", "SetTopicAttributes", "Subscribe",
}

const outOfScope = "Policy statement action out of service scope!"

// policy is an access policy, with the statements as they were written.
type policy struct {
	Version    string            `json:",omitempty"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

// statement is one that we write.
type statement struct {
	Sid       string
	Effect    string
	Principal map[string]any
	Action    any
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// defaultPolicy is the policy of a topic that has no other: its owner may do
// everything.
func defaultPolicy(n topic.Name) policy {
	raw, err := json.Marshal(statement{
		Sid: "__default_statement_ID", Effect: "Allow", Principal: map[string]any{"AWS": "*"},
		Action: []string{
			"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
			"SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
		},
		Resource:  n.ARN().String(),
		Condition: map[string]map[string]string{"StringEquals": {"AWS:SourceOwner": n.Account}},
	})
	if err != nil {
		panic("sns: the default policy is not JSON: " + err.Error())
	}
	return policy{Version: "2008-10-17", ID: "__default_policy_ID", Statements: []json.RawMessage{raw}}
}

func (p *policy) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// policyText is a topic's policy as it is echoed.
func policyText(n topic.Name, labels map[string]string) (string, error) {
	if v := labels[attrPolicy]; v != "" {
		return v, nil
	}
	p := defaultPolicy(n)
	return p.text()
}

// policyOf is a topic's policy, to be changed.
func policyOf(n topic.Name, labels map[string]string) (policy, error) {
	if v := labels[attrPolicy]; v != "" {
		return parsePolicy(v)
	}
	return defaultPolicy(n), nil
}

// find is the place of a statement, or -1.
func (p *policy) find(sid string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == sid
	})
}

// grant is the policy with a statement as AddPermission makes it.
func (p *policy) grant(n topic.Name, label string, accounts, allowed []string) error {
	if p.find(label) >= 0 {
		return invalid("Statement already exists")
	}
	var principals, names []string
	for _, account := range accounts {
		root := arn.Root(account)
		root.Partition = arn.Partition(n.Region)
		principals = append(principals, root.String())
	}
	for _, a := range allowed {
		names = append(names, "SNS:"+a)
	}
	raw, err := json.Marshal(statement{
		Sid: label, Effect: "Allow", Principal: map[string]any{"AWS": oneOrMany(principals)}, Action: oneOrMany(names), Resource: n.ARN().String(),
	})
	if err != nil {
		return err
	}
	p.Statements = append(p.Statements, raw)
	if len(p.Statements) > maxStatements {
		return invalid("Policy Error: it would have more than " + strconv.Itoa(maxStatements) + " statements")
	}
	return nil
}

func oneOrMany(texts []string) any {
	if len(texts) == 1 {
		return texts[0]
	}
	return texts
}

func badPolicy(reason string) error { return refusal("Policy Error: " + reason) }

// checkPolicy refuses what is no policy: whether it means anything is for the
// authorisation decision to find out.
func checkPolicy(text string) (string, error) {
	if len(text) > maxPolicy {
		return "", badPolicy("it is longer than " + strconv.Itoa(maxPolicy) + " bytes")
	}
	_, err := parsePolicy(text)
	return text, err
}

func parsePolicy(text string) (policy, error) {
	var p policy
	if text == "" {
		return p, badPolicy("null") // AWS's word for it
	}
	if event.CheckObject(text) != nil { // bounds how deep it is nested, too
		return p, badPolicy("it is not a JSON object")
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return p, badPolicy("it is not a JSON object")
	}
	for _, m := range []struct {
		name string
		to   *string
	}{{"Version", &p.Version}, {"Id", &p.ID}} {
		if raw := members[m.name]; raw != nil && json.Unmarshal(raw, m.to) != nil {
			return p, badPolicy(m.name + " is not a string")
		}
	}
	if p.Version != "" && p.Version != "2012-10-17" && p.Version != "2008-10-17" {
		return p, badPolicy("Version is neither 2012-10-17 nor 2008-10-17")
	}
	raw := members["Statement"]
	if event.CheckObject(string(raw)) == nil {
		p.Statements = []json.RawMessage{raw}
	} else if json.Unmarshal(raw, &p.Statements) != nil || len(p.Statements) == 0 {
		return p, badPolicy("null")
	}
	if len(p.Statements) > maxStatements {
		return p, badPolicy("it has more than " + strconv.Itoa(maxStatements) + " statements")
	}
	return p, p.check()
}

// check refuses statements that lack what each must have, have the id of
// another's, or allow what is not this service's to allow.
func (p *policy) check() error {
	ids := map[string]bool{}
	for _, raw := range p.Statements {
		var s map[string]json.RawMessage
		if json.Unmarshal(raw, &s) != nil || s == nil {
			return badPolicy("a statement is not a JSON object")
		}
		var id, effect string
		if raw, ok := s["Sid"]; ok && json.Unmarshal(raw, &id) != nil {
			return badPolicy("Sid is not a string")
		}
		if id != "" && ids[id] {
			return badPolicy("two statements have the Sid " + id)
		}
		ids[id] = true
		if json.Unmarshal(s["Effect"], &effect) != nil || effect != "Allow" && effect != "Deny" {
			return badPolicy("Effect is neither Allow nor Deny")
		}
		for _, one := range [][2]string{{"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
			if (s[one[0]] == nil) == (s[one[1]] == nil) {
				return badPolicy("a statement needs either " + one[0] + " or " + one[1])
			}
		}
		if err := checkActions(s["Action"], s["NotAction"]); err != nil {
			return err
		}
	}
	return nil
}

func checkActions(either ...json.RawMessage) error {
	for _, raw := range either {
		if raw == nil {
			continue
		}
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if json.Unmarshal(raw, &many) != nil {
			return badPolicy("Action is neither a string nor a list of strings")
		}
		for _, a := range many {
			if len(a) < 4 || !strings.EqualFold(a[:4], "sns:") {
				return refusal(outOfScope)
			}
		}
	}
	return nil
}
