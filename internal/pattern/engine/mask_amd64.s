#include "textflag.h"

// What both loops share. In: AX backslashes, R11 quotes. R8, R9, R10 are
// maskState. Leaves the quotes that count in R11 and what is outside strings in
// R12. X10 is all ones. See escapedBy and prefixXor for the ideas.
#define QUOTES \
	MOVQ AX, BX                   \
	ORQ  R9, BX                   \
	JZ   plain                    \
	ORQ  AX, R10                  \
	MOVQ R9, R12                  \
	NOTQ R12                      \
	ANDQ AX, R12                  \
	LEAQ (R12)(R12*1), R13        \
	MOVQ $0xAAAAAAAAAAAAAAAA, R14 \
	ORQ  R14, R13                 \
	SUBQ R12, R13                 \
	XORQ R14, R13                 \
	XORQ R13, BX                  \
	NOTQ BX                       \
	ANDQ BX, R11                  \
	ANDQ AX, R13                  \
	SHRQ $63, R13                 \
	MOVQ R13, R9                  \
plain:                            \
	VMOVQ R11, X4                 \
	VPCLMULQDQ $0, X10, X4, X4    \
	VMOVQ X4, R12                 \
	XORQ R8, R12                  \
	MOVQ R12, R8                  \
	SARQ $63, R8                  \
	NOTQ R12

#define LOAD \
	MOVQ dst+0(FP), DI \
	MOVQ src+8(FP), SI \
	MOVQ n+16(FP), CX  \
	MOVQ st+24(FP), DX \
	MOVQ 0(DX), R8     \
	MOVQ 8(DX), R9     \
	MOVQ 16(DX), R10   \
	VPCMPEQB X10, X10, X10

#define STORE \
	MOVQ R8, 0(DX)   \
	MOVQ R9, 8(DX)   \
	MOVQ R10, 16(DX) \
	VZEROUPPER       \
	RET

// BOTH moves the masks of Y2 and Y3 into one register.
#define BOTH(reg, tmp) \
	VPMOVMSKB Y2, reg \
	VPMOVMSKB Y3, tmp \
	SHLQ $32, tmp     \
	ORQ  tmp, reg

#define BYTES(value, x, y) \
	MOVL value, AX    \
	VMOVD AX, x       \
	VPBROADCASTD x, y

// func maskAVX2(dst *block, src *byte, n int, st *maskState)
TEXT ·maskAVX2(SB), NOSPLIT, $0-32
	LOAD
	BYTES($0x22222222, X15, Y15)
	BYTES($0x5c5c5c5c, X14, Y14)
	BYTES($0x20202020, X13, Y13)
	BYTES($0x7b7b7b7b, X12, Y12)
	BYTES($0x7d7d7d7d, X11, Y11)

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPCMPEQB Y15, Y0, Y2
	VPCMPEQB Y15, Y1, Y3
	BOTH(R11, BX)
	VPCMPEQB Y14, Y0, Y2
	VPCMPEQB Y14, Y1, Y3
	BOTH(AX, BX)
	QUOTES
	VPOR Y13, Y0, Y0
	VPOR Y13, Y1, Y1
	VPCMPEQB Y12, Y0, Y2
	VPCMPEQB Y12, Y1, Y3
	BOTH(AX, BX)
	ANDQ R12, AX
	MOVQ AX, 8(DI)
	VPCMPEQB Y11, Y0, Y2
	VPCMPEQB Y11, Y1, Y3
	BOTH(AX, BX)
	ANDQ R12, AX
	MOVQ AX, 16(DI)
	MOVQ R11, 0(DI)
	ADDQ $64, SI
	ADDQ $24, DI
	DECQ CX
	JNZ  loop
	STORE

// func maskAVX512(dst *block, src *byte, n int, st *maskState)
TEXT ·maskAVX512(SB), NOSPLIT, $0-32
	LOAD
	BYTES($0x22222222, X15, Z15)
	BYTES($0x5c5c5c5c, X14, Z14)
	BYTES($0x20202020, X13, Z13)
	BYTES($0x7b7b7b7b, X12, Z12)
	BYTES($0x7d7d7d7d, X11, Z11)

loop:
	VMOVDQU64 (SI), Z0
	VPCMPEQB Z15, Z0, K1
	VPCMPEQB Z14, Z0, K2
	VPORQ Z13, Z0, Z1
	VPCMPEQB Z12, Z1, K3
	VPCMPEQB Z11, Z1, K4
	KMOVQ K1, R11
	KMOVQ K2, AX
	QUOTES
	KMOVQ K3, AX
	KMOVQ K4, BX
	ANDQ R12, AX
	ANDQ R12, BX
	MOVQ R11, 0(DI)
	MOVQ AX, 8(DI)
	MOVQ BX, 16(DI)
	ADDQ $64, SI
	ADDQ $24, DI
	DECQ CX
	JNZ  loop
	STORE

// func cpuid(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

// func xgetbv() uint32
TEXT ·xgetbv(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET
