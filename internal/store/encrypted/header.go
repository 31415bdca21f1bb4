package encrypted

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/carillon-events/carillon/internal/keyring"
)

// A file begins with two slots for a header, of 4 KiB each, so that no torn
// write can reach both. Where a file is used again, the new header goes into the
// slot that the last one is not in: until it is whole, the last one counts.
//
//	slot     {magic 8}{version 1 = 1}{cipher 1 = 1}{data key u32}{generation u64}{nonce 12}{file key 32}{tag 16}, zeros
//
// File key and tag are AES-256-GCM under the data key; what stands before the
// nonce is authenticated with them. The slot of the higher generation counts.
// Cipher 1 is AES-256-CTR from counter 0 on, at offset 8192: a key encrypts one
// generation of one file and nothing else, so the counter needs no nonce.
const (
	magic      = "\xcaCARILN\n"
	slotSize   = 4096
	headerSize = 2 * slotSize

	headVersion = 1
	headCipher  = 1
	fixedSize   = 8 + 1 + 1 + 4 + 8
	nonceSize   = 12
	keySize     = 32
	tagSize     = 16
	slotUsed    = fixedSize + nonceSize + keySize + tagSize
)

// header is what a slot says.
type header struct {
	dataKey    uint32
	generation uint64
	key        [keySize]byte
}

var (
	errNoHeader = errors.New("no header")
	// ErrPlain: the file was not written through this file system, or its header is gone.
	ErrPlain = errors.New("the file is not encrypted")
	// ErrDamaged: the file's header cannot be read, so nothing of it can.
	ErrDamaged = errors.New("the header of an encrypted file is damaged")
)

func aead(k keyring.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.Secret[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// newHeader has a fresh key under the data key.
func newHeader(k keyring.Key, generation uint64) (header, []byte, error) {
	h := header{dataKey: k.ID, generation: generation}
	a, err := aead(k)
	if err != nil {
		return h, nil, err
	}
	b := make([]byte, fixedSize+nonceSize, slotSize)
	copy(b, magic)
	b[8], b[9] = headVersion, headCipher
	binary.BigEndian.PutUint32(b[10:], h.dataKey)
	binary.BigEndian.PutUint64(b[14:], h.generation)
	if _, err := rand.Read(b[fixedSize:]); err != nil {
		return h, nil, err
	}
	if _, err := rand.Read(h.key[:]); err != nil {
		return h, nil, err
	}
	b = a.Seal(b, b[fixedSize:], h.key[:], b[:fixedSize])
	return h, b[:slotSize], nil
}

// decodeHeader reads a slot. errNoHeader: there is none.
func decodeHeader(b []byte, keys Keys) (header, error) {
	if len(b) < slotUsed || string(b[:8]) != magic {
		return header{}, errNoHeader
	}
	if b[8] != headVersion || b[9] != headCipher {
		return header{}, fmt.Errorf("an encrypted file has version %d and cipher %d, and this binary knows 1: start the newer carillon that wrote it", b[8], b[9])
	}
	h := header{dataKey: binary.BigEndian.Uint32(b[10:]), generation: binary.BigEndian.Uint64(b[14:])}
	k, ok := keys.Ring().Key(h.dataKey)
	if !ok {
		return header{}, fmt.Errorf("%w: it names data key %d, which is not in %s", ErrDamaged, h.dataKey, keyring.FileName)
	}
	a, err := aead(k)
	if err != nil {
		return header{}, err
	}
	nonce, sealed := b[fixedSize:fixedSize+nonceSize], b[fixedSize+nonceSize:slotUsed]
	if _, err := a.Open(h.key[:0], nonce, sealed, b[:fixedSize]); err != nil {
		return header{}, ErrDamaged
	}
	return h, nil
}

// readHeader is the header of a file that counts. errNoHeader: nothing was
// written to it, or what was is not believed, since the header is durable first.
//
// A slot is written whole or not at all (it is less than a sector). So one that
// is neither is damage, also where the other slot could stand in for it: that
// one's key would read what is acknowledged as noise.
func readHeader(f io.ReaderAt, size int64, keys Keys) (header, error) {
	var best header
	var bad error
	foreign := false
	for i := range int64(2) {
		var b [slotUsed]byte
		n, err := f.ReadAt(b[:], i*slotSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return header{}, err
		}
		h, err := decodeHeader(b[:n], keys)
		switch {
		case err == nil && h.generation > best.generation:
			best = h
		case err == nil, b == [slotUsed]byte{}:
		case errors.Is(err, errNoHeader):
			foreign = true
		case bad == nil:
			bad = err
		}
	}
	switch {
	case bad != nil && size > headerSize:
		return header{}, bad
	case best.generation > 0 && foreign:
		return header{}, ErrDamaged
	case best.generation > 0:
		return best, nil
	case size <= headerSize:
		return header{}, errNoHeader
	}
	return header{}, ErrPlain
}
