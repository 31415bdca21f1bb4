package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// carillon runs a command line and returns what it printed.
func carillon(ctx context.Context, args ...string) (string, error) {
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return out.String(), err
}

func want(t *testing.T, parts ...string) func(out string, err error) {
	return func(out string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, p := range parts {
			if !strings.Contains(out, p) {
				t.Errorf("no %q in\n%s", p, out)
			}
		}
	}
}

func refused(t *testing.T, parts ...string) func(out string, err error) {
	return func(out string, err error) {
		t.Helper()
		for _, p := range parts {
			if err == nil || !strings.Contains(oneLine(err), p) {
				t.Errorf("got %v, want %q", err, p)
			}
		}
	}
}

func TestHelpNamesEveryCommandAndEverySetting(t *testing.T) {
	want(t, "Run:", "serve", "demo", "bench", "Write rules, watch events:", "pattern", "events", "Let events in:", "webhook", "bus", "Look after the data:", "backup", "restore", "verify", "version", "completion")(carillon(t.Context(), "--help"))
	parts := []string{"Examples:", "Network:", "Data:", "Access:"}
	for name := range values {
		parts = append(parts, "--"+name)
	}
	want(t, parts...)(carillon(t.Context(), "serve", "--help"))
}

func TestVersionSaysWhatThisIs(t *testing.T) {
	want(t, "carillon ", "go1.")(carillon(t.Context(), "version"))
	want(t, "carillon ", "go1.")(carillon(t.Context(), "--version"))
}

func TestShellsCompleteTheValuesOfASetting(t *testing.T) {
	want(t, "interval", "memory")(carillon(t.Context(), "__complete", "serve", "--durability", ""))
	want(t, "carillon")(carillon(t.Context(), "completion", "bash"))
}

func TestMistakesOnTheCommandLineAreSaid(t *testing.T) {
	refused(t, "unknown command", "sevre")(carillon(t.Context(), "sevre"))
	refused(t, "--lisen", "carillon serve --help")(carillon(t.Context(), "serve", "--lisen", "x"))
	refused(t, "takes no arguments", "now")(carillon(t.Context(), "serve", "now"))
	refused(t, "there is no directory")(carillon(t.Context(), "backup", filepath.Join(t.TempDir(), "none", "b.tar")))
	refused(t, "endpoint \"there\"")(carillon(t.Context(), "backup", "--endpoint", "there", filepath.Join(t.TempDir(), "b.tar")))
	refused(t, "endpoint \"there\"")(carillon(t.Context(), "demo", "--once", "--endpoint", "there"))
	refused(t, "--durability", "maybe")(carillon(t.Context(), "serve", "--durability", "maybe"))
	refused(t, "needs DEST")(carillon(t.Context(), "backup"))
	refused(t, "needs BACKUP")(carillon(t.Context(), "restore"))
	refused(t, "not both")(carillon(t.Context(), "backup", "x.tar", "--data", "d", "--endpoint", "http://x"))
	refused(t, "--insecure")(carillon(t.Context(), "serve", "--listen", "0.0.0.0:0"))
}

// running is a server on a directory of its own, with one secret in it.
func running(t *testing.T, set func(*server.Config)) (r *server.Running, data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	c := server.Config{Listen: "127.0.0.1:0", Data: data, Logger: slog.New(slog.DiscardHandler)}
	if set != nil {
		set(&c)
	}
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r, data
}

