package mobile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Application is what is known of an application.
type Application struct {
	App       App
	Labels    map[string]string // attributes as they were set
	CreatedAt time.Time
}

type appRecord struct {
	Labels    map[string]string `json:"labels,omitempty"`
	Secrets   map[string]string `json:"secrets,omitempty"` // digests
	CreatedAt time.Time         `json:"createdAt"`
}

// digests are those of secrets. They are long and random, so that their digest
// tells nothing of them.
func digests(secrets map[string]string) map[string]string {
	out := make(map[string]string, len(secrets))
	for name, secret := range secrets {
		sum := sha256.Sum256([]byte(name + "\x00" + secret))
		out[name] = hex.EncodeToString(sum[:])
	}
	return out
}

// CreateApp makes an application. One that exists, and is the same, is as good
// as made; ErrAppDiffers if it is another.
func CreateApp(tx *store.Tx, a App, labels, secrets map[string]string) error {
	var rec appRecord
	found, err := get(tx, a.key(), &rec)
	if err != nil {
		return err
	}
	sums := digests(secrets)
	if found {
		if !maps.Equal(rec.Labels, labels) || !maps.Equal(rec.Secrets, sums) {
			return fmt.Errorf("application %s: %w", a.Name, ErrAppDiffers)
		}
		return nil
	}
	return tx.Set(a.key(), encode(appRecord{Labels: labels, Secrets: sums, CreatedAt: tx.Now()}))
}

// ChangeApp sets labels, of which empty ones go, and secrets.
func ChangeApp(tx *store.Tx, a App, labels, secrets map[string]string) error {
	rec, err := getApp(tx, a)
	if err != nil {
		return err
	}
	rec.Labels = merged(rec.Labels, labels)
	rec.Secrets = merged(rec.Secrets, digests(secrets))
	return tx.Set(a.key(), encode(rec))
}

func merged(old, change map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, old)
	for name, v := range change {
		if out[name] = v; v == "" {
			delete(out, name)
		}
	}
	return out
}

// DeleteApp removes an application with its endpoints; no error where there is
// none.
func DeleteApp(tx *store.Tx, a App) error {
	for _, space := range []string{endpointSpace, tokenSpace} {
		prefix := []byte(space + a.text() + "\x00")
		if err := tx.DeleteRange(prefix, store.PrefixEnd(prefix)); err != nil {
			return err
		}
	}
	return tx.Delete(a.key())
}

// GetApp describes an application.
func GetApp(r Reader, a App) (Application, error) {
	rec, err := getApp(r, a)
	return Application{a, rec.Labels, rec.CreatedAt}, err
}

func getApp(r Reader, a App) (rec appRecord, err error) {
	found, err := get(r, a.key(), &rec)
	if err == nil && !found {
		err = fmt.Errorf("application %s of %s: %w", a.Name, a.Platform, ErrNoApp)
	}
	return rec, err
}

// ListApps has up to limit applications that come after the cursor, and the
// cursor for the rest: empty if that is all. It begins with "".
func ListApps(r Reader, p Place, cursor string, limit int) (apps []Application, next string, err error) {
	last := ""
	more, err := pageOf(r, p.key(appSpace, ""), cursor, limit, func(rest string, value []byte) error {
		var rec appRecord
		if err := decode(value, &rec); err != nil {
			return err
		}
		platform, name := cutTwo(rest)
		apps = append(apps, Application{App{p, platform, name}, rec.Labels, rec.CreatedAt})
		last = rest
		return nil
	})
	if more {
		next = last
	}
	return apps, next, err
}
