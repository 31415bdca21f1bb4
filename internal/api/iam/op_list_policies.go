package iam

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListPolicies lists managed policies: the account's own by name, behind them AWS's by ARN.
func (s *Service) ListPolicies(ctx context.Context, c *wire.Call, in *model.ListPoliciesInput) (*model.ListPoliciesOutput, error) {

	w, err := windowOf(c, in.Scope.V+in.PathPrefix.V+in.PolicyUsageFilter.V, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	p := &policyPage{w: w, in: in, found: []model.Policy{}}
	err = s.read(func(v *store.View) error {
		if in.Scope.V != "AWS" && !strings.HasPrefix(w.after, "arn:") {
			if err := p.own(v, c.Account); err != nil || p.more {
				return err
			}
		}
		if in.Scope.V != "Local" {
			return p.ofAWS(v, c.Account)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &model.ListPoliciesOutput{Policies: p.found}
	out.IsTruncated, out.Marker = w.end(p.more, p.last)
	return out, nil
}

// policyPage collects a page of policies.
type policyPage struct {
	w     window
	in    *model.ListPoliciesInput
	found []model.Policy
	last  string // where the next page begins behind
	more  bool
}

func (p *policyPage) own(v *store.View, account string) (err error) {
	all, more, err := identity.ListPolicies(v, account, p.w.after, p.w.limit, func(m *identity.Managed) bool {
		uses, e := identity.UsesOf(v, account, m.ARN())
		if e != nil {
			err = e
		}
		return p.wanted(m, uses)
	})
	for _, m := range all {
		uses, e := identity.UsesOf(v, account, m.ARN())
		if e != nil {
			return e
		}
		p.found, p.last = append(p.found, policyOf(&m, uses, false)), m.Name
	}
	p.more = more
	return err
}

func (p *policyPage) ofAWS(v *store.View, account string) error {
	for m := range identity.PoliciesOfAWS {
		policyARN := m.ARN()
		if strings.HasPrefix(p.w.after, "arn:") && policyARN <= p.w.after {
			continue
		}
		uses, err := identity.UsesOf(v, account, policyARN)
		if err != nil {
			return err
		}
		if !p.wanted(&m, uses) {
			continue
		}
		if len(p.found) == p.w.limit {
			p.more = true
			return nil
		}
		p.found, p.last = append(p.found, policyOf(&m, uses, false)), policyARN
	}
	return nil
}

func (p *policyPage) wanted(m *identity.Managed, uses identity.Uses) bool {
	if p.in.OnlyAttached.V && uses.Attached == 0 || !strings.HasPrefix(m.Path, p.in.PathPrefix.Or("/")) {
		return false
	}
	switch p.in.PolicyUsageFilter.V {
	case "PermissionsPolicy":
		return uses.Attached > 0
	case "PermissionsBoundary":
		return uses.Boundaries > 0
	}
	return true
}
