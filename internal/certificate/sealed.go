package certificate

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/certmagic"

	"github.com/carillon-events/carillon/internal/seal"
)

// What is kept of certificates is sealed where there is a master key, but for the
// certificate that clients are to trust. A sealed file is
//
//	-----BEGIN CARILLON SEALED-----
//	base64 of what internal/seal makes for the owner "tls/" and the file's name in the directory
//	-----END CARILLON SEALED-----
//
// One that is not was written before there was a key, or was put there by
// somebody: it is read as it is, and sealed by Seal at the next start.
const sealedType = "CARILLON SEALED"

var sealedHead = []byte("-----BEGIN " + sealedType + "-----")

// ErrSealed: a file cannot be read without the master key that sealed it.
var ErrSealed = errors.New("it is sealed with the master key of the data directory")

func owner(name string) string { return "tls/" + filepath.ToSlash(name) }

// sealed is text as it is kept under a name; box may be nil.
func sealed(box *seal.Box, name string, text []byte) ([]byte, error) {
	if box == nil || bytes.HasPrefix(text, sealedHead) {
		return text, nil
	}
	b, err := box.Seal(text, owner(name))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: sealedType, Bytes: b}), nil
}

// opened is the inverse of sealed.
func opened(box *seal.Box, name string, text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, sealedHead) {
		return text, nil
	}
	if box == nil {
		return nil, fmt.Errorf("%s: %w: start with it, and not with --durability memory", name, ErrSealed)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: %w", name, seal.ErrDamaged)
	}
	plain, err := box.Open(block.Bytes, owner(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return plain, nil
}

// Seal seals what is kept in dir, Unseal opens it. Interrupted, they go on when
// they are called again. There need be no such directory.
func Seal(dir string, box *seal.Box) error {
	return each(dir, func(name string, text []byte) ([]byte, error) { return sealed(box, name, text) })
}

// Unseal is the inverse of Seal.
func Unseal(dir string, box *seal.Box) error {
	return each(dir, func(name string, text []byte) ([]byte, error) { return opened(box, name, text) })
}

// each writes every file anew that becomes another one. What a crash has left
// among them may hold a key, too.
func each(dir string, become func(name string, text []byte) ([]byte, error)) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == selfCert || strings.HasPrefix(name, filepath.Join(acmeDirectory, "locks")) {
			return err
		}
		text, err := read(path)
		if err != nil {
			return err
		}
		next, err := become(name, text)
		if err != nil || bytes.Equal(next, text) {
			return err
		}
		return write(path, next, 0o600)
	})
}

// acmeDirectory is ACME's below that of all certificates.
const acmeDirectory = "acme"

// sealedStorage is certmagic's files, sealed.
type sealedStorage struct {
	*certmagic.FileStorage
	box *seal.Box
}

func below(key string) string { return filepath.Join(acmeDirectory, filepath.FromSlash(key)) }

// Store implements certmagic.Storage.
func (s sealedStorage) Store(ctx context.Context, key string, value []byte) error {
	text, err := sealed(s.box, below(key), value)
	if err != nil {
		return err
	}
	return s.FileStorage.Store(ctx, key, text)
}

// Load implements certmagic.Storage.
func (s sealedStorage) Load(ctx context.Context, key string) ([]byte, error) {
	text, err := s.FileStorage.Load(ctx, key)
	if err != nil {
		return nil, err
	}
	return opened(s.box, below(key), text)
}
