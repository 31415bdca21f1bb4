package events

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/events"
)

// checkTopicTarget refuses what cannot be a topic. FIFO topics cannot be
// targets: EventBridge has nothing to make a message group of.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
func checkTopicTarget(t *model.Target, to arn.ARN) error {
	name, ok := to.TopicName()
	if !ok || !arn.IsAccount(to.Account) || to.Region == "" || strings.ContainsAny(name, "/: ") {
		return invalid(t.Arn, "Provided Arn is not in correct format.")
	}
	if strings.HasSuffix(name, ".fifo") {
		return invalid("Arn", "FIFO topics are not supported as targets (target "+t.Id+": "+t.Arn+").")
	}
	if t.SqsParameters != nil {
		return invalid("SqsParameters", "It is not supported for SNS topic targets (target "+t.Id+").")
	}
	return nil
}
