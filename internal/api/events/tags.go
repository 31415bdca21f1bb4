package events

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/wire"
)

// tagged is the bus or rule that an ARN names; for a bus, the rule is empty.
func tagged(c *wire.Call, text string) (names, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "events" {
		return names{}, invalid("ResourceARN", "Provided Arn is not in correct format.")
	}
	n := names{bus: bus.Name{Account: a.Account, Region: a.Region}}
	if name, ok := a.BusName(); ok {
		n.bus.Bus = name
	} else if name, rule, ok := a.RuleName(); ok {
		n.bus.Bus, n.rule = name, rule
	} else {
		return n, invalid("ResourceARN", "Only rules and event buses have tags.")
	}
	if a.Account != c.Account || a.Region != c.Region {
		if n.rule != "" {
			return n, n.explain(bus.ErrRuleNotFound)
		}
		return n, n.explain(bus.ErrBusNotFound)
	}
	return n, nil
}

// taggedResource is the ARN as policies have it: one rule may be called by
// several.
func taggedResource(c *wire.Call, text string) string {
	n, err := tagged(c, text)
	switch {
	case err != nil:
		return text // which the method refuses
	case n.rule != "":
		return n.bus.RuleARN(n.rule).String()
	}
	return n.bus.ARN().String()
}

// tagMap is tags by key; a key may come once, and not be AWS's own.
func tagMap(tags []model.Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		if _, twice := out[t.Key]; twice {
			return nil, invalid("Tags", "Tag key "+t.Key+" is given more than once.")
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalid("Tags", "Tag keys must not begin with aws:.")
		}
		out[t.Key] = t.Value
	}
	return out, nil
}
