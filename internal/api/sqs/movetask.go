package sqs

import (
	"encoding/base64"
	"encoding/json"

	"github.com/carillon-events/carillon/internal/queue"
)

// task is what a move task's handle says. Handles are told only to those who
// may list or start tasks, and hold an id that cannot be guessed.
type task struct {
	ID        string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (t task) handle() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic("sqs: a task handle that cannot be encoded: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(b)
}

func openTask(handle string) (task, bool) {
	b, err := base64.StdEncoding.DecodeString(handle)
	var t task
	if err != nil || json.Unmarshal(b, &t) != nil {
		return task{}, false
	}
	_, ok := onARN(t.SourceARN)
	return t, ok && t.ID != ""
}

// statusAs is AWS's word for a move task's status.
var statusAs = map[queue.MoveStatus]string{
	queue.MoveRunning:    "RUNNING",
	queue.MoveCompleted:  "COMPLETED",
	queue.MoveCancelling: "CANCELLING",
	queue.MoveCancelled:  "CANCELLED",
	queue.MoveFailed:     "FAILED",
}
