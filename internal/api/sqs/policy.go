package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
)

// Quotas of a queue's policy:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
const (
	maxPolicyBytes = 8192
	maxStatements  = 20
	maxActions     = 7
)

// accessPolicy is a queue's access policy, with the statements as they were written.
type accessPolicy struct {
	Version    string            `json:"Version,omitempty"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

// statement is one that AddPermission writes.
type statement struct {
	Sid       string
	Effect    string
	Principal struct{ AWS any }
	Action    any
	Resource  string
}

// checkPolicy refuses what is no policy. One without statements says nothing, and
// is kept.
func checkPolicy(v string) error {
	if v == "" {
		return nil
	}
	if p, ok := parsePolicy(v); ok && len(p.Statements) == 0 {
		return nil
	}
	var wrong *policy.Error
	if _, err := policy.Parse(policy.Resource, v); errors.As(err, &wrong) {
		return badAttribute(attrPolicy, wrong.Detail())
	}
	return nil
}

// follow has decisions know a queue's policy as soon as it is durable.
func (s *Service) follow(tx *store.Tx, n queue.Name, text string) {
	if s.policies == nil {
		return
	}
	tx.AfterCommit(func() { _ = putPolicy(s.policies, n, text) }) // it was checked
}

func putPolicy(book *policy.Book, n queue.Name, text string) error {
	if p, ok := parsePolicy(text); ok && len(p.Statements) == 0 {
		text = ""
	}
	return book.PutText(queueARN(n), n.Account, "queue policy", text)
}

// LoadPolicies writes the policies of all queues into book. It calls unreadable
// with those that an older Carillon took and this one cannot read.
func LoadPolicies(ctx context.Context, shard *store.Shard, book *policy.Book, unreadable func(arn string, err error)) error {
	return shard.Update(ctx, func(tx *store.Tx) error {
		return queue.Each(tx, func(q *queue.Queue) {
			if text := q.Settings().Labels[attrPolicy]; text != "" {
				if err := putPolicy(book, q.Name(), text); err != nil {
					unreadable(queueARN(q.Name()), err)
				}
			}
		})
	})
}

func parsePolicy(v string) (accessPolicy, bool) {
	members, ok := object(v)
	if !ok {
		return accessPolicy{}, false
	}
	var p accessPolicy
	for name, to := range map[string]*string{"Version": &p.Version, "Id": &p.ID} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, to) != nil {
			return accessPolicy{}, false
		}
	}
	raw := members["Statement"]
	if _, one := object(string(raw)); one {
		p.Statements = []json.RawMessage{raw}
		return p, true
	}
	if json.Unmarshal(raw, &p.Statements) != nil || p.Statements == nil {
		return accessPolicy{}, false
	}
	for _, s := range p.Statements {
		if _, ok := object(string(s)); !ok {
			return accessPolicy{}, false
		}
	}
	return p, true
}

// labelled is the place of the statement with that Sid, or -1.
func (p *accessPolicy) labelled(label string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

func (p *accessPolicy) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// grant adds a statement as AddPermission makes it to a queue's policy.
func grant(old string, n queue.Name, label string, accounts, actions []string) (string, error) {
	p := accessPolicy{Version: "2008-10-17", ID: queueARN(n) + "/SQSDefaultPolicy"}
	if old != "" {
		var ok bool
		if p, ok = parsePolicy(old); !ok {
			return "", badAttribute(attrPolicy, "")
		}
	}
	if p.labelled(label) >= 0 {
		return "", value("Label", label, "Already exists.")
	}
	if len(p.Statements) >= maxStatements {
		return "", overLimit(strconv.Itoa(len(p.Statements)+1) + " Statements were found, maximum allowed is " + strconv.Itoa(maxStatements) + ".")
	}
	s := statement{Sid: label, Effect: "Allow", Resource: queueARN(n)}
	var principals, names []string
	for _, a := range accounts {
		principals = append(principals, arn.Root(a).String())
	}
	for _, a := range actions {
		names = append(names, "SQS:"+a)
	}
	s.Principal.AWS, s.Action = oneOrMany(principals), oneOrMany(names)
	raw, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	p.Statements = append(p.Statements, raw)
	text, err := p.text()
	if err == nil && len(text) > maxPolicyBytes {
		return "", overLimit("The policy would have " + strconv.Itoa(len(text)) + " bytes, maximum allowed is " + strconv.Itoa(maxPolicyBytes) + ".")
	}
	return text, err
}

// revoke takes a statement out of a policy; the policy is empty after the last.
func revoke(old, label string) (string, error) {
	p, ok := parsePolicy(old)
	i := -1
	if ok {
		i = p.labelled(label)
	}
	if i < 0 {
		return "", value("Label", label, "can't find label on existing policy.")
	}
	if p.Statements = slices.Delete(p.Statements, i, i+1); len(p.Statements) == 0 {
		return "", nil
	}
	return p.text()
}

func oneOrMany(items []string) any {
	if len(items) == 1 {
		return items[0]
	}
	return items
}

// ownerOnly are the actions that no policy can give to another account:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-customer-managed-policy-examples.html
var ownerOnly = []string{
	"AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues",
	"ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
}

// grantable are the actions that one can, besides "*".
var grantable = []string{
	"ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"PurgeQueue", "ReceiveMessage", "SendMessage",
	"ChangeMessageVisibilityBatch", "DeleteMessageBatch", "SendMessageBatch",
}

func checkGrant(label string, accounts, actions []string) error {
	if label == "" || len(label) > 80 || !isWord(label) {
		return value("Label", label, "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	}
	if len(accounts) == 0 {
		return missing("AWSAccountIds")
	}
	if len(actions) == 0 {
		return missing("Actions")
	}
	if len(actions) > maxActions {
		return overLimit(strconv.Itoa(len(actions)) + " Actions were found, maximum allowed is " + strconv.Itoa(maxActions) + ".")
	}
	for _, a := range accounts {
		if !arn.IsAccount(a) {
			return value("PrincipalId", "["+a+"]", "Unable to verify.")
		}
	}
	for _, a := range actions {
		switch {
		case slices.Contains(ownerOnly, a):
			return value("ActionName", "SQS:"+a, "Only the queue owner is allowed to invoke this action.")
		case a != "*" && !slices.Contains(grantable, a):
			return value("ActionName", "SQS:"+a, "Please refer to the appropriate WSDL for a list of valid actions.")
		}
	}
	return nil
}
