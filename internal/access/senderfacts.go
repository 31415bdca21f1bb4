package access

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/policy"
)

// Lookup answers for the condition keys of what a service sends. There is no
// request, so nothing is known of where it came from. It implements
// policy.Context.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (q *sending) Lookup(key string) policy.Value {
	if name, ok := strings.CutPrefix(key, "aws:"); ok {
		return q.global(name)
	}
	if q.action != "events:PutEvents" || q.trust {
		return policy.Value{}
	}
	switch key {
	case "events:source":
		q.varies = true
		return policy.One(eventField(q.body, "source"))
	case "events:detail-type":
		q.varies = true
		return policy.One(eventField(q.body, "detail-type"))
	case "events:eventbusinvocation":
		return policy.One("true")
	}
	return policy.Value{}
}

func (q *sending) global(name string) policy.Value {
	role := q.who.Kind == policy.RoleSession
	switch name {
	// A role's session is somebody of its own, and has no source. A bus is told of the
	// rule either way: the examples for buses have it beside an account.
	case "sourcearn":
		if !role || q.action == "events:PutEvents" {
			return policy.One(q.sender)
		}
	case "sourceaccount":
		if !role || q.action == "events:PutEvents" {
			return policy.One(q.source.Account)
		}
	case "currenttime":
		q.varies = true
		return policy.One(q.Now().UTC().Format(time.RFC3339))
	case "epochtime":
		q.varies = true
		return policy.One(strconv.FormatInt(q.Now().Unix(), 10))
	case "securetransport":
		return policy.One("true")
	case "viaawsservice":
		return policy.One("false")
	case "requestedregion":
		if a, err := arn.Parse(q.target); err == nil {
			return policy.One(a.Region)
		}
	case "resourceaccount":
		if q.trust {
			return policy.One(q.entity.Account)
		}
		return policy.One(q.owner)
	case "principalisawsservice":
		return policy.One(strconv.FormatBool(q.who.Kind == policy.Service))
	}
	if q.who.Kind == policy.Service {
		return ofServicePrincipal(name, q.who.ARN)
	}
	return q.ofAccount(name)
}

// ofServicePrincipal are the keys about a service that asks in its own name.
func ofServicePrincipal(name, service string) policy.Value {
	switch name {
	case "principalservicename":
		return policy.One(service)
	case "principalservicenameslist":
		return policy.Many([]string{service})
	}
	return policy.Value{}
}

// ofAccount are the keys about the role, or the account, in whose name it is sent.
func (q *sending) ofAccount(name string) policy.Value {
	if tag, ok := strings.CutPrefix(name, "principaltag/"); ok {
		return tagOf(q.entity, tag)
	}
	switch name {
	case "principalarn":
		if q.who.Kind == policy.RoleSession {
			return policy.One(q.role)
		}
		return policy.One(q.who.ARN)
	case "principalaccount":
		return policy.One(q.who.Account)
	case "principaltype":
		return policy.One(principalTypes[q.who.Kind])
	case "userid":
		if q.entity == nil {
			return policy.One(q.who.Account)
		}
		_, session, _ := strings.Cut(strings.TrimPrefix(q.who.ARN[strings.LastIndexByte(q.who.ARN, ':')+1:], "assumed-role/"), "/")
		return policy.One(q.entity.ID + ":" + session)
	}
	return policy.Value{}
}

// eventField is a text in an event's envelope, which has them before the detail.
func eventField(event []byte, name string) string {
	d := json.NewDecoder(bytes.NewReader(event))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	for d.More() {
		field, err := d.Token()
		if err != nil || field == "detail" {
			return ""
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return ""
		}
		if field == name {
			var text string
			_ = json.Unmarshal(value, &text) // an envelope's are texts
			return text
		}
	}
	return ""
}
