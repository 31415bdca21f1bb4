package sts

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

// DecodeAuthorizationMessage says why somebody of the caller's account was denied
// something.
func (s *Service) DecodeAuthorizationMessage(_ context.Context, c *wire.Call, in *model.DecodeAuthorizationMessageInput) (*model.DecodeAuthorizationMessageOutput, error) {
	if s.Decode == nil {
		return nil, say(codeMessage, "The encoded authorization message is not valid.")
	}
	text, err := s.Decode(c.Account, in.EncodedMessage)
	if err != nil {
		return nil, say(codeMessage, "The encoded authorization message is not valid.")
	}
	return &model.DecodeAuthorizationMessageOutput{DecodedMessage: wire.Some(text)}, nil
}
