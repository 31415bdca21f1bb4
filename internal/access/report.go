package access

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Report is what callers lack: what strict mode has refused, or would refuse.
type Report struct {
	Mode   string    `json:"mode"`
	Since  time.Time `json:"since"`
	Keys   []Lacking `json:"keys"`
	Grants []Grant   `json:"resourcePolicies"`
	// What rules and topics may not send, and what their roles lack.
	Sendings []Sending    `json:"sendings"`
	Roles    []RolePolicy `json:"rolePolicies"`
	Dropped  uint64       `json:"notRecorded,omitempty"` // questions for which there was no room
}

// Lacking is what one access key lacks.
type Lacking struct {
	AccessKey string `json:"accessKey"`
	Principal string `json:"principal"`
	Account   string `json:"account"`
	Lacks     []Lack `json:"lacks"`
	// Policy is the smallest that gives what identity policies can give, fit for
	// PutUserPolicy; nil: nothing.
	Policy *Document `json:"policy,omitempty"`
}

// Lack is one question that is answered with no.
type Lack struct {
	Action   string    `json:"action"`
	Resource string    `json:"resource"`
	Reason   string    `json:"reason"`
	Count    uint64    `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	// Remedy is what would have to change: "policy", "resource policy", or what
	// forbids it: "deny", "boundary", "session", "owner only".
	Remedy string `json:"remedy"`
}

// Grant is a statement that the policy of a resource lacks.
type Grant struct {
	Resource  string    `json:"resource"`
	Statement Statement `json:"statement"`
}

// Document is a policy that we write.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is one of its statements.
type Statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Report looks at every row again, since policies may have come in the meantime.
func (d *Decider) Report() Report {
	r := Report{Mode: "dev", Keys: []Lacking{}, Grants: []Grant{}, Sendings: []Sending{}, Roles: []RolePolicy{}}
	if d.Strict {
		r.Mode = "strict"
	}
	if d.Record == nil {
		return r
	}
	r.Since, r.Dropped = time.Unix(0, d.Record.since.Load()).UTC(), d.Record.dropped.Load()
	byKey, grants := map[string]*Lacking{}, map[[2]string][]string{}
	for q, w := range d.Record.all() {
		lack, ok := d.again(q, w)
		if !ok {
			continue
		}
		k := byKey[q.accessKey]
		if k == nil {
			k = &Lacking{AccessKey: q.accessKey, Principal: w.principal, Account: w.id.Account}
			byKey[q.accessKey] = k
		}
		k.Lacks = append(k.Lacks, lack)
		if d.lacksGrant(q, w) {
			at := [2]string{q.resource, w.id.Account}
			grants[at] = append(grants[at], q.action)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byKey)) {
		k := byKey[name]
		slices.SortFunc(k.Lacks, func(a, b Lack) int {
			return strings.Compare(a.Resource+"\n"+a.Action, b.Resource+"\n"+b.Action)
		})
		k.Policy = smallest(k.Lacks)
		r.Keys = append(r.Keys, *k)
	}
	r.Grants = grantsOf(grants)
	d.reportSendings(&r)
	return r
}

func (r *Record) all() map[question]*row {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return maps.Clone(r.rows)
}

// again asks a row's question once more; false: the answer is yes now. What the
// request said besides is not known any more.
func (d *Decider) again(q question, w *row) (Lack, bool) {
	t := d.retry(q, &w.id)
	defer t.end()
	decision := t.decide()
	if decision.Allows() {
		return Lack{}, false
	}
	return Lack{
		Action: q.action, Resource: q.resource, Reason: t.reason(&decision), Remedy: t.remedy(&decision),
		Count: w.count.Load(), First: w.first.UTC(), Last: time.Unix(0, w.last.Load()).UTC(),
	}, true
}

func (d *Decider) retry(q question, id *Identity) *trial {
	who := *id
	if who.Session == nil {
		who.Entity = nil // it may have others by now
		who = *d.known(&who)
	}
	c := &wire.Call{Account: who.Account, Principal: who.Principal, AccessKey: who.AccessKey, Rights: d.Rights(q.action)}
	if a, err := arn.Parse(q.resource); err == nil {
		c.Region = a.Region
	}
	return d.begin(context.Background(), c, &who, q.action, q.resource)
}

// remedy is what would have to change.
func (t *trial) remedy(decision *policy.Decision) string {
	if decision.Outcome != policy.ExplicitDeny && t.ownerOnly() {
		return "owner only"
	}
	return remedyOf(decision)
}

func remedyOf(decision *policy.Decision) string {
	if decision.Outcome == policy.ExplicitDeny {
		return "deny"
	}
	switch decision.Missing() {
	case policy.Identity:
		return "policy"
	case policy.Boundary:
		return "boundary"
	case policy.Session:
		return "session"
	}
	return "resource policy"
}

func (t *trial) ownerOnly() bool {
	account := accountIn(t.request.Resource)
	return t.call.Rights != nil && t.call.Rights.OwnerOnly && account != "" && account != t.request.Principal.Account
}

// lacksGrant tells whether the resource's own side does not allow what somebody
// of another account asked for: his account's root would be refused, too.
func (d *Decider) lacksGrant(q question, w *row) bool {
	account := accountIn(q.resource)
	if account == "" || account == w.id.Account {
		return false
	}
	root := Identity{Account: w.id.Account, Principal: arn.Root(w.id.Account).String()}
	c := &wire.Call{Account: root.Account, Principal: root.Principal, Rights: d.Rights(q.action)}
	t := d.begin(context.Background(), c, &root, q.action, q.resource)
	defer t.end()
	decision := t.decide()
	return decision.Outcome == policy.ImplicitDeny && !t.ownerOnly()
}

// smallest is the policy that gives what identity policies can: resources for
// which the same actions are needed share a statement.
func smallest(lacks []Lack) *Document {
	actions := map[string][]string{} // by resource
	for _, l := range lacks {
		if l.Remedy == "policy" {
			actions[policyResource(l.Resource)] = append(actions[policyResource(l.Resource)], l.Action)
		}
	}
	resources := map[string][]string{} // by actions
	for _, resource := range slices.Sorted(maps.Keys(actions)) {
		list := slices.Sorted(slices.Values(actions[resource]))
		key := strings.Join(slices.Compact(list), "\n")
		resources[key] = append(resources[key], resource)
	}
	if len(resources) == 0 {
		return nil
	}
	d := &Document{Version: "2012-10-17"}
	for _, key := range slices.Sorted(maps.Keys(resources)) {
		d.Statement = append(d.Statement, Statement{Effect: "Allow", Action: strings.Split(key, "\n"), Resource: resources[key]})
	}
	return d
}

// policyResource is what a policy can have for a resource: a phone number has no
// ARN.
func policyResource(resource string) string {
	if !strings.HasPrefix(resource, "arn:") {
		return "*"
	}
	return resource
}

func grantsOf(grants map[[2]string][]string) []Grant {
	out := []Grant{}
	for _, at := range slices.SortedFunc(maps.Keys(grants), func(a, b [2]string) int {
		return strings.Compare(a[0]+"\n"+a[1], b[0]+"\n"+b[1])
	}) {
		actions := slices.Compact(slices.Sorted(slices.Values(grants[at])))
		out = append(out, Grant{Resource: at[0], Statement: Statement{
			Sid: "account" + at[1], Effect: "Allow", Principal: map[string]string{"AWS": arn.Root(at[1]).String()},
			Action: actions, Resource: []string{at[0]},
		}})
	}
	return out
}

// Text is the document as JSON.
func (d *Document) Text() string {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		panic("access: a policy that is not JSON: " + err.Error())
	}
	return string(b)
}
