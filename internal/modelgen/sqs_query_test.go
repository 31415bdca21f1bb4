package main

import (
	"context"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/awsmodel/sqs"
	"github.com/carillon-events/carillon/internal/wire"
)

// The forms and documents of all operations of SQS in the awsQuery protocol,
// which clients from before the JSON protocol speak, written by the API
// reference of version 2012-11-05.

const queue = "http://127.0.0.1:4566/000000000000/orders"

// fields is a structure, in the terms of plain.
type fields = map[string]any

var sqsForms = []struct {
	operation, form string
	want            fields
}{
	{"AddPermission", "Label=l&AWSAccountId.1=1&AWSAccountId.2=2&ActionName.1=SendMessage",
		fields{"Label": "l", "AWSAccountIds": []any{"1", "2"}, "Actions": []any{"SendMessage"}}},
	{"CancelMessageMoveTask", "TaskHandle=t", fields{"TaskHandle": "t"}},
	{"ChangeMessageVisibility", "ReceiptHandle=r&VisibilityTimeout=60", fields{"ReceiptHandle": "r", "VisibilityTimeout": int64(60)}},
	{"ChangeMessageVisibilityBatch", "ChangeMessageVisibilityBatchRequestEntry.1.Id=a&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=r&" +
		"ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=5&ChangeMessageVisibilityBatchRequestEntry.2.Id=b&ChangeMessageVisibilityBatchRequestEntry.2.ReceiptHandle=s",
		fields{"Entries": []any{fields{"Id": "a", "ReceiptHandle": "r", "VisibilityTimeout": int64(5)}, fields{"Id": "b", "ReceiptHandle": "s"}}}},
	{"CreateQueue", "QueueName=orders&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=40&Attribute.2.Name=Policy&Attribute.2.Value=&Tag.1.Key=team&Tag.1.Value=a%26b",
		fields{"QueueName": "orders", "Attributes": fields{"VisibilityTimeout": "40", "Policy": ""}, "Tags": fields{"team": "a&b"}}},
	{"DeleteMessage", "ReceiptHandle=r", fields{"ReceiptHandle": "r"}},
	{"DeleteMessageBatch", "DeleteMessageBatchRequestEntry.1.Id=a&DeleteMessageBatchRequestEntry.1.ReceiptHandle=r",
		fields{"Entries": []any{fields{"Id": "a", "ReceiptHandle": "r"}}}},
	{"DeleteQueue", "", fields{}},
	{"GetQueueAttributes", "AttributeName.1=VisibilityTimeout&AttributeName.2=Policy", fields{"AttributeNames": []any{"VisibilityTimeout", "Policy"}}},
	{"GetQueueUrl", "QueueName=orders&QueueOwnerAWSAccountId=123456789012", fields{"QueueName": "orders", "QueueOwnerAWSAccountId": "123456789012"}},
	{"ListDeadLetterSourceQueues", "NextToken=n&MaxResults=7", fields{"NextToken": "n", "MaxResults": int64(7)}},
	{"ListMessageMoveTasks", "SourceArn=a&MaxResults=3", fields{"SourceArn": "a", "MaxResults": int64(3)}},
	{"ListQueueTags", "", fields{}},
	{"ListQueues", "QueueNamePrefix=o&NextToken=n&MaxResults=7", fields{"QueueNamePrefix": "o", "NextToken": "n", "MaxResults": int64(7)}},
	{"PurgeQueue", "", fields{}},
	{"ReceiveMessage", "MaxNumberOfMessages=10&VisibilityTimeout=15&WaitTimeSeconds=20&AttributeName=All&MessageAttributeName.1=a.*&" +
		"MessageSystemAttributeName.1=SenderId&ReceiveRequestAttemptId=x",
		fields{"MaxNumberOfMessages": int64(10), "VisibilityTimeout": int64(15), "WaitTimeSeconds": int64(20), "AttributeNames": []any{"All"},
			"MessageAttributeNames": []any{"a.*"}, "MessageSystemAttributeNames": []any{"SenderId"}, "ReceiveRequestAttemptId": "x"}},
	{"RemovePermission", "Label=l", fields{"Label": "l"}},
	{"SendMessage", "MessageBody=a+b%0A%E2%82%AC&DelaySeconds=45&MessageGroupId=g&MessageDeduplicationId=d&MessageAttribute.1.Name=n&" +
		"MessageAttribute.1.Value.StringValue=1&MessageAttribute.1.Value.DataType=Number&MessageAttribute.2.Name=b&" +
		"MessageAttribute.2.Value.BinaryValue=aGk%3D&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.3.Name=l&" +
		"MessageAttribute.3.Value.StringListValue.1=x&MessageAttribute.3.Value.StringListValue.2=y&MessageAttribute.3.Value.BinaryListValue.1=aGk%3D&" +
		"MessageAttribute.3.Value.DataType=String&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.StringValue=Root%3D1&" +
		"MessageSystemAttribute.1.Value.DataType=String",
		fields{"MessageBody": "a b\n€", "DelaySeconds": int64(45), "MessageGroupId": "g", "MessageDeduplicationId": "d",
			"MessageAttributes": fields{
				"n": fields{"StringValue": "1", "DataType": "Number"},
				"b": fields{"BinaryValue": "hi", "DataType": "Binary"},
				"l": fields{"StringListValues": []any{"x", "y"}, "BinaryListValues": []any{"hi"}, "DataType": "String"}},
			"MessageSystemAttributes": fields{"AWSTraceHeader": fields{"StringValue": "Root=1", "DataType": "String"}}}},
	{"SendMessageBatch", "SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=two&SendMessageBatchRequestEntry.10.Id=c&" +
		"SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=one&SendMessageBatchRequestEntry.1.DelaySeconds=1&" +
		"SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v&" +
		"SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String",
		fields{"Entries": []any{
			fields{"Id": "a", "MessageBody": "one", "DelaySeconds": int64(1), "MessageAttributes": fields{"n": fields{"StringValue": "v", "DataType": "String"}}},
			fields{"Id": "b", "MessageBody": "two"}, fields{"Id": "c"}}}},
	{"SetQueueAttributes", "Attribute.Name=VisibilityTimeout&Attribute.Value=35", fields{"Attributes": fields{"VisibilityTimeout": "35"}}},
	{"StartMessageMoveTask", "SourceArn=a&DestinationArn=b&MaxNumberOfMessagesPerSecond=50",
		fields{"SourceArn": "a", "DestinationArn": "b", "MaxNumberOfMessagesPerSecond": int64(50)}},
	{"TagQueue", "Tag.1.Key=a&Tag.1.Value=b&Tag.2.Key=c&Tag.2.Value=d", fields{"Tags": fields{"a": "b", "c": "d"}}},
	{"UntagQueue", "TagKey.1=a&TagKey.2=c", fields{"TagKeys": []any{"a", "c"}}},
}

