package queue

import "github.com/cespare/xxhash/v2"

// filter is a set of names that may say yes where it should say no, to save
// look-ups on disk of what is not there. It grows with what is added, up to
// maxFilterBits; it is full then, and knows nothing.
type filter struct {
	layers []filterLayer
	bits   int
	full   bool
}

type filterLayer struct {
	words []uint64
	room  int // names until the next layer is needed
}

// A layer has ten bits for each name, of which four are set: one wrong yes in a
// hundred. Each is four times as large as the one before.
const (
	firstLayerBits = 1 << 13
	maxFilterBits  = 1 << 25 // 4 MiB
	bitsPerName    = 10
)

func (f *filter) add(name uint64) {
	if f.full {
		return
	}
	if len(f.layers) == 0 || f.layers[len(f.layers)-1].room == 0 {
		bits := firstLayerBits << (2 * len(f.layers))
		if f.bits+bits > maxFilterBits {
			*f = filter{full: true}
			return
		}
		f.bits += bits
		f.layers = append(f.layers, filterLayer{make([]uint64, bits/64), bits / bitsPerName})
	}
	l := &f.layers[len(f.layers)-1]
	l.room--
	for range 4 {
		bit := name % uint64(64*len(l.words))
		l.words[bit/64] |= 1 << (bit % 64)
		name = nextProbe(name)
	}
}

// has is false only for what was not added.
func (f *filter) has(name uint64) bool {
	if f.full {
		return true
	}
	for i := range f.layers {
		if f.layers[i].has(name) {
			return true
		}
	}
	return false
}

func (l *filterLayer) has(name uint64) bool {
	for range 4 {
		bit := name % uint64(64*len(l.words))
		if l.words[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
		name = nextProbe(name)
	}
	return true
}

// nextProbe is splitmix64's step.
func nextProbe(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

func hashOf(names ...string) uint64 {
	var h uint64
	for _, n := range names {
		h = nextProbe(h) ^ xxhash.Sum64String(n)
	}
	return h
}
