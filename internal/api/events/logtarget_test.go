package events

import (
	"context"
	"testing"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
)

type nowhere struct{}

func (nowhere) Attempt(context.Context, *delivery.Delivery) delivery.Answer { return delivery.Answer{} }

func TestALogGroupIsATargetWithTheEventOrATimestampAndAMessage(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.outbox.Reach("logs", nowhere{})
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"a\":[1]}"}`)
	const group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/events/orders"
	for _, target := range []string{
		`"Arn":"` + group + `"`,
		`"Arn":"` + group + `:*"`,
		`"Arn":"` + group + `","InputTransformer":{"InputPathsMap":{"t":"$.time"},"InputTemplate":"{\"timestamp\": <t>, \"message\": \"at <t>: {[<aws.events.rule-name>]\"}"}`,
		`"Arn":"` + group + `","InputTransformer":{"InputPathsMap":{"t":"$.time","m":"$.detail"},"InputTemplate":" {\"message\":<m>,\"timestamp\":<t>}"}`,
	} {
		a.do("PutTargets", `{"Rule":"r","Targets":[{"Id":"t",`+target+`}]}`)
	}
	const form = `Parameter InputTransformer.InputTemplate is not valid. Reason: For log group targets it must have the form {"timestamp": <timestamp>, "message": <message>} (target x).`
	for target, want := range map[string]string{
		`"Arn":"arn:aws:logs:eu-west-1:111122223333:log-group:a b"`:                                                          "Parameter arn:aws:logs:eu-west-1:111122223333:log-group:a b is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"arn:aws:logs:eu-west-1:111122223333:destination:a"`:                                                          "Parameter arn:aws:logs:eu-west-1:111122223333:destination:a is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"arn:aws:logs:::log-group:a"`:                                                                                 "Parameter arn:aws:logs:::log-group:a is not valid. Reason: Provided Arn is not in correct format.",
		`"Arn":"` + group + `","Input":"{}"`:                                                                                 "Parameter Input is not valid. Reason: It is not supported for log group targets (target x).",
		`"Arn":"` + group + `","InputPath":"$.detail"`:                                                                       "Parameter InputPath is not valid. Reason: It is not supported for log group targets (target x).",
		`"Arn":"` + group + `","SqsParameters":{}`:                                                                           "Parameter SqsParameters is not valid. Reason: It is not supported for log group targets (target x).",
		`"Arn":"` + group + `","InputTransformer":{"InputTemplate":"\"text\""}`:                                              form,
		`"Arn":"` + group + `","InputTransformer":{"InputTemplate":"{\"message\":\"m\"}"}`:                                   form,
		`"Arn":"` + group + `","InputTransformer":{"InputTemplate":"{\"message\":\"m\",\"timestamp\":1,\"more\":1}"}`:        form,
		`"Arn":"` + group + `","InputTransformer":{"InputTemplate":"{\"message\":{\"timestamp\":1}}"}`:                       form,
		`"Arn":"` + group + `","InputTransformer":{"InputTemplate":"{\"message\":\"m\",\"message\":\"m\",\"timestamp\":1}"}`: form,
	} {
		a.refused("PutTargets", `{"Rule":"r","Targets":[{"Id":"x",`+target+`}]}`, "ValidationException", want)
	}
}