func TestEveryOperationOfSQSReadsItsForm(t *testing.T) {
	seen := &double{}
	service := sqs.New(sqsDouble{seen}, nil)
	covered := map[string]bool{}
	for _, test := range sqsForms {
		covered[test.operation] = true
		values, err := url.ParseQuery("Action=" + test.operation + "&Version=2012-11-05&" + test.form)
		if err != nil {
			t.Fatal(err)
		}
		if hasQueueURL(service, test.operation) {
			values.Set("QueueUrl", queue)
			test.want["QueueUrl"] = queue
		}
		if _, err := service.Operations[test.operation].Query(t.Context(), &wire.Call{}, values, nil); err != nil {
			t.Errorf("%s: %v", test.operation, err)
			continue
		}
		if d := difference(test.operation, plain(reflect.ValueOf(seen.input)), any(test.want)); d != "" {
			t.Error(d)
		}
	}
	for name := range service.Operations {
		if !covered[name] {
			t.Errorf("%s has no form", name)
		}
	}
}

// hasQueueURL asks the operation itself, by leaving the parameter out.
func hasQueueURL(service *wire.Service, op string) bool {
	_, err := service.Operations[op].Query(context.Background(), &wire.Call{}, nil, nil)
	return err != nil && strings.Contains(err.Error(), "the parameter QueueUrl.")
}

var some = wire.Some[string]

