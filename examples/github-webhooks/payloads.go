// Package githubwebhooks holds a few hundred real GitHub webhook payloads, for
// demonstrations and tests that should meet the world's events rather than
// invented ones. README.md says where they come from; LICENSE is theirs.
//
// The file is part of the binary, so nothing here needs a network or a path.
package githubwebhooks

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed payloads.jsonl
var lines string

// Payload is what GitHub would post to a webhook.
type Payload struct {
	Event string // the header X-GitHub-Event: "pull_request"
	Body  string // a JSON object, compact, otherwise as in the source
}

// All answers every payload, always in the same order.
func All() ([]Payload, error) {
	var all []Payload
	for n, text := range strings.Split(strings.TrimSpace(lines), "\n") {
		var line struct {
			Event   string
			Payload json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			return nil, fmt.Errorf("payloads.jsonl line %d: %w", n+1, err)
		}
		all = append(all, Payload{Event: line.Event, Body: string(line.Payload)})
	}
	return all, nil
}
