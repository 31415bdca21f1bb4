// Package archive keeps events and replays them.
//
// An archive gets its events as a target of a managed rule on its bus: Put is
// called in the transaction that accepts the event, so an event is in the
// archive, and counted there, as soon as it is acknowledged, and once. It lies
// under the event's time and the archive's next sequence number; both grow, so
// writing is appending, and a window of time is a range of keys.
//
// A replay (replay.go) walks over such a range in small transactions, each of
// which puts a few events back onto a bus and moves the replay's cursor. So a
// replay that is killed goes on where it was, and sends nothing twice.
//
// Retention removes ranges of keys, in steps, since it must know what it
// removes: an archive's count and size are always those of its events.
//
// Invariants:
//
//  1. An archive's count and bytes are those of the events under its number.
//  2. A number is never used for a second archive: a replay of an archive that
//     was deleted does not go on with another of the same name.
//  3. A replay has a timer as long as it exists: for its next step, or for when
//     it is forgotten.
//
// It refuses to know rules and patterns, and what AWS calls things.
package archive

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/timer"
)

// Name names an archive or a replay.
type Name struct{ Account, Region, Name string }

// ARN is the ARN of the archive.
func (n Name) ARN() arn.ARN { return arn.Archive(n.Region, n.Account, n.Name) }

// ReplayARN is the ARN of the replay.
func (n Name) ReplayARN() arn.ARN { return arn.Replay(n.Region, n.Account, n.Name) }

// What can be wrong with a change. Nothing was written then.
var (
	ErrExists         = errors.New("archive exists")
	ErrNotFound       = errors.New("archive does not exist")
	ErrTooMany        = errors.New("too many archives")
	ErrNotEvent       = errors.New("not an event")
	ErrReplayExists   = errors.New("replay exists")
	ErrReplayNotFound = errors.New("replay does not exist")
	ErrReplayEnded    = errors.New("replay is neither starting nor running")
	ErrTooManyReplays = errors.New("too many replays are running")
)

// Limits bound what an account can have in a region.
type Limits struct{ Archives, ActiveReplays int }

// DefaultLimits have AWS's number of concurrent replays; AWS documents none for
// archives, and each costs the events of its bus a write.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
var DefaultLimits = Limits{Archives: 100, ActiveReplays: 10}

// Settings are what can be changed of an archive.
type Settings struct {
	Description   string `json:"description,omitempty"`
	Pattern       string `json:"pattern,omitempty"`       // which events it takes; empty for all
	RetentionDays int    `json:"retentionDays,omitempty"` // 0: for ever
	Key           string `json:"key,omitempty"`           // what events should be encrypted with; kept and shown, no more
}

// Archive is what is known of an archive.
type Archive struct {
	Name      Name
	Number    uint64
	Bus       arn.ARN
	Settings  Settings
	CreatedAt time.Time
	Events    uint64
	Bytes     uint64 // of the events' envelopes
}

// record is an Archive without its name and counts.
type record struct {
	Number    uint64    `json:"number"`
	Bus       string    `json:"bus"`
	Settings  Settings  `json:"settings"`
	CreatedAt time.Time `json:"createdAt"`
	SweepAt   time.Time `json:"sweepAt,omitzero"` // when the retention timer fires; zero for none
}

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// Core is the archives and replays of one shard.
type Core struct {
	bus    Bus
	limits Limits
}

// New is a Core that replays onto bus.
func New(bus Bus, limits Limits) *Core { return &Core{bus, limits} }

// Create makes an archive of a bus's events. Nothing reaches it before somebody
// sends it to Target.
func (c *Core) Create(tx *store.Tx, n Name, bus arn.ARN, s Settings) (Archive, error) {
	_, found, err := get(tx, n)
	if err != nil {
		return Archive{}, err
	}
	if found {
		return Archive{}, fmt.Errorf("archive %s: %w", n.Name, ErrExists)
	}
	others, _, err := List(tx, n, Filter{}, "", c.limits.Archives)
	if err != nil {
		return Archive{}, err
	}
	if len(others) >= c.limits.Archives {
		return Archive{}, fmt.Errorf("archive %s: %w", n.Name, ErrTooMany)
	}
	last, err := lastNumber(tx)
	if err != nil {
		return Archive{}, err
	}
	rec := record{Number: last + 1, Bus: bus.String(), Settings: s, CreatedAt: tx.Now()}
	if err := tx.Set(countsKey(0), binary.BigEndian.AppendUint64([]byte{recordVersion}, rec.Number)); err != nil {
		return Archive{}, err
	}
	if err := tx.Set(countsKey(rec.Number), counts{}.encode()); err != nil {
		return Archive{}, err
	}
	return Archive{n, rec.Number, bus, s, rec.CreatedAt, 0, 0}, rec.setSweep(tx, n)
}

