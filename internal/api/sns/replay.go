package sns

import (
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// attrReplayStatus says how far a replay is.
const attrReplayStatus = "ReplayStatus"

// replayPolicy is the attribute of that name.
// https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html
type replayPolicy struct {
	PointType     string
	StartingPoint string
	EndingPoint   string
}

// replay is what a replay policy asks for; nothing by {}.
func (s about) replay(text string) (*topic.Window, error) {
	if text == "" {
		return nil, nil
	}
	if !isFIFO(s.topic.Topic) {
		return nil, refusal(attrReplay + ": can only be set for subscriptions of FIFO topics")
	}
	var p replayPolicy
	if err := document(attrReplay, text, &p); err != nil {
		return nil, err
	}
	if p == (replayPolicy{}) {
		return nil, nil
	}
	from, err := time.Parse(time.RFC3339, p.StartingPoint)
	if p.PointType != "Timestamp" || err != nil {
		return nil, refusal(attrReplay + ": it needs the PointType Timestamp and a StartingPoint such as 2006-01-02T15:04:05.000Z")
	}
	w := &topic.Window{From: from.UTC()}
	if p.EndingPoint != "" {
		to, err := time.Parse(time.RFC3339, p.EndingPoint)
		if err != nil || !to.After(from) {
			return nil, refusal(attrReplay + ": EndingPoint must be a time after StartingPoint")
		}
		w.To = to.UTC()
	}
	return w, nil
}

// replayStatuses are what the page above calls the states of a replay.
var replayStatuses = map[topic.ReplayState]string{
	topic.ReplayPending: "Pending", topic.ReplayRunning: "In progress", topic.ReplayCompleted: "Completed", topic.ReplayFailed: "Failed",
}

// echoReplay adds how far a subscription's replay is. One that waits for the
// subscription to be confirmed is pending.
func echoReplay(v *store.View, s topic.Subscription, out map[string]string) error {
	if s.Settings.Replay == nil {
		return nil
	}
	r, found, err := topic.ReplayOf(v, s.Number, s.ID)
	if err == nil {
		out[attrReplayStatus] = replayStatuses[topic.ReplayPending]
		if found {
			out[attrReplayStatus] = replayStatuses[r.State]
		}
	}
	return err
}
