package events

import (
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/wire"
)

// settings are what a request says of a bus.
func settings(description, key string, dead *model.DeadLetterConfig, log *model.LogConfig) (bus.Settings, error) {
	s := bus.Settings{Description: description, Key: key}
	if dead != nil && dead.Arn.OK {
		a, err := arn.Parse(dead.Arn.V)
		if _, ok := a.QueueName(); err != nil || !ok || a.Region == "" {
			return s, invalid("DeadLetterConfig.Arn", "It must be the ARN of an SQS queue.")
		}
		s.DeadLetter = dead.Arn.V
	}
	if log != nil {
		s.Log = &bus.Log{Level: log.Level.V, Detail: log.IncludeDetail.V}
	}
	return s, nil
}

func deadLetterAs(s bus.Settings) *model.DeadLetterConfig {
	if s.DeadLetter == "" {
		return nil
	}
	return &model.DeadLetterConfig{Arn: wire.Some(s.DeadLetter)}
}

func logAs(s bus.Settings) *model.LogConfig {
	if s.Log == nil {
		return nil
	}
	return &model.LogConfig{Level: some(s.Log.Level), IncludeDetail: some(s.Log.Detail)}
}
