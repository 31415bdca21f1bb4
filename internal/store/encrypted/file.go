package encrypted

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// file is an open file. As vfs.File says, one goroutine writes; many may read at
// offsets.
type file struct {
	vfs.File
	name     string
	keys     Keys
	readOnly bool

	block  atomic.Pointer[cipherOf] // nil: there is no header yet
	stream cipher.Stream            // of the next write
	at     int64                    // where that goes
	read   int64                    // where the next Read is
	broken error                    // a write failed: what was written, and so where the key stream is, cannot be told
}

// cipherOf is there for its pointer. The Block must reach cipher.NewCTR as it is:
// in another type it is one block a call, at a third of the speed.
type cipherOf struct{ cipher.Block }

// load takes the key from the file's header.
func (f *file) load() error {
	info, err := f.File.Stat()
	if err != nil {
		return err
	}
	h, err := readHeader(f.File, info.Size(), f.keys)
	if err != nil {
		return err
	}
	return f.use(h)
}

func (f *file) use(h header) error {
	b, err := aes.NewCipher(h.key[:])
	if err != nil {
		return err
	}
	f.block.Store(&cipherOf{b})
	return nil
}

// begin writes a header into the slot of its generation, durably.
func (f *file) begin(generation uint64) error {
	ring := f.keys.Ring()
	k, ok := ring.Key(ring.Current)
	if !ok {
		return errors.New("there is no data key")
	}
	h, slot, err := newHeader(k, generation)
	if err != nil {
		return err
	}
	if _, err := f.File.WriteAt(slot, int64((generation+1)%2)*slotSize); err != nil {
		return err
	}
	if err := f.File.Sync(); err != nil {
		return err
	}
	if err := f.use(h); err != nil {
		return err
	}
	f.stream = newStream(f.block.Load().Block, 0)
	return nil
}

// newStream is the key stream from a block of the content on.
func newStream(b cipher.Block, block int64) cipher.Stream {
	var counter [aes.BlockSize]byte
	binary.BigEndian.PutUint64(counter[8:], uint64(block))
	return cipher.NewCTR(b, counter[:])
}

// Write encrypts p where it lies, which vfs.File allows, and appends it.
func (f *file) Write(p []byte) (int, error) {
	switch {
	case f.readOnly:
		return 0, fmt.Errorf("write %s: it is open for reading", f.name)
	case f.broken != nil:
		return 0, f.broken
	case f.stream == nil:
		if err := f.begin(1); err != nil {
			f.broken = err
			return 0, err
		}
	}
	f.stream.XORKeyStream(p, p)
	n, err := f.File.WriteAt(p, headerSize+f.at)
	f.at += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	f.broken = err
	return n, err
}

// WriteAt is refused: it may write over what was written.
func (f *file) WriteAt([]byte, int64) (int, error) {
	return 0, fmt.Errorf("write %s: %w", f.name, errInPlace)
}

// WriteZeros has n raw zeros follow what was written, as far as they are not
// written over later. They say nothing of the key stream, and read as noise.
func (f *file) WriteZeros(zeros []byte, off int64) (int, error) {
	if f.stream == nil || off < f.at {
		return 0, fmt.Errorf("zeros in %s: %w", f.name, errInPlace)
	}
	return f.File.WriteAt(zeros, headerSize+off)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	b, err := f.loaded()
	if err != nil {
		return 0, err
	}
	n, err := f.File.ReadAt(p, headerSize+off)
	decrypt(b, p[:n], off)
	return n, err
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.read)
	f.read += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// loaded is the file's cipher; io.EOF if nothing was written to it.
func (f *file) loaded() (cipher.Block, error) {
	if b := f.block.Load(); b != nil {
		return b.Block, nil
	}
	if err := f.load(); errors.Is(err, errNoHeader) {
		return nil, io.EOF
	} else if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	return f.block.Load().Block, nil
}

// decrypt makes p, the bytes at off, what was written. A stream of the standard
// library cannot be moved, so each read makes one.
func decrypt(b cipher.Block, p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	s := newStream(b, off/aes.BlockSize)
	if skip := off % aes.BlockSize; skip > 0 {
		var before [aes.BlockSize]byte
		s.XORKeyStream(before[:skip], before[:skip])
	}
	s.XORKeyStream(p, p)
}

func (f *file) Stat() (vfs.FileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	return without(info), nil
}

func (f *file) Preallocate(off, length int64) error {
	return f.File.Preallocate(headerSize+off, length)
}

func (f *file) Prefetch(off, length int64) error { return f.File.Prefetch(headerSize+off, length) }

func (f *file) SyncTo(length int64) (bool, error) { return f.File.SyncTo(headerSize + length) }
