package encrypted

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// raw makes a file of bytes below the encryption.
func raw(t testing.TB, base vfs.FS, name string, b []byte) {
	t.Helper()
	f, err := base.Create(name, vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write(b)
	must(t, errors.Join(err, f.Close()))
}

func bytesOf(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	return b
}

// written is an encrypted file as it lies on the disk, used so many times.
func written(t testing.TB, keys Keys, times int) []byte {
	base := vfs.NewMem()
	fs := New(base, keys)
	f, err := fs.Create("f", vfs.WriteCategoryUnspecified)
	for i := range times {
		if i > 0 {
			f, err = fs.ReuseForWrite("f", "f", vfs.WriteCategoryUnspecified)
		}
		must(t, err)
		_, err = f.Write(bytes.Repeat([]byte{byte(i)}, 100))
		must(t, errors.Join(err, f.Close()))
	}
	return bytesOf(t, base, "f")
}

func TestADamagedHeaderIsSaidAndNeverTakenForAnEmptyFile(t *testing.T) {
	keys := newKeys(t)
	once, again := written(t, keys, 1), written(t, keys, 2)
	change := func(b []byte, at int, with byte) []byte {
		b = bytes.Clone(b)
		b[at] ^= with
		return b
	}
	blank := func(b []byte, from, to int) []byte {
		b = bytes.Clone(b)
		clear(b[from:to])
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"whole":                          {once, nil},
		"used again":                     {again, nil},
		"magic":                          {change(once, 0, 1), ErrPlain},
		"data key":                       {change(once, 13, 1), ErrDamaged},
		"generation":                     {change(once, 21, 1), ErrDamaged},
		"nonce":                          {change(once, 22, 1), ErrDamaged},
		"key":                            {change(once, 40, 1), ErrDamaged},
		"tag":                            {change(once, slotUsed-1, 1), ErrDamaged},
		"no header":                      {blank(once, 0, headerSize), ErrPlain},
		"the newer of two":               {change(again, slotSize+40, 1), ErrDamaged},
		"the magic of the newer":         {change(again, slotSize, 1), ErrDamaged},
		"the older of two":               {change(again, 40, 1), ErrDamaged},
		"a newer header that never came": {blank(again, slotSize, headerSize), nil}, // the log's last use counts
		"another's text":                 {bytes.Repeat([]byte("plain "), 2000), ErrPlain},
		"a header that was not synced":   {once[:40], nil},
		"a text that was not synced":     {blank(once, 0, headerSize)[:headerSize], nil},
	} {
		t.Run(name, func(t *testing.T) {
			base := vfs.NewMem()
			raw(t, base, "f", c.file)
			f, err := New(base, keys).Open("f")
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil {
				must(t, f.Close())
			}
		})
	}
}

func TestAnotherRingOpensNothing(t *testing.T) {
	base := vfs.NewMem()
	raw(t, base, "f", written(t, newKeys(t), 1))
	if _, err := New(base, newKeys(t)).Open("f"); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func FuzzHeader(f *testing.F) {
	keys := newKeys(f)
	again := written(f, keys, 2)
	f.Add(written(f, keys, 1)[:slotUsed], []byte{}, uint16(100))
	f.Add(again[:slotUsed], again[slotSize:slotSize+slotUsed], uint16(5))
	f.Add([]byte("plain"), []byte("plain"), uint16(0))
	f.Fuzz(func(t *testing.T, first, second []byte, content uint16) {
		b := make([]byte, headerSize+int(content))
		copy(b[:slotSize], first)
		copy(b[slotSize:headerSize], second)
		base := vfs.NewMem()
		raw(t, base, "f", b)
		fs := New(base, keys)
		opened, err := fs.Open("f")
		if err != nil {
			return
		}
		_, err = io.ReadAll(opened)
		must(t, errors.Join(err, opened.Close()))
		if _, err := fs.DataKey("f"); err != nil {
			t.Fatal("it opens, and has no data key:", err)
		}
	})
}
