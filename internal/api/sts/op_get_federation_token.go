package sts

import (
	"context"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetFederationToken makes a session for somebody for whom the caller answers. It
// may do what its own policies and the caller's both allow.
func (s *Service) GetFederationToken(ctx context.Context, c *wire.Call, in *model.GetFederationTokenInput) (*model.GetFederationTokenOutput, error) {
	caller := s.Caller(c)
	if caller.Session != 0 {
		return nil, denied("Cannot call GetFederationToken with session credentials")
	}
	of := ownSession(c, &caller, session.Federated)
	of.Principal, of.Name = federatedARN(c, in.Name), in.Name
	if err := tag(of, in.Tags, nil, nil); err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 && c.Decide != nil {
		if err := c.Decide(ctx, c, "sts:TagSession", of.Principal); err != nil {
			return nil, err
		}
	}
	if err := s.limit(of, in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	size, err := packed(of)
	if err != nil {
		return nil, err
	}
	credentials, err := s.issue(of, userFor(in.DurationSeconds, &caller))
	if err != nil {
		return nil, err
	}
	return &model.GetFederationTokenOutput{
		Credentials: credentials, PackedPolicySize: size,
		FederatedUser: &model.FederatedUser{Arn: of.Principal, FederatedUserId: of.UserID()},
	}, nil
}

// federatedARN is a federated user's.
func federatedARN(c *wire.Call, name string) string {
	return arn.ARN{Partition: arn.Partition(c.Region), Service: "sts", Account: c.Account, Resource: "federated-user/" + name}.String()
}
