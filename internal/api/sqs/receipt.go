package sqs

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/carillon-events/carillon/internal/queue"
)

// A receipt handle is base64 of
//
//	{version=1 u8}{queue u64}{seq u64}{receives u32}{indexed u8}{seal 14}
//
// The seal is the beginning of an HMAC-SHA256 of what stands before it.
const (
	handleVersion = 1
	handleBody    = 1 + 8 + 8 + 4 + 1
	sealSize      = 14
	handleSize    = handleBody + sealSize
	handleText    = handleSize / 3 * 4 // 36 bytes have no padding
)

// sealer makes and checks what clients carry for us.
type sealer struct{ pool sync.Pool }

// stamp is one HMAC under way, and the scratch that would otherwise escape.
type stamp struct {
	mac    hash.Hash
	handle [handleSize]byte
	sum    [sha256.Size]byte
}

func newSealer(key [32]byte) *sealer {
	s := &sealer{}
	s.pool.New = func() any { return &stamp{mac: hmac.New(sha256.New, key[:])} }
	return s
}

// seal is the seal of b, valid until the next one.
func (t *stamp) seal(b []byte) []byte {
	t.mac.Reset()
	t.mac.Write(b)
	return t.mac.Sum(t.sum[:0])[:sealSize]
}

// appendHandle appends r's handle to dst.
func (s *sealer) appendHandle(dst []byte, r queue.Receipt) []byte {
	t := s.pool.Get().(*stamp)
	b := t.handle[:]
	b[0] = handleVersion
	binary.BigEndian.PutUint64(b[1:], r.Queue)
	binary.BigEndian.PutUint64(b[9:], r.Seq)
	binary.BigEndian.PutUint32(b[17:], r.Receives)
	b[21] = 0
	if r.Indexed {
		b[21] = 1
	}
	copy(b[handleBody:], t.seal(b[:handleBody]))
	dst = base64.StdEncoding.AppendEncode(dst, b)
	s.pool.Put(t)
	return dst
}

// openHandle is the receipt of a handle that this store made.
func (s *sealer) openHandle(handle string) (queue.Receipt, bool) {
	if len(handle) != handleText {
		return queue.Receipt{}, false
	}
	t := s.pool.Get().(*stamp)
	defer s.pool.Put(t)
	b := t.handle[:]
	var text [handleText]byte
	copy(text[:], handle)
	n, err := base64.StdEncoding.Decode(b, text[:])
	if err != nil || n != handleSize || subtle.ConstantTimeCompare(t.seal(b[:handleBody]), b[handleBody:]) != 1 {
		return queue.Receipt{}, false
	}
	return queue.Receipt{
		Queue:    binary.BigEndian.Uint64(b[1:]),
		Seq:      binary.BigEndian.Uint64(b[9:]),
		Receives: binary.BigEndian.Uint32(b[17:]),
		Indexed:  b[21] == 1,
	}, b[0] == handleVersion
}

// A page token is base64 of {seal 14}{list} 0 {name}: the next page begins
// after that name. list is the operation and what it listed, so that a token
// is of use nowhere else; its first byte is a letter, so that no token passes
// for a handle.

func (s *sealer) token(list, after string) string {
	t := s.pool.Get().(*stamp)
	defer s.pool.Put(t)
	rest := append(append([]byte(list), 0), after...)
	return base64.StdEncoding.EncodeToString(append(append([]byte(nil), t.seal(rest)...), rest...))
}

func (s *sealer) openToken(list, token string) (after string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(b) < sealSize+len(list)+1 {
		return "", false
	}
	t := s.pool.Get().(*stamp)
	defer s.pool.Put(t)
	rest := b[sealSize:]
	if subtle.ConstantTimeCompare(t.seal(rest), b[:sealSize]) != 1 || string(rest[:len(list)]) != list || rest[len(list)] != 0 {
		return "", false
	}
	return string(rest[len(list)+1:]), true
}
