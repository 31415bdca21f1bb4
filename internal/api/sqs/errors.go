package sqs

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/wire"
)

// Codes: the shapes of the model, and AWS's common ones.
const (
	codeParameter      = "InvalidParameterValue"
	codeMissing        = "MissingParameter"
	codeAddress        = "InvalidAddress"
	codeAttributeName  = "InvalidAttributeName"
	codeAttributeValue = "InvalidAttributeValue"
	codeNoQueue        = "QueueDoesNotExist"
	codeExists         = "QueueNameExists"
	codeDeleted        = "QueueDeletedRecently"
	codePurging        = "PurgeQueueInProgress"
	codeContents       = "InvalidMessageContents"
	codeHandle         = "ReceiptHandleIsInvalid"
	codeNotInFlight    = "MessageNotInflight"
	codeOverLimit      = "OverLimit"
	codeUnsupported    = "UnsupportedOperation"
	codeNoResource     = "ResourceNotFoundException"
	codeBatchEmpty     = "EmptyBatchRequest"
	codeBatchMany      = "TooManyEntriesInBatchRequest"
	codeBatchIDs       = "BatchEntryIdsNotDistinct"
	codeBatchID        = "InvalidBatchEntryId"
	codeBatchLong      = "BatchRequestTooLong"
)

// said is what a request said, as far as an error's sentence repeats it.
type said struct {
	queue   string
	handle  string
	hideFor int32
	delay   int32
	limit   int // bytes that the queue takes
}

// errForeign: the receipt is of another queue.
var errForeign = errors.New("receipt is of another queue")

// explain words an error of the core as AWS does. Others it leaves alone: they
// are failures of ours.
func explain(err error, s said) error {
	if err == nil {
		return nil
	}
	say := func(code, message string) error { return &wire.Error{Code: code, Message: message} }
	switch {
	case errors.Is(err, queue.ErrNotFound):
		return say(codeNoQueue, "The specified queue does not exist.")
	case errors.Is(err, queue.ErrDeletedRecently):
		return say(codeDeleted, "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	case errors.Is(err, queue.ErrPurging):
		return say(codePurging, "Only one PurgeQueue operation on "+s.queue+" is allowed every 60 seconds.")
	case errors.Is(err, queue.ErrTooLarge):
		return tooLarge(s.limit)
	case errors.Is(err, queue.ErrNoGroup):
		return missing("MessageGroupId")
	case errors.Is(err, queue.ErrNoDedup):
		return parameter("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case errors.Is(err, queue.ErrDelayOnFIFO):
		return value("DelaySeconds", number(s.delay), wrongType)
	case errors.Is(err, queue.ErrInFlightLimit):
		return say(codeOverLimit, "The maximum number of in flight messages is reached.")
	case errors.Is(err, errForeign):
		return say(codeHandle, "The receipt handle \""+clip(s.handle)+"\" is not valid for this queue.")
	case errors.Is(err, queue.ErrReceiptStale):
		return value("ReceiptHandle", s.handle, "The receipt handle has expired.")
	case errors.Is(err, queue.ErrNotInFlight):
		return say(codeNotInFlight, "The specified message isn't in flight.")
	case errors.Is(err, queue.ErrMessageGone):
		// The documentation has no error for this; AWS answers so.
		return value("ReceiptHandle", s.handle, "Message does not exist or is not available for visibility timeout change.")
	case errors.Is(err, queue.ErrHiddenTooLong):
		return value("VisibilityTimeout", number(s.hideFor), "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	case errors.Is(err, queue.ErrMoveActive):
		return parameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	case errors.Is(err, queue.ErrNotDeadLetter):
		return parameter("Source queue must be configured as a Dead Letter Queue.")
	case errors.Is(err, queue.ErrMoveNotFound):
		return say(codeNoResource, "Task does not exist.")
	case errors.Is(err, queue.ErrMoveNotRunning):
		return say(codeUnsupported, "Only active tasks can be cancelled.")
	}
	return err
}

// query is an operation's entry in the query protocol.
type query = func(ctx context.Context, c *wire.Call, form url.Values, dst []byte) ([]byte, error)

// inOldWords words the one error that AWS words otherwise in the query
// protocol, and which clients of that age look for.
func inOldWords(run query) query {
	return func(ctx context.Context, c *wire.Call, form url.Values, dst []byte) ([]byte, error) {
		out, err := run(ctx, c, form, dst)
		var e *wire.Error
		if errors.As(err, &e) && e.Code == codeNoQueue {
			err = &wire.Error{Code: e.Code, Message: "The specified queue does not exist for this wsdl version."}
		}
		return out, err
	}
}

// wrongType is AWS's reason against a parameter that the other kind of queue has.
const wrongType = "The request include parameter that is not valid for this queue type."

func parameter(message string) error { return &wire.Error{Code: codeParameter, Message: message} }

// value refuses a parameter's value.
func value(name, given, reason string) error {
	return parameter("Value " + clip(given) + " for parameter " + name + " is invalid. Reason: " + reason)
}

func missing(name string) error {
	return &wire.Error{Code: codeMissing, Message: "The request must contain the parameter " + name + "."}
}

func tooLarge(limit int) error {
	return parameter("One or more parameters are invalid. Reason: Message must be shorter than " + strconv.Itoa(limit) + " bytes.")
}

func badAddress(url string) error {
	return &wire.Error{Code: codeAddress, Message: "The address " + clip(url) + " is not valid for this endpoint."}
}

func unknownAttribute(name string) error {
	return &wire.Error{Code: codeAttributeName, Message: "Unknown Attribute " + clip(name) + "."}
}

// badAttribute refuses a queue attribute's value; reason may be empty.
func badAttribute(name, reason string) error {
	message := "Invalid value for the parameter " + name + "."
	if reason != "" {
		message += " Reason: " + reason
	}
	return &wire.Error{Code: codeAttributeValue, Message: message}
}

func differentAttribute(name string) error {
	return &wire.Error{Code: codeExists, Message: "A queue already exists with the same name and a different value for attribute " + name}
}

func differentTags() error {
	return &wire.Error{Code: codeExists, Message: "A queue already exists with the same name and different tags."}
}

func badHandle(handle string) error {
	return &wire.Error{Code: codeHandle, Message: "The input receipt handle \"" + clip(handle) + "\" is not a valid receipt handle."}
}

func noResource(name string) error {
	return &wire.Error{Code: codeNoResource, Message: "The resource that you specified for the " + name + " parameter doesn't exist."}
}

func overLimit(message string) error { return &wire.Error{Code: codeOverLimit, Message: message} }

func number(n int32) string { return strconv.Itoa(int(n)) }

// clip keeps a hostile megabyte out of an error's sentence.
func clip(s string) string {
	if len(s) > 1024 {
		return s[:1024] + "..."
	}
	return s
}
