package iam

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
	"github.com/google/uuid"
)

// GetServiceLinkedRoleDeletionStatus tells how far a deletion is: it has succeeded.
func (s *Service) GetServiceLinkedRoleDeletionStatus(ctx context.Context, c *wire.Call, in *model.GetServiceLinkedRoleDeletionStatusInput) (*model.GetServiceLinkedRoleDeletionStatusOutput, error) {

	parts := strings.Split(in.DeletionTaskId, "/")
	if len(parts) != 5 || parts[0] != "task" || "/"+parts[1]+"/" != servicePath || uuid.Validate(parts[4]) != nil {
		return nil, say(codeNoEntity, "The deletion task "+in.DeletionTaskId+" cannot be found.")
	}
	return &model.GetServiceLinkedRoleDeletionStatusOutput{Status: "SUCCEEDED"}, nil
}
