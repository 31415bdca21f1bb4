package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/wire"
)

// RemovePermission takes a statement out of a bus's policy, or all of them.
// With all of them there is nothing that could be missing.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html
func (s *Service) RemovePermission(ctx context.Context, c *wire.Call, in *model.RemovePermissionInput) (*model.RemovePermissionOutput, error) {
	n, err := onBus(c, in.EventBusName, "")
	if err != nil {
		return nil, err
	}
	all := in.RemoveAllPermissions.V
	if !all {
		if err := requireAll(param{"StatementId", in.StatementId.OK}); err != nil {
			return nil, err
		}
	}
	err = s.changePolicy(ctx, n, func(old string) (string, error) {
		if all {
			return "", nil
		}
		return without(old, in.StatementId.V)
	})
	return &model.RemovePermissionOutput{}, err
}
