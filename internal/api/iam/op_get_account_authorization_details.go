package iam

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetAccountAuthorizationDetails tells all that the account has, with every document.
func (s *Service) GetAccountAuthorizationDetails(ctx context.Context, c *wire.Call, in *model.GetAccountAuthorizationDetailsInput) (*model.GetAccountAuthorizationDetailsOutput, error) {

	w, err := windowOf(c, strings.Join(in.Filter, ","), in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &model.GetAccountAuthorizationDetailsOutput{
		UserDetailList: []model.UserDetail{}, GroupDetailList: []model.GroupDetail{}, RoleDetailList: []model.RoleDetail{}, Policies: []model.ManagedPolicyDetail{},
	}
	err = s.read(func(v *store.View) error {
		p := &detailPage{v: v, account: c.Account, w: w, out: out}
		if w.after != "" {
			p.section, p.after = w.after[:1], w.after[1:]
		}
		return p.fill(in.Filter)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
