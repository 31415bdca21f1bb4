package main

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/awsmodel/events"
	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/wire"
)

func TestABreachOfTheModelIsToldAsAWSTellsIt(t *testing.T) {
	queues := sqs.New(sqsDouble{&double{}}, nil)
	buses := events.New(eventsDouble{&double{}}, nil)
	const one = "ValidationException: 1 validation error detected: "
	for _, test := range []struct {
		service              *wire.Service
		operation, body, err string
	}{
		{buses, "PutRule", `{"Name":"orders"}`, ""},
		{buses, "PutRule", `{}`, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{buses, "PutRule", `{"Name":null}`, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{buses, "PutRule", ``, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{buses, "PutRule", `null`, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{buses, "PutRule", `{"Name":"a","Name":null}`, one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{buses, "PutRule", `{"Name":null,"Name":"a"}`, ""},
		{buses, "PutRule", `{"Name":"a b"}`, one + `Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`},
		{buses, "PutRule", `{"Name":"` + strings.Repeat("a", 65) + `","State":"ON"}`, "ValidationException: 2 validation errors detected: Value '" + strings.Repeat("a", 65) +
			"' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64; Value 'ON' at 'state' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"},
		{buses, "ListRules", `{"Limit":0}`, one + "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{buses, "ListRules", `{"Limit":101}`, one + "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		{buses, "PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"a"},{"Arn":"a"}]}`, one + "Value null at 'targets.2.member.id' failed to satisfy constraint: Member must not be null"},
		{buses, "PutTargets", `{"Rule":"r","Targets":[]}`, one + "Value '[]' at 'targets' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{buses, "PutTargets", `{"Rule":"r"}`, one + "Value null at 'targets' failed to satisfy constraint: Member must not be null"},
		{buses, "PutTargets", `{"Rule":"r","Targets":[{"Id":"1","Arn":"a","RetryPolicy":{"MaximumRetryAttempts":186}}]}`,
			one + "Value '186' at 'targets.1.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185"},
		{buses, "RemoveTargets", `{"Rule":"r","Ids":["a","b c"]}`, one + `Value '[a, b c]' at 'ids' failed to satisfy constraint: Member must satisfy constraint: ` +
			`[Member must have length less than or equal to 64, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+]`},
		{buses, "PutEvents", `{"Entries":[]}`, one + "Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{buses, "PutEvents", `{"Entries":[` + strings.Repeat("{},", 10) + `{}]}`, one + "Value '[PutEventsRequestEntry" + strings.Repeat(", PutEventsRequestEntry", 10) +
			"]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"},
		{buses, "PutEvents", `{"Entries":[{}]}`, ""}, // the service answers this entry by entry
		{buses, "PutEvents", `{"Entries":[{"EventBusName":"a b"}]}`, one + `Value 'a b' at 'entries.1.member.eventBusName' failed to satisfy constraint: ` +
			`Member must satisfy regular expression pattern: (arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[\.\-_A-Za-z0-9]+`},
		{buses, "PutEvents", `{"Entries":[{"Detail":5}]}`, "SerializationException: NUMBER_VALUE can not be converted to a String at 'Entries.1.Detail'"},
		{buses, "PutEvents", `{"Entries":[null]}`, "SerializationException: A list must not hold null at 'Entries.1'"},
		{buses, "PutEvents", `{"Entries":[{}]`, "SerializationException: Unexpected end of the document"},
		{buses, "PutEvents", `[]`, "SerializationException: Start of list found where not expected"},
		{queues, "CreateQueue", `{}`, "MissingParameter: The request must contain the parameter QueueName."},
		{queues, "SendMessage", `{"QueueUrl":"q"}`, "MissingParameter: The request must contain the parameter MessageBody."},
		{queues, "SendMessage", `{"QueueUrl":"q","MessageBody":""}`, ""},
		{queues, "ChangeMessageVisibility", `{"QueueUrl":"q","ReceiptHandle":"r"}`, "MissingParameter: The request must contain the parameter VisibilityTimeout."},
		{queues, "ChangeMessageVisibility", `{"QueueUrl":"q","ReceiptHandle":"r","VisibilityTimeout":0}`, ""},
		{queues, "UntagQueue", `{"QueueUrl":"q"}`, "MissingParameter: The request must contain the parameter TagKeys."},
		{queues, "SendMessageBatch", `{"QueueUrl":"q"}`, ""},                // the service: EmptyBatchRequest
		{queues, "SendMessageBatch", `{"QueueUrl":"q","Entries":[{}]}`, ""}, // the service, by entry
		{queues, "SendMessage", `{"QueueUrl":"q","MessageBody":"b","MessageAttributes":{"a":{"StringValue":1}}}`,
			"SerializationException: NUMBER_VALUE can not be converted to a String at 'MessageAttributes.a.StringValue'"},
	} {
		_, err := test.service.Operations[test.operation].JSON(t.Context(), &wire.Call{}, []byte(test.body), nil)
		switch {
		case test.err == "" && err != nil:
			t.Errorf("%s %s: %v", test.operation, test.body, err)
		case test.err != "" && (err == nil || err.Error() != test.err):
			t.Errorf("%s %s:\n got %v\nwant %s", test.operation, test.body, err, test.err)
		}
	}
}

func TestSTSTellsBreachesAsValidationError(t *testing.T) {
	service := sts.New(sts.NotImplemented{}, nil)
	_, err := service.Operations["AssumeRole"].Query(t.Context(), &wire.Call{}, url.Values{
		"RoleSessionName": {"a b"}, "Tags.member.1.Key": {"k"},
	}, nil)
	want := "ValidationError: 3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; " +
		`Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*; ` +
		"Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestAnOperationThatIsNotThereSaysSo(t *testing.T) {
	service := events.New(events.NotImplemented{}, nil)
	_, err := service.Operations["ListRules"].JSON(t.Context(), &wire.Call{}, []byte("{}"), nil)
	var e *wire.Error
	if !errors.As(err, &e) || e.HTTPStatus(service) != 501 || e.Message != "Carillon does not implement events:ListRules yet." {
		t.Errorf("%v", err)
	}
}

func TestAnErrorThatIsNotAWSsPassesUnchanged(t *testing.T) {
	failure := errors.New("disk on fire")
	service := sqs.New(sqsDouble{&double{err: failure}}, nil)
	got, err := service.Operations["ListQueues"].JSON(t.Context(), &wire.Call{}, []byte("{}"), []byte("x"))
	if err != failure || string(got) != "x" {
		t.Errorf("%s, %v", got, err)
	}
}

var errDenied = &wire.Error{Code: "AccessDenied"}

func denyAll(asked *string) func(context.Context, *wire.Call, string, string) error {
	return func(_ context.Context, _ *wire.Call, action, resource string) error {
		*asked = action + " on " + resource
		return errDenied
	}
}

func TestTheResourceIsAskedOfTheDecodedInput(t *testing.T) {
	var asked string
	call := &wire.Call{Service: "sqs", Operation: "SendMessage", Decide: denyAll(&asked)}
	service := sqs.New(sqs.NotImplemented{}, func(_ *wire.Call, in any) string { return in.(*sqs.SendMessageInput).QueueUrl })
	_, err := service.Operations["SendMessage"].JSON(t.Context(), call, []byte(`{"QueueUrl":"q","MessageBody":"b"}`), nil)
	if err != errDenied || asked != "sqs:SendMessage on q" {
		t.Errorf("%v, asked for %s", err, asked)
	}
}
