package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
)

// identities is who exists, and what their keys are sealed with.
type identities struct {
	core      *identity.Core
	directory *identity.Directory
	box       *seal.Box
}

// keyPurpose is what the secrets of access keys are sealed for.
const keyPurpose = "access keys"

// identities makes keys of IAM known, and refuses strict mode if there is no key
// at all.
func (r *Running) identities(ctx context.Context, keys *access.Credentials) (*identities, error) {
	shard := r.store.Shard(0)
	box, err := r.box(ctx, keyPurpose)
	if err != nil {
		return nil, err
	}
	who := &identities{directory: identity.NewDirectory(shard, box), box: box}
	who.core = identity.New(identity.DefaultLimits, who.directory)
	if keys != nil {
		keys.Ask(who.directory)
		if err := wantKeys(shard, keys); err != nil {
			return nil, err
		}
	}
	r.start("key uses", func(ctx context.Context) error { return who.noteUses(ctx, shard) })
	return who, nil
}

// wantKeys refuses to start where nobody could call.
func wantKeys(shard *store.Shard, keys *access.Credentials) error {
	if keys.Len() > 0 {
		return nil
	}
	var some bool
	err := shard.View(func(v *store.View) (err error) {
		some, err = identity.HasKeys(v)
		return err
	})
	if err == nil && !some {
		err = errors.New("auth strict needs keys, and the data directory has none: make one with carillon init --data DIR, or set --credentials FILE")
	}
	return err
}

func (i *identities) known(accessKey string) (access.Identity, bool) {
	return access.Known(i.directory, accessKey)
}

func (i *identities) used(accessKey, service, region string) {
	i.directory.Used(accessKey, identity.Use{At: time.Now().UTC(), Service: service, Region: region})
}

// noteEvery is how often the last uses of keys are written down: what a machine
// that dies loses of them.
const noteEvery = time.Minute

func (i *identities) noteUses(ctx context.Context, shard *store.Shard) error {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return i.keepUses(shard)
		case <-tick.C:
			if err := i.keepUses(shard); err != nil {
				return err
			}
		}
	}
}

// keepUses writes down what there is. A store that is closed, or has failed, says
// so by itself.
func (i *identities) keepUses(shard *store.Shard) error {
	uses := i.directory.TakeUses()
	if len(uses) == 0 {
		return nil
	}
	err := shard.Update(context.Background(), func(tx *store.Tx) error { return identity.NoteUse(tx, uses) })
	if err != nil && !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrFailed) {
		return fmt.Errorf("keep when keys were used: %w", err)
	}
	return nil
}
