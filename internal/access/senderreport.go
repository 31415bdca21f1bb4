package access

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/policy"
)

// Sending is what a rule or a topic may not send, or might not in strict mode.
type Sending struct {
	Sender   string    `json:"sender"` // ARN of the rule or topic
	As       string    `json:"as"`     // a service, a role, or an account's root
	Action   string    `json:"action"`
	Resource string    `json:"resource"`
	Reason   string    `json:"reason"`
	Remedy   string    `json:"remedy"` // as of a Lack, or "trust policy" of the role, or "role": the target has none
	Count    uint64    `json:"count"`  // of attempts
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// RolePolicy is the smallest policy that a target's role lacks.
type RolePolicy struct {
	Role   string    `json:"role"`
	Policy *Document `json:"policy"`
}

// sendingKey is what tells sendings apart.
type sendingKey struct{ sender, target, role string }

// sendingRow is a sending that was refused, or would have been.
type sendingRow struct {
	key   sendingKey
	event []byte // what policies asked of the first event
	first time.Time
	last  atomic.Int64
	count atomic.Uint64
}

// Again implements delivery.Note.
func (w *sendingRow) Again(now time.Time) {
	w.count.Add(1)
	w.last.Store(now.UnixNano())
}

func newSendingRow(q *sending, now time.Time) *sendingRow {
	w := &sendingRow{first: now, key: sendingKey{strings.Clone(q.sender), q.target, strings.Clone(q.role)}}
	w.last.Store(now.UnixNano())
	if q.varies && q.action == "events:PutEvents" {
		w.event, _ = json.Marshal(map[string]string{"source": eventField(q.body, "source"), "detail-type": eventField(q.body, "detail-type")})
	}
	return w
}

func (r *Record) resetCount() uint64 {
	if r == nil {
		return 0
	}
	return r.resets.Load()
}

func (r *Record) allSendings() []*sendingRow {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.sendings), func(a, b *sendingRow) int {
		return cmp.Or(strings.Compare(a.key.target, b.key.target), strings.Compare(a.key.sender, b.key.sender), strings.Compare(a.key.role, b.key.role))
	})
}

// grantKey is what shares a statement.
type grantKey struct{ resource, kind, principal, action string }

// reportSendings decides about every sending again, and says what is lacking.
func (d *Decider) reportSendings(out *Report) {
	grants, roles := map[grantKey][]string{}, map[string][]Lack{}
	for _, w := range d.Record.allSendings() {
		to, _ := arn.Parse(w.key.target)
		q := Senders{d}.sending(&delivery.Delivery{Source: w.key.sender, Target: to, Role: w.key.role, Body: w.event})
		why := q.decide()
		if why == nil {
			continue
		}
		s := Sending{
			Sender: w.key.sender, As: q.as(), Action: q.action, Resource: q.target, Reason: why.reason, Remedy: why.remedy,
			Count: w.count.Load(), First: w.first.UTC(), Last: time.Unix(0, w.last.Load()).UTC(),
		}
		out.Sendings = append(out.Sendings, s)
		switch {
		case why.remedy == remedyTrust && q.entity != nil:
			key := grantKey{q.role, "Service", q.service, "sts:AssumeRole"}
			grants[key] = append(grants[key], q.sender)
		case why.remedy == "resource policy":
			key := grantKey{q.target, "AWS", s.As, q.action}
			if q.who.Kind == policy.Service {
				key.kind = "Service"
			}
			grants[key] = append(grants[key], q.sender)
		case why.remedy == "policy":
			roles[q.role] = append(roles[q.role], Lack{Action: q.action, Resource: q.target, Remedy: why.remedy})
		}
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		out.Roles = append(out.Roles, RolePolicy{role, smallest(roles[role])})
	}
	out.Grants = append(out.Grants, senderGrants(grants)...)
}

// as is in whose name it is sent.
func (q *sending) as() string {
	switch {
	case q.role != "":
		return q.role
	case q.who.ARN != "":
		return q.who.ARN
	}
	return q.service
}

func senderGrants(grants map[grantKey][]string) (out []Grant) {
	for _, key := range slices.SortedFunc(maps.Keys(grants), func(a, b grantKey) int {
		return cmp.Or(strings.Compare(a.resource, b.resource), strings.Compare(a.principal, b.principal), strings.Compare(a.action, b.action))
	}) {
		s := Statement{Effect: "Allow", Principal: map[string]string{key.kind: key.principal}, Action: []string{key.action}, Resource: []string{key.resource}}
		if key.action == "sts:AssumeRole" {
			s.Resource = nil // a trust policy has none
		}
		senders := slices.Compact(slices.Sorted(slices.Values(grants[key])))
		// A role's session in another account has no source, unless it puts events.
		if key.kind == "Service" || key.action == "events:PutEvents" {
			s.Condition = map[string]map[string][]string{"ArnEquals": {"aws:SourceArn": senders}}
		}
		out = append(out, Grant{Resource: key.resource, Statement: s})
	}
	return out
}
