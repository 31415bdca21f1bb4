package sns

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
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

// accessPolicy is an access policy, with the statements as they were written.
type accessPolicy struct {
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
func defaultPolicy(n topic.Name) accessPolicy {
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
	return accessPolicy{Version: "2008-10-17", ID: "__default_policy_ID", Statements: []json.RawMessage{raw}}
}

func (p *accessPolicy) text() (string, error) {
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
func policyOf(n topic.Name, labels map[string]string) (accessPolicy, error) {
	if v := labels[attrPolicy]; v != "" {
		return parsePolicy(v)
	}
	return defaultPolicy(n), nil
}

// find is the place of a statement, or -1.
func (p *accessPolicy) find(sid string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == sid
	})
}

// grant is the policy with a statement as AddPermission makes it.
func (p *accessPolicy) grant(n topic.Name, label string, accounts, allowed []string) error {
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

// checkPolicy refuses what is no policy of a topic.
func checkPolicy(text string) (string, error) {
	if len(text) > maxPolicy {
		return "", badPolicy("it is longer than " + strconv.Itoa(maxPolicy) + " bytes")
	}
	_, err := parsePolicy(text)
	return text, err
}

func parsePolicy(text string) (accessPolicy, error) {
	var p accessPolicy
	if text == "" || noStatements(text) {
		return p, badPolicy("null") // AWS's word for it
	}
	var wrong *policy.Error
	if _, err := policy.Parse(policy.Resource, text); errors.As(err, &wrong) {
		return p, badPolicy(wrong.Detail())
	}
	var members struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return p, badPolicy("it is not a JSON object")
	}
	p.Version, p.ID = members.Version, members.ID
	if json.Unmarshal(members.Statement, &p.Statements) != nil {
		p.Statements = []json.RawMessage{members.Statement}
	}
	if len(p.Statements) > maxStatements {
		return p, badPolicy("it has more than " + strconv.Itoa(maxStatements) + " statements")
	}
	return p, p.check()
}

func noStatements(text string) bool {
	var p struct{ Statement []json.RawMessage }
	return json.Unmarshal([]byte(text), &p) == nil && len(p.Statement) == 0
}

// check refuses statements that have the id of another, or allow what is not
// this service's to allow.
func (p *accessPolicy) check() error {
	ids := map[string]bool{}
	for _, raw := range p.Statements {
		var s struct {
			Sid               string
			Action, NotAction json.RawMessage
		}
		if json.Unmarshal(raw, &s) != nil {
			return badPolicy("a statement is not a JSON object")
		}
		if s.Sid != "" && ids[s.Sid] {
			return badPolicy("two statements have the Sid " + s.Sid)
		}
		ids[s.Sid] = true
		if err := checkActions(s.Action, s.NotAction); err != nil {
			return err
		}
	}
	return nil
}

// follow has decisions know a topic's policy as soon as it is durable. Of a topic
// that has none they know none: AWS's standing policy gives to the owner's
// account only, where identity policies decide.
func (s *Service) follow(tx *store.Tx, n topic.Name, text string) {
	if s.policies != nil {
		tx.AfterCommit(func() { _ = putPolicy(s.policies, n, text) }) // it was checked
	}
}

func putPolicy(book *policy.Book, n topic.Name, text string) error {
	return book.PutText(n.ARN().String(), n.Account, "topic policy", text)
}

// LoadPolicies writes the policies of all topics into book. It calls unreadable
// with those that an older Carillon took and this one cannot read.
func LoadPolicies(shard *store.Shard, book *policy.Book, unreadable func(arn string, err error)) error {
	return shard.View(func(v *store.View) error {
		return topic.Each(v, func(t topic.Topic) error {
			if text := t.Settings.Labels[attrPolicy]; text != "" {
				if err := putPolicy(book, t.Name, text); err != nil {
					unreadable(t.Name.ARN().String(), err)
				}
			}
			return nil
		})
	})
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
