package events

import (
	"bytes"
	"context"
	"encoding/json"

	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/wire"
)

// required are the fields that an event must have to be tested.
var required = []string{"id", "account", "source", "time", "region", "detail-type"}

// TestEventPattern matches an event to a pattern.
func (s *Service) TestEventPattern(_ context.Context, _ *wire.Call, in *model.TestEventPatternInput) (*model.TestEventPatternOutput, error) {
	parsed, err := s.core.ParsePattern(in.EventPattern)
	if err != nil {
		return nil, names{}.explain(err)
	}
	event, err := pattern.Read([]byte(in.Event))
	if err != nil || !isEvent(in.Event) {
		return nil, &wire.Error{Code: codeValidation, Message: "Parameter Event is not valid."}
	}
	ok, err := parsed.Match(event)
	if err != nil {
		return nil, invalid("Event", err.Error()+".")
	}
	return &model.TestEventPatternOutput{Result: wire.Some(ok)}, nil
}

func isEvent(text string) bool {
	var fields map[string]json.RawMessage
	// As in matching, what follows the object is not looked at.
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&fields); err != nil {
		return false
	}
	for _, name := range required {
		if _, ok := fields[name]; !ok {
			return false
		}
	}
	return true
}
