package server

import (
	"bytes"
	"testing"
)

func TestWhatIsSealedOpensForItsOwnerOnly(t *testing.T) {
	s, err := newSealer([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := newSealer([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal([]byte("hush"), "a")
	if err != nil || bytes.Contains(sealed, []byte("hush")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if text, err := s.Open(sealed, "a"); err != nil || string(text) != "hush" {
		t.Errorf("%q, %v", text, err)
	}
	again, err := s.Seal([]byte("hush"), "a")
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("sealed twice to the same bytes, %v", err)
	}
	if _, err := s.Open(sealed, "b"); err == nil {
		t.Error("it opens for another owner")
	}
	if _, err := other.Open(sealed, "a"); err == nil {
		t.Error("it opens with another key")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.Open(bad, "a"); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
		if _, err := s.Open(sealed[:i], "a"); err == nil {
			t.Errorf("%d bytes of it open", i)
		}
	}
}
