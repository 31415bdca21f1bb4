package mobile

import (
	"fmt"

	"github.com/carillon-events/carillon/internal/store"
)

// Device is what is known of an application's endpoint on a device.
type Device struct {
	Token    string `json:"token"`
	UserData string `json:"userData,omitempty"`
	Disabled bool   `json:"disabled,omitempty"` // nothing is delivered to it
}

// Endpoint is a Device and where it is.
type Endpoint struct {
	App App
	ID  ID
	Device
}

// Register makes an endpoint. If the token is that of one already, and nothing
// differs, its id is returned; if something does, it is too, with ErrTokenTaken.
func Register(tx *store.Tx, a App, id ID, d Device) (ID, error) {
	if _, err := getApp(tx, a); err != nil {
		return ID{}, err
	}
	other, taken, err := byToken(tx, a, d.Token)
	if err != nil {
		return ID{}, err
	}
	if taken {
		e, err := GetEndpoint(tx, a, other)
		if err == nil && e.Device != d {
			err = fmt.Errorf("application %s: endpoint %s: %w", a.Name, other, ErrTokenTaken)
		}
		return other, err
	}
	if err := tx.Set(a.tokenKey(d.Token), encode(id)); err != nil {
		return ID{}, err
	}
	return id, tx.Set(a.endpointKey(id), encode(d))
}

func byToken(r Reader, a App, token string) (id ID, found bool, err error) {
	found, err = get(r, a.tokenKey(token), &id)
	return id, found, err
}

// ChangeEndpoint replaces what is known of an endpoint by what edit makes of it.
func ChangeEndpoint(tx *store.Tx, a App, id ID, edit func(d *Device)) error {
	e, err := GetEndpoint(tx, a, id)
	if err != nil {
		return err
	}
	old := e.Device
	edit(&e.Device)
	if e.Token != old.Token {
		_, taken, err := byToken(tx, a, e.Token)
		if err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("application %s: %w", a.Name, ErrTokenTaken)
		}
		if err := tx.Delete(a.tokenKey(old.Token)); err != nil {
			return err
		}
		if err := tx.Set(a.tokenKey(e.Token), encode(id)); err != nil {
			return err
		}
	}
	return tx.Set(a.endpointKey(id), encode(e.Device))
}

// Unregister removes an endpoint; no error where there is none.
func Unregister(tx *store.Tx, a App, id ID) error {
	var d Device
	found, err := get(tx, a.endpointKey(id), &d)
	if err != nil || !found {
		return err
	}
	if err := tx.Delete(a.tokenKey(d.Token)); err != nil {
		return err
	}
	return tx.Delete(a.endpointKey(id))
}

// GetEndpoint describes an endpoint.
func GetEndpoint(r Reader, a App, id ID) (Endpoint, error) {
	e := Endpoint{App: a, ID: id}
	found, err := get(r, a.endpointKey(id), &e.Device)
	if err == nil && !found {
		err = fmt.Errorf("endpoint %s of application %s: %w", id, a.Name, ErrNoEndpoint)
	}
	return e, err
}

// ListEndpoints is ListApps for the endpoints of an application.
func ListEndpoints(r Reader, a App, cursor string, limit int) (endpoints []Endpoint, next string, err error) {
	if _, err := getApp(r, a); err != nil {
		return nil, "", err
	}
	last := ""
	more, err := pageOf(r, []byte(endpointSpace+a.text()+"\x00"), cursor, limit, func(rest string, value []byte) error {
		e := Endpoint{App: a}
		if len(rest) != len(e.ID) {
			return fmt.Errorf("an endpoint's id of %d bytes: %w", len(rest), errDamaged)
		}
		copy(e.ID[:], rest)
		endpoints, last = append(endpoints, e), rest
		return decode(value, &endpoints[len(endpoints)-1].Device)
	})
	if more {
		next = last
	}
	return endpoints, next, err
}
