package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
)

// Encryption says what is encrypted at rest, and with what. A key without Files
// seals secrets only.
type Encryption struct {
	Files bool
	Key   keyring.Source
}

// logsPurpose is what the key of log groups' lines is derived for.
const logsPurpose = "log groups"

func (c *Config) checkEncryption() error {
	e := c.Encryption
	if err := e.Key.Check(); err != nil {
		return err
	}
	switch {
	case e.Files && e.Key.Empty():
		return errors.New("encrypt needs a master key: say --encryption-key-file, --encryption-key-env or --encryption-key-command (carillon key new makes one)")
	case e.Files && c.Durability == store.Memory:
		return errors.New("durability memory keeps nothing on the disk, so there is nothing to encrypt: leave out --encrypt")
	}
	return keyOutside(c.Data, e.Key)
}

// unlock reads the master key; nil where there is none.
func (e Encryption) unlock(ctx context.Context) (*store.Encryption, error) {
	master, err := e.Key.Master(ctx)
	if err != nil || master == nil {
		return nil, err
	}
	return &store.Encryption{Master: *master, Files: e.Files}, nil
}

// Unlock is what tools open a directory with, however it is encrypted; nil where
// no key is configured.
func Unlock(ctx context.Context, data string, s keyring.Source) (*store.Encryption, error) {
	if err := keyOutside(data, s); err != nil {
		return nil, err
	}
	e, err := Encryption{Key: s}.unlock(ctx)
	if e != nil {
		e.AsIs = true
	}
	return e, err
}

// keyOutside refuses a key that lies with what it protects.
func keyOutside(data string, s keyring.Source) error {
	if s.File == "" {
		return nil
	}
	file, err1 := whereItLies(s.File)
	dir, err2 := whereItLies(data)
	if err1 != nil || err2 != nil {
		return errors.Join(err1, err2)
	}
	if strings.HasPrefix(file, dir+string(filepath.Separator)) {
		return fmt.Errorf("the master key %s lies in the data directory, where whoever finds one has the other: keep it elsewhere", s.File)
	}
	return nil
}

// whereItLies is a path without links, as far as it exists.
func whereItLies(path string) (string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Abs(path)
}

// warnOfKeyFile says when the master key is everybody's.
func (r *Running) warnOfKeyFile() {
	file := r.config.Encryption.Key.File
	if info, err := os.Stat(file); file != "" && err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o007 != 0 {
		r.log.Warn("every user of this machine can read the master key: take that away, as with chmod 600", "file", file, "mode", info.Mode().Perm())
	}
}

// RotatePath answers a POST by having new files encrypted under a new data key.
const RotatePath = "/_carillon/keys/rotate"

func (r *Running) rotate(w http.ResponseWriter, _ *http.Request) {
	keys := r.store.Keys()
	if keys == nil {
		http.Error(w, "the data is not encrypted, so it has no data key to rotate", http.StatusConflict)
		return
	}
	if err := keys.Rotate(time.Now()); errors.Is(err, store.ErrKey) {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	} else if err != nil {
		r.log.Error("data key not rotated", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	ring := keys.Ring()
	r.log.Info("new data key", "id", ring.Current, "keys", len(ring.Keys))
	w.Header().Set("Content-Type", "application/json")
	// Whoever does not read it can ask again: a key more does no harm.
	_ = json.NewEncoder(w).Encode(map[string]any{"current": ring.Current, "keys": len(ring.Keys)})
}

// Encrypt encrypts all of a data directory that no server uses: the store, its
// secrets' key, and log groups. Interrupted, it goes on when it is called again.
func Encrypt(ctx context.Context, data string, e *store.Encryption, p store.Progress) error {
	if err := WantData(data); err != nil {
		return err
	}
	if err := store.Encrypt(ctx, data, store.Options{Encryption: e}, p); err != nil {
		return err
	}
	err := whileOpen(ctx, data, e, func(s *store.Store) error {
		_, err := sealingKey(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	return convertOthers(data, e, true)
}

// Decrypt is the inverse of Encrypt; afterwards nothing needs the master key.
func Decrypt(ctx context.Context, data string, e *store.Encryption, p store.Progress) error {
	if err := WantData(data); err != nil {
		return err
	}
	if err := convertOthers(data, e, false); err != nil {
		return err
	}
	if err := store.Decrypt(ctx, data, store.Options{Encryption: e}, p); err != nil {
		return err
	}
	if err := whileOpen(ctx, data, e, func(s *store.Store) error { return returnSealingKey(ctx, s) }); err != nil {
		return err
	}
	return store.RemoveKeys(data, store.Options{Encryption: e})
}

// whileOpen calls fn with a store that runs.
func whileOpen(ctx context.Context, data string, e *store.Encryption, fn func(*store.Store) error) error {
	asIs := *e
	asIs.AsIs = true
	s, err := store.Open(data, store.Options{Encryption: &asIs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	err = fn(s)
	cancel()
	return errors.Join(err, <-ran, s.Close())
}

// convertOthers seals or opens what lies beside the store's files.
func convertOthers(data string, e *store.Encryption, lock bool) error {
	logs, err := LogBox(data, e)
	if err != nil {
		return err
	}
	if err := convertLogs(data, logs, lock); err != nil {
		return err
	}
	keys, err := boxOf(data, e, tlsPurpose)
	if err != nil {
		return err
	}
	convert := certificate.Unseal
	if lock {
		convert = certificate.Seal
	}
	if err := convert(filepath.Join(data, tlsDirectory), keys); err != nil {
		return fmt.Errorf("keys of certificates: %w", err)
	}
	return nil
}

func convertLogs(data string, box *seal.Box, seal bool) error {
	groups, err := loggroup.List(LogGroups(data))
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := g.Convert(box, seal); err != nil {
			return fmt.Errorf("log group %s: %w", g.Name, err)
		}
	}
	return nil
}

// LogBox opens the lines of log groups in a data directory, also while a server
// runs; nil where they are not sealed, or no key is given.
func LogBox(data string, e *store.Encryption) (*seal.Box, error) { return boxOf(data, e, logsPurpose) }

// boxOf is the box of a purpose as the directory's keys have it.
func boxOf(data string, e *store.Encryption, purpose string) (*seal.Box, error) {
	text, err := os.ReadFile(filepath.Join(data, keyring.FileName))
	if errors.Is(err, fs.ErrNotExist) || e == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Decode(text, e.Master)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", data, err)
	}
	if ring.Secrets == nil {
		return nil, nil
	}
	return seal.New(*ring.Secrets, purpose)
}

// Locked tells whether a data directory has keys that a master key locks.
func Locked(data string) bool {
	_, err := os.Stat(filepath.Join(data, keyring.FileName))
	return err == nil
}
