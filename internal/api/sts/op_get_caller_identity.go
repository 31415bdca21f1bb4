package sts

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetCallerIdentity says who is calling. Every tool asks it first.
func (s *Service) GetCallerIdentity(_ context.Context, c *wire.Call, _ *model.GetCallerIdentityInput) (*model.GetCallerIdentityOutput, error) {
	return &model.GetCallerIdentityOutput{
		Account: wire.Some(c.Account),
		Arn:     wire.Some(c.Principal),
		UserId:  wire.Some(userID(c.Account, c.Principal)),
	}, nil
}

// userID is the account for its root, else an id of the form that AWS gives to
// users. It is made of the ARN, so that a caller keeps it.
func userID(account, principal string) string {
	if strings.HasSuffix(principal, ":root") {
		return account
	}
	sum := sha256.Sum256([]byte(principal))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
