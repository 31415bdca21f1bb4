package events

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListConnections lists the connections of the account in the region by name.
func (s *Service) ListConnections(_ context.Context, c *wire.Call, in *model.ListConnectionsInput) (*model.ListConnectionsOutput, error) {
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &model.ListConnectionsOutput{Connections: []model.Connection{}}
	state, stays := connectionStateOf[in.ConnectionState.V]
	if in.ConnectionState.OK && !stays {
		return out, nil // one that connections only pass through
	}
	w := webIn(c, "")
	err = s.readWeb(w, func(v *store.View) error {
		filter := destination.ConnectionFilter{Prefix: in.NamePrefix.V, State: state}
		found, more, err := destination.ListConnections(v, w.Name, filter, after, most)
		for i := range found {
			f := &found[i]
			out.Connections = append(out.Connections, model.Connection{
				ConnectionArn: wire.Some(f.ARN().String()), Name: wire.Some(f.Name.Name), ConnectionState: wire.Some(connectionStateAs[f.State]),
				StateReason: some(f.Reason), AuthorizationType: wire.Some(methodAs[f.Method]), CreationTime: wire.Some(f.CreatedAt),
				LastModifiedTime: wire.Some(f.ModifiedAt), LastAuthorizedTime: known(f.AuthorizedAt),
			})
			out.NextToken = nextToken(c.Operation, more, f.Name.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
