package policy

import (
	"slices"
	"strings"
)

// Match is a statement that was about a simulated request. Positions are of its
// opening brace, and of what follows its closing one.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Statement.html
type Match struct {
	Policy     *Policy
	Statement  int // from 0
	Sid        string
	Effect     Effect
	Start, End Position
}

// Simulation is a decision with all that SimulateCustomPolicy and
// SimulatePrincipalPolicy tell about it.
type Simulation struct {
	Decision
	// Matched are the statements that decided: all that deny or, if none does, all
	// that allow.
	Matched []Match
	// Missing are the condition keys, as the policies spell them, that a statement
	// asks for and the request does not have.
	Missing []string
	// AllowedByBoundary is whether a permissions boundary would let the request
	// pass. It means nothing without one.
	AllowedByBoundary bool

	all []Match
}

// add notes a statement, if somebody wants to know.
func (s *Simulation) add(f finding) {
	if s == nil {
		return
	}
	d := f.policy.Document
	t := &d.statements[f.statement]
	s.all = append(s.all, Match{
		Policy: f.policy, Statement: int(f.statement), Sid: t.sid, Effect: t.effect,
		Start: t.start, End: t.end,
	})
}

func (s *Simulation) len() int {
	if s == nil {
		return 0
	}
	return len(s.all)
}

// sort puts the statements of one policy, which begin there, into their order.
func (s *Simulation) sort(from int) {
	if s != nil {
		slices.SortFunc(s.all[from:], func(a, b Match) int { return a.Statement - b.Statement })
	}
}

// Simulate decides as Decide does, and takes its time to say more.
func Simulate(r *Request, s *Set) Simulation {
	var sim Simulation
	sim.Decision = decide(r, s, &sim)
	decisive := Allow
	if sim.Outcome == ExplicitDeny {
		decisive = Deny
	}
	for _, m := range sim.all {
		if m.Effect == decisive && (m.Policy != &s.Boundary || decisive == Deny) {
			sim.Matched = append(sim.Matched, m)
		}
		if m.Policy == &s.Boundary && m.Effect == Allow {
			sim.AllowedByBoundary = true
		}
	}
	for _, m := range sim.all {
		if m.Policy == &s.Boundary && m.Effect == Deny {
			sim.AllowedByBoundary = false
		}
	}
	sim.Missing = missingKeys(r.Context, s)
	sim.all = nil
	return sim
}

func missingKeys(c Context, s *Set) []string {
	var missing []string
	seen := map[string]bool{}
	for _, p := range slices.Concat(s.Identity, []Policy{s.Boundary}, s.Session, s.Resource) {
		if p.Document == nil {
			continue
		}
		for _, key := range p.Document.Keys() {
			low := strings.ToLower(key)
			if v := lookup(c, low); !seen[low] && v.len() == 0 {
				missing = append(missing, key)
			}
			seen[low] = true
		}
	}
	return missing
}

// Keys are the condition keys that the document's conditions and variables ask
// for, each once: what GetContextKeysForCustomPolicy tells.
func (d *Document) Keys() []string {
	var keys []string
	seen := map[string]bool{}
	add := func(low, spelling string) {
		if !seen[low] {
			keys = append(keys, spelling)
		}
		seen[low] = true
	}
	variables := func(t *template) {
		for _, p := range t.parts {
			if p.key != "" {
				add(p.key, p.key)
			}
		}
	}
	for i := range d.statements {
		s := &d.statements[i]
		for j := range s.resources {
			variables(&s.resources[j].template)
		}
		for j := range s.conditions {
			c := &s.conditions[j]
			add(c.key, c.spelling)
			for k := range c.operands {
				variables(&c.operands[k].template)
			}
		}
	}
	return keys
}
