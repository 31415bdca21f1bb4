package events

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/bus"
)

func TestABusIsWhatItWasToldToBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, bus.DefaultLimits)
		const (
			arn = `"arn:aws:events:eu-west-1:111122223333:event-bus/orders"`
			set = `"Description":"d","KmsKeyIdentifier":"alias/k","DeadLetterConfig":{"Arn":"arn:aws:sqs:eu-west-1:111122223333:dead"},"LogConfig":{"IncludeDetail":"FULL","Level":"TRACE"}`
		)
		created := a.do("CreateEventBus", `{"Name":"orders",`+set+`}`)
		same := func(got map[string]any, what string) {
			t.Helper()
			dead, _ := got["DeadLetterConfig"].(map[string]any)
			log, _ := got["LogConfig"].(map[string]any)
			if got["Description"] != "d" || got["KmsKeyIdentifier"] != "alias/k" || log["Level"] != "TRACE" || log["IncludeDetail"] != "FULL" ||
				dead["Arn"] != "arn:aws:sqs:eu-west-1:111122223333:dead" {
				t.Errorf("%s: %v", what, got)
			}
		}
		same(created, "CreateEventBus")
		before := a.do("DescribeEventBus", `{"Name":"orders"}`)
		same(before, "DescribeEventBus")
		time.Sleep(time.Hour)
		a.want("UpdateEventBus", `{"Name":"orders","LogConfig":{"Level":"OFF"}}`, `{"Arn":`+arn+`,"Name":"orders","Description":"d","LogConfig":{"Level":"OFF"}}`)
		after := a.do("DescribeEventBus", `{"Name":"orders"}`)
		if after["KmsKeyIdentifier"] != nil || after["DeadLetterConfig"] != nil || after["Description"] != "d" {
			t.Errorf("what an update leaves out, but the description, goes: %v", after)
		}
		if before["LastModifiedTime"] != before["CreationTime"] || after["CreationTime"] != before["CreationTime"] ||
			after["LastModifiedTime"].(float64)-after["CreationTime"].(float64) != 3600 {
			t.Errorf("times before %v, after %v", before, after)
		}
		same(a.do("UpdateEventBus", `{"Name":"orders",`+set+`}`), "UpdateEventBus")
		a.want("UpdateEventBus", `{"Name":"orders","Description":""}`, `{"Arn":`+arn+`,"Name":"orders"}`)
		a.want("UpdateEventBus", `{"Description":"d"}`, `{"Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/default","Name":"default","Description":"d"}`)
	})
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	a := start(t, bus.DefaultLimits)
	a.do("CreateEventBus", `{"Name":"orders"}`)
	for _, operation := range []string{"CreateEventBus", "UpdateEventBus"} {
		a.refused(operation, `{"Name":"orders","DeadLetterConfig":{"Arn":"arn:aws:sns:eu-west-1:111122223333:t"}}`,
			"ValidationException", "Parameter DeadLetterConfig.Arn is not valid. Reason: It must be the ARN of an SQS queue.")
		if _, err := a.try(operation, `{"Name":"orders","LogConfig":{"Level":"LOUD"}}`); err == nil {
			t.Errorf("%s took an unknown log level", operation)
		}
	}
	a.refused("UpdateEventBus", `{"Name":"nope"}`, "ResourceNotFoundException", "Event bus nope does not exist.")
}
