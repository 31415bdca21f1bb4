package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// knownScores are the scores that event-ruler gives to the patterns of testdata.
func knownScores(t *testing.T) map[string]int {
	t.Helper()
	scores := map[string]int{}
	for _, file := range []string{"patterns-aws.jsonl", "patterns-ruler.jsonl"} {
		f, err := os.Open(filepath.Join("..", "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var k struct {
				Pattern string
				Rules   map[string]string
				Score   *int `json:"ruler_wildcard_complexity"`
			}
			if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
				t.Fatal(err)
			}
			for _, rule := range k.Rules {
				k.Pattern = rule
			}
			if k.Score != nil && len(k.Rules) <= 1 {
				scores[k.Pattern] = *k.Score
			}
		}
	}
	return scores
}

func TestWildcardsAreAsComplexAsEventRulerFindsThem(t *testing.T) {
	scores := knownScores(t)
	if len(scores) < 50 {
		t.Fatalf("only %d scores in testdata", len(scores))
	}
	for text, want := range scores {
		p, err := Parse(text)
		if err != nil {
			if want <= MaxComplexity {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if got := Complexity(p, MaxComplexity); got != want {
			t.Errorf("complexity of %s is %d, want %d", text, got, want)
		}
	}
}
