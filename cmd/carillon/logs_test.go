package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logFile makes the file of a log group in a data directory.
func logFile(t *testing.T, data, account, group string, lines ...string) string {
	t.Helper()
	path := filepath.Join(data, "logs", account, "eu-west-1", strings.ReplaceAll(group, "/", "+")+".jsonl")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func logLine(i int) string {
	return fmt.Sprintf(`{"timestamp":%d,"message":"m%d","id":"x"}`+"\n", 1_700_000_000_000+i, i)
}

func runLogs(args ...string) (string, error) {
	c := newRootCommand()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetArgs(append([]string{"logs"}, args...))
	err := c.Execute()
	return out.String(), err
}

func TestTheLastLinesOfALogGroupAreShown(t *testing.T) {
	data := t.TempDir()
	logFile(t, data, "111122223333", "/aws/events/orders", logLine(1), logLine(2), "garbage\n", logLine(3), `{"half`)
	for args, want := range map[string]string{
		"-n 2":        "(damaged) garbage\n2023-11-14T22:13:20.003Z m3\n",
		"-n 1 --json": logLine(3),
		"-n 0":        "",
	} {
		got, err := runLogs(append([]string{"tail", "/aws/events/orders", "--data", data}, strings.Fields(args)...)...)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", args, got, err)
		}
	}
	if got, err := runLogs("list", "--data", data); err != nil || !strings.Contains(got, "/aws/events/orders  111122223333  eu-west-1") {
		t.Errorf("%s %v", got, err)
	}
}

func TestALogGroupThatIsNotThereOrThereTwiceIsSaid(t *testing.T) {
	data := t.TempDir()
	logFile(t, data, "111122223333", "g", logLine(1))
	logFile(t, data, "444455556666", "g", logLine(2))
	if _, err := runLogs("tail", "h", "--data", data); err == nil || !strings.Contains(err.Error(), "logs list") {
		t.Error(err)
	}
	if _, err := runLogs("tail", "g", "--data", data); err == nil || !strings.Contains(err.Error(), "--account") {
		t.Error(err)
	}
	if got, err := runLogs("tail", "g", "--data", data, "--account", "444455556666"); err != nil || !strings.HasSuffix(got, " m2\n") {
		t.Error(got, err)
	}
}

func TestALogGroupIsFollowedIntoItsNextFile(t *testing.T) {
	data := t.TempDir()
	path := logFile(t, data, "111122223333", "g", logLine(1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	tail := &logsTail{data: data, group: "g", count: 10, follow: true, out: write}
	ended := make(chan error, 1)
	go func() { ended <- tail.run(ctx) }()
	lines := bufio.NewScanner(read)
	want := func(i int) {
		t.Helper()
		if !lines.Scan() || !strings.HasSuffix(lines.Text(), fmt.Sprint(" m", i)) {
			t.Fatalf("line %d is %q", i, lines.Text())
		}
	}
	want(1)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(logLine(2)[:10])
	_, _ = f.WriteString(logLine(2)[10:])
	_ = f.Close()
	want(2)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	logFile(t, data, "111122223333", "g", logLine(3))
	want(3)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
