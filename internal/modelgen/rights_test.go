package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestThePermissionsOfEveryOperationThatThereIsAreWrittenDown(t *testing.T) {
	root := filepath.Join("..", "..")
	out := filepath.Join(t.TempDir(), "permissions.md")
	services := []string{"sqs", "events", "sns", "sts", "iam"}
	rel, err := filepath.Rel(root, out)
	if err != nil {
		t.Skip(err)
	}
	if err := runPermissions(append([]string{"-root", root, "-out", rel}, services...)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range services {
		done, err := methods(filepath.Join(root, "internal", "api", name))
		if err != nil {
			t.Fatal(err)
		}
		m, err := load(filepath.Join(root, "models"), name)
		if err != nil {
			t.Fatal(err)
		}
		for op := range m.Operations {
			row := regexp.MustCompile(`(?m)^\| ` + op + " \\| (`" + name + ":[A-Za-z]+`|none) \\| [^|]+ \\|")
			if done[op] && !row.Match(text) {
				t.Errorf("%s:%s has no row", name, op)
			}
		}
	}
}

func TestABatchHasTheActionOfItsSingleForm(t *testing.T) {
	for _, name := range []string{"sqs", "sns"} {
		m, err := load(filepath.Join("..", "..", "models"), name)
		if err != nil {
			t.Fatal(err)
		}
		for op := range m.Operations {
			if single, ok := strings.CutSuffix(op, "Batch"); ok && m.action(op) != name+":"+single {
				t.Errorf("%s has the action %s", op, m.action(op))
			}
		}
	}
}

func TestAnOverlayThatNamesNoOperationIsRefused(t *testing.T) {
	m, err := load(filepath.Join("..", "..", "models"), "sqs")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []permissions{
		{OwnerOnly: []string{"Nope"}}, {Actions: map[string]string{"Nope": "x"}},
		{Resources: map[string][]string{"a": {"SendMessage"}, "b": {"SendMessage"}}},
	} {
		if p.check(m) == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}
