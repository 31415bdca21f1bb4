package cloudtrail

import (
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/wire"
)

// denialKey says which denials are the same.
type denialKey struct{ principal, ip, action, resource, code string }

// repeats is a denial of the last minute.
type repeats struct {
	first job
	n     uint64 // besides the first
	last  time.Time
}

// Bounds of denials: within countFor the same one is recorded once, and counted,
// as long as there are no more than maxDenials that differ.
const (
	countFor   = time.Minute
	maxDenials = 1000
)

func denialOf(a *wire.Answered) denialKey {
	k := denialKey{principal: strings.Clone(a.Call.Principal), ip: a.Call.SourceIP, action: a.Service + ":" + nameOf(a)}
	if a.Err != nil {
		k.code = a.Err.Code
	}
	if k.principal != "" { // a stranger may name anything
		k.resource = strings.Clone(a.Call.Seen.ARN(a.Call))
	}
	return k
}

// deny records a denial that has not been in the last minute, and counts it else.
// It waits for nobody.
func (r *Recorder) deny(k denialKey, record func(id string, now time.Time) job) {
	now := r.Now()
	if r.known(k, now) {
		return
	}
	j := record(r.NewID(), now)
	r.denialsMu.Lock()
	if d := r.denials[k]; d != nil {
		d.first = j
	}
	r.denialsMu.Unlock()
	select {
	case r.queue <- j:
	default:
		r.dropped.Add(1)
	}
}

// known counts a denial that needs no record of its own.
func (r *Recorder) known(k denialKey, now time.Time) bool {
	r.denialsMu.Lock()
	defer r.denialsMu.Unlock()
	if d := r.denials[k]; d != nil {
		d.n++
		d.last = now
		r.repeated.Add(1)
		return true
	}
	if len(r.denials) >= maxDenials {
		r.dropped.Add(1)
		return true
	}
	r.denials[k] = &repeats{last: now}
	return false
}

// counted are the records of what was denied again since the last time.
func (r *Recorder) counted() []job {
	r.denialsMu.Lock()
	all := r.denials
	r.denials = map[denialKey]*repeats{}
	r.denialsMu.Unlock()
	var jobs []job
	for _, d := range all {
		if d.n == 0 {
			continue
		}
		jobs = append(jobs, r.again(d))
	}
	if dropped := r.dropped.Load(); dropped > r.told {
		jobs = append(jobs, r.gap(dropped-r.told))
		r.told = dropped
	}
	return jobs
}

// Denial is something that one service was not allowed to do to another, on
// behalf of what a user has set up.
type Denial struct {
	By      string // the service: "events.amazonaws.com"
	Action  string // "sqs:SendMessage"
	Account string // whose rule or subscription it is
	Region  string
	Source  string // ARN of the rule or the topic
	Target  string // ARN of what it was to be done to
	Reason  string
}

// Deny records a denial that no request has asked for. It never blocks, and may
// be called inside a transaction.
func (r *Recorder) Deny(d Denial) {
	if !r.Log.On() {
		return
	}
	k := denialKey{principal: d.Source, ip: d.By, action: d.Action, resource: d.Target, code: codeDenied}
	r.deny(k, func(id string, now time.Time) job { return r.between(&d, id, now) })
}

const codeDenied = "AccessDenied"

// between is the record of a denial between services.
func (r *Recorder) between(d *Denial, id string, now time.Time) job {
	service, name, _ := strings.Cut(d.Action, ":")
	rec := &record{
		EventVersion: eventVersion, EventTime: timeText(now), EventSource: sourceOf(service), EventName: name, AWSRegion: d.Region,
		UserIdentity: userIdentity{Type: "AWSService", InvokedBy: d.By}, SourceIPAddress: d.By, UserAgent: d.By,
		ErrorCode: codeDenied, ErrorMessage: cut(d.Reason, maxErrorMessage), EventID: id, EventType: typeCall, EventCategory: categoryData,
		AdditionalEventData: map[string]any{"decision": "denied", "reason": cut(d.Reason, maxErrorMessage), "sourceArn": d.Source},
		Resources:           []resource{newResource(d.Target)},
	}
	e := audit.Entry{
		At: now, Region: d.Region, Principal: d.By, Action: d.Action, Resources: []string{d.Target, d.Source}, Code: codeDenied,
		Reason: d.Reason, Denied: true, Data: true,
	}
	var j job
	for _, account := range accountsOf(d.Account, rec.Resources) {
		one, entry := *rec, e
		if len(j.entries) > 0 {
			one.EventID, one.SharedEventID = r.NewID(), id
		}
		one.RecipientAccountID = account
		entry.Account, entry.ID, entry.Record = account, one.EventID, one.encode()
		j.entries = append(j.entries, &entry)
	}
	return j
}