func TestABackupOfARunningServerVerifiesAndRestores(t *testing.T) {
	r, data := running(t, nil)
	dir := t.TempDir()
	for _, name := range []string{"b.tar", "b"} {
		backup := filepath.Join(dir, name)
		want(t, "Saved to "+backup)(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
		want(t, " 0 problems")(carillon(t.Context(), "verify", backup))
		refused(t, "exists")(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	}
	out, err := carillon(t.Context(), "backup", "--endpoint", r.URL, "-")
	if err != nil || len(out) == 0 {
		t.Fatal(len(out), err)
	}
	restored := filepath.Join(dir, "restored")
	want(t, "carillon serve --data "+restored)(carillon(t.Context(), "restore", filepath.Join(dir, "b.tar"), "--data", restored))
	want(t, " 0 problems")(carillon(t.Context(), "verify", restored))
	refused(t, restored)(carillon(t.Context(), "restore", filepath.Join(dir, "b.tar"), "--data", restored))
	refused(t, "is a directory")(carillon(t.Context(), "restore", filepath.Join(dir, "b"), "--data", restored+"2"))
	refused(t, store.ErrLocked.Error())(carillon(t.Context(), "verify", data))
	refused(t, store.ErrLocked.Error())(carillon(t.Context(), "backup", "--data", data, filepath.Join(dir, "c.tar")))
	left, err := filepath.Glob(filepath.Join(dir, "*.partial"))
	hidden, _ := filepath.Glob(filepath.Join(dir, ".verify-*"))
	if err != nil || len(left)+len(hidden) > 0 {
		t.Errorf("left behind: %v %v, %v", left, hidden, err)
	}
}

func TestADirectoryThatNoServerUsesIsCopiedWithoutOne(t *testing.T) {
	r, data := running(t, nil)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"b.tar", "b"} {
		want(t)(carillon(t.Context(), "backup", "--data", data, filepath.Join(dir, name)))
		want(t, " 0 problems")(carillon(t.Context(), "verify", filepath.Join(dir, name)))
	}
	refused(t, "no such directory")(carillon(t.Context(), "backup", "--data", filepath.Join(dir, "none"), filepath.Join(dir, "c.tar")))
}

func TestADamagedBackupIsNeitherVerifiedNorRestored(t *testing.T) {
	r, _ := running(t, nil)
	dir := t.TempDir()
	backup := filepath.Join(dir, "b.tar")
	want(t)(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	text, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{"cut": text[:len(text)/2], "empty": nil, "other": []byte("hello")} {
		path := filepath.Join(dir, name+".tar")
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := carillon(t.Context(), "verify", path); err == nil {
			t.Errorf("%s: verified", name)
		}
		restored := filepath.Join(dir, "restored-"+name)
		if _, err := carillon(t.Context(), "restore", path, "--data", restored); err == nil {
			t.Errorf("%s: restored", name)
		}
		if _, err := os.Stat(restored); err == nil {
			t.Errorf("%s: %s is there", name, restored)
		}
	}
}

func TestABackupAndADemoAtAStrictServerNeedItsKey(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(keys, []byte("credentials:\n  - {accessKeyId: AKIAOPS, secretAccessKey: hush, account: \"123456789012\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ := running(t, func(c *server.Config) { c.Auth, c.Credentials = server.AuthStrict, keys })
	backup := filepath.Join(t.TempDir(), "b.tar")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	refused(t, "MissingAuthenticationToken")(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOPS")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "guess")
	refused(t, "InvalidSignature")(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	want(t)(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	want(t, "nothing is missing")(carillon(t.Context(), "demo", "--once", "--endpoint", r.URL))
}

func TestAServerThatIsNotThereIsSaid(t *testing.T) {
	refused(t, "is it running?")(carillon(t.Context(), "backup", "--endpoint", "http://127.0.0.1:1", filepath.Join(t.TempDir(), "b.tar")))
}

// onWrite ends a context as soon as something was written.
type onWrite struct {
	bytes.Buffer
	end context.CancelFunc
}

func (s *onWrite) Write(b []byte) (int, error) {
	s.end()
	return s.Buffer.Write(b)
}

func TestServeEndsWithoutAnErrorWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &onWrite{end: cancel}
	root := newRootCommand()
	root.SetOut(out)
	root.SetErr(&bytes.Buffer{})
	root.SetArgs([]string{"serve", "--listen", "127.0.0.1:0", "--durability", "memory"})
	defer slog.SetDefault(slog.Default())
	if err := root.ExecuteContext(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "is ready at http://127.0.0.1:") {
		t.Errorf("it printed %s", out.String())
	}
}

func TestADirectoryWithoutDataIsNotTouched(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	refused(t, "there is no Carillon data in it")(carillon(t.Context(), "verify", dir))
	refused(t, "there is no Carillon data in it")(carillon(t.Context(), "backup", "--data", dir, filepath.Join(out, "b.tar")))
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it has %v now, %v", entries, err)
	}
}

func TestAnErrorOfSeveralLinesIsSaidInOneAndOnce(t *testing.T) {
	if got := oneLine(errors.New("a:\n  b\n<detail>\na:\nc\n")); got != "a: b; c" {
		t.Errorf("got %q", got)
	}
}

func TestSizesHaveAUnit(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestWhatIsInterruptedLeavesNothingBehind(t *testing.T) {
	r, _ := running(t, nil)
	dir := t.TempDir()
	backup := filepath.Join(dir, "b.tar")
	want(t)(carillon(t.Context(), "backup", "--endpoint", r.URL, backup))
	ended, end := context.WithCancel(t.Context())
	end()
	refused(t, "interrupted")(carillon(ended, "backup", "--endpoint", r.URL, filepath.Join(dir, "c.tar")))
	refused(t, "interrupted")(carillon(ended, "restore", backup, "--data", filepath.Join(dir, "restored")))
	refused(t, "interrupted")(carillon(ended, "verify", backup))
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("it has %v now, %v", entries, err)
	}
}
