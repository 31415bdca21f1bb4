package server

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// sealer is an ingest.Sealer: AES-256-GCM with a key that the store keeps.
//
//	{version 1 = 1}{nonce 12}{ciphertext and tag}; the owner is authenticated with it
type sealer struct{ aead cipher.AEAD }

const sealVersion = 1

var errSealed = errors.New("a sealed secret is damaged, or belongs to somebody else")

func newSealer(key [32]byte) (*sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make a sealer: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make a sealer: %w", err)
	}
	return &sealer{aead}, nil
}

// Seal implements ingest.Sealer.
func (s *sealer) Seal(text []byte, owner string) ([]byte, error) {
	out := make([]byte, 1+s.aead.NonceSize(), 1+s.aead.NonceSize()+len(text)+s.aead.Overhead())
	out[0] = sealVersion
	if _, err := rand.Read(out[1:]); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return s.aead.Seal(out, out[1:], text, []byte(owner)), nil
}

// Open implements ingest.Sealer.
func (s *sealer) Open(sealed []byte, owner string) ([]byte, error) {
	head := 1 + s.aead.NonceSize()
	if len(sealed) < head+s.aead.Overhead() || sealed[0] != sealVersion {
		return nil, errSealed
	}
	text, err := s.aead.Open(nil, sealed[1:head], sealed[head:], []byte(owner))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}
