package cloudtrail

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/wire"
)

// newRecord is the record of a call in the caller's account, and what the log
// finds it by. Texts of the request are copied: the log may write it later.
func newRecord(a *wire.Answered, id string, now time.Time) (*record, *audit.Entry) {
	c := a.Call
	var secrets []string
	most := maxParameters
	if a.Denied {
		most = maxDenied
	}
	rec := &record{
		EventVersion: eventVersion, UserIdentity: identityOf(c), EventTime: timeText(now), EventSource: sourceOf(a.Service),
		EventName: nameOf(a), AWSRegion: regionOf(a), SourceIPAddress: c.SourceIP, UserAgent: cut(a.UserAgent, maxUserAgent),
		RequestParameters: parameters(c.Seen.In, "requestParameters", most, &secrets),
		RequestID:         c.RequestID, EventID: id, ReadOnly: a.ReadOnly, EventType: typeCall,
		ManagementEvent: !a.Data, EventCategory: categorySetup,
	}
	if a.Data {
		rec.EventCategory = categoryData
	}
	if answers(a) {
		rec.ResponseElements = parameters(c.Seen.Out, "responseElements", maxParameters, &secrets)
	}
	if a.TLSVersion != "" {
		rec.TLSDetails = &tlsDetails{a.TLSVersion, a.TLSCipher, cut(a.Host, maxUserAgent)}
	}
	for _, text := range resourcesOf(c) {
		rec.Resources = append(rec.Resources, newResource(strings.Clone(text)))
	}
	if a.Err != nil {
		rec.ErrorCode, rec.ErrorMessage = a.Err.Code, cut(without(a.Err.Message, secrets), maxErrorMessage)
	}
	e := &audit.Entry{
		At: now, Account: strings.Clone(c.Account), Region: strings.Clone(rec.AWSRegion), Principal: strings.Clone(c.Principal),
		Action: a.Service + ":" + strings.Clone(rec.EventName), Code: rec.ErrorCode, RequestID: rec.RequestID, ID: id,
		ReadOnly: a.ReadOnly, Denied: a.Denied, Data: a.Data,
	}
	for _, r := range rec.Resources {
		e.Resources = append(e.Resources, r.ARN)
	}
	if a.Denied {
		e.Reason = reasonOf(a, rec)
		rec.AdditionalEventData = map[string]any{"decision": "denied", "reason": e.Reason}
	}
	return rec, e
}

// reasonOf is why a call was denied: as whoever decided said it, else in the words
// that the client got.
func reasonOf(a *wire.Answered, rec *record) string {
	if a.Reason != "" {
		return cut(a.Reason, maxErrorMessage)
	}
	return rec.ErrorMessage
}

func sourceOf(service string) string {
	if service == NodeService {
		return service
	}
	return service + ".amazonaws.com"
}

// nameOf is the operation's name. What a client calls an operation that there is
// not, is not repeated.
func nameOf(a *wire.Answered) string {
	if a.Operation == "" {
		return "UnknownOperation"
	}
	return a.Operation
}

func regionOf(a *wire.Answered) string {
	if a.Service == "iam" || a.Call.Region == "" {
		return globalRegion
	}
	return a.Call.Region
}

// answers tells whether a record has what was answered: of what makes something,
// sessions among it.
func answers(a *wire.Answered) bool {
	return a.Err == nil && !a.Data && (!a.ReadOnly || strings.HasPrefix(a.Operation, "Assume"))
}

// resourcesOf are the ARNs that a call was about: what its right was asked for,
// and those that the request and the answer name in members of their own.
func resourcesOf(c *wire.Call) []string {
	var all []string
	add := func(text string) {
		if a, err := arn.Parse(text); err == nil && a.Resource != "" && !strings.HasSuffix(text, "*") && len(text) <= 1024 && !slices.Contains(all, text) && len(all) < 10 {
			all = append(all, text)
		}
	}
	if c.Refused != nil {
		add(c.Refused.Resource)
	}
	add(c.Seen.ARN(c))
	for _, of := range []any{c.Seen.In, c.Seen.Out} {
		v := reflect.ValueOf(of)
		if v.Kind() != reflect.Pointer || v.IsNil() {
			continue
		}
		for i := range v.Elem().NumField() {
			field := v.Elem().Type().Field(i)
			if !field.IsExported() || !strings.HasSuffix(strings.ToLower(field.Name), "arn") {
				continue
			}
			if value, there := presentIn(v.Elem().Field(i)); there && value.Kind() == reflect.String {
				add(value.String())
			}
		}
	}
	return all
}
