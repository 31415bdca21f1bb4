package conformance

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func eventsAudit(t *tour) {
	name, url, rule := t.name("watched"), t.queue(nil), t.name("rule")
	pattern := fmt.Sprintf(`{"source": ["aws.sqs"], "detail-type": ["AWS API Call via CloudTrail"],
		"detail": {"eventName": ["CreateQueue"], "requestParameters": {"queueName": [%q]}}}`, name)
	must(t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &rule, EventPattern: &pattern}))(t)
	must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &rule, Targets: []types.Target{{Id: aws.String("q"), Arn: aws.String(t.arn(url))}}}))(t)
	made := must(t.sqs.CreateQueue(t.ctx, &sqs.CreateQueueInput{QueueName: &name}))(t)
	var event struct {
		Source string `json:"source"`
		Detail struct {
			EventName        string            `json:"eventName"`
			ResponseElements map[string]string `json:"responseElements"`
		} `json:"detail"`
	}
	must(0, json.Unmarshal([]byte(t.received(url, 1)[0]), &event))(t)
	equal(t, "the event", event.Source+" "+event.Detail.EventName, "aws.sqs CreateQueue")
	equal(t, "what was answered", event.Detail.ResponseElements["queueUrl"], *made.QueueUrl)
	must(t.events.RemoveTargets(t.ctx, &eventbridge.RemoveTargetsInput{Rule: &rule, Ids: []string{"q"}}))(t)
	must(t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: &rule}))(t)
}
