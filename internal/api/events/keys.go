package events

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// keys answers for EventBridge's condition keys, and those of tags. Rules that
// Carillon itself keeps cannot be reached by operations, so events:ManagedBy is
// never there.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
func (s *Service) keys(_ context.Context, c *wire.Call, q wire.Question, key string) policy.Value {
	kind, name, _ := strings.Cut(key, "/")
	switch kind {
	case "aws:resourcetag":
		return policy.Tag(s.tagsOf(c, q.Resource), name)
	case "aws:requesttag":
		set, _ := tagsIn(q.About)
		return policy.Tag(set, name)
	case "aws:tagkeys":
		set, removed := tagsIn(q.About)
		if names := slices.AppendSeq(slices.Clone(removed), maps.Keys(set)); len(names) > 0 {
			return policy.Many(names)
		}
		return policy.Value{}
	case "events:creatoraccount":
		return s.creator(c, q)
	}
	switch about := q.About.(type) {
	case *model.PutEventsInput:
		return entryKey(&about.Entries[firstAsked(c, about.Entries)], key)
	case *model.PutEventsRequestEntry:
		return entryKey(about, key)
	case *model.PutRuleInput:
		return patternKey(about.EventPattern.V, key)
	case *model.PutTargetsInput:
		return targetKey(&about.Targets[0], key)
	case *model.Target:
		return targetKey(about, key)
	case passing:
		if key == "iam:passedtoservice" {
			return policy.One("events.amazonaws.com")
		}
	}
	return policy.Value{}
}

func entryKey(e *model.PutEventsRequestEntry, key string) policy.Value {
	switch key {
	case "events:source":
		return policy.One(e.Source.V)
	case "events:detail-type":
		return policy.One(e.DetailType.V)
	case "events:eventbusinvocation": // "true" where a rule of another bus sends, which internal/access asks about
		return policy.One("false")
	}
	return policy.Value{}
}

func targetKey(t *model.Target, key string) policy.Value {
	if key == "events:targetarn" {
		return policy.One(t.Arn)
	}
	return policy.Value{}
}

// patternFields are the places in a rule's pattern that conditions may speak of.
var patternFields = map[string][]string{
	"events:source":                          {"source"},
	"events:detail-type":                     {"detail-type"},
	"events:detail.service":                  {"detail", "service"},
	"events:detail.eventtypecode":            {"detail", "eventTypeCode"},
	"events:detail.useridentity.principalid": {"detail", "userIdentity", "principalId"},
}

// patternKey are the values that a pattern wants. A test that is no plain value
// stands with its JSON text: it must not pass for one that is allowed.
func patternKey(pattern, key string) policy.Value {
	path, ok := patternFields[key]
	if !ok || pattern == "" {
		return policy.Value{}
	}
	at := json.RawMessage(pattern)
	for _, field := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(at, &object) != nil {
			return policy.Value{}
		}
		at = object[field]
	}
	var tests []json.RawMessage
	if json.Unmarshal(at, &tests) != nil || len(tests) == 0 {
		return policy.Value{}
	}
	values := make([]string, len(tests))
	for i, raw := range tests {
		if json.Unmarshal(raw, &values[i]) != nil {
			values[i] = string(raw)
		}
	}
	return policy.Many(values)
}

// creator is whose a rule is, or will be.
func (s *Service) creator(c *wire.Call, q wire.Question) policy.Value {
	a, err := arn.Parse(q.Resource)
	if err != nil {
		return policy.Value{}
	}
	name, rule, ok := a.RuleName()
	if !ok {
		return policy.Value{}
	}
	account := c.Account
	_ = s.shard.View(func(v *store.View) error {
		r, err := bus.GetRule(v, bus.Name{Account: a.Account, Region: a.Region, Bus: name}, rule)
		if err == nil && r.CreatedBy != "" {
			account = r.CreatedBy
		}
		return err
	})
	return policy.One(account)
}

// tagsIn are the tags that a request sets, and the names of those that it removes.
func tagsIn(in any) (set map[string]string, removed []string) {
	var tags []model.Tag
	switch in := in.(type) {
	case *model.CreateEventBusInput:
		tags = in.Tags
	case *model.PutRuleInput:
		tags = in.Tags
	case *model.TagResourceInput:
		tags = in.Tags
	case *model.UntagResourceInput:
		return nil, in.TagKeys
	}
	set = make(map[string]string, len(tags))
	for _, t := range tags {
		set[t.Key] = t.Value
	}
	return set, nil
}

// tagsOf are the tags of a bus or a rule.
func (s *Service) tagsOf(c *wire.Call, resource string) (tags map[string]string) {
	a, err := arn.Parse(resource)
	if err != nil {
		return nil
	}
	n := bus.Name{Account: a.Account, Region: a.Region}
	rule := ""
	if name, ok := a.BusName(); ok {
		n.Bus = name
	} else if n.Bus, rule, ok = a.RuleName(); !ok {
		return nil
	}
	_ = s.shard.View(func(v *store.View) error {
		tags, err = bus.Tags(v, n, rule)
		return err
	})
	return tags
}
