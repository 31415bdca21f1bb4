package seal

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func box(t testing.TB, master Master) *Box {
	t.Helper()
	b, err := New(master, "tests")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensForItsOwnerOnly(t *testing.T) {
	b := box(t, Master{1})
	sealed, err := b.Seal([]byte("hunter2"), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Error("the secret can be read")
	}
	if text, err := b.Open(sealed, "alice"); err != nil || string(text) != "hunter2" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := b.Open(sealed, "bob"); !errors.Is(err, ErrDamaged) {
		t.Errorf("another owner: %v", err)
	}
	if _, err := box(t, Master{2}).Open(sealed, "alice"); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another master key: %v", err)
	}
	again, _ := b.Seal([]byte("hunter2"), "alice")
	if bytes.Equal(sealed, again) {
		t.Error("the same secret is sealed to the same bytes")
	}
}

func TestAChangedByteIsSeen(t *testing.T) {
	b := box(t, Master{1})
	sealed, _ := b.Seal([]byte("hunter2"), "alice")
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := b.Open(bad, "alice"); err == nil {
			t.Fatalf("byte %d was changed, and nobody saw it", i)
		}
	}
}

func TestAMasterKeyDoesNotPrint(t *testing.T) {
	master := Master{0xab, 0xcd}
	if got := fmt.Sprintf("%v %+v %#v %s %x", master, master, master, master, master); bytes.Contains([]byte(got), []byte("abcd")) || bytes.Contains([]byte(got), []byte("171")) {
		t.Error(got)
	}
}

func FuzzNoBytesMakeOpenPanicOrOpen(f *testing.F) {
	b := box(f, Master{1})
	sealed, _ := b.Seal([]byte("hunter2"), "alice")
	f.Add(sealed[:20])
	f.Add(sealed[:len(sealed)-1])
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := b.Open(data, "alice"); err == nil && !bytes.Equal(data, sealed) {
			t.Fatalf("%x opened as %q", data, text)
		}
	})
}
