//go:build !amd64

package engine

// What mask_amd64.go has, and other machines do not.
var hasAVX2, hasAVX512 bool

// maskBlocks fills dst with the blocks of src, which has 64 bytes for each.
func maskBlocks(dst []block, src []byte, st *maskState) { maskGeneric(dst, src, st) }
