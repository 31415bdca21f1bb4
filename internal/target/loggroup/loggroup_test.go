package loggroup_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

const group = "log-group:/aws/events/orders"

func target(resource string) arn.ARN {
	return arn.ARN{Partition: "aws", Service: "logs", Region: "eu-west-1", Account: "111122223333", Resource: resource}
}

func delivered(i int, resource, body string) *delivery.Delivery {
	if body == "" {
		e := event.Event{ID: fmt.Sprint("event-", i), Source: "shop", DetailType: "T", Account: "111122223333", Region: "eu-west-1", Detail: `{"a":"<b> & ü"}`}
		body = string(e.Append(nil))
	}
	return &delivery.Delivery{
		Key: delivery.Key{0: byte(i >> 8), 1: byte(i)}, Source: "rule", TargetID: "t", Target: target(resource), Body: []byte(body),
		EventID: fmt.Sprint("event-", i), AcceptedAt: time.UnixMilli(1_700_000_000_123),
	}
}

// read is the lines of a file.
func read(t *testing.T, path string) (lines []loggroup.Line) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		var l loggroup.Line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		lines = append(lines, l)
	}
	return lines
}

func fileOf(dir string) string {
	return filepath.Join(dir, "111122223333", "eu-west-1", "+aws+events+orders.jsonl")
}

func TestAnEventIsALineOfItsGroup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	to := loggroup.New(loggroup.Options{Dir: dir, Sync: true})
	whole := delivered(1, group, "")
	for _, d := range []*delivery.Delivery{
		whole,
		delivered(2, group+":*", `{"timestamp":"2026-11-25T10:00:00Z","message":"paid \u003c 5"}`),
		delivered(3, group, `{"message":{"a":1},"timestamp":1700000000999}`),
	} {
		if a := to.Attempt(t.Context(), d); a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	got := read(t, fileOf(dir))
	if len(got) != 3 || got[0].Message != string(whole.Body) || got[0].Timestamp != 1_700_000_000_123 || got[0].EventID != "event-1" ||
		got[0].Rule != "rule" || got[0].Target != "t" || got[0].ID != whole.Key.String() {
		t.Fatalf("got %+v", got)
	}
	if got[1].Message != "paid < 5" || got[1].Timestamp != time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC).UnixMilli() {
		t.Errorf("transformed: %+v", got[1])
	}
	if got[2].Message != `{"a":1}` || got[2].Timestamp != 1_700_000_000_999 {
		t.Errorf("a message that is no text: %+v", got[2])
	}
	groups, err := loggroup.List(dir)
	if err != nil || len(groups) != 1 || groups[0].Name != "/aws/events/orders" || groups[0].Account != "111122223333" || groups[0].Region != "eu-west-1" {
		t.Errorf("listed: %+v, %v", groups, err)
	}
}

func TestWhatIsNoLineIsRefused(t *testing.T) {
	to := loggroup.New(loggroup.Options{Dir: t.TempDir()})
	for _, body := range []string{`"text"`, `{}`, `{"message":"m"}`, `{"message":"m","timestamp":"yesterday"}`, `{"timestamp":1}`} {
		if a := to.Attempt(t.Context(), delivered(1, group, body)); !errors.Is(a.Err, delivery.ErrUnfit) {
			t.Errorf("%s: %v", body, a.Err)
		}
	}
}

func TestNoNameLeadsOutOfTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "logs")
	to := loggroup.New(loggroup.Options{Dir: dir})
	var refused, taken []arn.ARN
	for _, resource := range []string{"log-group:", "log-group:a:b", "log-group:a\x00", "log-group:ä", "log-group:a+b", `log-group:..\..\x`, "group:a", "log-group:" + strings.Repeat("a", 513)} {
		refused = append(refused, target(resource))
	}
	for _, region := range []string{"", "..", "../..", "EU"} {
		a := target(group)
		a.Region = region
		refused = append(refused, a)
	}
	a := target(group)
	a.Account = "aws"
	refused = append(refused, a)
	for _, name := range []string{"..", ".", "../../../../x", "/", "/..", "a/../../b", strings.Repeat("a", 512), strings.Repeat("a", 511) + "b", "#", "a.jsonl", "a.jsonl.1"} {
		taken = append(taken, target("log-group:"+name))
	}
	for _, to2 := range refused {
		d := delivered(1, group, "")
		d.Target = to2
		if answer := to.Attempt(t.Context(), d); !errors.Is(answer.Err, delivery.ErrRefused) {
			t.Errorf("%s: %v", to2, answer.Err)
		}
	}
	for i, to2 := range taken {
		d := delivered(i, group, "")
		d.Target = to2
		if answer := to.Attempt(t.Context(), d); answer.Err != nil {
			t.Errorf("%s: %v", to2, answer.Err)
		}
	}
	files := 0
	err := filepath.WalkDir(filepath.Dir(filepath.Dir(filepath.Dir(dir))), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files++
			if filepath.Dir(path) != filepath.Join(dir, "111122223333", "eu-west-1") {
				t.Errorf("there is a file %s", path)
			}
		}
		return err
	})
	if err != nil || files != len(taken) {
		t.Errorf("%d groups have %d files, %v", len(taken), files, err)
	}
}

func TestAttemptsForOneGroupShareTheirWrites(t *testing.T) {
	dir := t.TempDir()
	to := loggroup.New(loggroup.Options{Dir: dir, Sync: true})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if a := to.Attempt(context.Background(), delivered(i, group, "")); a.Err != nil {
				t.Error(a.Err)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, l := range read(t, fileOf(dir)) {
		seen[l.EventID] = true
	}
	if len(seen) != 200 {
		t.Errorf("of 200 events there are %d", len(seen))
	}
}

func TestAFileThatIsFullIsPutAsideAndTheOldestGoes(t *testing.T) {
	dir := t.TempDir()
	to := loggroup.New(loggroup.Options{Dir: dir, FileBytes: 1000, Files: 3})
	for i := range 20 {
		if a := to.Attempt(t.Context(), delivered(i, group, "")); a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	var got []string
	paths := append(loggroup.Older(fileOf(dir)), fileOf(dir))
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() > 1000 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		for _, l := range read(t, path) {
			got = append(got, l.EventID)
		}
	}
	if len(paths) != 3 || len(got) < 3 || got[len(got)-1] != "event-19" {
		t.Errorf("%d files with %v", len(paths), got)
	}
	for i, id := range got {
		if want := fmt.Sprint("event-", 20-len(got)+i); id != want {
			t.Errorf("line %d is %s, want %s", i, id, want)
		}
	}
}

func TestTheRemainsOfALineAreRemovedBeforeTheNext(t *testing.T) {
	for name, left := range map[string]string{"short": `{"timest`, "longer than a block": strings.Repeat("x", 200_000)} {
		dir := t.TempDir()
		to := loggroup.New(loggroup.Options{Dir: dir})
		to.Attempt(t.Context(), delivered(1, group, ""))
		f, err := os.OpenFile(fileOf(dir), os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(left)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		to.Attempt(t.Context(), delivered(2, group, ""))
		if got := read(t, fileOf(dir)); len(got) != 2 || got[1].EventID != "event-2" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatCannotBeWrittenIsTriedAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	to := loggroup.New(loggroup.Options{Dir: file})
	if a := to.Attempt(t.Context(), delivered(1, group, "")); !errors.Is(a.Err, delivery.ErrUnavailable) {
		t.Errorf("%v", a.Err)
	}
}

func TestRunSyncsUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := loggroup.New(loggroup.Options{Dir: t.TempDir(), Every: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- to.Run(ctx) }()
		for i := range 3 {
			if a := to.Attempt(ctx, delivered(i, group, "")); a.Err != nil {
				t.Error(a.Err)
			}
			time.Sleep(1500 * time.Millisecond)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func TestATemporaryDirectoryIsThereFromTheFirstWriteToTheEnd(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	to := loggroup.New(loggroup.Options{})
	there := func() int {
		t.Helper()
		found, err := os.ReadDir(os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if there() != 0 {
		t.Error("it is there before anything is written")
	}
	if a := to.Attempt(t.Context(), delivered(1, group, "")); a.Err != nil || there() != 1 {
		t.Errorf("after a write: %v, %d", a.Err, there())
	}
	if err := to.Close(); err != nil || there() != 0 {
		t.Errorf("at the end: %v, %d", err, there())
	}
}
