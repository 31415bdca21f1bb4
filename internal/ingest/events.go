package ingest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/event"
	"github.com/carillon-events/carillon/internal/wire"
)

// PutEventsPath takes whole events from an operator, of any source: also of
// AWS's services, whose names PutEvents keeps for them. It is how a rule for
// aws.s3 is tried where there is no S3. The answer has an id for each event.
const PutEventsPath = "/_carillon/PutEvents"

// PutEvents are events for a bus. All are accepted in one transaction, or none
// is. Account and region are the caller's where empty.
type PutEvents struct {
	Account string     `json:"account,omitempty"`
	Region  string     `json:"region,omitempty"`
	Bus     string     `json:"bus,omitempty"` // name; empty: the default bus
	Events  []Envelope `json:"events"`
}

// Envelope is an event as rules see it. What the bus says of an event itself
// (id, account, region, version) is taken and not kept.
type Envelope struct {
	Version    string          `json:"version,omitempty"`
	ID         string          `json:"id,omitempty"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account,omitempty"`
	Time       time.Time       `json:"time,omitzero"` // zero: now
	Region     string          `json:"region,omitempty"`
	Resources  []string        `json:"resources,omitempty"`
	Detail     json.RawMessage `json:"detail"`
}

// EventIDs is the answer, in the order of the events.
type EventIDs struct {
	EventIDs []string `json:"eventIds"`
}

const maxEnvelopes = 100

// PutEvents is PutEventsPath.
func (s *Service) PutEvents(c *wire.Call, r *http.Request, body []byte) ([]byte, error) {
	if len(body) > MaxBody {
		return nil, &wire.Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("Events may have %d bytes in a request.", MaxBody)}
	}
	var in PutEvents
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if len(in.Events) == 0 || len(in.Events) > maxEnvelopes {
		return nil, bad(fmt.Sprintf("A request has 1 to %d events.", maxEnvelopes))
	}
	name := bus.Name{Account: cmp.Or(in.Account, c.Account), Region: cmp.Or(in.Region, c.Region), Bus: cmp.Or(in.Bus, arn.DefaultBus)}
	if !arn.IsAccount(name.Account) || !isRegion.MatchString(name.Region) {
		return nil, bad(fmt.Sprintf("account %.64q and region %.64q name no place: want 12 digits, and a name such as us-east-1.", name.Account, name.Region))
	}
	if err := s.busExists(name); err != nil {
		return nil, err
	}
	now := s.Now()
	batch := bus.Batch{ReceivedAt: now}
	out := EventIDs{EventIDs: make([]string, len(in.Events))}
	for i := range in.Events {
		e := &in.Events[i]
		if err := e.check(i); err != nil {
			return nil, err
		}
		out.EventIDs[i] = s.NewID()
		at := e.Time
		if at.IsZero() {
			at = now
		}
		s.Core.Add(&batch, name, &event.Event{
			ID: out.EventIDs[i], DetailType: e.DetailType, Source: e.Source, Account: name.Account, Region: name.Region, Time: at,
			Resources: e.Resources, Detail: string(e.Detail),
		}, c.Trace.Header())
	}
	if err := s.Core.Accept(r.Context(), s.Shard, &batch); err != nil {
		return nil, err
	}
	for i := range out.EventIDs {
		if first, repeat := batch.First(i); repeat {
			out.EventIDs[i] = first
		}
	}
	return encode(out)
}

// check refuses what PutEvents refuses of an entry, but for its source.
func (e *Envelope) check(i int) error {
	missing := ""
	switch {
	case e.Source == "":
		missing = "source"
	case e.DetailType == "":
		missing = "detail-type"
	case len(e.Detail) == 0:
		missing = "detail"
	case utf8.RuneCountInString(e.DetailType) > maxDetailType:
		return bad(fmt.Sprintf("detail-type of event %d has more than %d characters.", i+1, maxDetailType))
	case event.CheckObject(string(e.Detail)) != nil:
		return bad(fmt.Sprintf("detail of event %d is no JSON object.", i+1))
	}
	if missing != "" {
		return bad(fmt.Sprintf("%s of event %d is missing.", missing, i+1))
	}
	return nil
}