var sqsDocuments = []struct {
	operation string
	output    any
	want      string // inside the result element; "-" where there is none
}{
	{"AddPermission", nil, "-"},
	{"CancelMessageMoveTask", &sqs.CancelMessageMoveTaskOutput{ApproximateNumberOfMessagesMoved: wire.Some[int64](9)},
		"<ApproximateNumberOfMessagesMoved>9</ApproximateNumberOfMessagesMoved>"},
	{"ChangeMessageVisibility", nil, "-"},
	{"ChangeMessageVisibilityBatch", &sqs.ChangeMessageVisibilityBatchOutput{
		Successful: []sqs.ChangeMessageVisibilityBatchResultEntry{{Id: "a"}, {Id: "b"}},
		Failed:     []sqs.BatchResultErrorEntry{{Id: "c", Code: "ReceiptHandleIsInvalid", SenderFault: true, Message: some("stale")}}},
		"<ChangeMessageVisibilityBatchResultEntry><Id>a</Id></ChangeMessageVisibilityBatchResultEntry>" +
			"<ChangeMessageVisibilityBatchResultEntry><Id>b</Id></ChangeMessageVisibilityBatchResultEntry>" +
			"<BatchResultErrorEntry><Id>c</Id><SenderFault>true</SenderFault><Code>ReceiptHandleIsInvalid</Code><Message>stale</Message></BatchResultErrorEntry>"},
	{"CreateQueue", &sqs.CreateQueueOutput{QueueUrl: some(queue)}, "<QueueUrl>" + queue + "</QueueUrl>"},
	{"DeleteMessage", nil, "-"},
	{"DeleteMessageBatch", &sqs.DeleteMessageBatchOutput{Successful: []sqs.DeleteMessageBatchResultEntry{{Id: "a"}}},
		"<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>"},
	{"DeleteQueue", nil, "-"},
	{"GetQueueAttributes", &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"Policy": `{"a":1}`, "DelaySeconds": "0"}},
		"<Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute><Attribute><Name>Policy</Name><Value>{&quot;a&quot;:1}</Value></Attribute>"},
	{"GetQueueUrl", &sqs.GetQueueUrlOutput{QueueUrl: some(queue)}, "<QueueUrl>" + queue + "</QueueUrl>"},
	{"ListDeadLetterSourceQueues", &sqs.ListDeadLetterSourceQueuesOutput{QueueUrls: []string{queue}, NextToken: some("n")},
		"<QueueUrl>" + queue + "</QueueUrl><NextToken>n</NextToken>"},
	{"ListMessageMoveTasks", &sqs.ListMessageMoveTasksOutput{Results: []sqs.ListMessageMoveTasksResultEntry{
		{Status: some("RUNNING"), SourceArn: some("a"), StartedTimestamp: wire.Some[int64](1700000000000)}}},
		"<ListMessageMoveTasksResultEntry><Status>RUNNING</Status><SourceArn>a</SourceArn><StartedTimestamp>1700000000000</StartedTimestamp></ListMessageMoveTasksResultEntry>"},
	{"ListQueueTags", &sqs.ListQueueTagsOutput{Tags: map[string]string{"team": "a"}}, "<Tag><Key>team</Key><Value>a</Value></Tag>"},
	{"ListQueues", &sqs.ListQueuesOutput{QueueUrls: []string{queue, queue + "2"}, NextToken: some("n")},
		"<QueueUrl>" + queue + "</QueueUrl><QueueUrl>" + queue + "2</QueueUrl><NextToken>n</NextToken>"},
	{"PurgeQueue", nil, "-"},
	{"ReceiveMessage", &sqs.ReceiveMessageOutput{Messages: []sqs.Message{{MessageId: some("m"), ReceiptHandle: some("r"), MD5OfBody: some("5"), Body: some("<b>"),
		Attributes: map[string]string{"SenderId": "s", "ApproximateReceiveCount": "1"}, MD5OfMessageAttributes: some("6"),
		MessageAttributes: map[string]sqs.MessageAttributeValue{"n": {DataType: "Binary", BinaryValue: []byte("hi")}}}}},
		"<Message><MessageId>m</MessageId><ReceiptHandle>r</ReceiptHandle><MD5OfBody>5</MD5OfBody><Body>&lt;b&gt;</Body>" +
			"<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute><Attribute><Name>SenderId</Name><Value>s</Value></Attribute>" +
			"<MD5OfMessageAttributes>6</MD5OfMessageAttributes>" +
			"<MessageAttribute><Name>n</Name><Value><BinaryValue>aGk=</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute></Message>"},
	{"RemovePermission", nil, "-"},
	{"SendMessage", &sqs.SendMessageOutput{MD5OfMessageBody: some("5"), MessageId: some("m"), SequenceNumber: some("1")},
		"<MD5OfMessageBody>5</MD5OfMessageBody><MessageId>m</MessageId><SequenceNumber>1</SequenceNumber>"},
	{"SendMessageBatch", &sqs.SendMessageBatchOutput{Successful: []sqs.SendMessageBatchResultEntry{{Id: "a", MessageId: "m", MD5OfMessageBody: "5"}}},
		"<SendMessageBatchResultEntry><Id>a</Id><MessageId>m</MessageId><MD5OfMessageBody>5</MD5OfMessageBody></SendMessageBatchResultEntry>"},
	{"SetQueueAttributes", nil, "-"},
	{"StartMessageMoveTask", &sqs.StartMessageMoveTaskOutput{TaskHandle: some("t")}, "<TaskHandle>t</TaskHandle>"},
	{"TagQueue", nil, "-"},
	{"UntagQueue", nil, "-"},
}

