package bus

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/webhook"
)

// A webhook is how a partner's source gets its events when the partner speaks
// no AWS: it posts them to us, signed with a secret that both know. On a node a
// source's name has one webhook, for one account and region, since the name is
// all that the sender's request says.
//
//	'w' {source}   a webhook: account, region, config, sealed secret, times

// What can be wrong with a webhook. Nothing was written then.
var (
	ErrWebhookNotFound  = errors.New("webhook does not exist")
	ErrWebhookElsewhere = errors.New("another account or region has a webhook of that name")
)

// Webhook is what is known of a webhook. Sealed is the secret, encrypted by
// whoever put the webhook.
type Webhook struct {
	Source     SourceID
	Config     webhook.Config
	Sealed     []byte
	CreatedAt  time.Time
	ModifiedAt time.Time
}

type webhookRecord struct {
	Account    string         `json:"account"`
	Region     string         `json:"region"`
	Config     webhook.Config `json:"config"`
	Sealed     []byte         `json:"sealed"`
	CreatedAt  time.Time      `json:"createdAt"`
	ModifiedAt time.Time      `json:"modifiedAt"`
}

func (rec *webhookRecord) webhook(source string) Webhook {
	return Webhook{SourceID{rec.Account, rec.Region, source}, rec.Config, rec.Sealed, rec.CreatedAt, rec.ModifiedAt}
}

func webhookKey(source string) []byte { return key(store.SpaceWebhook, source) }

// PutWebhook makes a webhook or replaces it, and makes its source if there is
// none: the account is its own partner then.
func (c *Core) PutWebhook(tx *store.Tx, w Webhook) error {
	rec := webhookRecord{Account: w.Source.Account, Region: w.Source.Region, Config: w.Config, Sealed: w.Sealed, CreatedAt: tx.Now(), ModifiedAt: tx.Now()}
	old, err := GetWebhook(tx, w.Source.Name)
	switch {
	case err == nil && old.Source != w.Source:
		return fmt.Errorf("put webhook of %s: %w", w.Source.Name, ErrWebhookElsewhere)
	case err == nil:
		rec.CreatedAt = old.CreatedAt
	case !errors.Is(err, ErrWebhookNotFound):
		return err
	}
	source, err := GetSource(tx, w.Source, tx.Now())
	if errors.Is(err, ErrSourceNotFound) || err == nil && source.State == SourceDeleted {
		err = c.CreateSource(tx, w.Source, w.Source.Account)
	}
	if err != nil {
		return err
	}
	return tx.Set(webhookKey(w.Source.Name), encode(rec))
}

// OpenSource has a source's events arrive: it makes the source's bus, or has the
// bus take them again. Nothing happens if they arrive already.
func (c *Core) OpenSource(tx *store.Tx, id SourceID) error {
	rec, err := getSource(tx, id, tx.Now())
	switch {
	case err != nil || rec.State == SourceActive:
		return err
	case rec.HasBus:
		return c.ActivateSource(tx, id)
	}
	return c.CreatePartnerBus(tx, Name{id.Account, id.Region, id.Name}, "", nil)
}

// DeleteWebhook removes a webhook, and leaves its source.
func (c *Core) DeleteWebhook(tx *store.Tx, source SourceID) error {
	old, err := GetWebhook(tx, source.Name)
	if err == nil && old.Source != source {
		err = fmt.Errorf("webhook of %s: %w", source.Name, ErrWebhookNotFound)
	}
	if err != nil {
		return err
	}
	return tx.Delete(webhookKey(source.Name))
}

// GetWebhook is the webhook of the source of that name.
func GetWebhook(r Reader, source string) (Webhook, error) {
	var rec webhookRecord
	found, err := get(r, webhookKey(source), &rec)
	if err == nil && !found {
		err = fmt.Errorf("webhook of %.256s: %w", source, ErrWebhookNotFound)
	}
	return rec.webhook(source), err
}

// ListWebhooks has up to limit webhooks whose source's name begins with prefix
// and comes after `after`, and whether there are more.
func ListWebhooks(r Reader, prefix, after string, limit int) (hooks []Webhook, more bool, err error) {
	err = store.Each(r, webhookKey(""), after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, prefix) {
			return name < prefix, nil
		}
		if more = len(hooks) == limit; more {
			return false, nil
		}
		var rec webhookRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		hooks = append(hooks, rec.webhook(name))
		return true, nil
	})
	return hooks, more, err
}
