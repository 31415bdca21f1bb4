// Package cloudtrail words what was done and denied as AWS CloudTrail does, and
// hands it to the audit log and to the rules that watch calls.
//
// It owns which calls are recorded, the shape of a record, what of a request is
// hidden in it, and where the record goes:
//
//   - A call that may have changed how something is set up is in the log, durably,
//     before it is answered; in the commit that puts it there it also goes to the
//     rules of its account's default bus that match it.
//   - A call that only looked, and a denial, goes through a queue that is bounded,
//     and is written with others a moment later. A look waits where the queue is
//     full. A denial never does: whoever is denied must not slow the others.
//   - The same denial (or call that was throttled) again, within a minute, is counted, and the count recorded: a
//     flood of them must not push from the log what it is for. What there is no
//     room for at all is counted, and recorded as one line.
//   - What only moves messages is recorded if it was denied.
//
// It refuses to record secrets: what the models call sensitive, and a list of its
// own, is hidden by name, and looked for in the error's message.
package cloudtrail

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// DetailType is that of events about calls.
const DetailType = "AWS API Call via CloudTrail"

// NodeService is the service of calls that concern the node: they are AWS's
// nowhere, and go to no bus.
const NodeService = "carillon"

// globalRegion is where a service without regions is said to be.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
const globalRegion = "us-east-1"

// Options is what a Recorder is made of.
type Options struct {
	Shard  *store.Shard
	Log    *audit.Log
	Core   *bus.Core // whose default buses are told; nil: none is
	Now    func() time.Time
	NewID  func() string // a UUID
	Logger *slog.Logger
}

// Recorder records calls and denials.
type Recorder struct {
	Options
	queue chan job

	denialsMu sync.Mutex // guards denials
	denials   map[denialKey]*repeats

	repeated, dropped atomic.Uint64
	told              uint64 // of dropped; of Run alone
}

// queueSize bounds what waits to be written, of about 2 KB each.
const queueSize = 4096

// New is a Recorder. It starts nothing: see Run.
func New(o Options) *Recorder {
	return &Recorder{Options: o, queue: make(chan job, queueSize), denials: map[denialKey]*repeats{}}
}

// Counts are what became of denials since the start.
type Counts struct {
	Repeated uint64 // the same as one within a minute: counted in a record
	Dropped  uint64 // there was no room for them
}

// Counts is what happened so far.
func (r *Recorder) Counts() Counts { return Counts{r.repeated.Load(), r.dropped.Load()} }

// job is one call as it is written: an entry for each account that it concerns.
type job struct {
	entries []*audit.Entry
	events  []busEvent
}

type busEvent struct {
	bus     bus.Name
	event   *event.Event
	changes bool
}

// Record records a request before it is answered. On an error it must not be.
func (r *Recorder) Record(ctx context.Context, a *wire.Answered) error {
	switch {
	case !r.Log.On(), a.Data && !a.Denied:
		return nil
	case a.Denied, isThrottled(a.Err):
		r.deny(denialOf(a), func(id string, now time.Time) job { return r.job(a, id, now) })
		return nil
	}
	j := r.job(a, r.NewID(), r.Now())
	if a.ReadOnly {
		select {
		case r.queue <- j:
			return nil
		default: // whoever looks waits for the log, since it does not lose him
		}
	}
	return r.write(ctx, []job{j})
}

// job makes the entries and events of a call.
func (r *Recorder) job(a *wire.Answered, id string, now time.Time) job {
	rec, e := newRecord(a, id, now)
	j := job{}
	accounts := accountsOf(e.Account, rec.Resources)
	for i, account := range accounts {
		one, entry := *rec, *e
		if len(accounts) > 1 {
			one.SharedEventID = id
		}
		if i > 0 {
			one.EventID = r.NewID()
		}
		one.UserIdentity = rec.UserIdentity.seenFrom(account)
		one.RecipientAccountID = account
		entry.Account, entry.ID, entry.Record = account, one.EventID, one.encode()
		j.entries = append(j.entries, &entry)
		if b, ok := r.tells(a, one, now); ok {
			j.events = append(j.events, b)
		}
	}
	return j
}

// maxAccounts bounds the accounts that one call concerns.
const maxAccounts = 4

// accountsOf are the caller's account, which may be empty, and those of the
// resources: each has the record in its log.
func accountsOf(caller string, resources []resource) []string {
	accounts := []string{}
	if caller != "" {
		accounts = append(accounts, caller)
	}
next:
	for _, r := range resources {
		for _, have := range accounts {
			if have == r.Account {
				continue next
			}
		}
		if arn.IsAccount(r.Account) && len(accounts) < maxAccounts {
			accounts = append(accounts, r.Account)
		}
	}
	if len(accounts) == 0 {
		accounts = append(accounts, "") // nobody's: the operator's
	}
	return accounts
}

// tells is the event that an account's default bus is sent of a call. What only
// moves messages is not, as without a trail for data events; nor is what nobody
// signed, or it would let strangers put events onto a bus.
func (r *Recorder) tells(a *wire.Answered, rec record, now time.Time) (busEvent, bool) {
	if a.Denied && rec.RecipientAccountID != a.Call.Account { // or strangers could put events onto it
		return busEvent{}, false
	}
	if r.Core == nil || a.Data || a.Service == NodeService || a.Call.Principal == "" || rec.RecipientAccountID == "" {
		return busEvent{}, false
	}
	if a.Denied { // why is for the operator: it may tell of policies of others
		rec.AdditionalEventData = map[string]any{"decision": "denied"}
	}
	return busEvent{
		bus: bus.Name{Account: rec.RecipientAccountID, Region: rec.AWSRegion, Bus: arn.DefaultBus},
		event: &event.Event{
			ID: r.NewID(), DetailType: DetailType, Source: "aws." + a.Service, Account: rec.RecipientAccountID, Region: rec.AWSRegion,
			Time: now, Detail: string(rec.encode()),
		},
		changes: !looks(rec.EventName),
	}, true
}

// looks tells whether most rules are not matched to a call: EventBridge goes by
// its name, not by readOnly, so that AssumeRole is seen.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
func looks(name string) bool {
	return strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List")
}

// isThrottled tells whether somebody called too often. He has been told so that he
// calls less, not so that he writes a log: it is counted as denials are.
func isThrottled(e *wire.Error) bool {
	return e != nil && (e.Code == "ThrottlingException" || e.Code == "RequestThrottled" || e.Code == "Throttling")
}
