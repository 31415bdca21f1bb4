// Package ingest is how events come in that no client of AWS's API sends:
// webhooks of services on the web, at /ingest/{source}, and CloudEvents, at
// /cloudevents/{bus}; and how an operator says which webhooks there are.
//
// It owns these paths' requests and answers. What a webhook or a CloudEvent
// means is read by internal/webhook and internal/cloudevent, and what becomes of
// an event is the bus's. An event is answered when it is durable, in one
// transaction with its deliveries, as PutEvents does.
//
// It refuses bodies above MaxBody, and a webhook whose signature is not right;
// it never says or logs a secret, and keeps it sealed.
package ingest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// MaxBody is how large a request may be: PutEvents's limit of all its entries.
const MaxBody = 1 << 20

// Sealer keeps a secret unreadable at rest: what is sealed for an owner opens
// for that owner only.
type Sealer interface {
	Seal(text []byte, owner string) ([]byte, error)
	Open(sealed []byte, owner string) ([]byte, error)
}

// Options is what a Service is made of.
type Options struct {
	Shard  *store.Shard
	Core   *bus.Core
	Sealer Sealer
	Now    func() time.Time
	NewID  func() string
	Logger *slog.Logger
}

// Service serves the paths.
type Service struct {
	Options
	counts counts
}

// New is a Service. It starts nothing.
func New(o Options) *Service { return &Service{Options: o} }

// Counts are what became of webhooks since the start.
type Counts struct {
	Accepted     uint64 // an event was accepted
	Discarded    uint64 // the source was pending
	Repeated     uint64 // the sender had sent the delivery already
	Challenged   uint64 // the sender asked whether the address is ours
	Unauthorized uint64 // the signature was wrong or missing
	Malformed    uint64 // signed, and no event
	Unknown      uint64 // of a source that has no webhook
}

type counts struct {
	accepted, discarded, repeated, challenged, unauthorized, malformed, unknown atomic.Uint64
}

// Counts is what happened so far.
func (s *Service) Counts() Counts {
	n := &s.counts
	return Counts{
		Accepted: n.accepted.Load(), Discarded: n.discarded.Load(), Repeated: n.repeated.Load(), Challenged: n.challenged.Load(),
		Unauthorized: n.unauthorized.Load(), Malformed: n.malformed.Load(), Unknown: n.unknown.Load(),
	}
}

// bad refuses a request of the operator's, or a CloudEvent.
func bad(message string) error { return &wire.Error{Code: "ValidationException", Message: message} }

func notFound(message string) error {
	return &wire.Error{Code: "ResourceNotFoundException", Status: http.StatusNotFound, Message: message}
}

// encode is an answer.
func encode(answer any) ([]byte, error) { return json.Marshal(answer) }