func TestEveryOperationOfSQSAnswersItsDocument(t *testing.T) {
	answers := &double{}
	service := sqs.New(sqsDouble{answers}, nil)
	covered := map[string]bool{}
	forms := map[string]string{}
	for _, form := range sqsForms {
		forms[form.operation] = form.form
	}
	for _, test := range sqsDocuments {
		covered[test.operation] = true
		values, err := url.ParseQuery(forms[test.operation])
		if err != nil {
			t.Fatal(err)
		}
		values.Set("QueueUrl", queue)
		answers.output = test.output
		got, err := service.Operations[test.operation].Query(t.Context(), &wire.Call{RequestID: "r-1"}, values, nil)
		if err != nil {
			t.Errorf("%s: %v", test.operation, err)
			continue
		}
		result := ""
		if test.want != "-" {
			result = "<" + test.operation + "Result>" + test.want + "</" + test.operation + "Result>"
		}
		want := `<?xml version="1.0"?><` + test.operation + `Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">` + result +
			`<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></` + test.operation + `Response>`
		if string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", test.operation, got, want)
		}
	}
	for name := range service.Operations {
		if !covered[name] {
			t.Errorf("%s has no document", name)
		}
	}
}

func TestAnEntryOfAMapNeedsItsNameAndValue(t *testing.T) {
	service := sqs.New(sqs.NotImplemented{}, nil)
	for form, want := range map[string]string{
		"Attribute.1.Value=x":             "Attribute.1.Name",
		"Attribute.1.Name=x":              "Attribute.1.Value",
		"Attribute=x":                     "Attribute.Name",
		"Tag.3.Value=x":                   "Tag.3.Key",
		"Attribute.1.Name=&Tag.1.Key=key": "Attribute.1.Value",
	} {
		values, err := url.ParseQuery("QueueName=q&" + form)
		if err != nil {
			t.Fatal(err)
		}
		_, err = service.Operations["CreateQueue"].Query(t.Context(), &wire.Call{}, values, nil)
		if want := "MissingParameter: The request must contain the parameter " + want + "."; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", form, err, want)
		}
	}
}

func TestTheErrorsOfSQSHaveTheCodesThatQueryClientsKnow(t *testing.T) {
	service := sqs.New(sqs.NotImplemented{}, nil)
	for shape, want := range map[string]string{
		"BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
		"EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest", "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
		"MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight", "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
		"QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently", "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
		"QueueNameExists": "QueueAlreadyExists", "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
		"UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation", "KmsNotFound": "KMS.NotFoundException",
		"ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid", "OverLimit": "OverLimit", "InvalidAttributeName": "InvalidAttributeName",
	} {
		if _, known := service.Errors[shape]; !known {
			t.Errorf("%s is not in the table", shape)
		}
		if got := (&wire.Error{Code: shape}).QueryCode(service); got != want {
			t.Errorf("%s: %s, want %s", shape, got, want)
		}
	}
}
