package audit

import (
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/store"
)

// Query says which entries are wanted. What is empty does not matter.
type Query struct {
	Account     string
	Principal   string // an ARN, or its end: "user/ann"
	Action      string // "sqs:CreateQueue", or without the service; * stands for anything
	Resource    string // an ARN, or its end
	Denied      bool   // only what was denied
	Changes     bool   // only what is not read-only
	From        time.Time
	Until       time.Time
	OldestFirst bool
	After       uint64 // from behind the entry with this number on, in the order of the query
	Limit       int
}

// Limits of one Find.
const (
	maxScanned   = 10_000
	maxPageBytes = 4 << 20
)

// Page is what Find found.
type Page struct {
	Entries []*Entry
	Scanned int
	Next    uint64 // to go on after; 0: there is no more
}

// Find finds entries, the newest first unless the query says otherwise.
func Find(v *store.View, q *Query) (Page, error) {
	var page Page
	lo, hi, err := q.bounds(v)
	if err != nil {
		return page, err
	}
	scan := v.ScanBack
	if q.OldestFirst {
		scan = v.Scan
	}
	bytes := 0
	var bad error
	last := uint64(0)
	err = scan(lo, hi, func(k, value []byte) bool {
		if len(page.Entries) >= q.Limit || page.Scanned >= maxScanned || bytes >= maxPageBytes {
			page.Next = last
			return false
		}
		page.Scanned++
		var e *Entry
		if e, bad = decode(k, value); bad != nil {
			return false
		}
		last = e.Number
		if q.wants(e) {
			page.Entries = append(page.Entries, e)
			bytes += len(value)
		}
		return true
	})
	if err == nil {
		err = bad
	}
	return page, err
}

// bounds are the first key that can be of the query, and that behind the last.
// Entries are in the order of time, but for what a wrong clock did, so segments
// tell where to begin.
func (q *Query) bounds(v *store.View) (lo, hi []byte, err error) {
	first, end := uint64(0), ^uint64(0)
	var bad error
	err = v.Scan(allSegments[0], allSegments[1], func(k, value []byte) bool {
		var s segment
		if bad = s.decode(k, value); bad != nil {
			return false
		}
		if !q.From.IsZero() && s.lastAt.Before(q.From) && first <= s.first {
			first = s.first + s.entries
		}
		if !q.Until.IsZero() && !s.firstAt.Before(q.Until.Add(aboutFor)) {
			end = s.first
			return false
		}
		return true
	})
	if err == nil {
		err = bad
	}
	switch {
	case q.After == 0:
	case q.OldestFirst:
		first = max(first, q.After+1)
	default:
		end = min(end, q.After)
	}
	if end == ^uint64(0) {
		return entryKey(first), allEntries[1], err
	}
	return entryKey(first), entryKey(max(first, end)), err
}

// aboutFor is how much earlier than its transaction an entry may say that it was.
const aboutFor = 2 * time.Minute

func (q *Query) wants(e *Entry) bool {
	switch {
	case q.Account != "" && q.Account != e.Account,
		q.Denied && !e.Denied,
		q.Changes && e.ReadOnly,
		!q.From.IsZero() && e.At.Before(q.From),
		!q.Until.IsZero() && !e.At.Before(q.Until),
		q.Principal != "" && !endsWith(e.Principal, q.Principal),
		q.Action != "" && !isAction(q.Action, e.Action):
		return false
	}
	if q.Resource == "" {
		return true
	}
	for _, r := range e.Resources {
		if endsWith(r, q.Resource) {
			return true
		}
	}
	return false
}

// endsWith tells whether an ARN is the one that is asked for, or ends with it
// behind a colon or a slash.
func endsWith(arn, asked string) bool {
	rest, ok := strings.CutSuffix(arn, asked)
	return ok && (rest == "" || strings.HasSuffix(rest, ":") || strings.HasSuffix(rest, "/"))
}

// isAction tells whether an action is what is asked for, in any spelling.
func isAction(asked, action string) bool {
	asked, action = strings.ToLower(asked), strings.ToLower(action)
	if !strings.Contains(asked, ":") {
		_, action, _ = strings.Cut(action, ":")
	}
	parts := strings.Split(asked, "*")
	rest, ok := strings.CutPrefix(action, parts[0])
	if len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
