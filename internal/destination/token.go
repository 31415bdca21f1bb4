package destination

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Token is what an OAuth server gave for a connection's credentials.
type Token struct {
	Access    Secret    `json:"access"`
	RefreshAt time.Time `json:"refreshAt,omitzero"` // it is good until then; zero: until somebody refuses it
}

// Text is the token as it is sealed.
func (t Token) Text() []byte { return text(t) }

// ReadToken is the inverse of Text.
func ReadToken(b []byte) (t Token, err error) {
	if err := json.Unmarshal(b, &t); err != nil {
		return Token{}, errUnreadable
	}
	return t, nil
}

// TokenOwner is what the token of a connection is sealed for.
func TokenOwner(n Name, id string) string { return "token " + n.ConnectionARN(id).String() }

type tokenRecord struct {
	ID       string `json:"id"` // of the connection, and its revision
	Revision uint64 `json:"revision"`
	Sealed   []byte `json:"sealed"`
}

// GetToken is the sealed token of a connection as it was seen; nil if there is
// none.
func GetToken(r Reader, c *Connection) ([]byte, error) {
	var rec tokenRecord
	found, err := get(r, c.Name.key(tokenSpace), &rec)
	if err != nil || !found || rec.ID != c.ID || rec.Revision != c.Revision {
		return nil, err
	}
	return rec.Sealed, nil
}

// KeepToken stores a new token of a connection, unless that has changed since it
// was seen.
func (c *Core) KeepToken(tx *store.Tx, seen *Connection, sealed []byte) error {
	now, err := current(tx, seen)
	if err != nil || now.Sealed == nil {
		return ignoreGone(err)
	}
	return set(tx, now.Name.key(tokenSpace), tokenRecord{now.ID, now.Revision, sealed})
}

// carryToken gives the token to the connection's new revision, which has the
// credentials of the last.
func (c *Connection) carryToken(tx *store.Tx) error {
	var rec tokenRecord
	found, err := get(tx, c.Name.key(tokenSpace), &rec)
	if err != nil || !found {
		return err
	}
	if rec.ID != c.ID {
		return fmt.Errorf("destination: the token of connection %s is another's", c.Name.Name)
	}
	rec.Revision = c.Revision
	return set(tx, c.Name.key(tokenSpace), rec)
}

// ignoreGone: what is found out about a connection that is not there any more
// matters to nobody.
func ignoreGone(err error) error {
	if errors.Is(err, ErrChanged) || errors.Is(err, ErrConnectionNotFound) {
		return nil
	}
	return err
}
