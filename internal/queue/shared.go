package queue

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/carillon-events/carillon/internal/store"
)

// A body that goes into several queues in one transaction is stored once, and
// the messages' records refer to it (record.go). Bodies lie in blocks of up to
// maxBlockBytes, and a block has one count of the references to any of its
// bodies: it goes when nothing refers to it any more.
//
//	f                   {next block u64}: no block has that number, or a larger one
//	f{block u64}        {version=1 u8}{references u64}{bodies u32}
//	F{block u64}{n u16} body
//
// Invariants:
//
//  1. A block's count is the number of records that refer to it, in queues and
//     in what is left of deleted and purged ones (clear.go); Verify counts them.
//     It is written in the record of the group that changes it, so it holds
//     after any crash, and nothing else has to clean up.
//  2. A body is written in the group that writes the first reference to it, and
//     has no reference written by a later one. So nobody can refer to a body
//     that is gone.
//
// A count for each body would cost one write more for each message that is
// deleted; the messages that a receiver deletes together nearly always have
// their bodies in one block. The price is that a message which stays keeps its
// whole block, so what leaves the common path (dead letters, move tasks) takes
// its body along.

// A body is shared if that saves so many bytes: two queues share 1 KB, five
// 256 bytes. Below, writing, counting and following the references costs as
// much (docs/adr/0026). One smaller than minShared never is.
const (
	shareSaves = 1024
	minShared  = 128
)

// A block takes bodies until it has this much, or so many. Variables, so that
// tests can fill blocks.
var (
	maxBlockBytes  = 64 << 10
	maxBlockBodies = 256
)

var errBodyGone = errors.New("queue: the body that a message shares with others is not there")

// Shared is a body on its way into several queues. It may be made off the
// writer's goroutine; its Drafts are sent by one goroutine at a time.
type Shared struct {
	body []byte
	sum  [md5.Size]byte

	open   int       // where each message's inset goes
	before hash.Hash // has seen the body up to there; nil: nothing goes in

	// Where it is stored, as long as in and group are still those of the
	// transaction: a group that was thrown away takes its blocks with it.
	in    *blocks
	group uint64
	block *block
	ref   bodyRef
}

// Share makes a body that goes into n queues; nil if it is better stored with
// each message. body must not be changed any more.
func Share(body []byte, n int) *Shared {
	if (n-1)*len(body) < shareSaves || len(body) < minShared {
		return nil
	}
	return &Shared{body: body, sum: md5.Sum(body)}
}

// ShareAround is Share for messages whose bodies differ by a text that goes into
// body at an offset (DraftInput.Inset). What lies before it is digested once.
func ShareAround(body []byte, at, n int) *Shared {
	if (n-1)*len(body) < shareSaves || len(body) < minShared {
		return nil
	}
	s := &Shared{body: body, open: at, before: md5.New()}
	_, _ = s.before.Write(body[:at]) // a hash never fails
	return s
}

// sumWith is the MD5 of the body with a text in it.
func (s *Shared) sumWith(inset string) (sum [md5.Size]byte) {
	if s.before == nil {
		return s.sum
	}
	h, err := s.before.(hash.Cloner).Clone()
	if err != nil {
		panic("queue: MD5 cannot be cloned: " + err.Error())
	}
	_, _ = io.WriteString(h, inset)
	_, _ = h.Write(s.body[s.open:])
	h.Sum(sum[:0])
	return sum
}

// bodyRef is where a shared body lies; block 0 is nowhere.
type bodyRef struct {
	block  uint64
	number uint16
	size   uint32
}

const bodyRefSize = 8 + 2 + 4

func (r bodyRef) put(b []byte) {
	binary.BigEndian.PutUint64(b, r.block)
	binary.BigEndian.PutUint16(b[8:], r.number)
	binary.BigEndian.PutUint32(b[10:], r.size)
}

func readBodyRef(b []byte) bodyRef {
	return bodyRef{u64at(b, 0), binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint32(b[10:])}
}

func (k *key) block(id uint64) []byte { return k.start(store.SpaceSharedCount, id).bytes() }

func (k *key) body(id uint64, number uint16) []byte {
	k.start(store.SpaceSharedBody, id)
	binary.BigEndian.PutUint16(k.b[k.n:], number)
	k.n += 2
	return k.bytes()
}

// block is a block in memory.
type block struct {
	id     uint64
	refs   uint64
	bodies uint32
	bytes  int  // of the bodies, while it is open
	dirty  bool // to be written at the end of the group
}

const blockSize = 1 + 8 + 4

func (b *block) encode() []byte {
	v := binary.BigEndian.AppendUint64([]byte{1}, b.refs)
	return binary.BigEndian.AppendUint32(v, b.bodies)
}

func decodeBlock(id uint64, v []byte) (*block, error) {
	if len(v) != blockSize || v[0] != 1 {
		return nil, errRecord
	}
	return &block{id: id, refs: u64at(v, 1), bodies: binary.BigEndian.Uint32(v[9:])}, nil
}
