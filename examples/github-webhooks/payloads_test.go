package githubwebhooks

import (
	"strings"
	"testing"
)

func TestThereAreHundredsOfDistinctPayloadsOfManyEvents(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	bodies, events := map[string]bool{}, map[string]int{}
	for _, p := range all {
		if bodies[p.Body] {
			t.Errorf("a payload of %s is there twice", p.Event)
		}
		bodies[p.Body] = true
		events[p.Event]++
		if !strings.HasPrefix(p.Body, "{") || !strings.HasSuffix(p.Body, "}") {
			t.Errorf("a payload of %s is not an object", p.Event)
		}
	}
	if len(all) < 300 || len(events) < 50 {
		t.Errorf("%d payloads of %d events, want at least 300 of 50", len(all), len(events))
	}
	for _, event := range []string{"issues", "pull_request", "push", "star", "workflow_run"} {
		if events[event] == 0 {
			t.Errorf("no payload of %s", event)
		}
	}
}
