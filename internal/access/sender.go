package access

import (
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
)

// In whose name rules and topics send, and what they send for.
const (
	eventsService = "events.amazonaws.com"
	topicsService = "sns.amazonaws.com"
)

// Senders is who asks about what rules and topics send. It implements
// delivery.Guard.
//
// A rule sends in the name of EventBridge, and the target's policy must allow
// that, also within one account; or in the name of the target's role, which then
// needs a policy that allows it, and the target's, too, in another account. A bus
// is sent to in the name of the rule's account. A topic sends in the name of SNS.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
// https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
type Senders struct{ *Decider }

// Senders is who asks; false: nobody wants an answer.
func (d *Decider) Senders() (Senders, bool) { return Senders{d}, d.Strict || d.Record != nil }

// Generation implements delivery.Guard.
func (s Senders) Generation() uint64 {
	return s.Policies.Changes() + s.Directory.Changes() + s.Record.resetCount()
}

// Decide implements delivery.Guard.
func (s Senders) Decide(d *delivery.Delivery) delivery.Verdict {
	q := s.sending(d)
	why := q.decide()
	v := delivery.Verdict{Varies: q.varies}
	if why == nil {
		return v
	}
	if row := s.Record.noteSending(q, s.Now()); row != nil {
		v.Noted = row
	}
	if s.Strict {
		v.Denied = why.error()
	}
	return v
}

// Action is what a delivery does to its target, in a policy's words.
func (s Senders) Action(d *delivery.Delivery) string { return s.sending(d).action }

// sending is one question about a delivery while it is answered. It answers for
// the condition keys (senderfacts.go).
type sending struct {
	*Decider
	source  arn.ARN // what sends: a rule or a topic
	sender  string  // its ARN
	service string  // that sends
	target  string  // ARN of the resource, as its policy is found
	owner   string  // account of the target
	action  string
	role    string // ARN of the role in whose name; empty: none

	body   []byte           // the event, for keys that are about it
	entity *identity.Entity // the role
	trust  bool             // it is asked whether the role may be assumed
	varies bool             // the answer rests on more than who sends what where
	who    policy.Principal
}

// sending is what is asked about d.
func (s Senders) sending(d *delivery.Delivery) *sending {
	q := &sending{Decider: s.Decider, sender: d.Source, role: d.Role, body: d.Event}
	if q.body == nil {
		q.body = d.Body
	}
	q.source, _ = arn.Parse(d.Source)
	to := d.Target
	// Targets are found whatever partition their ARN says; so are their policies.
	to.Partition = arn.Partition(to.Region)
	q.target, q.owner = to.String(), to.Account
	switch q.source.Service {
	case "events":
		q.service, q.action = eventsService, actionOnTarget(&to)
	case "sns":
		q.service, q.role = topicsService, ""
		if q.action = free; to.Service == "sqs" {
			q.action = "sqs:SendMessage"
		}
	}
	if to.Service == "logs" || d.Ended != nil {
		q.role = "" // "do not specify a RoleArn"; dead letters are EventBridge's own
	}
	return q
}

// free is the action of what needs no permission: subscriptions outside the
// shard, which have confirmed that they want messages, and log groups, of which
// Carillon has no API that could give them a policy.
const free = "-"

// actionOnTarget is what a rule does to a target; empty: nobody knows.
func actionOnTarget(to *arn.ARN) string {
	kind, _, _ := strings.Cut(to.Resource, "/")
	switch to.Service + ":" + kind {
	case "events:event-bus":
		return "events:PutEvents"
	case "events:api-destination":
		return "events:InvokeApiDestination"
	}
	switch to.Service {
	case "sqs":
		return "sqs:SendMessage"
	case "sns":
		return "sns:Publish"
	case "logs":
		return free
	}
	return ""
}

// refusal is why something may not be sent.
type refusal struct {
	decision policy.Decision
	reason   string
	remedy   string // what would have to change, as in Lack
}

func (r *refusal) error() error {
	cause := delivery.ErrDenied
	if r.remedy == remedyTrust {
		cause = delivery.ErrNotAssumed
	}
	return fmt.Errorf("%w: %s", cause, r.reason)
}

// What would have to change for a sending, beside what a Lack has.
const (
	remedyTrust = "trust policy"
	remedyRole  = "role"
)

