package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CancelReplay stops a replay that is starting or running. What it has sent
// stays sent.
func (s *Service) CancelReplay(ctx context.Context, c *wire.Call, in *model.CancelReplayInput) (*model.CancelReplayOutput, error) {
	var r archive.Replay
	err := s.changeKept(ctx, kept{replay: in.ReplayName}, func(tx *store.Tx) (err error) {
		r, err = s.archives.Cancel(tx, archiveIn(c, in.ReplayName))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.CancelReplayOutput{ReplayArn: wire.Some(r.Name.ReplayARN().String()), State: wire.Some(replayStateAs[r.State])}, nil
}
