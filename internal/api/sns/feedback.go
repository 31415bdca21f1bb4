package sns

import (
	"strconv"

	"github.com/carillon-events/carillon/internal/topic"
)

// The attributes that say which attempts at deliveries are logged. Those of
// topics begin with a protocol, those of platform applications do not.
// https://docs.aws.amazon.com/sns/latest/dg/msg-status-sdk.html
const (
	attrSuccessRole = "SuccessFeedbackRoleArn"
	attrSuccessRate = "SuccessFeedbackSampleRate"
	attrFailureRole = "FailureFeedbackRoleArn"
)

// feedback are the attributes of topics that say how deliveries are logged.
func feedback() (out []attribute) {
	for _, protocol := range []string{"Application", "Firehose", "HTTP", "Lambda", "SQS"} {
		out = append(out,
			attribute{name: protocol + attrSuccessRole, check: role},
			attribute{name: protocol + attrSuccessRate, check: percentage},
			attribute{name: protocol + attrFailureRole, check: role})
	}
	return out
}

// feedbackOf is what a topic's attributes mean for the protocols that there are.
func feedbackOf(labels map[string]string) map[topic.Protocol]topic.Feedback {
	var out map[topic.Protocol]topic.Feedback
	for name, p := range map[string]topic.Protocol{"SQS": topic.Queue, "HTTP": topic.HTTPS, "Application": topic.Application} {
		if f := oneFeedback(name, labels); f != (topic.Feedback{}) {
			if out == nil {
				out = map[topic.Protocol]topic.Feedback{}
			}
			out[p] = f
		}
	}
	return out
}

// oneFeedback is what attributes mean that begin so. A role without a rate is
// for all successes: AWS does not say.
func oneFeedback(prefix string, labels map[string]string) (f topic.Feedback) {
	f.Failures = labels[prefix+attrFailureRole] != ""
	if labels[prefix+attrSuccessRole] == "" {
		return f
	}
	f.Successes = 100
	if rate := labels[prefix+attrSuccessRate]; rate != "" {
		f.Successes, _ = strconv.Atoi(rate) // was checked
	}
	return f
}

// AppFeedback is what the attributes of a platform application, as it keeps
// them, mean.
func AppFeedback(labels map[string]string) topic.Feedback { return oneFeedback("", labels) }
