package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
	"github.com/carillon-events/carillon/internal/wire"
)

// UpdateConnection changes a connection, and has it authorized again. What is
// not given stays, also secrets.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-edit.html
func (s *Service) UpdateConnection(ctx context.Context, c *wire.Call, in *model.UpdateConnectionInput) (*model.UpdateConnectionOutput, error) {
	var oauth *model.ConnectivityResourceParameters
	if in.AuthParameters != nil {
		oauth = in.AuthParameters.ConnectivityParameters
	}
	if err := refuseConnectivity(in.InvocationConnectivityParameters, oauth, in.KmsKeyIdentifier); err != nil {
		return nil, err
	}
	w := webIn(c, in.Name)
	var seen destination.Connection
	err := s.readWeb(w, func(v *store.View) (err error) {
		seen, err = destination.GetConnection(v, w.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	change := destination.Change{Description: pointer(in.Description)}
	if change.Right, err = s.changedRight(ctx, w, &seen, in); err != nil {
		return nil, err
	}
	var now destination.Connection
	err = s.changeWeb(ctx, w, func(tx *store.Tx) (err error) {
		now, err = s.calls.Core.UpdateConnection(tx, &seen, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.UpdateConnectionOutput{
		ConnectionArn: wire.Some(now.ARN().String()), ConnectionState: wire.Some(connectionStateAs[now.State]),
		CreationTime: wire.Some(now.CreatedAt), LastModifiedTime: wire.Some(now.ModifiedAt), LastAuthorizedTime: known(now.AuthorizedAt),
	}, nil
}

// changedRight is the connection's right after the request. Nil if nothing of it
// changes: the request is about the description of one that is authorized, or
// has nothing to be authorized with.
func (s *Service) changedRight(ctx context.Context, w web, seen *destination.Connection, in *model.UpdateConnectionInput) (*destination.Right, error) {
	method := seen.Method
	if in.AuthorizationType.OK {
		method = methodOf[in.AuthorizationType.V]
	}
	nothing := in.AuthParameters == nil && method == seen.Method
	if nothing && (seen.State == destination.Authorized || seen.Sealed == nil) {
		return nil, nil
	}
	var by destination.Credentials
	if seen.Sealed != nil {
		var err error
		if by, err = targetdestination.Open(s.calls.Box, seen); err != nil {
			return nil, err
		}
	}
	if method != seen.Method {
		by = destination.Credentials{Invocation: by.Invocation}
	}
	by, err := s.credentials(method, by, givenChange(in.AuthParameters))
	if err != nil {
		return nil, err
	}
	right, err := s.right(ctx, w, seen.ID, method, by)
	return &right, err
}
