package destination

import (
	"fmt"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// State says whether a connection has a right to call.
type State string

// The states that a connection stays in. AWS's others are on the way from one to
// another, for what it does behind the answer and Carillon before it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-states.html
const (
	Authorized   State = "authorized"
	Deauthorized State = "deauthorized"
)

// Connection is what is known of a connection.
type Connection struct {
	Name        Name
	ID          string // in its ARN, and in no other connection's
	Revision    uint64
	Description string
	Method      Method
	Shown       *Credentials // without secrets; nil if its owner has deauthorized it
	Sealed      []byte       // Credentials, for Owner; nil likewise
	State       State
	Reason      string // why it is not authorized

	CreatedAt    time.Time
	ModifiedAt   time.Time
	AuthorizedAt time.Time // zero if it never was
}

// ARN is the connection's.
func (c *Connection) ARN() arn.ARN { return c.Name.ConnectionARN(c.ID) }

// Owner is what its credentials are sealed for.
func (c *Connection) Owner() string { return Owner(c.Name, c.ID) }

// Owner is what the credentials of a connection are sealed for.
func Owner(n Name, id string) string { return "credentials " + n.ConnectionARN(id).String() }

type connectionRecord struct {
	ID           string       `json:"id"`
	Revision     uint64       `json:"revision"`
	Description  string       `json:"description,omitempty"`
	Method       Method       `json:"method"`
	Shown        *Credentials `json:"shown,omitempty"`
	Sealed       []byte       `json:"sealed,omitempty"`
	State        State        `json:"state"`
	Reason       string       `json:"reason,omitempty"`
	CreatedAt    time.Time    `json:"createdAt"`
	ModifiedAt   time.Time    `json:"modifiedAt"`
	AuthorizedAt time.Time    `json:"authorizedAt,omitzero"`
}

func (rec *connectionRecord) connection(n Name) Connection {
	return Connection{
		n, rec.ID, rec.Revision, rec.Description, rec.Method, rec.Shown, rec.Sealed, rec.State, rec.Reason,
		rec.CreatedAt, rec.ModifiedAt, rec.AuthorizedAt,
	}
}

func (c *Connection) save(tx *store.Tx) error {
	return set(tx, c.Name.key(connectionSpace), connectionRecord{
		c.ID, c.Revision, c.Description, c.Method, c.Shown, c.Sealed, c.State, c.Reason,
		c.CreatedAt, c.ModifiedAt, c.AuthorizedAt,
	})
}

// GetConnection describes a connection.
func GetConnection(r Reader, n Name) (Connection, error) {
	var rec connectionRecord
	found, err := get(r, n.key(connectionSpace), &rec)
	if err == nil && !found {
		err = fmt.Errorf("connection %s: %w", n.Name, ErrConnectionNotFound)
	}
	return rec.connection(n), err
}

// ConnectionOf is the connection of that ARN: not another that has its name.
func ConnectionOf(r Reader, a arn.ARN) (Connection, error) {
	n, ok := ReadConnectionARN(a)
	if !ok {
		return Connection{}, fmt.Errorf("%s: %w", a, ErrConnectionNotFound)
	}
	c, err := GetConnection(r, n)
	if err == nil && c.ARN() != a {
		err = fmt.Errorf("%s: %w", a, ErrConnectionNotFound)
	}
	return c, err
}

// Right is what a change gives a connection.
type Right struct {
	Method Method
	Shown  Credentials
	Sealed []byte
	Token  []byte // sealed, of OAuth; nil for none
	Denied string // why there is no token, or ""
}

// give sets the right, as of a new revision.
func (c *Connection) give(tx *store.Tx, right Right) error {
	c.Method, c.Shown, c.Sealed = right.Method, &right.Shown, right.Sealed
	c.State, c.Reason = Deauthorized, right.Denied
	if right.Denied == "" {
		c.State, c.AuthorizedAt = Authorized, tx.Now()
	}
	if right.Token == nil {
		return tx.Delete(c.Name.key(tokenSpace))
	}
	return set(tx, c.Name.key(tokenSpace), tokenRecord{c.ID, c.Revision, right.Token})
}

// CreateConnection makes a connection, with an id that no other ever had.
func (c *Core) CreateConnection(tx *store.Tx, n Name, id, description string, right Right) (Connection, error) {
	_, found, err := tx.Get(n.key(connectionSpace))
	if err != nil {
		return Connection{}, err
	}
	if found {
		return Connection{}, fmt.Errorf("create connection %s: %w", n.Name, ErrConnectionExists)
	}
	if over, err := full(tx, n.in(connectionSpace), c.limits.Connections); err != nil || over {
		return Connection{}, tooMany(err, "create connection "+n.Name)
	}
	made := Connection{Name: n, ID: id, Revision: 1, Description: description, CreatedAt: tx.Now(), ModifiedAt: tx.Now()}
	if err := made.give(tx, right); err != nil {
		return Connection{}, err
	}
	return made, made.save(tx)
}

func tooMany(err error, doing string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", doing, ErrTooMany)
}

// Change is what UpdateConnection does; nil leaves as it is.
type Change struct {
	Description *string
	Right       *Right
}

// UpdateConnection changes a connection that is as it was when it was seen.
func (c *Core) UpdateConnection(tx *store.Tx, seen *Connection, change Change) (Connection, error) {
	now, err := current(tx, seen)
	if err != nil {
		return Connection{}, err
	}
	now.Revision++
	now.ModifiedAt = tx.Now()
	if change.Description != nil {
		now.Description = *change.Description
	}
	if change.Right != nil {
		if err := now.give(tx, *change.Right); err != nil {
			return Connection{}, err
		}
	} else if err := now.carryToken(tx); err != nil {
		return Connection{}, err
	}
	return now, now.save(tx)
}

// current is the connection that was seen, if nobody has changed it since.
func current(tx *store.Tx, seen *Connection) (Connection, error) {
	now, err := GetConnection(tx, seen.Name)
	if err == nil && (now.ID != seen.ID || now.Revision != seen.Revision) {
		err = fmt.Errorf("connection %s: %w", seen.Name.Name, ErrChanged)
	}
	return now, err
}

// Deauthorize takes a connection's credentials away.
func (c *Core) Deauthorize(tx *store.Tx, n Name) (Connection, error) {
	now, err := GetConnection(tx, n)
	if err != nil {
		return Connection{}, err
	}
	now.Revision++
	now.ModifiedAt = tx.Now()
	now.State, now.Reason, now.Shown, now.Sealed = Deauthorized, "", nil, nil
	if err := tx.Delete(n.key(tokenSpace)); err != nil {
		return Connection{}, err
	}
	return now, now.save(tx)
}

// DeleteConnection removes a connection. What calls with it cannot any more.
func (c *Core) DeleteConnection(tx *store.Tx, n Name) (Connection, error) {
	old, err := GetConnection(tx, n)
	if err != nil {
		return Connection{}, err
	}
	if err := tx.Delete(n.key(tokenSpace)); err != nil {
		return Connection{}, err
	}
	return old, tx.Delete(n.key(connectionSpace))
}

// maxReason is AWS's bound of a StateReason.
const maxReason = 512

// Judge says what became of a connection's right when it was used: denied says
// why somebody did not accept it, and is empty if he did. Of a connection that
// has changed since it was seen, nothing follows. changed says whether its state is
// another now.
func (c *Core) Judge(tx *store.Tx, seen *Connection, denied string) (changed bool, err error) {
	now, err := current(tx, seen)
	if err != nil || now.Sealed == nil {
		return false, ignoreGone(err)
	}
	state := Authorized
	if denied != "" {
		state = Deauthorized
	}
	if now.State == state {
		return false, nil
	}
	if len(denied) > maxReason {
		denied = strings.ToValidUTF8(denied[:maxReason], "")
	}
	now.State, now.Reason = state, denied
	if state == Authorized {
		now.AuthorizedAt = tx.Now()
	}
	return true, now.save(tx)
}

// ConnectionFilter is which connections ListConnections has; its zero value has
// all.
type ConnectionFilter struct {
	Prefix string
	State  State
}

// ListConnections has up to limit connections of n's account and region whose
// names come after `after`, and whether there are more.
func ListConnections(r Reader, n Name, f ConnectionFilter, after string, limit int) (list []Connection, more bool, err error) {
	err = store.Each(r, n.in(connectionSpace), after, func(name string, value []byte) (bool, error) {
		if !strings.HasPrefix(name, f.Prefix) {
			return name < f.Prefix, nil
		}
		var rec connectionRecord
		if err := decode(value, &rec); err != nil {
			return false, err
		}
		if f.State != "" && rec.State != f.State {
			return true, nil
		}
		if len(list) >= limit {
			more = true
			return false, nil
		}
		list = append(list, rec.connection(Name{n.Account, n.Region, name}))
		return true, nil
	})
	return list, more, err
}
