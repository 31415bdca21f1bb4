package events

import (
	"context"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// maxFilterArns is how many rules a replay can name. AWS documents no number.
const maxFilterArns = 1000

// StartReplay starts a replay of what the archive holds of a window of time.
//
// "You can replay events only to the event bus specified to create the archive":
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ReplayDestination.html
// Whoever wants more says so: `carillon replay start` takes any bus.
func (s *Service) StartReplay(ctx context.Context, c *wire.Call, in *model.StartReplayInput) (*model.StartReplayOutput, error) {
	from, err := archiveOf(c, "EventSourceArn", in.EventSourceArn)
	if err != nil {
		return nil, err
	}
	to, err := busOf(c, "Destination.Arn", in.Destination.Arn)
	if err != nil {
		return nil, err
	}
	rules, err := filterRules(to.bus, in.Destination.FilterArns)
	if err != nil {
		return nil, err
	}
	if err := checkWindow(in); err != nil {
		return nil, err
	}
	if err := c.Authorize(ctx, in.Destination.Arn); err != nil {
		return nil, err
	}
	k := kept{names: to, archive: from.Name, replay: in.ReplayName}
	var r archive.Replay
	err = s.shard.Update(ctx, func(tx *store.Tx) (err error) {
		if _, err := bus.GetBus(tx, to.bus); err != nil {
			return err
		}
		if a, err := archive.Get(tx, from); err != nil {
			return err
		} else if a.Bus != to.bus.ARN() {
			return invalid("Destination.Arn", "Cross event bus replay is not permitted.")
		}
		for _, k.rule = range rules {
			if _, err := bus.GetRule(tx, to.bus, k.rule); err != nil {
				return err
			}
		}
		r, err = s.archives.Start(tx, archiveIn(c, in.ReplayName), archive.Request{
			Archive: from, Description: in.Description.V, Bus: in.Destination.Arn, Rules: in.Destination.FilterArns,
			From: in.EventStartTime, To: in.EventEndTime,
		})
		return err
	})
	if err != nil {
		return nil, k.explain(err)
	}
	return &model.StartReplayOutput{
		ReplayArn: wire.Some(r.Name.ReplayARN().String()), State: wire.Some(replayStateAs[r.State]), ReplayStartTime: wire.Some(r.StartedAt),
	}, nil
}

// archiveOf is the archive that an ARN in a request names.
func archiveOf(c *wire.Call, parameter, text string) (archive.Name, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return archive.Name{}, invalid(parameter, "Provided Arn is not in correct format.")
	}
	name, ok := a.ArchiveName()
	if !ok {
		return archive.Name{}, invalid(parameter, "Must contain an archive ARN.")
	}
	if a.Account != c.Account || a.Region != c.Region {
		return archive.Name{}, kept{archive: name}.explain(archive.ErrNotFound)
	}
	return archiveIn(c, name), nil
}

// filterRules are the names of the rules of the bus that the ARNs name.
func filterRules(on bus.Name, arns []string) (rules []string, err error) {
	if len(arns) > maxFilterArns {
		return nil, invalid("Destination.FilterArns", "Carillon takes up to 1000 of them.")
	}
	for _, text := range arns {
		a, err := arn.Parse(text)
		if err != nil {
			return nil, invalid("Destination.FilterArns", "Provided Arn is not in correct format: "+text+".")
		}
		busName, rule, ok := a.RuleName()
		if !ok || on.RuleARN(rule) != a || busName != on.Bus {
			return nil, invalid("Destination.FilterArns", text+" is not a rule of the destination event bus.")
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// checkWindow refuses a window that holds no time, or times that no event has.
func checkWindow(in *model.StartReplayInput) error {
	for _, at := range []struct {
		parameter string
		year      int
	}{{"EventStartTime", in.EventStartTime.UTC().Year()}, {"EventEndTime", in.EventEndTime.UTC().Year()}} {
		if at.year < 1 || at.year > 9999 {
			return invalid(at.parameter, "The year must be from 1 to 9999.")
		}
	}
	if !in.EventStartTime.Before(in.EventEndTime) {
		return invalid("EventEndTime", "EventStartTime must be before EventEndTime.")
	}
	return nil
}
