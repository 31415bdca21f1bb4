package events

import (
	"context"
	"encoding/json"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// kept are the archive and the replay that a request is about, and its bus.
type kept struct {
	names
	archive, replay string
}

// archiveIn is an archive, or a replay, of the caller's account and region.
func archiveIn(c *wire.Call, name string) archive.Name {
	return archive.Name{Account: c.Account, Region: c.Region, Name: name}
}

// archiveEnabled is the one state of an archive: it works when it is made.
const archiveEnabled = "ENABLED"

// changeKept runs fn in a transaction and words its error.
func (s *Service) changeKept(ctx context.Context, k kept, fn func(tx *store.Tx) error) error {
	return k.explain(s.shard.Update(ctx, fn))
}

// readKept runs fn on a view and words its error.
func (s *Service) readKept(k kept, fn func(v *store.View) error) error {
	return k.explain(s.shard.View(fn))
}

// managedRule is the rule that sends a bus's events to its archive. As on AWS
// it takes none that a replay has sent, whatever the archive's pattern is.
//
// "all events are sent to the archive except replayed events":
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
func managedRule(a archive.Archive) (bus.Managed, error) {
	text, err := unlessReplayed(a.Settings.Pattern)
	return bus.Managed{Name: "Events-Archive-" + a.Name.Name, Pattern: text, Target: a.Target()}, err
}

// unlessReplayed is the pattern, for events that no replay has sent.
func unlessReplayed(text string) (string, error) {
	fields := map[string]json.RawMessage{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			return "", err
		}
	}
	fields["replay-name"] = json.RawMessage(`[{"exists":false}]`)
	out, err := json.Marshal(fields)
	return string(out), err
}

// checkPattern refuses a pattern that an archive cannot have.
func checkPattern(text string) error {
	if text == "" {
		return nil
	}
	if _, err := pattern.Parse(text); err != nil {
		return names{}.explain(err)
	}
	full, err := unlessReplayed(text)
	if err == nil {
		_, err = pattern.Stored(full)
	}
	return names{}.explain(err)
}

// busOf is the bus that an ARN in a request names.
func busOf(c *wire.Call, parameter, text string) (names, error) {
	a, err := arn.Parse(text)
	if err != nil {
		return names{}, invalid(parameter, "Provided Arn is not in correct format.")
	}
	name, ok := a.BusName()
	if !ok {
		return names{}, invalid(parameter, "Must contain an event bus ARN.")
	}
	n := names{bus: bus.Name{Account: a.Account, Region: a.Region, Bus: name}}
	if a.Account != c.Account || a.Region != c.Region {
		return n, n.explain(bus.ErrBusNotFound)
	}
	return n, nil
}

// exclusive refuses more than one filter of a list.
//
// "Filter parameters are exclusive":
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListArchives.html
func exclusive(operation string, given ...wire.Opt[string]) error {
	n := 0
	for _, g := range given {
		if g.OK {
			n++
		}
	}
	if n > 1 {
		return &wire.Error{Code: codeValidation, Message: "At most one filter is allowed for " + operation + ". Use either : State, EventSourceArn, or NamePrefix."}
	}
	return nil
}

// The states of a replay, in AWS's words.
var (
	replayStateAs = map[archive.State]string{
		archive.Starting: "STARTING", archive.Running: "RUNNING", archive.Cancelling: "CANCELLING",
		archive.Completed: "COMPLETED", archive.Cancelled: "CANCELLED", archive.Failed: "FAILED",
	}
	replayStateOf = func() map[string]archive.State {
		m := map[string]archive.State{}
		for s, text := range replayStateAs {
			m[text] = s
		}
		return m
	}()
)

// shownReplay is a replay as the lists show it.
func shownReplay(r archive.Replay) model.Replay {
	return model.Replay{
		ReplayName: wire.Some(r.Name.Name), EventSourceArn: wire.Some(r.Archive.ARN().String()),
		State: wire.Some(replayStateAs[r.State]), StateReason: some(r.Reason),
		EventStartTime: wire.Some(r.From), EventEndTime: wire.Some(r.To), EventLastReplayedTime: known(r.LastReplayedAt),
		ReplayStartTime: known(r.StartedAt), ReplayEndTime: known(r.EndedAt),
	}
}
