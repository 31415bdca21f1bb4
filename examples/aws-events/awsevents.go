// Package awsevents holds sample events of AWS's services, for demonstrations
// and tests of rules that wait for them. README.md says where they come from;
// LICENSE is theirs.
//
// The file is part of the binary, so nothing here needs a network or a path.
package awsevents

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed events.jsonl
var lines string

// Event is what a service would put on the default bus.
type Event struct {
	Source     string          `json:"source"`      // "aws.s3"
	DetailType string          `json:"detail-type"` // "ObjectCreated:Put"
	Resources  []string        `json:"resources,omitempty"`
	Detail     json.RawMessage `json:"detail"`
}

// All answers every event, always in the same order.
func All() ([]Event, error) {
	var all []Event
	for n, text := range strings.Split(strings.TrimSpace(lines), "\n") {
		var e Event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return nil, fmt.Errorf("events.jsonl line %d: %w", n+1, err)
		}
		all = append(all, e)
	}
	return all, nil
}