// decide is why it may not be sent; nil: it may.
func (q *sending) decide() *refusal {
	switch {
	case q.action == free:
		return nil
	case q.action == "" || q.service == "":
		return &refusal{reason: "nothing says who may send to " + q.target, remedy: "deny"}
	case q.role != "":
		return q.decideByRole()
	case strings.HasPrefix(q.action, "events:Invoke"):
		return &refusal{reason: "the target of rule " + q.sender + " has no RoleArn, which must allow " + q.action + " on " + q.target, remedy: remedyRole}
	case q.action == "events:PutEvents":
		q.who = policy.Principal{Kind: policy.Root, ARN: arn.Root(q.source.Account).String(), Account: q.source.Account}
	default:
		q.who = policy.Principal{Kind: policy.Service, ARN: q.service}
	}
	return q.ask(&policy.Set{Resource: q.Policies.Of(q.target)})
}

// decideByRole assumes the role, and asks in its name.
func (q *sending) decideByRole() *refusal {
	a, err := arn.Parse(q.role)
	name := q.role[strings.LastIndexByte(q.role, '/')+1:]
	found := false
	if err == nil && a.Account == q.source.Account && q.Directory != nil {
		q.entity, found = q.Directory.Role(a.Account, name)
	}
	if !found || q.entity.ARN != q.role {
		return &refusal{reason: "there is no role " + q.role + " in account " + q.source.Account, remedy: remedyTrust}
	}
	if why := q.assume(); why != nil {
		return why
	}
	_, rule, _ := q.source.RuleName()
	q.who = policy.Principal{
		Kind: policy.RoleSession, Account: a.Account, Behind: q.role,
		ARN: "arn:aws:sts::" + a.Account + ":assumed-role/" + name + "/" + rule,
	}
	return q.ask(&policy.Set{Identity: q.entity.Policies, Boundary: q.entity.Boundary, Resource: q.Policies.Of(q.target)})
}

// assume asks whether the role's trust policy lets the service have it.
func (q *sending) assume() *refusal {
	q.trust, q.who = true, policy.Principal{Kind: policy.Service, ARN: q.service}
	defer func() { q.trust = false }()
	r := &policy.Request{Principal: q.who, Action: "sts:AssumeRole", Resource: q.role, ResourceAccount: q.entity.Account, Context: q}
	set := &policy.Set{MustBeTrusted: true}
	if q.entity.Trust != nil {
		set.Resource = []policy.Policy{{Name: "the role's trust policy", Document: q.entity.Trust}}
	}
	decision := policy.Decide(r, set)
	if decision.Allows() {
		return nil
	}
	return &refusal{decision: decision, reason: q.said(&decision, r), remedy: remedyTrust}
}

// ask asks the policies that bear on what is sent.
func (q *sending) ask(set *policy.Set) *refusal {
	r := &policy.Request{Principal: q.who, Action: q.action, Resource: q.target, ResourceAccount: q.owner, Context: q}
	decision := policy.Decide(r, set)
	if decision.Allows() {
		return nil
	}
	out := &refusal{decision: decision, reason: q.said(&decision, r), remedy: remedyOf(&decision)}
	if out.remedy == "resource policy" && len(set.Resource) == 0 {
		out.reason += " (it has no policy)"
	}
	return out
}

// said is the reason of a decision, for whom and for what.
func (q *sending) said(decision *policy.Decision, r *policy.Request) string {
	by := q.who.ARN
	if q.who.Kind == policy.RoleSession {
		by = q.role
	}
	kind := "rule "
	if q.source.Service == "sns" {
		kind = "topic "
	}
	return decision.Reason(r) + " to " + by + " for " + kind + q.sender
}

// noteSending keeps what was refused, or would have been.
func (r *Record) noteSending(q *sending, now time.Time) *sendingRow {
	if r == nil {
		return nil
	}
	key := sendingKey{q.sender, q.target, q.role}
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.sendings[key]
	if row == nil {
		if len(r.sendings) >= maxRows || len(q.sender)+len(q.target)+len(q.role) > 3*maxQuestion {
			r.dropped.Add(1)
			return nil
		}
		row = newSendingRow(q, now)
		r.sendings[row.key] = row
	}
	return row
}
