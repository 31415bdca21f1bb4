package sqs

import (
	"context"
	"errors"
	"math"
	"slices"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// CancelMessageMoveTask stops a move. What has been moved stays where it is.
func (s *Service) CancelMessageMoveTask(ctx context.Context, _ *wire.Call, in *model.CancelMessageMoveTaskInput) (*model.CancelMessageMoveTaskOutput, error) {
	t, ok := openTask(in.TaskHandle)
	if !ok {
		return nil, parameter("Value " + clip(in.TaskHandle) + " for parameter TaskHandle is invalid.")
	}
	var moved queue.MoveTask
	n, _ := onARN(t.SourceARN)
	err := s.on(ctx, n, func(tx *store.Tx, q *queue.Queue) (err error) {
		// A handle is not sealed: the task must be of the queue that it names,
		// since the caller was allowed to act on that one.
		tasks, err := queue.Moves(tx, q, math.MaxInt)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tasks, func(m queue.MoveTask) bool { return m.ID == t.ID }) {
			return queue.ErrMoveNotFound
		}
		moved, err = queue.CancelMove(tx, t.ID)
		return err
	})
	if errors.Is(err, queue.ErrNotFound) {
		err = queue.ErrMoveNotFound
	}
	if err != nil {
		return nil, explain(err, said{})
	}
	return &model.CancelMessageMoveTaskOutput{ApproximateNumberOfMessagesMoved: wire.Some(int64(moved.Moved))}, nil
}
