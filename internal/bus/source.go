package bus

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// A source is how a partner's events come to an account: the partner makes it
// for the account, the account makes a bus of the same name, and what the
// partner puts then arrives on that bus.
//
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EventSource.html

// SourceState says what becomes of a source's events.
type SourceState string

// The states of a source. The events of a pending one are taken from the
// partner and go nowhere.
const (
	SourcePending SourceState = "pending" // has no bus yet, or its bus does not want events now
	SourceActive  SourceState = "active"
	SourceDeleted SourceState = "deleted" // by its partner or by time, but the bus is still there
)

// sourceMove is a transition of a source.
type sourceMove struct {
	from SourceState
	bus  bool // whether there must be a bus before
	to   SourceState
}

var (
	sourceMatched     = sourceMove{SourcePending, false, SourceActive}
	sourceActivated   = sourceMove{SourcePending, true, SourceActive}
	sourceDeactivated = sourceMove{SourceActive, true, SourcePending}
)

// PendingFor is how long a source may be pending before it is gone.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeactivateEventSource.html
const PendingFor = 14 * 24 * time.Hour

// What can be wrong with a source. Nothing was written then.
var (
	ErrSourceExists   = errors.New("event source exists")
	ErrSourceNotFound = errors.New("event source does not exist")
	ErrSourceState    = errors.New("event source is not in a state for that")
	ErrTooManySources = errors.New("too many event sources")
)

// SourceID says which source is meant: of that name, for that account. The
// same name may be made for other accounts by the same partner.
type SourceID struct{ Account, Region, Name string }

// Source is what is known of a source.
type Source struct {
	ID        SourceID
	Partner   string // account that made it
	State     SourceState
	CreatedAt time.Time
	ExpiresAt time.Time // of a pending one
}

// sourceRecord is a source as it is kept. Time deletes it without a write, so
// it is looked at through since.
type sourceRecord struct {
	Partner   string      `json:"partner"`
	State     SourceState `json:"state"`
	HasBus    bool        `json:"hasBus,omitempty"`
	CreatedAt time.Time   `json:"createdAt"`
	PendingAt time.Time   `json:"pendingAt,omitzero"` // since when it is pending
}

// asOf is the record as time has left it; false if it is gone.
func (rec sourceRecord) asOf(now time.Time) (sourceRecord, bool) {
	if rec.State == SourcePending && !now.Before(rec.PendingAt.Add(PendingFor)) {
		rec.State = SourceDeleted
	}
	return rec, rec.State != SourceDeleted || rec.HasBus
}

func (rec sourceRecord) source(id SourceID) Source {
	s := Source{ID: id, Partner: rec.Partner, State: rec.State, CreatedAt: rec.CreatedAt}
	if rec.State == SourcePending {
		s.ExpiresAt = rec.PendingAt.Add(PendingFor)
	}
	return s
}

// sourceOf is the source that a bus can be of: the one with its name.
func sourceOf(n Name) SourceID { return SourceID{n.Account, n.Region, n.Bus} }

// getSource reads a source as it is at that time.
func getSource(r Reader, id SourceID, now time.Time) (rec sourceRecord, err error) {
	found, err := get(r, id.key(), &rec)
	if err != nil {
		return rec, err
	}
	if rec, alive := rec.asOf(now); found && alive {
		return rec, nil
	}
	return rec, fmt.Errorf("event source %s: %w", id.Name, ErrSourceNotFound)
}

// GetSource describes the source that was made for an account.
func GetSource(r Reader, id SourceID, now time.Time) (Source, error) {
	rec, err := getSource(r, id, now)
	return rec.source(id), err
}

