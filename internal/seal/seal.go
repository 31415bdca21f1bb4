// Package seal keeps secrets that must be read again (passwords of connections,
// OAuth tokens) unreadable at rest.
//
// It owns how they are encrypted: AES-256-GCM with a random nonce, under a key
// that is derived from a Master for one purpose. What is sealed is bound to its
// owner, a text that says whose it is and what: moved under another name, it
// does not open.
//
// It refuses to know where a Master comes from, and to say anything about what
// it could not open.
//
// Sealed bytes:
//
//	{version 1 = 1}{key 4: which key, the first bytes of its digest}{nonce 12}{ciphertext}{tag 16}
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
)

const (
	version   = 1
	keySize   = 32
	idSize    = 4
	nonceSize = 12
	headSize  = 1 + idSize + nonceSize

	// MaxText bounds what is sealed: ten times the largest connection of EventBridge.
	MaxText = 4 << 20
)

// What Open says.
var (
	ErrDamaged  = errors.New("sealed secret is damaged, or belongs to somebody else")
	ErrOtherKey = errors.New("secret was sealed with another key")
)

// Master is the secret that all keys are derived from. It prints as nothing.
type Master [keySize]byte

// String keeps a master key out of logs.
func (Master) String() string { return "[master key]" }

// GoString is String.
func (Master) GoString() string { return "[master key]" }

// Box seals and opens secrets of one purpose. It may be shared.
type Box struct {
	aead cipher.AEAD
	id   [idSize]byte
}

// New is a box whose key is derived from master for a purpose, such as
// "connections".
func New(master Master, purpose string) (*Box, error) {
	key, err := hkdf.Key(sha256.New, master[:], nil, "carillon seal 1: "+purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	b := new(Box)
	if b.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	sum := sha256.Sum256(key)
	copy(b.id[:], sum[:])
	return b, nil
}

// Seal encrypts text for its owner. The same text is never sealed to the same
// bytes.
func (b *Box) Seal(text []byte, owner string) ([]byte, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("seal %d bytes: at most %d", len(text), MaxText)
	}
	out := make([]byte, headSize, headSize+len(text)+b.aead.Overhead())
	out[0] = version
	copy(out[1:], b.id[:])
	nonce := out[1+idSize : headSize]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return b.aead.Seal(out, nonce, text, []byte(owner)), nil
}

// Open decrypts what Seal made for that owner.
func (b *Box) Open(sealed []byte, owner string) ([]byte, error) {
	if len(sealed) < headSize+b.aead.Overhead() || sealed[0] != version {
		return nil, ErrDamaged
	}
	if subtle.ConstantTimeCompare(sealed[1:1+idSize], b.id[:]) == 0 {
		return nil, ErrOtherKey
	}
	text, err := b.aead.Open(nil, sealed[1+idSize:headSize], sealed[headSize:], []byte(owner))
	if err != nil {
		return nil, ErrDamaged // and not why: there is nothing to learn from it
	}
	return text, nil
}
