package sns

import (
	"errors"

	"github.com/carillon-events/carillon/internal/mobile"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// Codes: shapes of the model.
const (
	codeParameter     = "InvalidParameterException"
	codeNotFound      = "NotFoundException"
	codeNoResource    = "ResourceNotFoundException"
	codeTopicLimit    = "TopicLimitExceededException"
	codeSubLimit      = "SubscriptionLimitExceededException"
	codeFilterLimit   = "FilterPolicyLimitExceededException"
	codeReplayLimit   = "ReplayLimitExceededException"
	codeTagLimit      = "TagLimitExceededException"
	codeAuthorization = "AuthorizationErrorException"
	codeState         = "InvalidStateException"
	codeUser          = "UserErrorException"
	codeVerification  = "VerificationException"
	codeOptedOut      = "OptedOutException"
	codeValue         = "InvalidParameterValueException"
	codeDisabled      = "EndpointDisabledException"
	codeBatchEmpty    = "EmptyBatchRequestException"
	codeBatchMany     = "TooManyEntriesInBatchRequestException"
	codeBatchID       = "InvalidBatchEntryIdException"
	codeBatchIDs      = "BatchEntryIdsNotDistinctException"
	codeBatchLong     = "BatchRequestTooLongException"
)

func say(code, message string) error { return &wire.Error{Code: code, Message: message} }

// explain words an error of a core as AWS does. Others it leaves alone: they are
// failures of ours, or worded already.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, topic.ErrNotFound):
		return say(codeNotFound, "Topic does not exist")
	case errors.Is(err, topic.ErrNotSubscribed):
		return say(codeNotFound, "Subscription does not exist")
	case errors.Is(err, topic.ErrOwnersOnly):
		return say(codeAuthorization, "Only the owners of the subscription and of its topic may unsubscribe it")
	case errors.Is(err, topic.ErrToken):
		return invalid("Token")
	case errors.Is(err, topic.ErrTooManyTopics):
		return say(codeTopicLimit, "Topic limit exceeded")
	case errors.Is(err, topic.ErrTooManySubscriptions):
		return say(codeSubLimit, "Subscription limit exceeded")
	case errors.Is(err, topic.ErrTooManyPending):
		return say(codeSubLimit, "Pending subscription limit exceeded")
	case errors.Is(err, topic.ErrTooManyFilters):
		return say(codeFilterLimit, "Filter policy limit exceeded")
	case errors.Is(err, topic.ErrTooManyTags):
		return say(codeTagLimit, "Could not complete request: tag quota of per resource exceeded")
	case errors.Is(err, topic.ErrNoGroup):
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case errors.Is(err, topic.ErrNoDedup):
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case errors.Is(err, topic.ErrArchiving):
		return say(codeState, "Invalid state: Cannot delete a topic with an ArchivePolicy")
	case errors.Is(err, topic.ErrNoArchive):
		return invalid(attrReplay + ": the topic has no ArchivePolicy")
	case errors.Is(err, topic.ErrTooManyReplays):
		return say(codeReplayLimit, "Replay limit exceeded")
	}
	return explainMobile(err)
}

// explainMobile is explain for what is about devices and phone numbers.
func explainMobile(err error) error {
	switch {
	case errors.Is(err, mobile.ErrNoApp):
		return say(codeNotFound, "PlatformApplication does not exist")
	case errors.Is(err, mobile.ErrNoEndpoint):
		return say(codeNotFound, "Endpoint does not exist")
	case errors.Is(err, mobile.ErrAppDiffers):
		return invalidFor("Attributes", "Platform application already exists with different attributes")
	case errors.Is(err, mobile.ErrTokenTaken):
		return invalidFor("Token", "An endpoint with the same Token already exists")
	case errors.Is(err, mobile.ErrOptedInBefore):
		return invalidFor("phoneNumber", "A phone number can be opted in only once every 30 days")
	case errors.Is(err, mobile.ErrNoNumber):
		return say(codeNoResource, "Phone number does not exist in the SMS sandbox")
	case errors.Is(err, mobile.ErrManyNumbers):
		return say(codeUser, "The SMS sandbox has its maximum of 10 phone numbers")
	case errors.Is(err, mobile.ErrManyCodes):
		return say(codeUser, "A verification code can be sent to a phone number 5 times in 24 hours")
	case errors.Is(err, mobile.ErrVerifiedNow):
		return say(codeUser, "A verified phone number can be deleted 24 hours after its verification")
	case errors.Is(err, mobile.ErrWrongCode):
		return say(codeVerification, "The one-time password is not the one that was sent, or not valid any more")
	}
	return err
}

// invalid refuses a parameter.
func invalid(what string) error { return say(codeParameter, "Invalid parameter: "+clip(what)) }

// invalidFor refuses a parameter and says why.
func invalidFor(name, reason string) error { return invalid(name + " Reason: " + reason) }

// refusal is why the value of an attribute is refused, as AWS words it where it
// is set alone: "RedrivePolicy: invalid JSON".
type refusal string

func (r refusal) Error() string { return string(r) }

// ofAttribute words a refusal where one attribute is set.
func ofAttribute(err error) error {
	var r refusal
	if errors.As(err, &r) {
		return invalid(string(r))
	}
	return err
}

// ofAttributes words a refusal where many are.
func ofAttributes(err error) error {
	var r refusal
	if errors.As(err, &r) {
		return invalidFor("Attributes", string(r))
	}
	return err
}

// clip keeps a hostile megabyte out of an error's sentence.
func clip(s string) string {
	if len(s) > 1024 {
		return s[:1024] + "..."
	}
	return s
}
