package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteServiceLinkedRole removes a service's role. AWS takes its time to see whether it is used; here it is gone at once.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, c *wire.Call, in *model.DeleteServiceLinkedRoleInput) (*model.DeleteServiceLinkedRoleOutput, error) {

	var task string
	err := s.change(ctx, func(tx *store.Tx) error {
		rec, err := identity.Get(tx, role(c, in.RoleName))
		switch {
		case err != nil:
			return err
		case rec.Service == "":
			return say(codeNoEntity, "The role with name "+in.RoleName+" is no service-linked role.")
		}
		task = deletionTask(&rec)
		return s.core.Delete(tx, rec.Ref(), true)
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteServiceLinkedRoleOutput{DeletionTaskId: task}, nil
}
