//go:build !amd64

package engine

// maskBlocks fills dst with the blocks of src, which has 64 bytes for each.
func maskBlocks(dst []block, src []byte, st *maskState) { maskGeneric(dst, src, st) }
