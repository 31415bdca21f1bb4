package bus

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
)

// Bus is what is known of a bus. The default bus has no times until it was changed.
type Bus struct {
	Name Name
	Settings
	Policy     string // who may do what with it, as JSON; empty for nobody but its account
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// CreateBus makes a bus.
func (c *Core) CreateBus(tx *store.Tx, n Name, description string, tags map[string]string) error {
	switch found, err := GetBus(tx, n); {
	case err == nil:
		return fmt.Errorf("create bus %s: %w", found.Name.Bus, ErrBusExists)
	case !isNotFound(err):
		return err
	}
	if len(tags) > c.limits.Tags {
		return fmt.Errorf("create bus %s: %w", n.Bus, ErrTooManyTags)
	}
	if _, err := parseOnce(tags); err != nil {
		return fmt.Errorf("create bus %s: %w", n.Bus, err)
	}
	count := 1 // the default bus
	err := eachBus(tx, n, "", func(Bus) (bool, error) {
		count++
		return true, nil
	})
	if err != nil {
		return err
	}
	if count >= c.limits.Buses {
		return fmt.Errorf("create bus %s: %w", n.Bus, ErrTooManyBuses)
	}
	return tx.Set(n.key(), encode(busRecord{
		Description: description, Tags: maps.Clone(tags), CreatedAt: tx.Now(), ModifiedAt: tx.Now(),
	}))
}

// DeleteBus removes a bus that has no rules; no error where there is none.
func (c *Core) DeleteBus(tx *store.Tx, n Name) error {
	if n.Bus == arn.DefaultBus {
		return fmt.Errorf("delete bus: %w", ErrBusIsDefault)
	}
	if _, err := GetBus(tx, n); err != nil {
		if isNotFound(err) {
			return nil
		}
		return err
	}
	rules, _, err := ListRules(tx, n, "", "", 1)
	if err != nil {
		return err
	}
	managed, err := isManaged(tx, n)
	if err != nil {
		return err
	}
	if len(rules) > 0 || managed {
		return fmt.Errorf("delete bus %s: %w", n.Bus, ErrBusHasRules)
	}
	if err := partFromSource(tx, n); err != nil {
		return err
	}
	if err := errors.Join(forget(tx, n), forgetKeys(tx, n)); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		c.hints.Delete(n)
		c.outbox.Meters().ForgetBus(meter.BusKey(n))
	})
	return tx.Delete(n.key())
}

// GetBus describes a bus.
func GetBus(r Reader, n Name) (Bus, error) {
	var rec busRecord
	found, err := get(r, n.key(), &rec)
	if err != nil {
		return Bus{}, err
	}
	if !found && n.Bus != arn.DefaultBus {
		return Bus{}, fmt.Errorf("bus %s: %w", n.Bus, ErrBusNotFound)
	}
	return rec.bus(n), nil
}

// ListBuses has up to limit buses whose names begin with prefix and come after
// `after`, and whether there are more.
func ListBuses(r Reader, account, region, prefix, after string, limit int) (buses []Bus, more bool, err error) {
	n := Name{Account: account, Region: region}
	add := func(b Bus) bool {
		if b.Name.Bus <= after || !strings.HasPrefix(b.Name.Bus, prefix) {
			return true
		}
		if len(buses) == limit {
			more = true
			return false
		}
		buses = append(buses, b)
		return true
	}
	// The default bus, in its place, unless it has a record.
	pending := true
	err = eachBus(r, n, after, func(b Bus) (bool, error) {
		if pending && b.Name.Bus >= arn.DefaultBus {
			pending = false
			if b.Name.Bus != arn.DefaultBus && !add(Bus{Name: Name{account, region, arn.DefaultBus}}) {
				return false, nil
			}
		}
		return add(b), nil
	})
	if err == nil && pending && !more {
		add(Bus{Name: Name{account, region, arn.DefaultBus}})
	}
	return buses, more, err
}

// EachPolicy calls fn with every bus that has a policy, of every account.
func EachPolicy(r Reader, fn func(n Name, policy string) error) error {
	return store.Each(r, []byte{store.SpaceBus}, "", func(rest string, value []byte) (bool, error) {
		parts := strings.Split(rest, "\x00")
		if len(parts) != 3 {
			return false, fmt.Errorf("bus: the key %q is none of a bus", rest)
		}
		var rec busRecord
		if err := decode(value, &rec); err != nil || rec.Policy == "" {
			return true, err
		}
		return true, fn(Name{parts[0], parts[1], parts[2]}, rec.Policy)
	})
}

// eachBus calls fn with the buses that have records, of n's account and region.
func eachBus(r Reader, n Name, after string, fn func(Bus) (bool, error)) error {
	prefix := Name{n.Account, n.Region, ""}.key()
	return store.Each(r, prefix, after, func(name string, value []byte) (bool, error) {
		var rec busRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		return fn(rec.bus(Name{n.Account, n.Region, name}))
	})
}
