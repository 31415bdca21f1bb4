package bus

import (
	"fmt"
	"maps"

	"github.com/carillon-events/carillon/internal/store"
)

// Tags are the tags of a bus, or of one of its rules if rule is not empty.
func Tags(r Reader, n Name, rule string) (map[string]string, error) {
	if rule == "" {
		rec, err := getBusRecord(r, n)
		return rec.Tags, err
	}
	rec, err := getRuleRecord(r, n, rule)
	return rec.Tags, err
}

// ChangeTags sets and removes tags of a bus, or of one of its rules.
func (c *Core) ChangeTags(tx *store.Tx, n Name, rule string, set map[string]string, remove []string) error {
	if rule == "" {
		rec, err := getBusRecord(tx, n)
		if err != nil {
			return err
		}
		before := rec.Tags
		if rec.Tags, err = c.changed(rec.Tags, set, remove); err != nil {
			return fmt.Errorf("tag bus %s: %w", n.Bus, err)
		}
		if changesOnce(before, rec.Tags) {
			if _, err := parseOnce(rec.Tags); err != nil {
				return fmt.Errorf("tag bus %s: %w", n.Bus, err)
			}
			if err := renewOnce(tx, n, rec.Tags); err != nil {
				return err
			}
		}
		if rec.CreatedAt.IsZero() {
			rec.CreatedAt, rec.ModifiedAt = tx.Now(), tx.Now()
		}
		return tx.Set(n.key(), encode(rec))
	}
	rec, err := getRuleRecord(tx, n, rule)
	if err != nil {
		return err
	}
	if rec.Tags, err = c.changed(rec.Tags, set, remove); err != nil {
		return fmt.Errorf("tag rule %s: %w", rule, err)
	}
	return tx.Set(n.ruleKey(rule), encode(rec))
}

func (c *Core) changed(tags, set map[string]string, remove []string) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, tags)
	maps.Copy(out, set)
	for _, k := range remove {
		delete(out, k)
	}
	if len(out) > c.limits.Tags && len(out) > len(tags) {
		return nil, ErrTooManyTags
	}
	return out, nil
}

func getBusRecord(r Reader, n Name) (rec busRecord, err error) {
	if _, err = GetBus(r, n); err == nil {
		_, err = get(r, n.key(), &rec)
	}
	return rec, err
}

func getRuleRecord(r Reader, n Name, rule string) (rec ruleRecord, err error) {
	if _, err = GetRule(r, n, rule); err == nil {
		_, err = get(r, n.ruleKey(rule), &rec)
	}
	return rec, err
}
