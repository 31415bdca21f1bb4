package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// naiveMasks reads a byte at a time.
func naiveMasks(event []byte) []block {
	out := make([]block, blocksOf(event))
	inString, escaped := false, false
	for i, c := range event {
		b, bit := &out[i/blockSize], uint64(1)<<(i%blockSize)
		was := escaped
		escaped = c == '\\' && !was
		switch {
		case c == '"' && !was:
			b.quote |= bit
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			b.open |= bit
		case c == '}' || c == ']':
			b.shut |= bit
		}
	}
	return out
}

// eachMask runs fn with every implementation that this machine has.
func eachMask(t testing.TB, fn func(name string)) {
	avx2, avx512 := hasAVX2, hasAVX512
	defer func() { hasAVX2, hasAVX512 = avx2, avx512 }()
	for _, m := range []struct {
		name             string
		avx2, avx512, ok bool
	}{{"generic", false, false, true}, {"avx2", true, false, avx2}, {"avx512", true, true, avx512}} {
		if !m.ok {
			t.Logf("this machine has no %s", m.name)
			continue
		}
		hasAVX2, hasAVX512 = m.avx2, m.avx512
		fn(m.name)
	}
}

func TestMasksAreThoseOfAByteAtATime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = `"\{}[]:, a{"[\\\"]}` + "\x00\xff;|\x7f"
	for range 5000 {
		event := make([]byte, random.IntN(300))
		for i := range event {
			event[i] = alphabet[random.IntN(len(alphabet))]
		}
		want := naiveMasks(event)
		eachMask(t, func(name string) {
			got := make([]block, blocksOf(event))
			if escapes := maskEvent(got, event); escapes != bytes.Contains(event, []byte(`\`)) {
				t.Fatalf("%s: %q: escapes is %v", name, event, escapes)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s: %q: block %d is %x, want %x", name, event, i, got[i], want[i])
				}
			}
		})
	}
}

func TestAContainerEndsAtItsOwnBracket(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		event := make([]byte, random.IntN(400)+1)
		for i := range event {
			event[i] = `{}[] a`[random.IntN(6)]
		}
		event[0] = '{'
		depth, want := 0, -1
		for i, c := range event {
			switch c {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if depth == 0 {
				want = i + 1
				break
			}
		}
		blocks := make([]block, blocksOf(event))
		maskEvent(blocks, event)
		if got := containerEnd(blocks, 0); got != want {
			t.Fatalf("%s: %d, want %d", event, got, want)
		}
	}
}
