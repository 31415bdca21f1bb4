package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answers runs a command line that reads stdin and returns what it printed and
// its exit status.
func answers(t *testing.T, stdin string, args ...string) (out string, status int) {
	t.Helper()
	root := newRootCommand()
	var b bytes.Buffer
	root.SetOut(&b)
	root.SetErr(&b)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(append([]string{"pattern"}, args...))
	err := root.ExecuteContext(t.Context())
	if err == nil {
		return b.String(), 0
	}
	if !errors.Is(err, errAnswered) {
		b.WriteString(oneLine(err))
	}
	return b.String(), exitCode(err)
}

func TestPatternTestAnswersWithItsExitStatus(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rule.json")
	if err := os.WriteFile(file, []byte(`{"a": ["x"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const rule, both = `{"a": ["x"]}`, "cannot both be -"
	for _, c := range []struct {
		stdin  string
		args   []string
		out    string
		status int
	}{
		{"", []string{"--pattern", rule, "--event", `{"a": "x"}`}, "match\n", 0},
		{`{"a": "x"}`, []string{"--pattern", file, "--event", "-"}, "match\n", 0},
		{rule, []string{"--pattern", "-", "--event", ` {"a": "y"}`}, "no match\n", 1},
		{"", []string{"--pattern", `{"a": "x"}`, "--event", `{"a": "y"}`}, `pattern: "a" must be an object or an array`, 2},
		{"[]", []string{"--pattern", rule, "--event", "-"}, "event: the event is not a JSON object", 2},
		{"", []string{"--pattern", "-", "--event", "-"}, both, 2},
		{"", []string{"--pattern", rule}, "needs --event", 2},
		{"", []string{"--event", rule}, "needs --pattern", 2},
		{"", []string{"--pattern", "none.json", "--event", rule}, "--pattern: neither JSON that begins with { nor a file", 2},
		{"", []string{"--patern", rule}, "--patern", 2},
		{"", []string{"now"}, "takes no arguments", 2},
		{strings.Repeat(" ", maxEventInput+1), []string{"--pattern", rule, "--event", "-"}, "longer than 4.0 MiB", 2},
	} {
		out, status := answers(t, c.stdin, append([]string{"test"}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.out) {
			t.Errorf("%q: got %d, %s, want %d, %s", c.args, status, out, c.status, c.out)
		}
	}
	if out, status := answers(t, "", "tset"); status != 2 || !strings.Contains(out, `unknown command "tset"`) {
		t.Errorf("got %d, %s", status, out)
	}
	if out, status := answers(t, ""); status != 0 || !strings.Contains(out, "explain") || !strings.Contains(out, "lint") {
		t.Errorf("got %d, %s", status, out)
	}
}

func TestPatternExplainSaysWhy(t *testing.T) {
	const rule, event = `{"detail": {"total": [{"numeric": [">", 100]}]}}`, `{"detail": {"total": "250"}}`
	out, status := answers(t, event, "explain", "--pattern", rule, "--event", "-")
	if status != 0 || !strings.Contains(out, `"250" is a string, and numeric compares only numbers`) {
		t.Errorf("got %d, %s", status, out)
	}
	out, status = answers(t, "", "explain", "--pattern", rule, "--event", event, "--json")
	var r struct{ Matched *bool }
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || r.Matched == nil || *r.Matched {
		t.Errorf("got %d, %s, %v", status, out, err)
	}
	if out, status = answers(t, "", "explain", "--pattern", rule, "--event", "{"); status != 2 || !strings.Contains(out, "event: ") {
		t.Errorf("got %d, %s", status, out)
	}
	if out, status = answers(t, "", "explain", "--pattern", "{}", "--event", "{}"); status != 2 || !strings.Contains(out, "pattern: Empty objects are not allowed") {
		t.Errorf("got %d, %s", status, out)
	}
}

func TestPatternLintWarns(t *testing.T) {
	const rule = `{"detail-type": ["OrderPlaced"], "detail": {"order-id": ["x"]}}`
	if out, status := answers(t, "", "lint", "--pattern", rule); status != 0 || out != "no warnings\n" {
		t.Errorf("got %d, %s", status, out)
	}
	samples := "{\"detail-type\": \"a\", \"detail\": {\"orderId\": \"b\"}}\n{\"detail\": {}}\n"
	out, status := answers(t, samples, "lint", "--pattern", rule, "--sample", "-")
	if want := "likely: detail.order-id: no sample has this field; they have detail.orderId [sample-name]\n    → write \"orderId\"\n"; status != 1 || out != want {
		t.Errorf("got %d, %s", status, out)
	}
	out, status = answers(t, "", "lint", "--pattern", `{"a": 1}`, "--json")
	var all []struct{ Code, Level string }
	if err := json.Unmarshal([]byte(out), &all); err != nil || status != 1 || len(all) != 1 || all[0].Code != "syntax-error" || all[0].Level != "never" {
		t.Errorf("got %d, %s, %v", status, out, err)
	}
	if out, status = answers(t, "", "lint", "--pattern", rule, "--json"); status != 0 || out != "[]\n" {
		t.Errorf("got %d, %s", status, out)
	}
	if out, status = answers(t, "{} []", "lint", "--pattern", rule, "--sample", "-"); status != 2 || !strings.Contains(out, "sample 2: the event is not a JSON object") {
		t.Errorf("got %d, %s", status, out)
	}
	if out, status = answers(t, "{} {", "lint", "--pattern", rule, "--sample", "-"); status != 2 || !strings.Contains(out, "--sample: sample 2: ") {
		t.Errorf("got %d, %s", status, out)
	}
}
