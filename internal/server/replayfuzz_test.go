package server

import (
	"strings"
	"testing"
)

// What is taken of a replay's request is safe in a key.
func FuzzReadReplay(f *testing.F) {
	f.Add(`{"do":"start","archive":"a","name":"r","bus":"b","rules":["x"],"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","speed":10}`)
	f.Add(`{"do":"list","after":"a\u0000b","region":"eu-west-1"}`)
	f.Add(`{"speed":1e400}`)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := readReplay(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, s := range append([]string{in.Name, in.Archive, in.Bus, in.After, in.Region}, in.Rules...) {
			if strings.ContainsRune(s, 0) || len(s) > 256 {
				t.Errorf("%q is taken from %s", s, text)
			}
		}
		if in.Speed < 0 || in.Speed > maxReplaySpeed {
			t.Errorf("speed %v", in.Speed)
		}
	})
}
