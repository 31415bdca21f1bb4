package store

import (
	"testing"
)

func TestEachKeySpaceHasTablesOfItsOwn(t *testing.T) {
	for _, c := range []struct{ first, end string }{
		{"\x00\x01B" + "abc", "\x00\x01C"},
		{"\x00\x01q", "\x00\x01r"},
		{"\x00\x01\xffx", "\x00\x02"},
		{"\x00\x01Ee" + "abc", "\x00\x01Ef"}, // the trail's entries, apart from what counts them
		{"\x00\x01Eb" + "abc", "\x00\x01Ec"},
		{"\x00\x00\x00carillon", "\x00\x00\x01"},
		{"\x00", ""},
	} {
		if _, end, err := ownTable([]byte(c.first)); err != nil || string(end) != c.end {
			t.Errorf("%q: a table ends before %q, want %q (%v)", c.first, end, c.end, err)
		}
	}
}
