package server

import (
	"context"
	"crypto/rand"
	"fmt"

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
