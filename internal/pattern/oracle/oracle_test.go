package oracle

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// known is one line of testdata: what AWS, or the engine that it published,
// answers.
type known struct {
	Name    string
	Pattern string
	Rules   map[string]string
	Event   *string
	Expect  any
	Message string `json:"error_message_raw"`
}

func readKnown(t *testing.T, file string) []known {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []known
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var k known
		if err := json.Unmarshal(lines.Bytes(), &k); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		all = append(all, k)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%s: %d lines, %v", file, len(all), err)
	}
	return all
}

// better are our answers where the engine's are bugs in it: it compares addresses
// of both families as digits (docs/adr/0012-differences-from-event-ruler.md).
var better = map[string]any{
	"edge/cidr 0.0.0.0/0 vs ::1": false,
	"edge/cidr ::/0 vs 1.2.3.4":  false,
}

func TestPatternsAreAnsweredAsAWSAnswersThem(t *testing.T) {
	for _, file := range []string{"patterns-aws.jsonl", "patterns-ruler.jsonl"} {
		for _, k := range readKnown(t, file) {
			t.Run(k.Name, func(t *testing.T) {
				if ours, ok := better[k.Name]; ok {
					k.Expect = ours
				}
				checkKnown(t, k)
			})
		}
	}
}

func checkKnown(t *testing.T, k known) {
	t.Helper()
	if k.Rules != nil {
		checkRules(t, k)
		return
	}
	if k.Expect == "ValidationException" {
		t.Skip("the event is refused before it is matched")
	}
	p, err := Parse(k.Pattern)
	if k.Expect == "InvalidEventPatternException" {
		checkRefusal(t, k, err)
		return
	}
	if err != nil {
		t.Fatalf("pattern %s is refused: %v", k.Pattern, err)
	}
	if k.Expect == "valid" {
		return
	}
	got, err := p.Match([]byte(*k.Event))
	if k.Expect == "EventError" {
		if err == nil {
			t.Fatalf("event %s is read, want an error", *k.Event)
		}
		return
	}
	if err != nil || got != k.Expect {
		t.Fatalf("match %s\nwith  %s\nis %v, %v, want %v", *k.Event, k.Pattern, got, err, k.Expect)
	}
}

func checkRefusal(t *testing.T, k known, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("pattern %s is accepted, want a refusal: %s", k.Pattern, k.Message)
	}
	want := strings.TrimPrefix(k.Message, "Event pattern is not valid. Reason: ")
	if strings.HasPrefix(want, "Cannot invoke ") {
		return // the engine crashed; a sentence is better
	}
	if err.Error() != want {
		t.Fatalf("pattern %s\nis refused with %s\nwant            %s", k.Pattern, err, want)
	}
}

func checkRules(t *testing.T, k known) {
	t.Helper()
	got := []string{}
	for name, text := range k.Rules {
		p, err := Parse(text)
		if err != nil {
			t.Fatalf("pattern %s is refused: %v", text, err)
		}
		ok, err := p.Match([]byte(*k.Event))
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			got = append(got, name)
		}
	}
	want := []string{}
	for _, name := range k.Expect.([]any) {
		want = append(want, name.(string))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("event %s\nmatches %q, want %q, of %s", *k.Event, got, want, k.Rules)
	}
}
