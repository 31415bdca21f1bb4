package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListServerCertificates lists nothing: no server certificates can be made here. Tools ask before they delete a user.
func (s *Service) ListServerCertificates(ctx context.Context, c *wire.Call, in *model.ListServerCertificatesInput) (*model.ListServerCertificatesOutput, error) {

	return &model.ListServerCertificatesOutput{ServerCertificateMetadataList: []model.ServerCertificateMetadata{}, IsTruncated: wire.Some(false)}, nil
}
