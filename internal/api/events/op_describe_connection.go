package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeConnection describes a connection, without what is secret.
func (s *Service) DescribeConnection(_ context.Context, c *wire.Call, in *model.DescribeConnectionInput) (*model.DescribeConnectionOutput, error) {
	w := webIn(c, in.Name)
	var found destination.Connection
	err := s.readWeb(w, func(v *store.View) (err error) {
		found, err = destination.GetConnection(v, w.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DescribeConnectionOutput{
		ConnectionArn: wire.Some(found.ARN().String()), Name: wire.Some(w.Name.Name), Description: some(found.Description),
		ConnectionState: wire.Some(connectionStateAs[found.State]), StateReason: some(found.Reason),
		AuthorizationType: wire.Some(methodAs[found.Method]), SecretArn: secretARN(&found), AuthParameters: shownAuth(&found),
		CreationTime: wire.Some(found.CreatedAt), LastModifiedTime: wire.Some(found.ModifiedAt), LastAuthorizedTime: known(found.AuthorizedAt),
	}, nil
}
