package encrypted

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/carillon-events/carillon/internal/keyring"
)

// ringHolder is Keys for tests.
type ringHolder struct{ ring *keyring.Ring }

func (h *ringHolder) Ring() *keyring.Ring { return h.ring }

func newKeys(t rapid.TB) *ringHolder {
	r, err := keyring.New(keyring.Encrypted, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return &ringHolder{r}
}

// node is what a plain file system has: links share it. Where a file was used
// again, what is behind its new text is noise.
type node struct {
	text []byte
	size int // with the noise
}

// machine does the same to an encrypted file system and to a model of a plain one.
type machine struct {
	base  *vfs.MemFS
	keys  *ringHolder
	fs    *FS
	names map[string]*node
	open  map[string]vfs.File // that are being written
	log   map[string]*node
}

var names = rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})

func newMachine(t rapid.TB) *machine {
	m := &machine{base: vfs.NewMem(), keys: newKeys(t), names: map[string]*node{}, open: map[string]vfs.File{}, log: map[string]*node{}}
	m.fs = New(m.base, m.keys)
	return m
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) existing(t *rapid.T) string {
	all := []string{}
	for name := range m.names {
		if m.open[name] == nil {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		t.Skip()
	}
	slices.Sort(all)
	return rapid.SampledFrom(all).Draw(t, "existing")
}

func (m *machine) writer(t *rapid.T) string {
	all := []string{}
	for name := range m.open {
		all = append(all, name)
	}
	if len(all) == 0 {
		t.Skip()
	}
	slices.Sort(all)
	return rapid.SampledFrom(all).Draw(t, "open")
}

func (m *machine) free(t *rapid.T) string {
	name := names.Draw(t, "name")
	if m.open[name] != nil {
		t.Skip()
	}
	return name
}

func (m *machine) Create(t *rapid.T) {
	name := m.free(t)
	f, err := m.fs.Create(name, vfs.WriteCategoryUnspecified)
	must(t, err)
	n := &node{}
	m.names[name], m.log[name], m.open[name] = n, n, f
}

func (m *machine) Reuse(t *rapid.T) {
	from, to := m.existing(t), m.free(t)
	if from == to {
		t.Skip()
	}
	for name, n := range m.names { // whoever links what is used again loses it
		if n == m.names[from] && name != from {
			t.Skip()
		}
	}
	f, err := m.fs.ReuseForWrite(from, to, vfs.WriteCategoryUnspecified)
	must(t, err)
	n := &node{size: m.names[from].size}
	delete(m.names, from)
	m.names[to], m.log[to], m.open[to] = n, n, f
}

func (m *machine) Write(t *rapid.T) {
	name := m.writer(t)
	p := rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "bytes")
	if rapid.Bool().Draw(t, "large") {
		p = bytes.Repeat(append(p, 7), 200)
	}
	n := m.log[name]
	n.text = append(n.text, p...)
	n.size = max(n.size, len(n.text))
	_, err := m.open[name].Write(p)
	must(t, err)
}

func (m *machine) Zeros(t *rapid.T) {
	name := m.writer(t)
	n, zeros := m.log[name], make([]byte, rapid.IntRange(1, 5000).Draw(t, "zeros"))
	f := m.open[name].(*file)
	if f.stream == nil {
		t.Skip()
	}
	_, err := f.WriteZeros(zeros, int64(len(n.text)))
	must(t, err)
	n.size = max(n.size, len(n.text)+len(zeros))
}

func (m *machine) Close(t *rapid.T) {
	name := m.writer(t)
	must(t, errors.Join(m.open[name].Sync(), m.open[name].Close()))
	delete(m.open, name)
	delete(m.log, name)
}

func (m *machine) Rename(t *rapid.T) {
	from, to := m.existing(t), m.free(t)
	if from == to {
		t.Skip()
	}
	must(t, m.fs.Rename(from, to))
	m.names[to] = m.names[from]
	delete(m.names, from)
}

func (m *machine) Link(t *rapid.T) {
	from, to := m.existing(t), m.free(t)
	if m.names[to] != nil {
		t.Skip()
	}
	must(t, m.fs.Link(from, to))
	m.names[to] = m.names[from]
}

func (m *machine) Remove(t *rapid.T) {
	name := m.existing(t)
	must(t, m.fs.Remove(name))
	delete(m.names, name)
}

func (m *machine) Rotate(t *rapid.T) {
	if len(m.keys.ring.Keys) > 20 {
		t.Skip()
	}
	next, err := m.keys.ring.WithNewKey(time.Unix(2, 0))
	must(t, err)
	m.keys.ring = next
}

func (m *machine) Reopen(t *rapid.T) { m.fs = New(m.base, m.keys) }

