package iam

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// maxSimulations bounds the pairs of actions and resources of one request.
const maxSimulations = 10_000

// maxEffort bounds what one answer costs: bytes of policies, times bytes of the
// resources that they are compared with. 100 times what a whole user's policies and
// resources of usual length make; a hostile pattern is a step a byte. What is left
// is behind the marker, as it is when AWS answers less than was asked for.
const maxEffort = 200 << 20

// simulation is what is decided, for each action and resource.
type simulation struct {
	set       policy.Set
	principal policy.Principal
	context   policy.Values
	owner     string // account of the resources, where their ARNs name none
}

// question is what both simulators ask.
type question struct {
	actions, resources, boundaries []string
	resourcePolicy, owner, caller  wire.Opt[string]
	entries                        []model.ContextEntry
}

// parseAll reads policies that a request has in a list.
func parseAll(texts []string, list string) ([]policy.Policy, error) {
	var all []policy.Policy
	for i, text := range texts {
		doc, err := policy.Parse(policy.Identity, text)
		if err != nil {
			return nil, say(codeInput, list+"."+strconv.Itoa(i+1)+": "+err.Error())
		}
		all = append(all, policy.Policy{Name: list + "." + strconv.Itoa(i+1), Document: doc})
	}
	return all, nil
}

// ask completes a simulation by what the request says besides the policies.
func (m *simulation) ask(q question) error {
	switch {
	case len(q.actions)*max(len(q.resources), 1) > maxSimulations:
		return say(codeInput, "There are more than "+strconv.Itoa(maxSimulations)+" pairs of ActionNames and ResourceArns.")
	case q.resourcePolicy.V != "" && q.caller.V == "" && m.principal.ARN == "":
		return say(codeInput, "CallerArn is required with ResourcePolicy.")
	}
	for _, action := range q.actions {
		if strings.Count(action, ":") != 1 {
			return say(codeInput, "ActionNames: "+action+" is no action, such as sqs:SendMessage.")
		}
	}
	if q.caller.V != "" {
		p, ok := policy.ParsePrincipal(q.caller.V)
		if !ok {
			return say(codeInput, "CallerArn "+q.caller.V+" is no ARN of a principal.")
		}
		m.principal = p
	}
	if len(q.boundaries) > 0 {
		all, err := parseAll(q.boundaries, "PermissionsBoundaryPolicyInputList")
		if err != nil {
			return err
		}
		m.set.Boundary = all[0]
	}
	if q.resourcePolicy.V != "" {
		doc, err := policy.Parse(policy.Resource, q.resourcePolicy.V)
		if err != nil {
			return say(codeInput, "ResourcePolicy: "+err.Error())
		}
		m.set.Resource = []policy.Policy{{Name: "ResourcePolicy", Document: doc}}
	}
	if a, err := arn.Parse(q.owner.V); err == nil {
		m.owner = a.Account
	} else if arn.IsAccount(q.owner.V) {
		m.owner = q.owner.V
	}
	m.context = policy.Values{}
	for _, e := range q.entries {
		if strings.HasSuffix(e.ContextKeyType.V, "List") || len(e.ContextKeyValues) > 1 {
			m.context.Set(e.ContextKeyName.V, policy.Many(e.ContextKeyValues))
		} else if len(e.ContextKeyValues) == 1 {
			m.context.Set(e.ContextKeyName.V, policy.One(e.ContextKeyValues[0]))
		}
	}
	return nil
}

// results are a page of what is decided.
func (m *simulation) results(w window, q question) (out []model.EvaluationResult, truncated wire.Opt[bool], marker wire.Opt[string]) {
	resources := q.resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	out = []model.EvaluationResult{}
	first, _ := strconv.Atoi(w.after)
	all := len(q.actions) * len(resources)
	size, effort := m.size(), 0
	for i := max(first, 0); i < all; i++ {
		if len(out) == w.limit || effort > maxEffort {
			truncated, marker = w.end(true, strconv.Itoa(i))
			return out, truncated, marker
		}
		resource := resources[i%len(resources)]
		out = append(out, m.result(q.actions[i/len(resources)], resource))
		effort += size * len(resource)
	}
	truncated, marker = w.end(false, "")
	return out, truncated, marker
}

// size is how long the policies are.
func (m *simulation) size() (n int) {
	for _, p := range slices.Concat(m.set.Identity, []policy.Policy{m.set.Boundary}, m.set.Resource) {
		if p.Document != nil {
			n += len(p.Document.Text())
		}
	}
	return n
}

func (m *simulation) result(action, resource string) model.EvaluationResult {
	r := &policy.Request{Principal: m.principal, Action: action, Resource: resource, ResourceAccount: m.owner, Context: m.context}
	if a, err := arn.Parse(resource); err == nil && arn.IsAccount(a.Account) {
		r.ResourceAccount = a.Account
	}
	sim := policy.Simulate(r, &m.set)
	out := model.EvaluationResult{
		EvalActionName: action, EvalResourceName: wire.Some(resource), EvalDecision: sim.Outcome.String(),
		MatchedStatements: []model.Statement{}, MissingContextValues: append([]string{}, sim.Missing...),
	}
	for _, match := range sim.Matched {
		out.MatchedStatements = append(out.MatchedStatements, model.Statement{
			SourcePolicyId: wire.Some(match.Policy.Name), SourcePolicyType: wire.Some(sourceType(match.Policy.Name)),
			StartPosition: positionOf(match.Start), EndPosition: positionOf(match.End),
		})
	}
	if m.set.Boundary.Document != nil {
		out.PermissionsBoundaryDecisionDetail = &model.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: wire.Some(sim.AllowedByBoundary)}
	}
	return out
}

func sourceType(name string) string {
	if name == "ResourcePolicy" {
		return "Resource Policy"
	}
	return "IAM Policy"
}

func positionOf(p policy.Position) *model.Position {
	return &model.Position{Line: wire.Some(int32(p.Line)), Column: wire.Some(int32(p.Column))}
}

// source is the simulation of what a user, a group or a role of the account has.
func (s *Service) source(c *wire.Call, sourceARN string) (*simulation, error) {
	a, err := arn.Parse(sourceARN)
	kind, rest, _ := strings.Cut(a.Resource, "/")
	of, ok := entityKinds[kind]
	if err != nil || a.Service != "iam" || a.Account != c.Account || !ok {
		return nil, say(codeInput, "PolicySourceArn "+sourceARN+" is not the ARN of a user, a group or a role of the account.")
	}
	m := &simulation{principal: policy.Principal{Kind: policy.User, ARN: sourceARN, Account: c.Account}}
	if of == identity.Role {
		m.principal = policy.Principal{Kind: policy.RoleSession, ARN: sourceARN, Behind: sourceARN, Account: c.Account}
	}
	err = s.read(func(v *store.View) error {
		ref := identity.Ref{Kind: of, Account: c.Account, Name: rest[strings.LastIndexByte(rest, '/')+1:]}
		rec, err := identity.Get(v, ref)
		if err != nil {
			return err
		}
		m.set.Identity, m.set.Boundary, err = s.directory.Effective(v, &rec)
		return err
	})
	return m, err
}
