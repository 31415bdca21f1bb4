package events

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/queue"
)

const jobs = "arn:aws:sqs:eu-west-1:111122223333:q"

func onR(target string) string { return `{"Rule":"r","Targets":[` + target + `]}` }

func TestATargetIsListedAsItWasPut(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	targets := `{"Id":"a","Arn":"` + jobs + `","Input":"{\"a\":1}","DeadLetterConfig":{"Arn":"` + jobs + `-dead"},"RetryPolicy":{"MaximumRetryAttempts":0,"MaximumEventAgeInSeconds":60}},` +
		`{"Id":"b","Arn":"` + jobs + `","InputPath":"$.detail","RetryPolicy":{"MaximumRetryAttempts":185}},` +
		`{"Id":"c","Arn":"` + jobs + `","InputTransformer":{"InputPathsMap":{"n":"$.detail.n"},"InputTemplate":"{\"n\":<n>}"},"RetryPolicy":{"MaximumEventAgeInSeconds":86400}},` +
		`{"Id":"d","Arn":"` + jobs + `","InputTransformer":{"InputTemplate":"\"hello\""},"RetryPolicy":{}}`
	a.do("PutTargets", onR(targets))
	a.want("ListTargetsByRule", `{"Rule":"r"}`, `{"Targets":[`+strings.ReplaceAll(
		`{"Id":"a","Arn":"Q","Input":"{\"a\":1}","DeadLetterConfig":{"Arn":"Q-dead"},"RetryPolicy":{"MaximumRetryAttempts":0,"MaximumEventAgeInSeconds":60}},`+
			`{"Id":"b","Arn":"Q","InputPath":"$.detail","RetryPolicy":{"MaximumRetryAttempts":185}},`+
			`{"Id":"c","Arn":"Q","InputTransformer":{"InputPathsMap":{"n":"$.detail.n"},"InputTemplate":"{\"n\":<n>}"},"RetryPolicy":{"MaximumEventAgeInSeconds":86400}},`+
			`{"Id":"d","Arn":"Q","InputTransformer":{"InputTemplate":"\"hello\""},"RetryPolicy":{}}`, "Q", jobs)+`]}`)
}

func TestATargetThatCannotWorkIsRefusedAndNothingChanges(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	dead := func(reason, arn string) string {
		return "Parameter DeadLetterConfig.Arn is not valid. Reason: " + reason + " (target x: " + arn + ")."
	}
	for more, want := range map[string]string{
		`"Input":"{","InputPath":"$"`:                     "Only one of Input, InputPath, or InputTransformer must be provided for target x.",
		`"Input":"hello"`:                                 `JSON syntax error in input for target x: [Source: (String)"hello"; line: 1, column: 6]`,
		`"InputPath":"detail"`:                            "InputPath for target x is invalid: ",
		`"InputTransformer":{"InputTemplate":"\"<no>\""}`: "InputTemplate for target x contains invalid placeholder no.",
		`"InputTransformer":{"InputPathsMap":{"aws.n":"$.a"},"InputTemplate":"1"}`: "",
		`"InputTransformer":{"InputPathsMap":{"n":"a"},"InputTemplate":"<n>"}`:     "InputPathsMap for target x contains invalid path a for key n: ",
		`"RetryPolicy":{"MaximumRetryAttempts":186}`:                               "maximumRetryAttempts",
		`"RetryPolicy":{"MaximumRetryAttempts":-1}`:                                "maximumRetryAttempts",
		`"RetryPolicy":{"MaximumEventAgeInSeconds":59}`:                            "maximumEventAgeInSeconds",
		`"RetryPolicy":{"MaximumEventAgeInSeconds":86401}`:                         "maximumEventAgeInSeconds",
		`"DeadLetterConfig":{"Arn":"dead"}`:                                        dead("Provided Arn is not in correct format", "dead"),
		`"DeadLetterConfig":{"Arn":""}`:                                            "arn",
		`"DeadLetterConfig":{"Arn":"arn:aws:sns:eu-west-1:111122223333:dead"}`:     dead("It must be the ARN of an SQS queue", "arn:aws:sns:eu-west-1:111122223333:dead"),
		`"DeadLetterConfig":{"Arn":"` + jobs + `.fifo"}`:                           dead("It must be a standard queue, not a FIFO queue", jobs+".fifo"),
		`"DeadLetterConfig":{"Arn":"arn:aws:sqs:us-east-1:111122223333:dead"}`:     dead("The queue must be in the region of the rule", "arn:aws:sqs:us-east-1:111122223333:dead"),
	} {
		_, err := a.try("PutTargets", onR(`{"Id":"good","Arn":"`+jobs+`"},{"Id":"x","Arn":"`+jobs+`",`+more+`}`))
		if err == nil || !strings.Contains(err.Error(), "ValidationException") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nis answered with %v\nwant             %s", more, err, want)
		}
	}
	a.want("ListTargetsByRule", `{"Rule":"r"}`, `{"Targets":[]}`)
}

