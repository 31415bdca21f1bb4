package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/store"
)

// AuditPath answers a GET with records of the audit log: AuditPage. Its parameters
// are account, principal, action, resource, denied, changes, from, until, order,
// limit and token; docs/audit.md says what they mean. In strict mode the request is
// signed for the service carillon, by an operator.
const AuditPath = "/_carillon/audit"

// VerifyAuditPath answers a GET with AuditChain: it reads the whole log, and checks
// the chain. expect is NUMBER:LINK, and may be repeated.
const VerifyAuditPath = "/_carillon/verifyAudit"

// AuditPage is a page of the audit log.
type AuditPage struct {
	Records []AuditRecord `json:"records"`
	Scanned int           `json:"scanned"`
	Next    string        `json:"next,omitempty"` // token of the next page; empty: there is no more
}

// AuditRecord is a record and its place in the chain.
type AuditRecord struct {
	Number uint64          `json:"number"`
	Link   string          `json:"link"`
	Denied bool            `json:"denied,omitempty"`
	Reason string          `json:"reason,omitempty"`
	Record json.RawMessage `json:"record"` // as CloudTrail has it
}

// AuditChain is what came of a verification.
type AuditChain struct {
	Records  uint64   `json:"records"`
	First    uint64   `json:"first"`
	Last     uint64   `json:"last"`
	Link     string   `json:"link"`   // of the last one
	Signed   bool     `json:"signed"` // signatures were checked
	Problems []string `json:"problems"`
	More     int      `json:"more,omitempty"` // problems that are not in the list
}

const maxAuditLimit = 1000

// findAudit is AuditPath.
func (r *Running) findAudit(w http.ResponseWriter, req *http.Request) {
	q, err := auditQuery(req.URL.RawQuery)
	if err != nil {
		failAudit(w, err)
		return
	}
	page := AuditPage{Records: []AuditRecord{}}
	err = r.store.Shard(0).View(func(v *store.View) error {
		found, err := audit.Find(v, &q)
		page.Scanned = found.Scanned
		if found.Next > 0 {
			page.Next = strconv.FormatUint(found.Next, 10)
		}
		for _, e := range found.Entries {
			page.Records = append(page.Records, AuditRecord{e.Number, e.Link.String(), e.Denied, e.Reason, e.Record})
		}
		return err
	})
	if err != nil {
		failAudit(w, err)
		return
	}
	answerTrail(w, req, page, nil)
}

func auditQuery(raw string) (q audit.Query, err error) {
	in, err := url.ParseQuery(raw)
	if err != nil {
		return q, errBadQuery
	}
	q = audit.Query{
		Account: in.Get("account"), Principal: in.Get("principal"), Action: in.Get("action"), Resource: in.Get("resource"),
		OldestFirst: in.Get("order") == "oldest", Limit: defaultTrailLimit,
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		if text := in.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil || at.Year() < 1970 || at.Year() > 2261 {
				return q, badQuery{name, "want a time such as 2026-11-25T17:30:00Z"}
			}
		}
	}
	for name, set := range map[string]*bool{"denied": &q.Denied, "changes": &q.Changes} {
		if text := in.Get(name); text != "" {
			if *set, err = strconv.ParseBool(text); err != nil {
				return q, badQuery{name, "want true or false"}
			}
		}
	}
	if text := in.Get("order"); text != "" && text != "oldest" && text != "newest" {
		return q, badQuery{"order", "want newest or oldest"}
	}
	if text := in.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > maxAuditLimit {
			return q, badQuery{"limit", fmt.Sprintf("want 1 to %d", maxAuditLimit)}
		}
	}
	if text := in.Get("token"); text != "" {
		if q.After, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, badQuery{"token", "it is none of ours"}
		}
	}
	return q, nil
}

// checkAudit is VerifyAuditPath.
func (r *Running) checkAudit(w http.ResponseWriter, req *http.Request) {
	in, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		failAudit(w, errBadQuery)
		return
	}
	expect, err := ParseExpected(in["expect"])
	if err != nil {
		failAudit(w, badQuery{"expect", err.Error()})
		return
	}
	master, err := sealingKey(req.Context(), r.store)
	if err != nil {
		failAudit(w, err)
		return
	}
	key, err := auditKey(master)
	if err != nil {
		failAudit(w, err)
		return
	}
	var answer AuditChain
	err = r.store.Shard(0).View(func(v *store.View) error {
		answer, err = CheckChain(func(report func(string)) (audit.Chain, error) { return audit.Verify(v, &key, expect, report) })
		return err
	})
	if err != nil {
		failAudit(w, err)
		return
	}
	answerTrail(w, req, answer, nil)
}

// CheckChain runs a verification and gathers what it reports.
func CheckChain(verify func(report func(string)) (audit.Chain, error)) (AuditChain, error) {
	a := AuditChain{Problems: []string{}}
	c, err := verify(func(problem string) { a.Problems = append(a.Problems, problem) })
	a.Records, a.First, a.Last, a.Link, a.Signed = c.Entries, c.First, c.Last, c.Head.String(), c.Signed
	a.More = c.Problems - len(a.Problems)
	return a, err
}

// ParseExpected reads links that were noted: NUMBER:LINK.
func ParseExpected(list []string) ([]audit.Expect, error) {
	var all []audit.Expect
	for _, text := range list {
		number, link, _ := strings.Cut(text, ":")
		n, err := strconv.ParseUint(number, 10, 64)
		l, ok := audit.ParseLink(link)
		if err != nil || !ok {
			return nil, fmt.Errorf("%.100q: want NUMBER:LINK, as audit verify has printed it", text)
		}
		all = append(all, audit.Expect{Number: n, Link: l})
	}
	return all, nil
}

func failAudit(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if errors.As(err, new(badQuery)) {
		status = http.StatusBadRequest
	}
	http.Error(w, err.Error(), status)
}
