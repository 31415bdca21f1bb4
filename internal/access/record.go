package access

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/wire"
)

// Bounds of a Record: what callers choose must not fill the memory.
const (
	maxRows     = 10_000
	maxQuestion = 2048 // bytes of a resource or an access key
)

// Record is what was refused or, in dev mode, would have been: each question
// once, with how often it was asked. A nil Record keeps nothing.
type Record struct {
	since   atomic.Int64 // when it was empty
	dropped atomic.Uint64

	resets atomic.Uint64

	mu       sync.RWMutex // guards the rest
	rows     map[question]*row
	sendings map[sendingKey]*sendingRow
}

// question is what tells rows apart.
type question struct{ accessKey, action, resource string }

type row struct {
	id        Identity // without its secret
	principal string   // as the decision knew it
	reason    string
	stranger  bool // nobody knows the key: there are no policies that could change
	count     atomic.Uint64
	first     time.Time
	last      atomic.Int64
}

// NewRecord is an empty Record.
func NewRecord(now time.Time) *Record {
	r := &Record{rows: map[question]*row{}, sendings: map[sendingKey]*sendingRow{}}
	r.since.Store(now.UnixNano())
	return r
}

// Reset forgets everything.
func (r *Record) Reset(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.rows)
	clear(r.sendings)
	r.resets.Add(1)
	r.dropped.Store(0)
	r.since.Store(now.UnixNano())
}

func (r *Record) find(q question) *row {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.rows[q]
}

// add counts a refusal.
func (r *Record) add(id *Identity, principal string, q question, reason string, now time.Time) {
	if r == nil {
		return
	}
	found := r.find(q)
	if found == nil {
		if found = r.insert(id, principal, q, reason, now); found == nil {
			r.dropped.Add(1)
			return
		}
	}
	found.again(now)
}

func (w *row) again(now time.Time) {
	w.count.Add(1)
	w.last.Store(now.UnixNano())
}

// insert adds a row, if there is room. What it keeps is copied: strings of a
// request point into its body.
func (r *Record) insert(id *Identity, principal string, q question, reason string, now time.Time) *row {
	if len(q.resource) > maxQuestion || len(q.accessKey) > maxQuestion {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.rows[q]; found != nil {
		return found
	}
	if len(r.rows) >= maxRows {
		return nil
	}
	q = question{strings.Clone(q.accessKey), strings.Clone(q.action), strings.Clone(q.resource)}
	w := &row{id: *id, principal: strings.Clone(principal), reason: reason, first: now}
	w.id.Secret, w.id.AccessKey = "", q.accessKey
	w.id.Principal, w.id.Account = strings.Clone(id.Principal), strings.Clone(id.Account)
	w.stranger = id.Entity == nil && id.Session == nil && len(id.Policies) == 0
	r.rows[q] = w
	return w
}

// note is Decide in dev mode: it finds out what strict mode would have said. A
// question of a key that nobody knows costs one look into the record, once it is
// there.
func (d *Decider) note(ctx context.Context, c *wire.Call, action, resource string) {
	if strings.HasPrefix(action, AdminPrefix) {
		return // whoever may operate a node is said in the credentials file
	}
	q := question{c.AccessKey, action, resource}
	if w := d.Record.find(q); w != nil && w.stranger {
		w.again(d.Now())
		return
	}
	id := d.known(callerOf(c))
	t := d.begin(ctx, c, id, action, resource)
	defer t.end()
	if decision := t.decide(); !decision.Allows() {
		d.Record.add(id, t.request.Principal.ARN, q, t.reason(&decision), d.Now())
	}
}

// known is who a key belongs to by what IAM knows; of one that it does not know,
// a user of that name who has no policies.
func (d *Decider) known(id *Identity) *Identity {
	if id.Entity != nil || id.Session != nil {
		return id
	}
	who := *id
	if d.Directory != nil {
		if k, ok := d.Directory.Key(id.AccessKey); ok {
			who.Account, who.Principal = k.Account, arn.Root(k.Account).String()
			if who.Entity = k.Owner; k.Owner != nil {
				who.Principal = k.Owner.ARN
			}
			return &who
		}
	}
	if !d.Strict {
		who.Principal = arn.User(id.Account, strangerName(id.AccessKey)).String()
	}
	return &who
}

// strangerName is a user's name that says which key it was.
func strangerName(accessKey string) string {
	switch {
	case accessKey == "":
		return "unsigned"
	case len(accessKey) > 64 || strings.ContainsFunc(accessKey, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("_+=,.@-", r)
	}):
		return "unnamed"
	}
	return accessKey
}
