package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListReplays lists the replays of the account in the region by name, those
// that ended within 90 days among them.
func (s *Service) ListReplays(_ context.Context, c *wire.Call, in *model.ListReplaysInput) (*model.ListReplaysOutput, error) {
	if err := exclusive(c.Operation, in.NamePrefix, in.EventSourceArn, in.State); err != nil {
		return nil, err
	}
	after, most, err := page(c.Operation, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	filter := archive.ReplayFilter{Prefix: in.NamePrefix.V, State: replayStateOf[in.State.V]}
	if in.EventSourceArn.OK {
		if filter.Archive, err = archiveOf(c, "EventSourceArn", in.EventSourceArn.V); err != nil {
			return nil, err
		}
	}
	out := &model.ListReplaysOutput{Replays: []model.Replay{}}
	err = s.readKept(kept{}, func(v *store.View) error {
		found, more, err := archive.ListReplays(v, archiveIn(c, ""), filter, after, most)
		for _, r := range found {
			out.Replays = append(out.Replays, shownReplay(r))
			out.NextToken = nextToken(c.Operation, more, r.Name.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