func (m *machine) ReadAt(t *rapid.T) {
	name := m.existing(t)
	n := m.names[name]
	f, err := m.fs.Open(name)
	must(t, err)
	defer f.Close()
	off := rapid.IntRange(0, n.size+20).Draw(t, "offset")
	p := make([]byte, rapid.IntRange(1, 9000).Draw(t, "length"))
	got, err := f.ReadAt(p, int64(off))
	if want := min(len(p), max(0, n.size-off)); got != want || (got < len(p)) != (err == io.EOF) || err != nil && err != io.EOF {
		t.Fatalf("ReadAt(%d bytes, %d) of %d is %d, %v; want %d", len(p), off, n.size, got, err, want)
	}
	if known := min(off+got, len(n.text)); known > off && !bytes.Equal(p[:known-off], n.text[off:known]) {
		t.Fatalf("at %d other bytes than were written", off)
	}
}

// Check reads every file from its beginning.
func (m *machine) Check(t *rapid.T) {
	list, err := m.fs.List("")
	must(t, err)
	if len(list) != len(m.names) {
		t.Fatalf("%d files, want %d", len(list), len(m.names))
	}
	for name, n := range m.names {
		info, err := m.fs.Stat(name)
		must(t, err)
		if info.Size() != int64(n.size) {
			t.Fatalf("%s has %d bytes, want %d", name, info.Size(), n.size)
		}
		f, err := m.fs.Open(name)
		must(t, err)
		got, err := io.ReadAll(f)
		must(t, errors.Join(err, f.Close()))
		if len(got) != n.size || !bytes.Equal(got[:len(n.text)], n.text) {
			t.Fatalf("%s reads other bytes than were written", name)
		}
	}
}

func TestItIsAPlainFileSystemToWhoeverHasTheKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		t.Repeat(map[string]func(*rapid.T){
			"create": m.Create, "reuse": m.Reuse, "write": m.Write, "zeros": m.Zeros, "close": m.Close, "rename": m.Rename,
			"link": m.Link, "remove": m.Remove, "rotate": m.Rotate, "reopen": m.Reopen, "readAt": m.ReadAt, "": m.Check,
		})
	})
}

func TestNoKeyStreamIsUsedTwice(t *testing.T) {
	base := vfs.NewMem()
	fs := New(base, newKeys(t))
	seen := map[string]string{}
	note := func(what, name string) {
		t.Helper()
		f, err := base.Open(name)
		must(t, err)
		raw, err := io.ReadAll(f)
		must(t, errors.Join(err, f.Close()))
		for i := headerSize; i+16 <= len(raw); i += 16 {
			block := string(raw[i : i+16])
			if before := seen[block]; before != "" && block != string(make([]byte, 16)) {
				t.Fatalf("a block of %s is one of %s", what, before)
			}
			seen[block] = what
		}
	}
	write := func(f vfs.File, err error) {
		t.Helper()
		must(t, err)
		_, err = f.Write(make([]byte, 4000)) // so what is on the disk is the key stream
		must(t, err)
		_, err = f.(*file).WriteZeros(make([]byte, 10000), 4000)
		must(t, errors.Join(err, f.Close()))
	}
	write(fs.Create("1", vfs.WriteCategoryUnspecified))
	note("the first file", "1")
	write(fs.Create("2", vfs.WriteCategoryUnspecified))
	note("another file", "2")
	for i := range 5 {
		from, to := fmt.Sprint(i+2), fmt.Sprint(i+3)
		write(fs.ReuseForWrite(from, to, vfs.WriteCategoryUnspecified))
		note("a file that is used again", to)
	}
}

func TestWhatWouldWriteOverIsRefused(t *testing.T) {
	fs := New(vfs.NewMem(), newKeys(t))
	f, err := fs.Create("f", vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write([]byte("hello"))
	must(t, err)
	if _, err := f.WriteAt([]byte("H"), 0); !errors.Is(err, errInPlace) {
		t.Errorf("WriteAt: %v", err)
	}
	if _, err := f.(*file).WriteZeros(make([]byte, 1), 4); !errors.Is(err, errInPlace) {
		t.Errorf("zeros over what was written: %v", err)
	}
	if _, err := fs.OpenReadWrite("f", vfs.WriteCategoryUnspecified); !errors.Is(err, errInPlace) {
		t.Errorf("OpenReadWrite: %v", err)
	}
	must(t, f.Close())
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{4 << 10, 32 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			fs := New(vfs.NewMem(), newKeys(b))
			f, err := fs.Create("f", vfs.WriteCategoryUnspecified)
			must(b, err)
			p := make([]byte, size)
			_, err = f.Write(p)
			must(b, err)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, err := f.ReadAt(p, 0)
				must(b, err)
			}
		})
	}
}

// nowhere is a file that takes everything.
type nowhere struct{ vfs.File }

func (nowhere) Write(p []byte) (int, error)            { return len(p), nil }
func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Sync() error                            { return nil }

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := &file{File: nowhere{}, keys: newKeys(b)}
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, err := f.Write(p)
				must(b, err)
			}
		})
	}
}
