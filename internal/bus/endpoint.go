package bus

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// A global endpoint is one address for two buses of one name, in two regions.
// Here both are on one node, which is there or is not, so nothing ever fails
// over: events go to the primary's bus. With replication each of the buses
// sends what it accepts to the other, by a managed rule; since a forwarded
// event goes no further (forward.go), that ends.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html

// What can be wrong with an endpoint. Nothing was written then.
var (
	ErrEndpointExists    = errors.New("endpoint exists")
	ErrEndpointNotFound  = errors.New("endpoint does not exist")
	ErrTooManyEndpoints  = errors.New("too many endpoints")
	ErrEndpointIDIsTaken = errors.New("endpoint id is taken")
)

// maxEndpoints bounds the endpoints of an account in a region.
const maxEndpoints = 100

// EndpointName names an endpoint. Region is its home, the primary region.
type EndpointName struct{ Account, Region, Name string }

// ARN is the ARN of the endpoint.
func (n EndpointName) ARN() arn.ARN { return arn.Endpoint(n.Region, n.Account, n.Name) }

// EndpointSettings are what can be changed of an endpoint.
type EndpointSettings struct {
	Description string
	Buses       [2]Name // of one name, one of them in the home region and one in Secondary
	Secondary   string  // region
	HealthCheck string  // ARN of what would tell that the primary is down; kept, not asked
	Replicate   bool
	RoleARN     string
}

// Endpoint is what is known of an endpoint.
type Endpoint struct {
	Name EndpointName
	ID   string // the first part of its URL, no two alike
	EndpointSettings
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// Primary is the bus that events go to.
func (e *Endpoint) Primary() Name {
	if e.Buses[0].Region == e.Secondary {
		return e.Buses[1]
	}
	return e.Buses[0]
}

type endpointRecord struct {
	ID          string    `json:"id"`
	Buses       [2]string `json:"buses"`
	Secondary   string    `json:"secondary"`
	Description string    `json:"description,omitempty"`
	HealthCheck string    `json:"healthCheck"`
	Replicate   bool      `json:"replicate,omitempty"`
	RoleARN     string    `json:"roleArn,omitempty"`
	CreatedAt   time.Time `json:"createdAt"`
	ModifiedAt  time.Time `json:"modifiedAt"`
}

// endpointOwner is what an endpoint's id leads to.
type endpointOwner struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Name    string `json:"name"`
}

func (n EndpointName) key() []byte {
	return key(store.SpaceEndpoint, "n", n.Account, n.Region, n.Name)
}

func endpointIDKey(id string) []byte { return key(store.SpaceEndpoint, "i", id) }

// CreateEndpoint makes an endpoint. id is one that no other has.
func (c *Core) CreateEndpoint(tx *store.Tx, n EndpointName, id string, s EndpointSettings) (Endpoint, error) {
	switch _, err := GetEndpoint(tx, n); {
	case err == nil:
		return Endpoint{}, fmt.Errorf("endpoint %s: %w", n.Name, ErrEndpointExists)
	case !errors.Is(err, ErrEndpointNotFound):
		return Endpoint{}, err
	}
	if _, taken, err := tx.Get(endpointIDKey(id)); err != nil || taken {
		return Endpoint{}, errors.Join(err, fmt.Errorf("endpoint %s: %w", n.Name, ErrEndpointIDIsTaken))
	}
	old, err := count(tx, EndpointName{n.Account, n.Region, ""}.key())
	if err != nil {
		return Endpoint{}, err
	}
	if old >= maxEndpoints {
		return Endpoint{}, fmt.Errorf("endpoint %s: %w", n.Name, ErrTooManyEndpoints)
	}
	e := Endpoint{Name: n, ID: id, EndpointSettings: s, CreatedAt: tx.Now(), ModifiedAt: tx.Now()}
	if err := checkBuses(tx, &e); err != nil {
		return Endpoint{}, err
	}
	if err := tx.Set(endpointIDKey(id), encode(endpointOwner(n))); err != nil {
		return Endpoint{}, err
	}
	return e, c.saveEndpoint(tx, &e)
}

// ChangeEndpoint replaces the settings of an endpoint by what edit makes of
// them. An error of edit is returned, and nothing has changed.
func (c *Core) ChangeEndpoint(tx *store.Tx, n EndpointName, edit func(*EndpointSettings) error) (Endpoint, error) {
	e, err := GetEndpoint(tx, n)
	if err != nil {
		return Endpoint{}, err
	}
	old := e
	if err := edit(&e.EndpointSettings); err != nil {
		return Endpoint{}, err
	}
	if err := checkBuses(tx, &e); err != nil {
		return Endpoint{}, err
	}
	if err := c.unreplicate(tx, &old); err != nil {
		return Endpoint{}, err
	}
	e.ModifiedAt = tx.Now()
	return e, c.saveEndpoint(tx, &e)
}

