// Package destination keeps connections and API destinations: where on the web
// events can be sent to, and by what right.
//
// A connection is how Carillon makes itself known to somebody: a user and
// password, an API key, or OAuth client credentials. An API destination is an
// address that is called with a connection. Calling is done elsewhere
// (internal/target/destination), which says here what became of a connection's
// right.
//
// It owns the records of both, their names and states. Secrets pass through it
// sealed, with what may be shown beside them: it has no key, and could not show
// them if it were asked to.
//
// Invariants:
//
//  1. A connection that is authorized has sealed credentials. One that was
//     deauthorized by its owner has none, and no token.
//  2. Revision grows with every change of a connection by its owner. A token, or
//     a state, that belongs to an older revision is never stored.
//  3. An API destination keeps the ARN of its connection, with its id: a
//     connection that is deleted and made again is another one, and does not get
//     the old one's traffic.
//
// It refuses to know HTTP, networks and what AWS calls things.
package destination

import (
	"errors"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/store"
)

// Name names a connection or an API destination.
type Name struct{ Account, Region, Name string }

// What can be wrong with a change. Nothing was written then.
var (
	ErrConnectionExists   = errors.New("connection exists")
	ErrConnectionNotFound = errors.New("connection does not exist")
	ErrChanged            = errors.New("connection was changed by somebody else")
	ErrExists             = errors.New("API destination exists")
	ErrNotFound           = errors.New("API destination does not exist")
	ErrTooMany            = errors.New("too many connections or API destinations")
)

// Limits bound what an account can have in a region.
type Limits struct{ Connections, Destinations int }

// DefaultLimits are AWS's.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
var DefaultLimits = Limits{Connections: 3000, Destinations: 3000}

// Core is the connections and API destinations of one shard.
type Core struct{ limits Limits }

// New is a Core with these limits.
func New(limits Limits) *Core { return &Core{limits} }

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}

// Kinds of resources, as their ARNs begin.
const (
	connectionKind  = "connection/"
	destinationKind = "api-destination/"
)

func (n Name) arnOf(kind, id string) arn.ARN {
	return arn.ARN{
		Partition: arn.Partition(n.Region), Service: "events", Region: n.Region, Account: n.Account,
		Resource: kind + n.Name + "/" + id,
	}
}

// ConnectionARN is the ARN of the connection of that name and id.
func (n Name) ConnectionARN(id string) arn.ARN { return n.arnOf(connectionKind, id) }

// ARN is the ARN of the API destination of that name and id.
func (n Name) ARN(id string) arn.ARN { return n.arnOf(destinationKind, id) }

// ReadARN is the name of the API destination that a points at, and whether it
// is one.
func ReadARN(a arn.ARN) (Name, bool) { return readARN(a, destinationKind) }

// ReadConnectionARN is ReadARN for connections.
func ReadConnectionARN(a arn.ARN) (Name, bool) { return readARN(a, connectionKind) }

func readARN(a arn.ARN, kind string) (Name, bool) {
	rest, ok := strings.CutPrefix(a.Resource, kind)
	name, id, two := strings.Cut(rest, "/")
	if !ok || !two || name == "" || id == "" || strings.Contains(id, "/") ||
		a.Service != "events" || !arn.IsAccount(a.Account) || a.Region == "" {
		return Name{}, false
	}
	return Name{a.Account, a.Region, name}, true
}

// IsARN tells whether a is of the kind of API destinations, well-formed or not.
func IsARN(a arn.ARN) bool {
	return a.Service == "events" && strings.HasPrefix(a.Resource, destinationKind)
}

// full tells whether there are most keys under prefix, or more.
func full(r Reader, prefix []byte, most int) (bool, error) {
	n := 0
	err := r.Scan(prefix, store.PrefixEnd(prefix), func(_, _ []byte) bool {
		n++
		return n < most
	})
	return n >= most, err
}
