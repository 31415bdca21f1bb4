package queue

import (
	"bytes"
	"testing"
)

func TestAttributesAreReadAsTheyWereWritten(t *testing.T) {
	want := []Attribute{{"b", "Binary.png", true, []byte{0, 1}}, {"n", "Number", false, []byte("1")}, {"s", "String", false, []byte("v")}}
	var enc []byte
	for _, a := range want {
		enc = AppendAttribute(enc, a.Name, a.Type, a.Binary, a.Value)
	}
	var got []Attribute
	if !EachAttribute(enc, func(a Attribute) { got = append(got, a) }) || len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i, a := range got {
		if w := want[i]; a.Name != w.Name || a.Type != w.Type || a.Binary != w.Binary || !bytes.Equal(a.Value, w.Value) {
			t.Errorf("%v, want %v", a, w)
		}
	}
}

func FuzzStoredAttributesNeverPanic(f *testing.F) {
	f.Add(AppendAttribute(AppendAttribute(nil, "b", "Binary", true, []byte{1}), "n", "String", false, "v"))
	f.Add([]byte{1, 0, 0, 0, 1})
	f.Add([]byte{1, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		read := func(a Attribute) { again = AppendAttribute(again, a.Name, a.Type, a.Binary, a.Value) }
		if EachAttribute(b, read) && len(b) > 1 && !bytes.Equal(again, b) {
			t.Fatalf("%x read as %x", b, again)
		}
	})
}
