package events

import (
	"encoding/json"
	"slices"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/wire"
)

// A bus's policy is kept as text and read here, where PutPermission and
// RemovePermission change single statements of it. The others stay as they
// were written, but for space between words.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

// policyVersion is the version of a policy that PutPermission begins.
const policyVersion = "2012-10-17"

// policy is the policy of a bus.
type policy struct {
	Version    string            `json:",omitempty"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

// statement is one that PutPermission writes.
type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// grantPut is what PutPermission can allow by a statement: AWS takes no other
// action there, and everything in a Policy.
const grantPut = "events:PutEvents"

// permission is the statement that a request means.
func permission(n bus.Name, in *model.PutPermissionInput) (statement, error) {
	if err := requireAll(
		param{"Action", in.Action.OK}, param{"Principal", in.Principal.OK}, param{"StatementId", in.StatementId.OK},
	); err != nil {
		return statement{}, err
	}
	if in.Action.V != grantPut {
		return statement{}, invalid("Action", "Provided value in parameter 'action' is not supported.")
	}
	s := statement{Sid: in.StatementId.V, Effect: "Allow", Principal: in.Principal.V, Action: in.Action.V, Resource: n.ARN().String()}
	if in.Principal.V != "*" {
		root := arn.Root(in.Principal.V)
		root.Partition = arn.Partition(n.Region)
		s.Principal = map[string]string{"AWS": root.String()}
	}
	if c := in.Condition; c != nil {
		for _, f := range []struct{ name, value string }{{"Type", c.Type}, {"Key", c.Key}, {"Value", c.Value}} {
			if f.value == "" {
				return statement{}, invalid("Condition."+f.name, "It must not be empty.")
			}
		}
		s.Condition = map[string]map[string]string{c.Type: {c.Key: c.Value}}
	}
	return s, nil
}

// with is the policy text with the statement in it, in the place of the one
// with its id if there is one.
func (s statement) with(old string) (string, error) {
	p := policy{Version: policyVersion}
	if old != "" {
		var err error
		if p, err = parsePolicy(old); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	if i := p.find(s.Sid); i >= 0 {
		p.Statements[i] = raw
	} else {
		p.Statements = append(p.Statements, raw)
	}
	return p.text()
}

// without is the policy text without a statement; empty after the last.
func without(old, id string) (string, error) {
	if old == "" {
		return "", &wire.Error{Code: codeNotFound, Message: "EventBus does not have a policy."}
	}
	p, err := parsePolicy(old)
	if err != nil {
		return "", err
	}
	i := p.find(id)
	if i < 0 {
		return "", &wire.Error{Code: codeNotFound, Message: "Statement with the provided id does not exist."}
	}
	if p.Statements = slices.Delete(p.Statements, i, i+1); len(p.Statements) == 0 {
		return "", nil
	}
	return p.text()
}

func (p *policy) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// find is the place of a statement, or -1.
func (p *policy) find(id string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == id
	})
}

func badPolicy(reason string) error { return invalid("Policy", reason) }

// parsePolicy reads a policy and refuses what is none: whether it means
// anything is for the authorisation decision to find out.
func parsePolicy(text string) (policy, error) {
	if event.CheckObject(text) != nil { // bounds how deep it is nested, too
		return policy{}, badPolicy("It must be a JSON object.")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return policy{}, badPolicy("It must be a JSON object.")
	}
	var p policy
	for _, m := range []struct {
		name string
		to   *string
	}{{"Version", &p.Version}, {"Id", &p.ID}} {
		if raw := members[m.name]; raw != nil && json.Unmarshal(raw, m.to) != nil {
			return policy{}, badPolicy(m.name + " must be a string.")
		}
	}
	if p.Version != "" && p.Version != policyVersion && p.Version != "2008-10-17" {
		return policy{}, badPolicy("Version must be 2012-10-17 or 2008-10-17.")
	}
	raw := members["Statement"]
	if event.CheckObject(string(raw)) == nil {
		p.Statements = []json.RawMessage{raw}
	} else if json.Unmarshal(raw, &p.Statements) != nil || len(p.Statements) == 0 {
		return policy{}, badPolicy("Statement must be an object or a list of objects.")
	}
	return p, checkStatements(p.Statements)
}

// checkStatements refuses statements that lack what each must have, or have
// an id of another's.
func checkStatements(statements []json.RawMessage) error {
	ids := map[string]bool{}
	for _, raw := range statements {
		var s map[string]json.RawMessage
		if json.Unmarshal(raw, &s) != nil || s == nil {
			return badPolicy("Statement must be an object or a list of objects.")
		}
		var id, effect string
		if raw, ok := s["Sid"]; ok && json.Unmarshal(raw, &id) != nil {
			return badPolicy("Sid must be a string.")
		}
		if id != "" && ids[id] {
			return badPolicy("Statement IDs (SID) in a single policy must be unique.")
		}
		ids[id] = true
		if json.Unmarshal(s["Effect"], &effect) != nil || effect != "Allow" && effect != "Deny" {
			return badPolicy("Effect must be Allow or Deny.")
		}
		for _, one := range [][2]string{{"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
			if (s[one[0]] == nil) == (s[one[1]] == nil) {
				return badPolicy("A statement must have either " + one[0] + " or " + one[1] + ".")
			}
		}
	}
	return nil
}
