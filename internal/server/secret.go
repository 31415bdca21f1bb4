package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/carillon-events/carillon/internal/keyring"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
)

// secret is 32 random bytes that the store keeps under
//
//	m{name}
//
// for as long as it lives, made when they are asked for first.
func secret(ctx context.Context, shard *store.Shard, name string) (key [32]byte, err error) {
	var fresh [32]byte
	if _, err := rand.Read(fresh[:]); err != nil {
		return key, fmt.Errorf("make the secret %s: %w", name, err)
	}
	at := append([]byte{store.SpaceMeta}, name...)
	err = shard.Update(ctx, func(tx *store.Tx) error {
		kept, ok, err := tx.Get(at)
		switch {
		case err != nil:
			return err
		case ok && bytes.Equal(kept, elsewhere):
			return errors.New("a master key sealed it, and the directory's file " + keyring.FileName + " is gone: restore a backup")
		case ok && len(kept) != len(key):
			return fmt.Errorf("it has %d bytes, want %d", len(kept), len(key))
		case ok:
			copy(key[:], kept)
			return nil
		}
		key = fresh
		return tx.Set(at, fresh[:])
	})
	if err != nil {
		return key, fmt.Errorf("read the secret %s: %w", name, err)
	}
	return key, nil
}

// elsewhere stands in the place of the key that secrets are sealed with, where
// a master key locks that one. It is no 32 bytes, so that an older binary, which
// would make another key, does not start either.
var elsewhere = []byte{0}

var sealingAt = append([]byte{store.SpaceMeta}, "secrets"...)

// sealingKey is what secrets are sealed with: in the store, or with a master key
// in the keyring. A store that has one already gives it away, so that what was
// sealed stays readable. The keyring has it durably before the store forgets it.
func sealingKey(ctx context.Context, s *store.Store) (key seal.Master, err error) {
	keys := s.Keys()
	if keys == nil {
		key, err := secret(ctx, s.Shard(0), "secrets")
		return seal.Master(key), err
	}
	var kept []byte
	err = s.Shard(0).Update(ctx, func(tx *store.Tx) error {
		v, _, err := tx.Get(sealingAt)
		kept = bytes.Clone(v)
		return err
	})
	if err != nil {
		return key, fmt.Errorf("read the secret secrets: %w", err)
	}
	key, err = keys.Secrets(func() (m seal.Master, err error) {
		if len(kept) == len(m) {
			return seal.Master(kept), nil
		}
		_, err = rand.Read(m[:])
		return m, err
	})
	switch {
	case err != nil:
		return key, err
	case bytes.Equal(kept, elsewhere):
		return key, nil
	case len(kept) > 0 && subtle.ConstantTimeCompare(kept, key[:]) == 0:
		return key, errors.New("secrets were sealed without the master key, after it was set: start without it on a directory that never had one, or restore a backup")
	}
	return key, s.Shard(0).Update(ctx, func(tx *store.Tx) error { return tx.Set(sealingAt, elsewhere) })
}

// returnSealingKey puts the key back into the store.
func returnSealingKey(ctx context.Context, s *store.Store) error {
	keys := s.Keys()
	if keys == nil || keys.Ring().Secrets == nil {
		return nil
	}
	key := *keys.Ring().Secrets
	return s.Shard(0).Update(ctx, func(tx *store.Tx) error { return tx.Set(sealingAt, key[:]) })
}
