package destination

import (
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Settings are what can be changed of an API destination.
type Settings struct {
	Description string  `json:"description,omitempty"`
	Connection  arn.ARN `json:"-"`
	Endpoint    string  `json:"endpoint"` // with a * for each path parameter
	Method      string  `json:"method"`
	PerSecond   int     `json:"perSecond,omitempty"` // most calls a second; 0 for the standard
}

// StandardPerSecond is AWS's rate of an API destination that names none.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destination-create.html
const StandardPerSecond = 300

// Destination is what is known of an API destination.
type Destination struct {
	Name       Name
	ID         string
	Settings   Settings
	Active     bool // its connection is there, and authorized
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// ARN is the API destination's.
func (d *Destination) ARN() arn.ARN { return d.Name.ARN(d.ID) }

// Wildcards is how many path parameters the endpoint wants.
func (s *Settings) Wildcards() int { return strings.Count(s.Endpoint, "*") }

type destinationRecord struct {
	ID         string    `json:"id"`
	Connection string    `json:"connection"`
	Settings   Settings  `json:"settings"`
	CreatedAt  time.Time `json:"createdAt"`
	ModifiedAt time.Time `json:"modifiedAt"`
}

func (d *Destination) save(tx *store.Tx) error {
	return set(tx, d.Name.key(destinationSpace), destinationRecord{
		d.ID, d.Settings.Connection.String(), d.Settings, d.CreatedAt, d.ModifiedAt,
	})
}

// destination is the record's, as its connection has it now.
func (rec *destinationRecord) destination(r Reader, n Name) (Destination, error) {
	to, err := arn.Parse(rec.Connection)
	if err != nil {
		return Destination{}, fmt.Errorf("API destination %s: %w: %w", n.Name, errUnreadable, err)
	}
	d := Destination{n, rec.ID, rec.Settings, false, rec.CreatedAt, rec.ModifiedAt}
	d.Settings.Connection = to
	c, err := ConnectionOf(r, to)
	if err == nil {
		d.Active = c.State == Authorized
	}
	return d, ignoreGone(err)
}

// Get describes an API destination.
func Get(r Reader, n Name) (Destination, error) {
	var rec destinationRecord
	found, err := get(r, n.key(destinationSpace), &rec)
	if err != nil {
		return Destination{}, err
	}
	if !found {
		return Destination{}, fmt.Errorf("API destination %s: %w", n.Name, ErrNotFound)
	}
	return rec.destination(r, n)
}

// Of is the API destination of that ARN: not another that has its name.
func Of(r Reader, a arn.ARN) (Destination, error) {
	n, ok := ReadARN(a)
	if !ok {
		return Destination{}, fmt.Errorf("%s: %w", a, ErrNotFound)
	}
	d, err := Get(r, n)
	if err == nil && d.ARN() != a {
		err = fmt.Errorf("%s: %w", a, ErrNotFound)
	}
	return d, err
}

// Create makes an API destination, with an id that no other ever had. Its
// connection must be there.
func (c *Core) Create(tx *store.Tx, n Name, id string, s Settings) (Destination, error) {
	_, found, err := tx.Get(n.key(destinationSpace))
	if err != nil {
		return Destination{}, err
	}
	if found {
		return Destination{}, fmt.Errorf("create API destination %s: %w", n.Name, ErrExists)
	}
	with, err := ConnectionOf(tx, s.Connection)
	if err != nil {
		return Destination{}, err
	}
	if over, err := full(tx, n.in(destinationSpace), c.limits.Destinations); err != nil || over {
		return Destination{}, tooMany(err, "create API destination "+n.Name)
	}
	d := Destination{n, id, s, with.State == Authorized, tx.Now(), tx.Now()}
	return d, d.save(tx)
}

// Update has change change an API destination. Its connection must be there.
func (c *Core) Update(tx *store.Tx, n Name, change func(s *Settings)) (Destination, error) {
	d, err := Get(tx, n)
	if err != nil {
		return Destination{}, err
	}
	before := d.Settings.Connection
	change(&d.Settings)
	if d.Settings.Connection != before {
		with, err := ConnectionOf(tx, d.Settings.Connection)
		if err != nil {
			return Destination{}, err
		}
		d.Active = with.State == Authorized
	}
	d.ModifiedAt = tx.Now()
	return d, d.save(tx)
}

// Delete removes an API destination.
func (c *Core) Delete(tx *store.Tx, n Name) error {
	if _, err := Get(tx, n); err != nil {
		return err
	}
	return tx.Delete(n.key(destinationSpace))
}

// Filter is which API destinations List has; its zero value has all.
type Filter struct {
	Prefix     string
	Connection string // ARN
}

// List has up to limit API destinations of n's account and region whose names
// come after `after`, and whether there are more.
func List(r Reader, n Name, f Filter, after string, limit int) (list []Destination, more bool, err error) {
	err = store.Each(r, n.in(destinationSpace), after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, f.Prefix) {
			return name < f.Prefix, nil
		}
		var rec destinationRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		if f.Connection != "" && rec.Connection != f.Connection {
			return true, nil
		}
		if len(list) >= limit {
			more = true
			return false, nil
		}
		d, err := rec.destination(r, Name{n.Account, n.Region, name})
		list = append(list, d)
		return true, err
	})
	return list, more, err
}