// DeleteEndpoint removes an endpoint; its buses stay.
func (c *Core) DeleteEndpoint(tx *store.Tx, n EndpointName) error {
	e, err := GetEndpoint(tx, n)
	if err != nil {
		return err
	}
	if err := c.unreplicate(tx, &e); err != nil {
		return err
	}
	if err := tx.Delete(endpointIDKey(e.ID)); err != nil {
		return err
	}
	return tx.Delete(n.key())
}

// GetEndpoint describes an endpoint.
func GetEndpoint(r Reader, n EndpointName) (Endpoint, error) {
	var rec endpointRecord
	found, err := get(r, n.key(), &rec)
	if err == nil && !found {
		err = fmt.Errorf("endpoint %s: %w", n.Name, ErrEndpointNotFound)
	}
	if err != nil {
		return Endpoint{}, err
	}
	return rec.endpoint(n)
}

// EndpointByID is the endpoint with that id.
func EndpointByID(r Reader, id string) (Endpoint, error) {
	var owner endpointOwner
	found, err := get(r, endpointIDKey(id), &owner)
	if err == nil && !found {
		err = fmt.Errorf("endpoint with id %s: %w", id, ErrEndpointNotFound)
	}
	if err != nil {
		return Endpoint{}, err
	}
	return GetEndpoint(r, EndpointName(owner))
}

// ListEndpoints has up to limit endpoints of n's account and region whose names
// begin with prefix and come after `after`, and whether there are more.
func ListEndpoints(r Reader, n EndpointName, prefix, after string, limit int) (endpoints []Endpoint, more bool, err error) {
	all := EndpointName{n.Account, n.Region, ""}.key()
	err = store.Each(r, all, after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, prefix) {
			return name < prefix, nil
		}
		if len(endpoints) == limit {
			more = true
			return false, nil
		}
		var rec endpointRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		e, err := rec.endpoint(EndpointName{n.Account, n.Region, name})
		endpoints = append(endpoints, e)
		return true, err
	})
	return endpoints, more, err
}

// checkBuses wants both buses to be there: an event for one that is not would
// be accepted and gone.
func checkBuses(r Reader, e *Endpoint) error {
	for _, b := range e.Buses {
		if _, err := GetBus(r, b); err != nil {
			return err
		}
	}
	return nil
}

func (c *Core) saveEndpoint(tx *store.Tx, e *Endpoint) error {
	rec := endpointRecord{
		ID: e.ID, Buses: [2]string{e.Buses[0].ARN().String(), e.Buses[1].ARN().String()}, Secondary: e.Secondary,
		Description: e.Description, HealthCheck: e.HealthCheck, Replicate: e.Replicate, RoleARN: e.RoleARN,
		CreatedAt: e.CreatedAt, ModifiedAt: e.ModifiedAt,
	}
	if err := tx.Set(e.Name.key(), encode(rec)); err != nil || !e.Replicate {
		return err
	}
	for i, from := range e.Buses {
		rule := Managed{Name: e.managed(), Pattern: replicated, Target: e.Buses[1-i].ARN()}
		if err := c.PutManaged(tx, from, rule); err != nil {
			return err
		}
	}
	return nil
}

// replicated is what one bus of an endpoint sends to the other: "all custom
// events". What a replay puts onto a bus is meant for that bus alone.
const replicated = `{"source":[{"anything-but":{"prefix":"aws."}}],"replay-name":[{"exists":false}]}`

// managed is the name of the managed rules of an endpoint. One of the same name
// may have its home in the other region.
func (e *Endpoint) managed() string { return "Events-Endpoint-" + e.Name.Region + "-" + e.Name.Name }

func (c *Core) unreplicate(tx *store.Tx, e *Endpoint) error {
	for _, from := range e.Buses {
		if err := c.DeleteManaged(tx, from, e.managed()); err != nil {
			return err
		}
	}
	return nil
}

func (rec *endpointRecord) endpoint(n EndpointName) (Endpoint, error) {
	e := Endpoint{
		Name: n, ID: rec.ID, CreatedAt: rec.CreatedAt, ModifiedAt: rec.ModifiedAt,
		EndpointSettings: EndpointSettings{
			Description: rec.Description, Secondary: rec.Secondary, HealthCheck: rec.HealthCheck,
			Replicate: rec.Replicate, RoleARN: rec.RoleARN,
		},
	}
	for i, text := range rec.Buses {
		a, err := arn.Parse(text)
		name, ok := a.BusName()
		if err != nil || !ok {
			return Endpoint{}, fmt.Errorf("bus: damaged endpoint %s: bus %q", n.Name, text)
		}
		e.Buses[i] = Name{a.Account, a.Region, name}
	}
	return e, nil
}
