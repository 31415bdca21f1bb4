package queue

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/notification"
	"github.com/carillon-events/carillon/internal/queue"
)

// A dead letter's message has the event as it was accepted, and these
// attributes, all of which are text. They and the codes are those that
// EventBridge documents; which code it uses when, it does not say.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
const (
	errorCode      = "ERROR_CODE"
	errorMessage   = "ERROR_MESSAGE"
	exhausted      = "EXHAUSTED_RETRY_CONDITION" // only where a bound of the retry policy was reached
	retryAttempts  = "RETRY_ATTEMPTS"
	ruleARN        = "RULE_ARN"
	targetARN      = "TARGET_ARN"
	attributesType = "String"
)

var conditions = map[delivery.Bound]string{
	delivery.MaxAttempts: "MaximumRetryAttempts",
	delivery.MaxAge:      "MaximumEventAgeInSeconds",
}

// obituary is the attributes of a dead letter, in the order of their names.
func obituary(d *delivery.Delivery) (enc []byte) {
	end := d.Ended
	add := func(name, value string) {
		if value != "" {
			enc = queue.AppendAttribute(enc, name, attributesType, false, value)
		}
	}
	add(errorCode, codeOf(end.Reason))
	add(errorMessage, end.Text())
	add(exhausted, conditions[end.Exhausted])
	add(retryAttempts, strconv.Itoa(end.Retries))
	add(ruleARN, d.Source)
	add(targetARN, end.Target.String())
	return enc
}

func codeOf(reason error) string {
	switch {
	case errors.Is(reason, delivery.ErrMissing):
		return "NO_RESOURCE"
	case errors.Is(reason, delivery.ErrDenied):
		return "NO_PERMISSIONS"
	case errors.Is(reason, delivery.ErrNotAssumed):
		return "FAILED_TO_ASSUME_ROLE"
	case errors.Is(reason, delivery.ErrUnfit):
		return "INVALID_JSON"
	case errors.Is(reason, delivery.ErrRefused):
		return "INVALID_PARAMETER"
	case errors.Is(reason, delivery.ErrUnavailable):
		return "ERROR_FROM_TARGET"
	}
	return "UNKNOWN"
}

// A dead letter of a topic's subscription has the attributes that the message
// had, and these. AWS's page names them; which codes there are, it does not say.
// https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
const (
	topicErrorCode    = "ErrorCode"
	topicErrorMessage = "ErrorMessage"
	topicRequestID    = "RequestID"
)

// topicObituary is the attributes of a dead letter of a topic.
func topicObituary(d *delivery.Delivery, had []byte) []byte {
	list, _ := notification.ReadAttributes(had)
	for _, a := range [][2]string{
		{topicErrorCode, TopicErrorCode(d.Ended.Reason)}, {topicErrorMessage, d.Ended.Text()}, {topicRequestID, d.Key.String()},
	} {
		list = slices.DeleteFunc(list, func(other notification.Attribute) bool { return other.Name == a[0] })
		list = append(list, notification.Attribute{Name: a[0], Type: attributesType, Value: []byte(a[1])})
	}
	slices.SortFunc(list, func(a, b notification.Attribute) int { return strings.Compare(a.Name, b.Name) })
	return notification.AppendAttributes(nil, list)
}

// TopicErrorCode is what AWS calls the reason why a queue did not take a message
// of a topic.
func TopicErrorCode(reason error) string {
	switch {
	case errors.Is(reason, delivery.ErrMissing):
		return "AWS.SimpleQueueService.NonExistentQueue"
	case errors.Is(reason, delivery.ErrDenied):
		return "AccessDenied"
	case errors.Is(reason, delivery.ErrRefused):
		return "InvalidParameterValue"
	}
	return "ServiceUnavailable"
}
