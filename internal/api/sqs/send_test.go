package sqs

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAMessageGoesThroughWithAllThatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		attributes := in{
			"a.text":  in{"DataType": "String.label", "StringValue": "größer"},
			"b_num":   in{"DataType": "Number", "StringValue": "-1.5e3"},
			"c-bytes": in{"DataType": "Binary", "BinaryValue": []byte{0, 1, 255}},
		}
		sentAt := time.Now().UnixMilli()
		put := a.do("SendMessage", in{
			"QueueUrl": url, "MessageBody": "hällo\n😀", "MessageAttributes": attributes, "MessageGroupId": "tenant",
			"MessageSystemAttributes": in{"AWSTraceHeader": in{"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}},
		})
		time.Sleep(time.Second)
		got := a.receive(url, in{"MessageAttributeNames": []string{"All"}, "MessageSystemAttributeNames": []string{"All"}})
		for _, c := range [][2]string{
			{got.text("Messages", 0, "MessageId"), put.text("MessageId")},
			{got.text("Messages", 0, "Body"), "hällo\n😀"},
			{got.text("Messages", 0, "MD5OfBody"), hexMD5("hällo\n😀")},
			{put.text("MD5OfMessageBody"), hexMD5("hällo\n😀")},
			{got.text("Messages", 0, "MD5OfMessageAttributes"), put.text("MD5OfMessageAttributes")},
			{put.text("SequenceNumber"), ""},
			{fmt.Sprint(got.at("Messages", 0, "MessageAttributes")), "map[a.text:map[DataType:String.label StringValue:größer] b_num:map[DataType:Number StringValue:-1.5e3] c-bytes:map[BinaryValue:AAH/ DataType:Binary]]"},
			{fmt.Sprint(got.at("Messages", 0, "Attributes")), fmt.Sprintf("map[AWSTraceHeader:Root=1-5759e988-bd862e3fe1be46a994272793 ApproximateFirstReceiveTimestamp:%d ApproximateReceiveCount:1 MessageGroupId:tenant SenderId:111122223333 SentTimestamp:%d]", sentAt+1000, sentAt)},
		} {
			if c[0] != c[1] {
				t.Errorf("got %s, want %s", c[0], c[1])
			}
		}
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(put.text("MessageId")) {
			t.Errorf("message id %s", put.text("MessageId"))
		}
		trace := specSum(map[string]spec{"AWSTraceHeader": {"String", []byte("Root=1-5759e988-bd862e3fe1be46a994272793"), false}})
		if put.text("MD5OfMessageSystemAttributes") != trace {
			t.Errorf("system attributes' MD5 %s, want %s", put.text("MD5OfMessageSystemAttributes"), trace)
		}
	})
}

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestBadMessagesAreRefusedAndNotStored(t *testing.T) {
	a := start(t)
	standard := a.queue("q", "MaximumMessageSize", "1024")
	fifo := a.queue("q.fifo", "FifoQueue", "true")
	before := a.snapshot(standard) + a.snapshot(fifo)
	const characters = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
	const mismatch = "The request include parameter that is not valid for this queue type."
	attribute := func(name string, v in) in { return in{"MessageAttributes": in{name: v}} }
	text := func(v string) in { return in{"DataType": "String", "StringValue": v} }
	many := in{}
	for i := range 11 {
		many[fmt.Sprint(i)] = text("v")
	}
	long := strings.Repeat("n", 257)
	named := func(name string) string {
		return "The message (user) attribute name '" + name + "' is invalid. A name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters; it must not start or end with a period, contain successive periods, or start with the reserved prefixes AWS. and Amazon."
	}
	bad := func(name, v, reason string) string {
		return "Value " + v + " for parameter " + name + " is invalid. Reason: " + reason
	}
	token := func(name, v string) string {
		return bad(name, v, name+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	for _, c := range []struct {
		url           string
		body          in
		code, message string
	}{
		{standard, in{"MessageBody": ""}, "MissingParameter", "The request must contain the parameter MessageBody."},
		{standard, in{"MessageBody": "a\x00"}, "InvalidMessageContents", "Invalid binary character '#x0' was found in the message body, the set of allowed characters is " + characters},
		{standard, in{"MessageBody": "0123456789\x1f"}, "InvalidMessageContents", "Invalid binary character '#x1f' was found in the message body, the set of allowed characters is " + characters},
		{standard, in{"MessageBody": "ä\uffff"}, "InvalidMessageContents", "Invalid binary character '#xffff' was found in the message body, the set of allowed characters is " + characters},
		{standard, in{"MessageBody": strings.Repeat("x", 1<<20+1)}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."},
		{standard, in{"MessageBody": strings.Repeat("x", 1025)}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{standard, in{"MessageBody": strings.Repeat("x", 1015), "MessageAttributes": in{"n": text("val")}}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{standard, in{"DelaySeconds": -1}, "InvalidParameterValue", bad("DelaySeconds", "-1", "DelaySeconds must be >= 0 and <= 900.")},
		{standard, in{"DelaySeconds": 901}, "InvalidParameterValue", bad("DelaySeconds", "901", "DelaySeconds must be >= 0 and <= 900.")},
		{standard, in{"MessageDeduplicationId": "d"}, "InvalidParameterValue", bad("MessageDeduplicationId", "d", mismatch)},
		{standard, in{"MessageGroupId": "a b"}, "InvalidParameterValue", token("MessageGroupId", "a b")},
		{standard, in{"MessageGroupId": strings.Repeat("g", 129)}, "InvalidParameterValue", token("MessageGroupId", strings.Repeat("g", 129))},
		{standard, in{"MessageAttributes": many}, "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."},
		{standard, attribute("", text("v")), "InvalidParameterValue", "The request must contain non-empty message attribute name."},
		{standard, attribute(long, text("v")), "InvalidParameterValue", "Message (user) attribute name can not be longer than 256 characters, found: 257."},
		{standard, attribute("a b", text("v")), "InvalidParameterValue", named("a b")},
		{standard, attribute("AWS.x", text("v")), "InvalidParameterValue", named("AWS.x")},
		{standard, attribute("amazon.x", text("v")), "InvalidParameterValue", named("amazon.x")},
		{standard, attribute(".x", text("v")), "InvalidParameterValue", named(".x")},
		{standard, attribute("x.", text("v")), "InvalidParameterValue", named("x.")},
		{standard, attribute("x..y", text("v")), "InvalidParameterValue", named("x..y")},
		{standard, attribute("n", in{"StringValue": "v"}), "InvalidParameterValue", "The message (user) attribute 'n' must contain a non-empty message attribute type."},
		{standard, attribute("n", in{"DataType": "string", "StringValue": "v"}), "InvalidParameterValue", "The type of message (user) attribute 'n' is invalid. You must use only the following supported type prefixes: Binary, Number, String."},
		{standard, attribute("n", in{"DataType": "Strings", "StringValue": "v"}), "InvalidParameterValue", "The type of message (user) attribute 'n' is invalid. You must use only the following supported type prefixes: Binary, Number, String."},
		{standard, attribute("n", in{"DataType": "String." + long}), "InvalidParameterValue", "The type of message (user) attribute 'n' can not be longer than 256 characters, found: 264."},
		{standard, attribute("n", in{"DataType": "String"}), "InvalidParameterValue", "Message (user) attribute 'n' must contain a non-empty value of type 'String'."},
		{standard, attribute("n", in{"DataType": "Binary", "BinaryValue": []byte{}}), "InvalidParameterValue", "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'."},
		{standard, attribute("n", in{"DataType": "String", "BinaryValue": []byte("v")}), "InvalidParameterValue", "The message (user) attribute 'n' with type 'String' must use field 'String'."},
		{standard, attribute("n", in{"DataType": "Binary.png", "StringValue": "v"}), "InvalidParameterValue", "The message (user) attribute 'n' with type 'Binary.png' must use field 'Binary'."},
		{standard, attribute("n", text("\x01")), "InvalidParameterValue", "Invalid binary character '#x1' was found in the value of message (user) attribute 'n', the set of allowed characters is " + characters},
		{standard, attribute("n", in{"DataType": "Number", "StringValue": "many"}), "InvalidParameterValue", "Can't cast the value of message (user) attribute 'n' to a number."},
		{standard, attribute("n", in{"DataType": "String", "StringListValues": []string{"v"}}), "UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported."},
		{standard, in{"MessageSystemAttributes": in{"Other": text("v")}}, "InvalidParameterValue", "Message system attribute name 'Other' is invalid. You must use only the following supported names: [AWSTraceHeader]."},
		{standard, in{"MessageSystemAttributes": in{"AWSTraceHeader": text("v"), "Other": text("v")}}, "InvalidParameterValue", "Message system attribute name 'Other' is invalid. You must use only the following supported names: [AWSTraceHeader]."},
		{standard, in{"MessageSystemAttributes": in{"AWSTraceHeader": in{"DataType": "Number", "StringValue": "1"}}}, "InvalidParameterValue", "The message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."},
		{fifo, in{}, "MissingParameter", "The request must contain the parameter MessageGroupId."},
		{fifo, in{"MessageGroupId": ""}, "InvalidParameterValue", token("MessageGroupId", "")},
		{fifo, in{"MessageGroupId": "g"}, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{fifo, in{"MessageGroupId": "g", "MessageDeduplicationId": ""}, "InvalidParameterValue", token("MessageDeduplicationId", "")},
		{fifo, in{"MessageGroupId": "g", "MessageDeduplicationId": "d\n"}, "InvalidParameterValue", token("MessageDeduplicationId", "d\n")},
		{fifo, in{"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 1}, "InvalidParameterValue", bad("DelaySeconds", "1", mismatch)},
	} {
		body := in{"QueueUrl": c.url, "MessageBody": "b"}
		for k, v := range c.body {
			body[k] = v
		}
		a.refused("SendMessage", body, c.code, c.message)
		// The same as an entry of a batch fails alone.
		if len(fmt.Sprint(body)) > 1<<20 {
			continue
		}
		delete(body, "QueueUrl")
		body["Id"] = "bad"
		got := a.do("SendMessageBatch", in{"QueueUrl": c.url, "Entries": []in{body}})
		if got.count("Successful") != 0 || got.text("Failed", 0, "Code") != c.code || got.text("Failed", 0, "Message") != c.message ||
			got.text("Failed", 0, "Id") != "bad" || got.at("Failed", 0, "SenderFault") != true {
			t.Errorf("batch of %.100v answers %v", body, got)
		}
	}
	if after := a.snapshot(standard) + a.snapshot(fifo); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestTheLargestMessageGoesThrough(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	body := strings.Repeat("x", 1<<20-10)
	a.do("SendMessage", in{"QueueUrl": url, "MessageBody": body, "MessageAttributes": in{"n": in{"DataType": "String", "StringValue": "abc"}}})
	a.wantBodies(a.receive(url, nil), body)
}

func TestTheQueryProtocolDoesTheSame(t *testing.T) {
	a := start(t)
	out, err := a.query("CreateQueue", url.Values{"QueueName": {"q"}, "Attribute.1.Name": {"VisibilityTimeout"}, "Attribute.1.Value": {"7"}})
	if err != nil || !strings.Contains(out, "<QueueUrl>"+a.url("q")+"</QueueUrl>") {
		t.Fatalf("%s, %v", out, err)
	}
	out, err = a.query("SendMessage", url.Values{
		"QueueUrl": {a.url("q")}, "MessageBody": {"a<b"}, "MessageAttribute.1.Name": {"n"},
		"MessageAttribute.1.Value.DataType": {"String"}, "MessageAttribute.1.Value.StringValue": {"v"}, "MessageAttribute.1.Value.BinaryValue": {""},
	})
	sum := specSum(map[string]spec{"n": {"String", []byte("v"), false}})
	if err != nil || !strings.Contains(out, "<MD5OfMessageBody>"+hexMD5("a<b")+"</MD5OfMessageBody>") || !strings.Contains(out, "<MD5OfMessageAttributes>"+sum+"</MD5OfMessageAttributes>") {
		t.Fatalf("%s, %v", out, err)
	}
	out, err = a.query("ReceiveMessage", url.Values{"QueueUrl": {a.url("q")}, "AttributeName.1": {"All"}, "MessageAttributeName.1": {"All"}})
	if err != nil || !strings.Contains(out, "<Body>a&lt;b</Body>") || !strings.Contains(out, "<Name>ApproximateReceiveCount</Name><Value>1</Value>") {
		t.Fatalf("%s, %v", out, err)
	}
	handle := regexp.MustCompile("<ReceiptHandle>(.*)</ReceiptHandle>").FindStringSubmatch(out)[1]
	if _, err = a.query("DeleteMessage", url.Values{"QueueUrl": {a.url("q")}, "ReceiptHandle": {handle}}); err != nil {
		t.Fatal(err)
	}
	if _, err = a.query("SendMessage", url.Values{"QueueUrl": {a.url("none")}, "MessageBody": {"a"}}); err == nil || err.Error() != "QueueDoesNotExist: The specified queue does not exist for this wsdl version." {
		t.Errorf("no queue: %v", err)
	}
	if _, err = a.query("SendMessage", url.Values{"QueueUrl": {a.url("q")}, "MessageBody": {"a\xff"}}); err == nil || !strings.HasPrefix(err.Error(), "InvalidMessageContents: ") {
		t.Errorf("bytes that are not UTF-8: %v", err)
	}
}
