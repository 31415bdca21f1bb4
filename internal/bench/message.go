package bench

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"sync"
)

// idLen is the length of the number that every body begins with.
const idLen = 16

// proseSize is how much text there is to cut messages from.
const proseSize = 1 << 20

// prose is letters and digits in no order, always the same. Messages are cut
// from all over it, so that two that are stored side by side have nothing in
// common that a compressor could use to flatter the server.
var prose = sync.OnceValue(func() []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, proseSize+maxRequest)
	for i := range b {
		b[i] = letters[rnd.IntN(len(letters))]
	}
	return b
})

// write fills dst with message number id: the number, then text.
func write(dst []byte, id uint64) {
	at := id * 0x9E3779B97F4A7C15 % proseSize
	copy(dst[idLen:], prose()[at:])
	putID(dst, id)
}

// putID writes a number over the first bytes of a body.
func putID(body []byte, id uint64) {
	const digits = "0123456789abcdef"
	for i := idLen - 1; i >= 0; i-- {
		body[i] = digits[id&15]
		id >>= 4
	}
}

// readID reads what putID wrote.
func readID(body []byte) (id uint64, ok bool) {
	var b [idLen / 2]byte
	if len(body) < idLen {
		return 0, false
	}
	if _, err := hex.Decode(b[:], body[:idLen]); err != nil {
		return 0, false
	}
	for _, c := range b {
		id = id<<8 | uint64(c)
	}
	return id, true
}

// member finds the next string member of this name (quoted, as in `"Body"`) in
// JSON text, and what comes after it. The value is as written, escapes and all.
func member(text, name []byte) (value, rest []byte, ok bool) {
	i := bytes.Index(text, name)
	if i < 0 {
		return nil, nil, false
	}
	rest = bytes.TrimLeft(text[i+len(name):], " \t\r\n:")
	if len(rest) == 0 || rest[0] != '"' {
		return nil, nil, false
	}
	rest = rest[1:]
	for end := 0; ; end++ {
		j := bytes.IndexByte(rest[end:], '"')
		if j < 0 {
			return nil, nil, false
		}
		end += j
		if escapes := end - len(bytes.TrimRight(rest[:end], `\`)); escapes%2 == 0 {
			return rest[:end], rest[end+1:], true
		}
	}
}

// failed says whether an answer to a batch tells of entries that failed.
func failed(answer []byte) bool {
	_, rest, found := bytes.Cut(answer, []byte(`"Failed"`))
	return found && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n:["), []byte("{"))
}
