package loggroup

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/seal"
)

func newBox(t *testing.T) *seal.Box {
	t.Helper()
	b, err := seal.New(seal.Master{1}, "log groups")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealedGroup writes events to a group with a box.
func sealedGroup(t *testing.T, o Options, bodies ...string) Group {
	t.Helper()
	to := New(o)
	for _, body := range bodies {
		d := &delivery.Delivery{Target: arn.ARN{Partition: "aws", Service: "logs", Region: "eu-west-1", Account: "111122223333", Resource: "log-group:/g/one"}, Body: []byte(body)}
		if a := to.Attempt(context.Background(), d); a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	err := to.Write(context.Background(), arn.ARN{Partition: "aws", Service: "logs", Region: "eu-west-1", Account: "111122223333", Resource: "log-group:/g/one"}, []Line{{Message: "hidden beside"}})
	if err != nil {
		t.Fatal(err)
	}
	groups, err := List(o.Dir)
	if err != nil || len(groups) != 1 {
		t.Fatal(groups, err)
	}
	return groups[0]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedLinesAreOpenedByTheirGroupAndBoxOnly(t *testing.T) {
	box := newBox(t)
	g := sealedGroup(t, Options{Dir: t.TempDir(), Box: box}, `{"timestamp":1,"message":"hidden"}`)
	line := read(t, g.Path)
	if bytes.Contains(line, []byte("hidden")) || bytes.Count(line, []byte("\n")) != 2 {
		t.Fatalf("%s", line)
	}
	line = line[:bytes.IndexByte(line, '\n')+1]
	if got, err := g.Plain(box, line); err != nil || !bytes.Contains(got, []byte("hidden")) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := g.Plain(nil, line); !errors.Is(err, ErrSealed) {
		t.Error("without a box:", err)
	}
	other := g
	other.Account = "000000000000"
	if _, err := other.Plain(box, line); !errors.Is(err, seal.ErrDamaged) {
		t.Error("as another group's:", err)
	}
	for _, damaged := range []string{"\n", "%\n", "AAAA\n"} {
		if _, err := g.Plain(box, []byte(damaged)); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%q: %v", damaged, err)
		}
	}
}

func TestAGroupIsConvertedThereAndBackWithAllItsFiles(t *testing.T) {
	box := newBox(t)
	g := sealedGroup(t, Options{Dir: t.TempDir(), FileBytes: 1}, `{"timestamp":1,"message":"m1"}`, `{"timestamp":2,"message":"m2"}`, `{"timestamp":3,"message":"m3"}`)
	paths := append(Older(g.Path), g.Path)
	if len(paths) != 4 {
		t.Fatal(paths)
	}
	var before [][]byte
	for _, path := range paths {
		before = append(before, read(t, path))
	}
	for range 2 { // the second time there is nothing to do
		if err := g.Convert(box, true); err != nil {
			t.Fatal(err)
		}
	}
	for i, path := range paths {
		if bytes.Contains(read(t, path), []byte("message")) || bytes.Equal(read(t, path), before[i]) {
			t.Error(path, "is as it was")
		}
	}
	if err := g.Convert(box, false); err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		if got := read(t, path); !bytes.Equal(got, before[i]) {
			t.Errorf("%s: %s, want %s", path, got, before[i])
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte("AAAA\n"))
	box, err := seal.New(seal.Master{1}, "x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := Group{}.Plain(box, line)
		if err == nil && !bytes.Equal(got, line) {
			t.Fatal("somebody else's bytes were opened")
		}
	})
}
