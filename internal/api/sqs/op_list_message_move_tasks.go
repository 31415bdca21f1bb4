package sqs

import (
	"context"
	"errors"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListMessageMoveTasks lists a dead-letter queue's moves, newest first.
func (s *Service) ListMessageMoveTasks(ctx context.Context, c *wire.Call, in *model.ListMessageMoveTasksInput) (*model.ListMessageMoveTasksOutput, error) {
	n, err := moveEnd(c, "SourceArn", in.SourceArn)
	if err != nil {
		return nil, err
	}
	if v := in.MaxResults; v.OK && (v.V < 1 || v.V > 10) {
		return nil, value("MaxResults", number(v.V), "MaxResults must be an integer between 1 and 10.")
	}
	var tasks []queue.MoveTask
	err = s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) (err error) {
		tasks, err = queue.Moves(tx, q, int(in.MaxResults.Or(1)))
		return err
	})
	if errors.Is(err, queue.ErrNotFound) {
		return nil, noResource("SourceArn")
	}
	if err != nil {
		return nil, explain(err, said{})
	}
	out := &model.ListMessageMoveTasksOutput{Results: []model.ListMessageMoveTasksResultEntry{}}
	for _, t := range tasks {
		out.Results = append(out.Results, describeMove(&t))
	}
	return out, nil
}

func describeMove(t *queue.MoveTask) model.ListMessageMoveTasksResultEntry {
	e := model.ListMessageMoveTasksResultEntry{
		Status:                            wire.Some(statusAs[t.Status]),
		SourceArn:                         wire.Some(queueARN(t.Source)),
		ApproximateNumberOfMessagesMoved:  wire.Some(int64(t.Moved)),
		ApproximateNumberOfMessagesToMove: wire.Some(int64(t.ToMove)),
		StartedTimestamp:                  wire.Some(t.StartedAt.UnixMilli()),
		FailureReason:                     some(t.Failure),
	}
	if t.Status == queue.MoveRunning { // only then is it of use
		e.TaskHandle = wire.Some(task{ID: t.ID, SourceARN: queueARN(t.Source)}.handle())
	}
	if t.Destination != nil {
		e.DestinationArn = wire.Some(queueARN(*t.Destination))
	}
	if t.Rate > 0 {
		e.MaxNumberOfMessagesPerSecond = wire.Some(int32(t.Rate))
	}
	return e
}