// Update changes an archive. What it has taken stays, unless the new retention
// is shorter.
func (c *Core) Update(tx *store.Tx, n Name, s Settings) error {
	rec, found, err := get(tx, n)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("archive %s: %w", n.Name, ErrNotFound)
	}
	rec.Settings = s
	return rec.setSweep(tx, n)
}

// Delete removes an archive with its events. A replay of it fails at its next
// step.
func (c *Core) Delete(tx *store.Tx, n Name) error {
	rec, found, err := get(tx, n)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("archive %s: %w", n.Name, ErrNotFound)
	}
	m, err := memory.In(tx)
	if err != nil {
		return err
	}
	m.forget(rec.Number)
	if err := tx.Delete(countsKey(rec.Number)); err != nil {
		return err
	}
	all := eventPrefix(rec.Number)
	if err := tx.DeleteRange(all, store.PrefixEnd(all)); err != nil {
		return err
	}
	return tx.Delete(nameKey(n))
}

// Get describes an archive. In a transaction, what others in its group have put
// is not counted yet.
func Get(r Reader, n Name) (Archive, error) {
	rec, found, err := get(r, n)
	if err != nil {
		return Archive{}, err
	}
	if !found {
		return Archive{}, fmt.Errorf("archive %s: %w", n.Name, ErrNotFound)
	}
	return rec.archive(r, n)
}

// Filter is which archives List has; the zero value has all.
type Filter struct {
	Prefix string
	Bus    string // ARN
}

// List has up to limit archives of n's account and region whose names come
// after `after`, and whether there are more.
func List(r Reader, n Name, f Filter, after string, limit int) (archives []Archive, more bool, err error) {
	prefix := nameKey(Name{n.Account, n.Region, ""})
	err = store.Each(r, prefix, after, func(name string, value []byte) (bool, error) {
		var rec record
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		if !strings.HasPrefix(name, f.Prefix) || f.Bus != "" && f.Bus != rec.Bus {
			return true, nil
		}
		if len(archives) >= limit {
			more = true
			return false, nil
		}
		a, err := rec.archive(r, Name{n.Account, n.Region, name})
		archives = append(archives, a)
		return true, err
	})
	return archives, more, err
}

func (rec *record) archive(r Reader, n Name) (Archive, error) {
	bus, err := arn.Parse(rec.Bus)
	if err != nil {
		return Archive{}, fmt.Errorf("archive %s: damaged record: %w", n.Name, err)
	}
	c, err := readCounts(r, rec.Number)
	return Archive{n, rec.Number, bus, rec.Settings, rec.CreatedAt, c.events, c.bytes}, err
}

// setSweep writes the record, with the retention timer that it needs now.
func (rec *record) setSweep(tx *store.Tx, n Name) error {
	if rec.Settings.RetentionDays == 0 {
		rec.SweepAt = time.Time{}
	} else {
		rec.SweepAt = tx.Now()
	}
	return rec.save(tx, n)
}

func (rec *record) save(tx *store.Tx, n Name) error {
	if !rec.SweepAt.IsZero() {
		if err := timer.Set(tx, timer.ArchiveSweep, rec.SweepAt, nameKey(n)[len(nameSpace):]); err != nil {
			return err
		}
	}
	v, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return tx.Set(nameKey(n), append([]byte{recordVersion}, v...))
}

func get(r Reader, n Name) (rec record, found bool, err error) {
	value, found, err := r.Get(nameKey(n))
	if err == nil && found {
		err = decode(value, &rec)
	}
	return rec, found, err
}
