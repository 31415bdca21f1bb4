package events

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
)

const maxBusName = 256

// notBusLetter: what neither a bus's name nor a region has in it.
func notBusLetter(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/.-_", r)
	return !letter
}

// checkBusTarget refuses what cannot be the target bus of a rule. It may be in
// another account or region. A target bus takes events as they are: AWS
// transforms input "for targets that are AWS services or API destinations".
// A rule that sends to its own bus would have it match its own events again.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-input-rule.html
func checkBusTarget(on bus.Name, t *model.Target, to arn.ARN) error {
	if kind, _, ok := strings.Cut(to.Resource, "/"); ok && kind != "event-bus" {
		return invalid("Arn", "Carillon does not deliver to "+kind+" yet (target "+t.Id+": "+t.Arn+").")
	}
	name, ok := to.BusName()
	if !ok || !arn.IsAccount(to.Account) || to.Region == "" || len(name) > maxBusName ||
		strings.ContainsFunc(name+to.Region, notBusLetter) {
		return invalid(t.Arn, "Provided Arn is not in correct format.")
	}
	for _, p := range []param{
		{"Input", t.Input.OK}, {"InputPath", t.InputPath.OK}, {"InputTransformer", t.InputTransformer != nil},
		{"SqsParameters", t.SqsParameters != nil},
	} {
		if p.given {
			return invalid(p.name, "It is not supported for event bus targets (target "+t.Id+").")
		}
	}
	if (bus.Name{Account: to.Account, Region: to.Region, Bus: name}) == on {
		return invalid("Arn", "A rule must not send to its own event bus (target "+t.Id+").")
	}
	return nil
}
