package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListSigningCertificates lists nothing: no signing certificates can be made here. Tools ask before they delete a user.
func (s *Service) ListSigningCertificates(ctx context.Context, c *wire.Call, in *model.ListSigningCertificatesInput) (*model.ListSigningCertificatesOutput, error) {

	if in.UserName.V != "" {
		if _, err := s.get(user(c, in.UserName.V)); err != nil {
			return nil, err
		}
	}
	return &model.ListSigningCertificatesOutput{Certificates: []model.SigningCertificate{}, IsTruncated: wire.Some(false)}, nil
}
