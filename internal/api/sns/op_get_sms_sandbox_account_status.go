package sns

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sns"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetSMSSandboxAccountStatus tells that the caller is not in the sandbox: it
// keeps strangers from sending text messages at AWS's expense, and here the
// gateway is the caller's own.
func (s *Service) GetSMSSandboxAccountStatus(context.Context, *wire.Call, *model.GetSMSSandboxAccountStatusInput) (*model.GetSMSSandboxAccountStatusOutput, error) {
	return &model.GetSMSSandboxAccountStatusOutput{IsInSandbox: false}, nil
}
