package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DeleteConnection deletes a connection. API destinations that use it are
// inactive from then on.
func (s *Service) DeleteConnection(ctx context.Context, c *wire.Call, in *model.DeleteConnectionInput) (*model.DeleteConnectionOutput, error) {
	w := webIn(c, in.Name)
	var old destination.Connection
	err := s.changeWeb(ctx, w, func(tx *store.Tx) (err error) {
		old, err = s.calls.Core.DeleteConnection(tx, w.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteConnectionOutput{
		ConnectionArn: wire.Some(old.ARN().String()), ConnectionState: wire.Some("DELETING"),
		CreationTime: wire.Some(old.CreatedAt), LastModifiedTime: wire.Some(old.ModifiedAt), LastAuthorizedTime: known(old.AuthorizedAt),
	}, nil
}
