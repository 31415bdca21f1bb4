package sqs

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	model "github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

// spec is a message attribute, as AWS's recipe for the MD5 speaks of it.
type spec struct {
	kind  string
	value []byte
	bytes bool
}

// specSum follows the recipe word by word: sort by name; for each, the length
// (4 bytes, big-endian) and the bytes of the name; of the data type; then 1 for
// String and Number or 2 for Binary; the length and the bytes of the value.
func specSum(attrs map[string]spec) string {
	h := md5.New()
	part := func(b []byte) {
		_ = binary.Write(h, binary.BigEndian, int32(len(b)))
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		part([]byte(name))
		part([]byte(a.kind))
		if a.bytes {
			h.Write([]byte{2})
		} else {
			h.Write([]byte{1})
		}
		part(a.value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestTheMD5OfAttributesFollowsTheRecipe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attrs, want := map[string]model.MessageAttributeValue{}, map[string]spec{}
		n := rapid.IntRange(1, 10).Draw(t, "count")
		for len(attrs) < n {
			name := rapid.StringMatching(`[A-Za-z0-9_-]{1,20}(\.[A-Za-z0-9_-]{1,5})?`).Draw(t, "name")
			label := rapid.StringMatching(`(\.[a-z]{1,9})?`).Draw(t, "label")
			if lower := strings.ToLower(name); strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") {
				continue
			}
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				v := rapid.StringMatching(`[ -~äß€😀]{1,40}`).Draw(t, "text")
				attrs[name] = model.MessageAttributeValue{DataType: "String" + label, StringValue: wire.Some(v)}
				want[name] = spec{"String" + label, []byte(v), false}
			case 1:
				v := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,9})?`).Draw(t, "number")
				attrs[name] = model.MessageAttributeValue{DataType: "Number" + label, StringValue: wire.Some(v)}
				want[name] = spec{"Number" + label, []byte(v), false}
			case 2:
				v := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "bytes")
				attrs[name] = model.MessageAttributeValue{DataType: "Binary" + label, BinaryValue: v}
				want[name] = spec{"Binary" + label, v, true}
			}
		}
		enc, _, err := encodeAttributes(attrs)
		if err != nil {
			t.Fatal(err)
		}
		sum := queue.SumAttributes(enc)
		if got := hex.EncodeToString(sum[:]); got != specSum(want) {
			t.Fatalf("%v: %s, want %s", attrs, got, specSum(want))
		}
		all, again, ok := attributeFilter{"All"}.pick(enc)
		if !ok || again != sum || fmt.Sprint(all) != fmt.Sprint(attrs) {
			t.Fatalf("decoded %v, want %v", all, attrs)
		}
	})
}

func TestNumbersAreWhatAWSTakesForOne(t *testing.T) {
	for _, s := range []string{"0", "-0", "1", "+1", "-1.5", ".5", "5.", "1e126", "1E-128", strings.Repeat("9", 38), "000" + strings.Repeat("1", 38), "0.0"} {
		if !isNumber(s) {
			t.Errorf("%q is a number", s)
		}
	}
	for _, s := range []string{"", " 1", "1 ", "x", "1,5", "0x10", "1_0", "NaN", "Inf", "-inf", "1e127", "1e-129", strings.Repeat("9", 39), "--1"} {
		if isNumber(s) {
			t.Errorf("%q is no number", s)
		}
	}
}

// allowed is the documented set of characters, rune by rune.
func allowed(s string) bool {
	for _, r := range s {
		ok := r == 9 || r == 10 || r == 13 || 0x20 <= r && r <= 0xD7FF || 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0x10FFFF
		if !ok {
			return false
		}
	}
	return utf8.ValidString(s)
}

func FuzzCharactersAreJudgedAsDocumented(f *testing.F) {
	for _, s := range []string{"", "plain text of some length", "tab\tand\r\nline", "\x00", "12345678\x1f", "\x7f\x80", "\uffff", "\ufffe", "\ufffd", "\xff", "ä😀", "1234567\x80", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, bad := badCharacter(s); bad == allowed(s) {
			t.Fatalf("%q: bad is %v", s, bad)
		}
	})
}

func FuzzReceiptHandlesAreOursOrRefused(f *testing.F) {
	ours := newSealer([32]byte{1})

	handle := string(ours.appendHandle(nil, good))
	f.Add(handle)
	f.Add("")
	f.Add(strings.Repeat("A", handleText))
	f.Add(string(newSealer([32]byte{2}).appendHandle(nil, good)))
	f.Fuzz(func(t *testing.T, s string) {
		r, ok := ours.openHandle(s)
		if ok && string(ours.appendHandle(nil, r)) != s {
			t.Fatalf("%q opened as %+v, which is another handle", s, r)
		}
		if after, ok := ours.openToken("list", s); ok && ours.token("list", after) != s {
			t.Fatalf("%q opened as a token for %q", s, after)
		}
		if s == handle && r != good {
			t.Fatalf("opened as %+v", r)
		}
	})
}

func TestAHandleOfAnotherStoreIsRefused(t *testing.T) {
	r := queue.Receipt{Queue: 7, Seq: 8, Receives: 9}
	if _, ok := newSealer([32]byte{2}).openHandle(string(newSealer([32]byte{1}).appendHandle(nil, r))); ok {
		t.Error("accepted")
	}
}

func TestEveryByteOfAHandleCounts(t *testing.T) {
	s := newSealer([32]byte{1})
	handle := s.appendHandle(nil, queue.Receipt{Queue: 7, Seq: 8, Receives: 9})
	for i := range handle {
		forged := bytes.Clone(handle)
		if forged[i]++; forged[i] == 'Z'+1 || forged[i] == 'z'+1 || forged[i] == '9'+1 {
			forged[i] = 'A'
		}
		if _, ok := s.openHandle(string(forged)); ok {
			t.Errorf("byte %d does not count", i)
		}
	}
}

func TestMessageIDsDoNotRepeat(t *testing.T) {
	seen := map[[16]byte]bool{}
	for range 10_000 {
		id := newID()
		if seen[id] {
			t.Fatalf("%x twice", id)
		}
		seen[id] = true
	}
}

var good = queue.Receipt{Queue: 7, Seq: 1 << 40, Receives: 3, Indexed: true}
