package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/events"
	"github.com/carillon-events/carillon/internal/api/sns"
	"github.com/carillon-events/carillon/internal/api/sqs"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
)

// AccessCheckPath answers a GET with what callers lack (access.Report),
// AccessExplainPath one with whether somebody may do something, and why
// (access.Explanation; parameters principal, action, resource, and any number of
// key=NAME=VALUE). A POST to AccessResetPath forgets what was recorded. In strict
// mode the requests are signed for the service carillon.
const (
	AccessCheckPath   = "/_carillon/accessCheck"
	AccessExplainPath = "/_carillon/accessExplain"
	AccessResetPath   = "/_carillon/accessReset"
)

// newDecider is who decides what callers may do.
func (r *Running) newDecider(directory *identity.Directory) *access.Decider {
	o := access.Options{Strict: r.config.Auth == AuthStrict, Directory: directory, Policies: policy.NewBook(), Now: time.Now}
	if !r.config.NoAccessRecord {
		o.Record = access.NewRecord(time.Now())
	}
	return access.NewDecider(o)
}

// loadPolicies has the decider know the policies of what there is. What an older
// Carillon took and this one cannot read closes its resource, and is said aloud.
func (r *Running) loadPolicies(ctx context.Context) error {
	if r.decider.Question() == nil {
		return nil
	}
	for _, principal := range r.decider.Powerless(r.keys) {
		r.log.Warn("a user of the credentials file has no policies, and may do nothing: give it some there, or in IAM", "user", principal)
	}
	shard, book := r.store.Shard(0), r.decider.Policies
	unreadable := func(arn string, err error) {
		r.log.Warn("a policy cannot be read: only the root of the account is allowed anything until it is replaced", "resource", arn, "error", err)
	}
	return errors.Join(
		sqs.LoadPolicies(ctx, shard, book, unreadable),
		sns.LoadPolicies(shard, book, unreadable),
		events.LoadPolicies(shard, book, unreadable),
	)
}

// checkAccess is AccessCheckPath.
func (r *Running) checkAccess(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, r.decider.Report())
}

// resetAccess is AccessResetPath.
func (r *Running) resetAccess(w http.ResponseWriter, _ *http.Request) {
	if r.decider.Record != nil {
		r.decider.Record.Reset(time.Now())
	}
	answerJSON(w, struct{}{})
}

// explainAccess is AccessExplainPath.
func (r *Running) explainAccess(w http.ResponseWriter, req *http.Request) {
	q, err := askedIn(req.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e, err := r.decider.Explain(req.Context(), r.keys, q)
	switch {
	case errors.Is(err, access.ErrNoPrincipal):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		answerJSON(w, e)
	}
}

func askedIn(query string) (access.Asked, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return access.Asked{}, errBadQuery
	}
	q := access.Asked{Principal: values.Get("principal"), Action: values.Get("action"), Resource: values.Get("resource"), Keys: map[string]string{}}
	if q.Principal == "" {
		return q, badQuery{"principal", "it is missing"}
	}
	if service, name, ok := strings.Cut(q.Action, ":"); !ok || service == "" || name == "" {
		return q, badQuery{"action", "want SERVICE:NAME, such as sqs:SendMessage"}
	}
	for _, pair := range values["key"] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !strings.Contains(name, ":") {
			return q, badQuery{"key", "want NAME=VALUE, such as aws:SourceIp=10.0.0.1"}
		}
		q.Keys[name] = value
	}
	return q, nil
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}
