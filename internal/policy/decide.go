package policy

// Request is what somebody wants to do.
type Request struct {
	Principal Principal
	Action    string // "events:PutEvents", in any case
	Resource  string // an ARN, or "*" where the action has none
	// ResourceAccount is whose the resource is; empty: the principal's.
	ResourceAccount string
	Context         Context // nil: the request has no keys
}

func (r *Request) crossesAccounts() bool {
	return r.ResourceAccount != "" && r.ResourceAccount != r.Principal.Account
}

// query is a request on its way through the policies.
type query struct {
	*Request
	action  action
	bounded bool // the principal has a permissions boundary
	record  *Simulation
}

// finding is a statement that is about the request.
type finding struct {
	policy    *Policy
	statement uint32
	grant     grant // how it means the principal; notMeant: there is no such statement
}

func (f *finding) found() bool { return f.grant != notMeant }

// layer is what the policies of one kind say together.
type layer struct{ deny, allow finding }

// look asks the policies of a layer. It stops at the first that denies, and of
// those that allow it keeps the one that does so most directly.
func (q *query) look(policies []Policy, l *layer) {
	for i := range policies {
		if d := policies[i].Document; d != nil {
			q.lookInto(&policies[i], d, l)
			if l.deny.found() && q.record == nil {
				return
			}
		}
	}
}

func (q *query) lookInto(p *Policy, d *Document, l *layer) {
	before := q.record.len()
	q.lookAmong(p, d.index.of(&q.action), l)
	if !l.deny.found() || q.record != nil {
		q.lookAmong(p, d.index.everywhere, l)
	}
	q.record.sort(before)
}

func (q *query) lookAmong(p *Policy, statements []uint32, l *layer) {
	for _, i := range statements {
		s := &p.Document.statements[i]
		if s.effect == Allow && l.allow.grant == byName && q.record == nil {
			continue // there is nothing to be gained
		}
		meant := q.applies(s)
		if meant == notMeant {
			continue
		}
		found := finding{policy: p, statement: i, grant: meant}
		q.record.add(found)
		switch {
		case s.effect == Allow && meant > l.allow.grant:
			l.allow = found
		case s.effect == Deny && !l.deny.found():
			l.deny = found
			if q.record == nil {
				return
			}
		}
	}
}

// applies tells whether, and how directly, a statement is about the request. The
// context is asked last.
func (q *query) applies(s *statement) grant {
	if !s.aboutAction(&q.action) {
		return notMeant
	}
	meant := s.meant(&q.Principal, q.bounded)
	if meant == notMeant || !s.aboutResource(q.Resource, q.Context) || !s.fulfilled(q.Context) {
		return notMeant
	}
	return meant
}

// Decide decides. What it returns is about r and s and valid as long as they are
// not changed.
//
// An explicit deny in any policy is the end. Otherwise, in one account, a policy
// of the resource that means the principal itself allows, whatever limits there
// are; one that means the role behind a session allows within the boundary and
// the session's policies; and one that means the account leaves it to identity
// policies, which allow within boundary and session. Between accounts both must
// allow, each side on its own.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func Decide(r *Request, s *Set) Decision { return decide(r, s, nil) }

func decide(r *Request, s *Set, record *Simulation) Decision {
	q := query{Request: r, action: splitAction(r.Action), bounded: s.Boundary.Document != nil, record: record}
	var identity, boundary, session, resource layer
	if r.Principal.hasAccount() && r.Principal.Kind != Root {
		q.look(s.Identity, &identity)
		q.lookAt(&s.Boundary, &boundary)
		q.look(s.Session, &session)
	}
	q.look(s.Resource, &resource)
	for _, l := range [...]*layer{&resource, &identity, &boundary, &session} {
		if l.deny.found() {
			return Decision{Outcome: ExplicitDeny, by: l.deny}
		}
	}
	p := &r.Principal
	root := p.Kind == Root
	v := verdict{resource: &resource.allow, set: s, own: ownSide{
		identity: &identity.allow, boundary: &boundary.allow, session: &session.allow,
		root:    root || p.Kind == FederatedUser && isRootOf(p.Behind, p.Account),
		bounded: q.bounded && !root,
		limited: p.Kind == FederatedUser || len(s.Session) > 0 && !root,
	}}
	switch {
	case !p.hasAccount():
		return v.byResourceAlone()
	case r.crossesAccounts():
		return v.betweenAccounts()
	}
	return v.withinAccount()
}

func (q *query) lookAt(p *Policy, l *layer) {
	if p.Document != nil {
		q.lookInto(p, p.Document, l)
	}
}

// verdict puts together what the layers allow, where none denies.
type verdict struct {
	own      ownSide
	resource *finding
	set      *Set
}

// ownSide is what the principal's own account says.
type ownSide struct {
	identity, boundary, session *finding
	root                        bool // needs no identity policy
	bounded                     bool // there is a boundary
	limited                     bool // there are session policies, or there must be: a federated user has nothing without
}

// limits are passed.
func (o *ownSide) withinLimits() bool {
	return (!o.bounded || o.boundary.found()) && (!o.limited || o.session.found())
}

func (o *ownSide) allows() bool { return (o.root || o.identity.found()) && o.withinLimits() }

// missing is the kind of policy that should have allowed.
func (o *ownSide) missing() Kind {
	switch {
	case !o.root && !o.identity.found():
		return Identity
	case o.bounded && !o.boundary.found():
		return Boundary
	}
	return Session
}

func (v *verdict) byResourceAlone() Decision {
	if v.resource.found() {
		return allowed(*v.resource)
	}
	return v.notTrusted()
}

func (v *verdict) withinAccount() Decision {
	switch {
	case v.resource.grant == byName, v.resource.grant == byEntity && v.own.withinLimits():
		return allowed(*v.resource)
	case v.set.MustBeTrusted && !v.resource.found():
		return v.notTrusted()
	case v.own.allows():
		return allowed(*v.own.identity)
	case v.resource.grant == byEntity && v.own.missing() == Identity:
		// The policy of the resource would have done, if not for a limit.
		o := v.own
		o.root = true
		return Decision{Outcome: ImplicitDeny, missing: o.missing()}
	}
	return Decision{Outcome: ImplicitDeny, missing: v.own.missing()}
}

func (v *verdict) betweenAccounts() Decision {
	switch {
	case !v.own.allows():
		return Decision{Outcome: ImplicitDeny, missing: v.own.missing()}
	case !v.resource.found():
		return v.notTrusted()
	}
	return allowed(*v.resource)
}

func (v *verdict) notTrusted() Decision {
	d := Decision{Outcome: ImplicitDeny, missing: Resource}
	if r := v.set.Resource; len(r) > 0 && r[0].Document != nil {
		d.missing = r[0].Document.kind
	}
	return d
}

func allowed(by finding) Decision { return Decision{Outcome: Allowed, by: by} }
