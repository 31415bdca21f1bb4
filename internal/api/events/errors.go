package events

import (
	"errors"
	"strings"

	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/pattern"
	"github.com/carillon-events/carillon/internal/schedule"
	"github.com/carillon-events/carillon/internal/wire"
)

// Codes of errors that end a call.
const (
	codeValidation = "ValidationException"
	codeNotFound   = "ResourceNotFoundException"
	codeExists     = "ResourceAlreadyExistsException"
	codeLimit      = "LimitExceededException"
	codeBadPattern = "InvalidEventPatternException"
	codeBadState   = "InvalidStateException"
	codeLongPolicy = "PolicyLengthExceededException"
	codeStatus     = "IllegalStatusException"
	codeConcurrent = "ConcurrentModificationException"
)

// Codes of errors of one entry of PutEvents.
const (
	entryInvalid       = "InvalidArgument"
	entryMalformed     = "MalformedDetail"
	entryNotAuthorized = "NotAuthorizedForSourceException"
	entryAccessDenied  = "AccessDeniedException"
)

const overLimit = "The requested resource exceeds the maximum number allowed."

// explain words an error of the core as AWS does. Others it leaves alone: they
// are failures of ours.
func (n names) explain(err error) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	var bad *pattern.Error
	var badSchedule *schedule.Error
	var badTag *bus.TagError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &bad):
		return say(codeBadPattern, "Event pattern is not valid. Reason: "+bad.Reason)
	case errors.As(err, &badSchedule):
		return say(codeValidation, badSchedule.Message+" Reason: "+badSchedule.Detail())
	case errors.As(err, &badTag):
		return invalid("Tags", "Tag "+badTag.Tag+": "+badTag.Reason+".")
	case errors.Is(err, bus.ErrBusNotFound):
		return say(codeNotFound, "Event bus "+n.bus.Bus+" does not exist.")
	case errors.Is(err, bus.ErrBusExists):
		return say(codeExists, "Event bus "+n.bus.Bus+" already exists.")
	case errors.Is(err, bus.ErrBusHasRules):
		return say(codeValidation, "EventBus can't be deleted since it has rules.")
	case errors.Is(err, bus.ErrBusIsDefault):
		return say(codeValidation, "Cannot delete event bus "+arn.DefaultBus+".")
	case errors.Is(err, bus.ErrRuleNotFound):
		return say(codeNotFound, "Rule "+n.rule+" does not exist on EventBus "+n.bus.Bus+".")
	case errors.Is(err, bus.ErrRuleHasTargets):
		return say(codeValidation, "Rule can't be deleted since it has targets.")
	case errors.Is(err, bus.ErrTooManyBuses), errors.Is(err, bus.ErrTooManyRules),
		errors.Is(err, bus.ErrTooManyTargets), errors.Is(err, bus.ErrTooManyTags):
		return say(codeLimit, overLimit)
	case errors.Is(err, bus.ErrPolicyTooLong):
		return say(codeLongPolicy, "The event bus policy is too long.")
	}
	return err
}

// explainSource is explain for what is about a partner's event source.
func explainSource(source string, err error) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	switch {
	case errors.Is(err, bus.ErrSourceNotFound):
		return say(codeNotFound, "Event source "+source+" does not exist.")
	case errors.Is(err, bus.ErrSourceExists):
		return say(codeExists, "Event source "+source+" already exists.")
	case errors.Is(err, bus.ErrSourceState):
		return say(codeBadState, "Event source "+source+" is not in a valid state for this operation.")
	case errors.Is(err, bus.ErrTooManySources):
		return say(codeLimit, overLimit)
	}
	return names{bus: bus.Name{Bus: source}}.explain(err)
}

// explainEndpoint is explain for what is about a global endpoint.
func explainEndpoint(endpoint string, err error) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	switch {
	case errors.Is(err, bus.ErrEndpointNotFound):
		return say(codeNotFound, "Endpoint "+endpoint+" does not exist.")
	case errors.Is(err, bus.ErrEndpointExists):
		return say(codeExists, "Endpoint "+endpoint+" already exists.")
	case errors.Is(err, bus.ErrTooManyEndpoints):
		return say(codeLimit, overLimit)
	case errors.Is(err, bus.ErrBusNotFound):
		return invalid("EventBuses", "The event buses must exist.")
	}
	return names{}.explain(err)
}

// explain words an error about an archive or a replay.
func (k kept) explain(err error) error {
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return say(codeNotFound, "Archive "+k.archive+" does not exist.")
	case errors.Is(err, archive.ErrExists):
		return say(codeExists, "Archive "+k.archive+" already exists.")
	case errors.Is(err, archive.ErrReplayNotFound):
		return say(codeNotFound, "Replay "+k.replay+" does not exist.")
	case errors.Is(err, archive.ErrReplayExists):
		return say(codeExists, "Replay "+k.replay+" already exists.")
	case errors.Is(err, archive.ErrReplayEnded):
		return say(codeStatus, "Replay "+k.replay+" is not in a valid state for this operation.")
	case errors.Is(err, archive.ErrTooMany), errors.Is(err, archive.ErrTooManyReplays):
		return say(codeLimit, overLimit)
	}
	return k.names.explain(err)
}

// invalid refuses a parameter.
func invalid(parameter, reason string) error {
	return &wire.Error{Code: codeValidation, Message: "Parameter " + parameter + " is not valid. Reason: " + reason}
}

// unsupported refuses a parameter that AWS has and Carillon does not honour yet.
func unsupported(parameter string) error {
	return invalid(parameter, "Carillon does not support "+parameter+" yet.")
}

// refusal is the first of the parameters that is given, refused.
func refusal(given ...param) error {
	for _, p := range given {
		if p.given {
			return unsupported(p.name)
		}
	}
	return nil
}

type param struct {
	name  string
	given bool
}

// requireAll refuses a request that lacks some of the parameters.
func requireAll(needed ...param) error {
	var absent []string
	for _, p := range needed {
		if !p.given {
			absent = append(absent, p.name)
		}
	}
	if absent == nil {
		return nil
	}
	return &wire.Error{Code: codeValidation, Message: "Parameter(s) " + strings.Join(absent, ", ") + " must be specified."}
}
