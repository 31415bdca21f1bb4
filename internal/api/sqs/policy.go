package sqs

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/queue"
)

// Quotas of a queue's policy:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
const (
	maxPolicyBytes = 8192
	maxStatements  = 20
	maxActions     = 7
)

// policy is a queue's access policy, with the statements as they were written.
type policy struct {
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

// checkPolicy refuses what is no policy.
func checkPolicy(v string) error {
	if _, ok := parsePolicy(v); v != "" && !ok {
		return badAttribute(attrPolicy, "")
	}
	return nil
}

func parsePolicy(v string) (policy, bool) {
	members, ok := object(v)
	if !ok {
		return policy{}, false
	}
	var p policy
	for name, to := range map[string]*string{"Version": &p.Version, "Id": &p.ID} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, to) != nil {
			return policy{}, false
		}
	}
	raw := members["Statement"]
	if _, one := object(string(raw)); one {
		p.Statements = []json.RawMessage{raw}
		return p, true
	}
	if json.Unmarshal(raw, &p.Statements) != nil || p.Statements == nil {
		return policy{}, false
	}
	for _, s := range p.Statements {
		if _, ok := object(string(s)); !ok {
			return policy{}, false
		}
	}
	return p, true
}

// labelled is the place of the statement with that Sid, or -1.
func (p *policy) labelled(label string) int {
	return slices.IndexFunc(p.Statements, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

func (p *policy) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// grant adds a statement as AddPermission makes it to a queue's policy.
func grant(old string, n queue.Name, label string, accounts, actions []string) (string, error) {
	p := policy{Version: "2008-10-17", ID: queueARN(n) + "/SQSDefaultPolicy"}
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