// CreateSource makes a source of a partner for an account. A deleted one whose
// bus is still there comes back pending, and may be activated.
func (c *Core) CreateSource(tx *store.Tx, id SourceID, partner string) error {
	mine, err := sourcesNamed(tx, id.Region, id.Name, tx.Now())
	if err != nil {
		return err
	}
	for _, s := range mine {
		if s.ID == id || s.Partner != partner {
			return fmt.Errorf("create event source %s: %w", id.Name, ErrSourceExists)
		}
	}
	theirs, _, err := ListSources(tx, id.Account, id.Region, "", "", c.limits.Sources, tx.Now())
	if err != nil {
		return err
	}
	old, err := getSource(tx, id, tx.Now())
	if err != nil && !errors.Is(err, ErrSourceNotFound) {
		return err
	}
	if err != nil && len(theirs) >= c.limits.Sources || len(mine) >= c.limits.Sources {
		return fmt.Errorf("create event source %s: %w", id.Name, ErrTooManySources)
	}
	if err := purgeSources(tx, id.Account, id.Region); err != nil {
		return err
	}
	if err := tx.Set(id.byName(), encode(struct{}{})); err != nil {
		return err
	}
	return tx.Set(id.key(), encode(sourceRecord{
		Partner: partner, State: SourcePending, HasBus: err == nil && old.HasBus, CreatedAt: tx.Now(), PendingAt: tx.Now(),
	}))
}

// DeleteSource has a partner delete a source; no error if he has none of that
// name for that account.
func (c *Core) DeleteSource(tx *store.Tx, id SourceID, partner string) error {
	rec, err := getSource(tx, id, tx.Now())
	if errors.Is(err, ErrSourceNotFound) || err == nil && rec.Partner != partner {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.Delete(id.byName()); err != nil {
		return err
	}
	if !rec.HasBus {
		return tx.Delete(id.key())
	}
	rec.State = SourceDeleted
	return tx.Set(id.key(), encode(rec))
}

// ActivateSource has the bus of a source get its events again.
func (c *Core) ActivateSource(tx *store.Tx, id SourceID) error {
	return moveSource(tx, id, sourceActivated)
}

// DeactivateSource has the bus of a source get no more events. If that is not
// changed in time, the source is deleted.
func (c *Core) DeactivateSource(tx *store.Tx, id SourceID) error {
	return moveSource(tx, id, sourceDeactivated)
}

func moveSource(tx *store.Tx, id SourceID, move sourceMove) error {
	rec, err := checkMove(tx, id, move)
	if err != nil {
		return err
	}
	rec.State, rec.PendingAt = move.to, time.Time{}
	if move.to == SourcePending {
		rec.PendingAt = tx.Now()
	}
	return tx.Set(id.key(), encode(rec))
}

func checkMove(tx *store.Tx, id SourceID, move sourceMove) (sourceRecord, error) {
	rec, err := getSource(tx, id, tx.Now())
	if err == nil && (rec.State != move.from || rec.HasBus != move.bus) {
		err = fmt.Errorf("event source %s is %s: %w", id.Name, rec.State, ErrSourceState)
	}
	return rec, err
}

// CreatePartnerBus makes the bus of a pending source, which becomes active. The
// bus has the source's name.
func (c *Core) CreatePartnerBus(tx *store.Tx, n Name, description string, tags map[string]string) error {
	if _, err := GetBus(tx, n); err == nil {
		return fmt.Errorf("create bus %s: %w", n.Bus, ErrBusExists)
	}
	id := sourceOf(n)
	rec, err := checkMove(tx, id, sourceMatched)
	if err != nil {
		return err
	}
	if err := c.CreateBus(tx, n, description, maps.Clone(tags)); err != nil {
		return err
	}
	rec.State, rec.HasBus, rec.PendingAt = sourceMatched.to, true, time.Time{}
	return tx.Set(id.key(), encode(rec))
}

// partFromSource has the source of a bus that is deleted wait for another, if
// the bus has one. A source that is deleted is gone with its bus.
func partFromSource(tx *store.Tx, n Name) error {
	id := sourceOf(n)
	rec, err := getSource(tx, id, tx.Now())
	switch {
	case errors.Is(err, ErrSourceNotFound):
		return nil
	case err != nil:
		return err
	case rec.State == SourceDeleted:
		return tx.Delete(id.key())
	}
	rec.State, rec.HasBus, rec.PendingAt = SourcePending, false, tx.Now()
	return tx.Set(id.key(), encode(rec))
}
