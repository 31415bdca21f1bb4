package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeauthorizeConnection removes all authorization parameters of a connection.
func (s *Service) DeauthorizeConnection(ctx context.Context, c *wire.Call, in *model.DeauthorizeConnectionInput) (*model.DeauthorizeConnectionOutput, error) {
	w := webIn(c, in.Name)
	var now destination.Connection
	err := s.changeWeb(ctx, w, func(tx *store.Tx) (err error) {
		now, err = s.calls.Core.Deauthorize(tx, w.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeauthorizeConnectionOutput{
		ConnectionArn: wire.Some(now.ARN().String()), ConnectionState: wire.Some(connectionStateAs[now.State]),
		CreationTime: wire.Some(now.CreatedAt), LastModifiedTime: wire.Some(now.ModifiedAt), LastAuthorizedTime: known(now.AuthorizedAt),
	}, nil
}
