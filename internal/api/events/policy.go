package events

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// A bus's policy is kept as text and read here, where PutPermission and
// RemovePermission change single statements of it. The others stay as they
// were written, but for space between words.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

// policyVersion is the version of a policy that PutPermission begins.
const policyVersion = "2012-10-17"

// accessPolicy is the policy of a bus.
type accessPolicy struct {
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
	p := accessPolicy{Version: policyVersion}
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

func (p *accessPolicy) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// find is the place of a statement, or -1.
func (p *accessPolicy) find(id string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == id
	})
}

func badPolicy(reason string) error { return invalid("Policy", reason) }

// parsePolicy reads a policy and refuses what is none.
func parsePolicy(text string) (accessPolicy, error) {
	var wrong *policy.Error
	if _, err := policy.Parse(policy.Resource, text); errors.As(err, &wrong) {
		return accessPolicy{}, badPolicy(wrong.Detail())
	}
	var members struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return accessPolicy{}, badPolicy("It must be a JSON object.")
	}
	p := accessPolicy{Version: members.Version, ID: members.ID}
	if json.Unmarshal(members.Statement, &p.Statements) != nil {
		p.Statements = []json.RawMessage{members.Statement}
	}
	ids := map[string]bool{}
	for _, raw := range p.Statements {
		var s struct{ Sid string }
		if json.Unmarshal(raw, &s) != nil || s.Sid != "" && ids[s.Sid] {
			return p, badPolicy("Statement IDs (SID) in a single policy must be unique.")
		}
		ids[s.Sid] = true
	}
	return p, nil
}

// checked is an edit of a policy whose outcome must be a policy, too: the
// condition of a statement may be none.
func checked(edit func(old string) (string, error)) func(old string) (string, error) {
	return func(old string) (string, error) {
		text, err := edit(old)
		if err == nil && text != "" && len(text) <= bus.MaxPolicy {
			_, err = parsePolicy(text)
		}
		return text, err
	}
}

// changePolicy changes the policy of a bus, and has decisions know it as soon as
// that is durable.
func (s *Service) changePolicy(ctx context.Context, n names, edit func(old string) (string, error)) error {
	return s.change(ctx, n, func(tx *store.Tx) error {
		var text string
		err := s.core.ChangePolicy(tx, n.bus, func(old string) (_ string, err error) {
			text, err = edit(old)
			return text, err
		})
		if err == nil {
			s.follow(tx, n.bus, text)
		}
		return err
	})
}

func (s *Service) follow(tx *store.Tx, n bus.Name, text string) {
	if s.policies != nil {
		tx.AfterCommit(func() { _ = putPolicy(s.policies, n, text) }) // it was checked
	}
}

func putPolicy(book *policy.Book, n bus.Name, text string) error {
	return book.PutText(n.ARN().String(), n.Account, "event bus policy", text)
}

// LoadPolicies writes the policies of all buses into book. It calls unreadable
// with those that an older Carillon took and this one cannot read.
func LoadPolicies(shard *store.Shard, book *policy.Book, unreadable func(arn string, err error)) error {
	return shard.View(func(v *store.View) error {
		return bus.EachPolicy(v, func(n bus.Name, text string) error {
			if err := putPolicy(book, n, text); err != nil {
				unreadable(n.ARN().String(), err)
			}
			return nil
		})
	})
}
