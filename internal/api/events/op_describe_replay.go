package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DescribeReplay describes a replay and how far it is.
func (s *Service) DescribeReplay(_ context.Context, c *wire.Call, in *model.DescribeReplayInput) (*model.DescribeReplayOutput, error) {
	var r archive.Replay
	err := s.readKept(kept{replay: in.ReplayName}, func(v *store.View) (err error) {
		r, err = archive.GetReplay(v, archiveIn(c, in.ReplayName))
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := shownReplay(r)
	return &model.DescribeReplayOutput{
		ReplayName: shown.ReplayName, ReplayArn: wire.Some(r.Name.ReplayARN().String()), Description: some(r.Description),
		State: shown.State, StateReason: shown.StateReason, EventSourceArn: shown.EventSourceArn,
		Destination:    &model.ReplayDestination{Arn: r.Bus, FilterArns: r.Rules},
		EventStartTime: shown.EventStartTime, EventEndTime: shown.EventEndTime, EventLastReplayedTime: shown.EventLastReplayedTime,
		ReplayStartTime: shown.ReplayStartTime, ReplayEndTime: shown.ReplayEndTime,
	}, nil
}
