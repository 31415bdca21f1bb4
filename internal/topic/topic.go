// Package topic is topics and who subscribes to them: what there is, what it is
// told to be, and how much of it.
//
// It is made for 100,000 subscriptions of one topic and a million in all: no
// call here looks at more than a page of them. A subscription lies under its
// topic's number, so that those of a topic are a range; what counts them is
// written beside them in the same transaction; and a topic that is deleted is
// gone at once, while its subscriptions go in steps of a timer.
//
// Every subscription comes, changes and goes through one door (index.go): who
// keeps something beside them, such as their compiled filter policies, does it
// there.
//
// Invariants:
//
//  1. A topic's counts are those of the subscriptions under its number, and an
//     account's those of what it has in a region.
//  2. A number is never used for a second topic: what was meant for a deleted
//     topic is not for its successor of the same name.
//  3. Of one protocol and endpoint there is at most one subscription of a topic.
//  4. A subscription that waits to be confirmed has a timer that ends it.
//
// It refuses to know what AWS calls things, how a message gets to an endpoint,
// and what a filter policy means.
package topic

import (
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/trail"
)

// Name names a topic.
type Name struct{ Account, Region, Topic string }

// ARN is the topic's ARN.
func (n Name) ARN() arn.ARN { return arn.Topic(n.Region, n.Account, n.Topic) }

// ID tells a subscription from the others of its topic. It is random.
type ID [16]byte

// ParseID reads what String made.
func ParseID(text string) (ID, bool) {
	if len(text) != 36 {
		return ID{}, false // uuid takes other forms too
	}
	id, err := uuid.Parse(text)
	return ID(id), err == nil && id.String() == text
}

func (id ID) String() string { return uuid.UUID(id).String() }

// What can be wrong with a change. Nothing was written then.
var (
	ErrExists               = errors.New("topic exists")
	ErrNotFound             = errors.New("topic does not exist")
	ErrArchiving            = errors.New("topic archives its messages")
	ErrTooManyTopics        = errors.New("too many topics")
	ErrTooManyTags          = errors.New("too many tags on the topic")
	ErrSubscribed           = errors.New("endpoint is subscribed to the topic")
	ErrNotSubscribed        = errors.New("subscription does not exist")
	ErrTooManySubscriptions = errors.New("too many subscriptions of the topic")
	ErrTooManyPending       = errors.New("too many subscriptions that are not confirmed")
	ErrTooManyFilters       = errors.New("too many filter policies")
	ErrOwnersOnly           = errors.New("only the owners of the subscription and of its topic may end it")
	ErrToken                = errors.New("token is not of a subscription of the topic")
)

// Limits bound what there can be. Topics, FIFO topics, pending subscriptions
// and FiltersPerAccount are of an account in a region.
type Limits struct {
	Topics, FIFOTopics, Tags           int
	Subscriptions, FIFOSubscriptions   int // of one topic
	Pending                            int
	FiltersPerTopic, FiltersPerAccount int
	Replays                            int // of an account in a region, at a time
}

// DefaultLimits are AWS's quotas, but for filter policies, of which AWS takes
// 200 on a topic and 10,000 in an account, and for replays, of which it does not
// say how many.
// https://docs.aws.amazon.com/general/latest/gr/sns.html
var DefaultLimits = Limits{
	Topics: 100_000, FIFOTopics: 1_000, Tags: 50,
	Subscriptions: 12_500_000, FIFOSubscriptions: 100,
	Pending:         5_000,
	FiltersPerTopic: 1_000_000, FiltersPerAccount: 1_000_000,
	Replays: 100,
}

// ConfirmFor is how long a subscription waits to be confirmed.
// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
const ConfirmFor = 48 * time.Hour

// Asker asks an endpoint whether it wants the subscription that waits for it,
// in the transaction that made the subscription, or that was told of it again.
// The endpoint answers with the token. An error is the store's: what goes wrong
// with the endpoint is Asker's own affair.
type Asker interface {
	Ask(tx *store.Tx, s Subscription, token string) error
	// Farewell tells an endpoint that somebody unknown has ended its subscription,
	// which goes on if it answers with the token.
	Farewell(tx *store.Tx, s Subscription, token string) error
}

// Core is the topics of one shard.
type Core struct {
	limits Limits
	tokens tokens
	asker  Asker

	outbox *delivery.Outbox
	hints  sync.Map // Name -> *audience: the last that a Publish saw
	counts publishCounts
	trail  *trail.Trail // may be nil
	follow func(a *Attempted)
	sign   Sign        // may be nil
	book   *meter.Book // may be nil
	meters sync.Map    // Name -> *meter.Topic: what the book gave
}

// New is a Core. key makes tokens, and must stay as long as the store does.
// asker may be nil: nobody is asked, and subscriptions wait until they end.
func New(limits Limits, key [32]byte, asker Asker) *Core {
	return &Core{limits: limits, tokens: tokens{key}, asker: asker}
}

// Through has what is published delivered through outbox. Call it before the
// first Publish.
func (c *Core) Through(outbox *delivery.Outbox) { c.outbox = outbox }

// Reader is what reading needs: a *store.Tx or a *store.View.
type Reader interface {
	Get(key []byte) ([]byte, bool, error)
	Scan(lo, hi []byte, fn func(key, value []byte) bool) error
}
