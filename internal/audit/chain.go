package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Link stands for an entry and all before it. That of nothing is zero.
type Link [sha256.Size]byte

// follow is the link of the entry behind l.
func (l Link) follow(number uint64, body []byte) Link {
	h := sha256.New()
	h.Write(l[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], number)
	h.Write(n[:])
	h.Write(body)
	return Link(h.Sum(nil))
}

// String is how people are shown a link.
func (l Link) String() string { return hex.EncodeToString(l[:]) }

// ParseLink reads String's form.
func ParseLink(text string) (l Link, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(l) {
		return l, false
	}
	return Link(b), true
}

// Key signs links. It prints as nothing.
type Key [32]byte

// String keeps a key out of logs.
func (Key) String() string { return "[audit key]" }

// GoString is String.
func (Key) GoString() string { return "[audit key]" }

// macSize is as much of a signature as is kept: 128 bits cannot be guessed.
const macSize = 16

func (k *Key) sign(b []byte) (mac [macSize]byte) {
	h := hmac.New(sha256.New, k[:])
	h.Write(b)
	copy(mac[:], h.Sum(nil))
	return mac
}

func (k *Key) signed(b, mac []byte) bool {
	want := k.sign(b)
	return hmac.Equal(want[:], mac)
}
