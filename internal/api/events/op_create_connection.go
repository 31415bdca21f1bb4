package events

import (
	"context"
	"errors"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CreateConnection makes a connection.
func (s *Service) CreateConnection(ctx context.Context, c *wire.Call, in *model.CreateConnectionInput) (*model.CreateConnectionOutput, error) {
	if err := refuseConnectivity(in.InvocationConnectivityParameters, in.AuthParameters.ConnectivityParameters, in.KmsKeyIdentifier); err != nil {
		return nil, err
	}
	method := methodOf[in.AuthorizationType]
	by, err := s.credentials(method, destination.Credentials{}, givenNew(&in.AuthParameters))
	if err != nil {
		return nil, err
	}
	w, id := webIn(c, in.Name), s.newID()
	err = s.readWeb(w, func(v *store.View) error { // before somebody is asked for a token
		_, err := destination.GetConnection(v, w.Name)
		if errors.Is(err, destination.ErrConnectionNotFound) {
			return nil
		}
		if err == nil {
			err = destination.ErrConnectionExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	right, err := s.right(ctx, w, id, method, by)
	if err != nil {
		return nil, err
	}
	var made destination.Connection
	err = s.changeWeb(ctx, w, func(tx *store.Tx) error {
		made, err = s.calls.Core.CreateConnection(tx, w.Name, id, in.Description.V, right)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateConnectionOutput{
		ConnectionArn: wire.Some(made.ARN().String()), ConnectionState: wire.Some(connectionStateAs[made.State]),
		CreationTime: wire.Some(made.CreatedAt), LastModifiedTime: wire.Some(made.ModifiedAt),
	}, nil
}
