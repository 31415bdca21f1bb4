package engine

import (
	"strings"
	"testing"
	"unicode"

	"github.com/carillon-events/carillon/internal/pattern/syntax"
)

// If one form of a character began or ended with the other, both would have to
// be tried.
func TestNoFormOfACharacterBeginsOrEndsWithTheOther(t *testing.T) {
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		lower, upper := syntax.Cases(c)
		if lower == upper {
			continue
		}
		for _, f := range [][2]string{{lower, upper}, {upper, lower}} {
			if strings.HasPrefix(f[0], f[1]) || strings.HasSuffix(f[0], f[1]) {
				t.Errorf("%U: %q and %q", c, lower, upper)
			}
		}
	}
}
