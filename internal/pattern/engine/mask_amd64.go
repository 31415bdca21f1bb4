package engine

// The instruction sets that maskBlocks can use; variables, so that tests reach
// every one of them.
var (
	hasAVX2   = detect(needAVX2)
	hasAVX512 = detect(needAVX512)
)

// Bits of CPUID leaf 7, EBX, and the state that the system must save for them.
type need struct{ features, state uint32 }

var (
	needAVX2   = need{1 << 5, 0x06}               // AVX2; XMM, YMM
	needAVX512 = need{1<<16 | 1<<30 | 1<<5, 0xe6} // AVX512F, AVX512BW; and ZMM
)

func detect(n need) bool {
	max, _, _, _ := cpuid(0, 0)
	if max < 7 {
		return false
	}
	const pclmul, osxsave, avx = 1 << 1, 1 << 27, 1 << 28
	_, _, c, _ := cpuid(1, 0)
	if c&(pclmul|osxsave|avx) != pclmul|osxsave|avx {
		return false
	}
	_, b, _, _ := cpuid(7, 0)
	return xgetbv()&n.state == n.state && b&n.features == n.features
}

// maskBlocks fills dst with the blocks of src, which has 64 bytes for each.
func maskBlocks(dst []block, src []byte, st *maskState) {
	_ = src[len(dst)*blockSize-1]
	switch {
	case hasAVX512:
		maskAVX512(&dst[0], &src[0], len(dst), st)
	case hasAVX2:
		maskAVX2(&dst[0], &src[0], len(dst), st)
	default:
		maskGeneric(dst, src, st)
	}
}

//go:noescape
func maskAVX2(dst *block, src *byte, n int, st *maskState)

//go:noescape
func maskAVX512(dst *block, src *byte, n int, st *maskState)

func cpuid(leaf, sub uint32) (a, b, c, d uint32)

// xgetbv is the low half of XCR0.
func xgetbv() uint32
