package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// fanOuts is how many topics' messages go out at a time. It bounds how long
// those of another topic wait for their turn; the shard has one writer anyway.
const fanOuts = 4

// fanOut has messages go out that topics could not send at once.
func (r *Running) fanOut(shard *store.Shard, topics *topic.Core) {
	for i := range fanOuts {
		r.start(fmt.Sprintf("fan-out %d", i+1), func(ctx context.Context) error { return r.runFanOuts(ctx, shard, topics) })
	}
}

// runFanOuts works on one topic after another.
func (r *Running) runFanOuts(ctx context.Context, shard *store.Shard, topics *topic.Core) error {
	var job *topic.Job
	for {
		var err error
		if job == nil {
			job, err = topics.Next(ctx, shard)
		} else {
			var over bool
			if over, err = job.Step(ctx); over {
				job = nil
			}
		}
		switch {
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrWaitEnded):
			return nil
		case errors.Is(err, store.ErrFailed):
			return err
		case err != nil:
			r.log.Error("fan-out of a topic: trying again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}
