package queue

import (
	"strconv"
	"testing"
)

func TestAFilterForgetsNothingAndIsSeldomWrong(t *testing.T) {
	var f filter
	wrong := 0
	for i := range 100_000 {
		if f.has(hashOf("", "other"+strconv.Itoa(i))) {
			wrong++
		}
		f.add(hashOf("", strconv.Itoa(i)))
	}
	for i := range 100_000 {
		if !f.has(hashOf("", strconv.Itoa(i))) {
			t.Fatalf("%d was forgotten", i)
		}
	}
	if wrong > 5_000 {
		t.Fatalf("%d of 100000 wrong answers", wrong)
	}
}

func TestAFilterThatIsFullSaysYes(t *testing.T) {
	var f filter
	for i := uint64(0); !f.full; i++ {
		if f.add(nextProbe(i)); i > maxFilterBits {
			t.Fatal("it grows without a bound")
		}
	}
	if f.layers != nil || !f.has(1) {
		t.Fatal("a full filter denies")
	}
}