func TestATargetReceivesWhatItsTransformerMakes(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	q := a.queue("q", queue.Config{})
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	a.do("PutTargets", onR(`{"Id":"t","Arn":"`+q+`","InputTransformer":{"InputPathsMap":{"n":"$.detail.n"},"InputTemplate":"{\"n\":<n>,\"rule\":<aws.events.rule-name>}"}}`))
	a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{\"n\":[1, 2]}"}]}`)
	if got := a.received("q"); len(got) != 1 || got[0] != `{"n":[1,2],"rule":"r"}` {
		t.Errorf("%q", got)
	}
}

func TestTheIngestionTimeIsWhenTheRequestCameNotWhatTheProducerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		q := a.queue("q", queue.Config{})
		a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
		a.do("PutTargets", onR(`{"Id":"t","Arn":"`+q+`","InputTransformer":{"InputTemplate":"<aws.events.event.ingestion-time>"}}`))
		a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}","Time":1}]}`)
		if got := a.received("q"); len(got) != 1 || got[0] != `"2000-01-01T00:00:00Z"` { // where bubbles begin
			t.Errorf("%q", got)
		}
	})
}

func TestAnEventThatCannotBeDeliveredIsInTheDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		defer a.retries()()
		dead := a.queue("dead", queue.Config{})
		a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
		config := `"DeadLetterConfig":{"Arn":"` + dead + `"},"RetryPolicy":{"MaximumRetryAttempts":2}`
		a.do("PutTargets", onR(`{"Id":"gone","Arn":"`+jobs+`","Input":"1",`+config+`},{"Id":"unfit","Arn":"`+dead+`","InputPath":"$.detail.no",`+config+`}`))
		a.do("PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}"}]}`)
		time.Sleep(time.Minute)
		got := a.messages("dead")
		if len(got) != 2 {
			t.Fatalf("%d dead letters, want 2", len(got))
		}
		var said []string
		for _, m := range got {
			if !strings.HasPrefix(m.Body, `{"version":"0",`) {
				t.Errorf("a dead letter is %q, want the event", m.Body)
			}
			queue.EachAttribute(m.Attributes, func(at queue.Attribute) {
				if at.Name != "ERROR_MESSAGE" {
					said = append(said, at.Name+"="+string(at.Value))
				}
			})
		}
		const rule = "RULE_ARN=arn:aws:events:eu-west-1:111122223333:rule/r TARGET_ARN="
		want := "ERROR_CODE=INVALID_JSON RETRY_ATTEMPTS=0 " + rule + dead +
			" ERROR_CODE=NO_RESOURCE EXHAUSTED_RETRY_CONDITION=MaximumRetryAttempts RETRY_ATTEMPTS=2 " + rule + jobs
		if all := strings.Join(said, " "); all != want {
			t.Errorf("got  %s\nwant %s", all, want)
		}
	})
}

// What EventBridge delivers to and Carillon does not, yet: whoever adds one
// takes it out of here.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
func TestATargetOfAKindThatIsNotThereYetIsRefusedByName(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	q := a.queue("q", queue.Config{})
	for _, c := range []struct{ kind, arn, more string }{
		{"lambda", "arn:aws:lambda:eu-west-1:111122223333:function:f", ``},
		{"states", "arn:aws:states:eu-west-1:111122223333:stateMachine:m", `,"RoleArn":"arn:aws:iam::111122223333:role/r"`},
		{"kinesis", "arn:aws:kinesis:eu-west-1:111122223333:stream/s", `,"KinesisParameters":{"PartitionKeyPath":"$.id"}`},
		{"firehose", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/s", ``},
		{"ecs", "arn:aws:ecs:eu-west-1:111122223333:cluster/c", `,"EcsParameters":{"TaskDefinitionArn":"arn:aws:ecs:eu-west-1:111122223333:task-definition/t:1"}`},
		{"batch", "arn:aws:batch:eu-west-1:111122223333:job-queue/j", `,"BatchParameters":{"JobDefinition":"d","JobName":"n"}`},
		{"execute-api", "arn:aws:execute-api:eu-west-1:111122223333:a/prod/POST/orders", `,"HttpParameters":{}`},
		{"appsync", "arn:aws:appsync:eu-west-1:111122223333:endpoints/graphql-api/a", `,"AppSyncParameters":{"GraphQLOperation":"mutation M{m}"}`},
		{"codebuild", "arn:aws:codebuild:eu-west-1:111122223333:project/p", ``},
		{"codepipeline", "arn:aws:codepipeline:eu-west-1:111122223333:p", ``},
		{"glue", "arn:aws:glue:eu-west-1:111122223333:workflow/w", ``},
		{"imagebuilder", "arn:aws:imagebuilder:eu-west-1:111122223333:image-pipeline/p", ``},
		{"inspector", "arn:aws:inspector:eu-west-1:111122223333:target/0-a/template/0-b", ``},
		{"redshift", "arn:aws:redshift:eu-west-1:111122223333:cluster:c", `,"RedshiftDataParameters":{"Database":"d","Sql":"select 1"}`},
		{"sagemaker", "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/p", `,"SageMakerPipelineParameters":{}`},
		{"ssm", "arn:aws:ssm:eu-west-1:111122223333:document/d", `,"RunCommandParameters":{"RunCommandTargets":[{"Key":"k","Values":["v"]}]}`},
		{"ssm-incidents", "arn:aws:ssm-incidents::111122223333:response-plan/p", ``},
		{"target", "arn:aws:events:eu-west-1:111122223333:target/create-snapshot", ``}, // of a volume
	} {
		t.Run(c.kind, func(t *testing.T) {
			a.refused("PutTargets", onR(`{"Id":"good","Arn":"`+q+`"},{"Id":"x","Arn":"`+c.arn+`"`+c.more+`}`), "ValidationException",
				"Parameter Arn is not valid. Reason: Carillon does not deliver to "+c.kind+" yet (target x: "+c.arn+").")
		})
	}
	a.want("ListTargetsByRule", `{"Rule":"r"}`, `{"Targets":[]}`)
}
