package sqs

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-events/carillon/internal/queue"
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

func TestAReceiverGetsOnlyTheAttributesThatItNames(t *testing.T) {
	a := start(t)
	url := a.queue("q", "VisibilityTimeout", "0")
	text := func(v string) in { return in{"DataType": "String", "StringValue": v} }
	a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "b", "MessageAttributes": in{"foo": text("1"), "foobar": text("2"), "bar": text("3")}})
	of := func(names ...string) string {
		want := map[string]spec{}
		for _, n := range names {
			want[n] = spec{"String", []byte(map[string]string{"foo": "1", "foobar": "2", "bar": "3"}[n]), false}
		}
		return specSum(want)
	}
	for _, c := range []struct {
		names []string
		sum   string
		n     int
	}{
		{nil, "", 0}, {[]string{"none"}, "", 0}, {[]string{"foo"}, of("foo"), 1}, {[]string{"foo.*"}, of("foo", "foobar"), 2},
		{[]string{"All"}, of("foo", "foobar", "bar"), 3}, {[]string{".*"}, of("foo", "foobar", "bar"), 3}, {[]string{"bar", "bar"}, of("bar"), 1},
	} {
		got := a.receive(url, in{"MessageAttributeNames": c.names})
		picked, _ := got.at("Messages", 0, "MessageAttributes").(map[string]any)
		if len(picked) != c.n || got.text("Messages", 0, "MD5OfMessageAttributes") != c.sum {
			t.Errorf("%v: %v, MD5 %s", c.names, picked, got.text("Messages", 0, "MD5OfMessageAttributes"))
		}
	}
	got := a.receive(url, in{"AttributeNames": []string{"SenderId"}, "MessageSystemAttributeNames": []string{"ApproximateReceiveCount"}})
	if s := fmt.Sprint(got.at("Messages", 0, "Attributes")); s != "map[ApproximateReceiveCount:8 SenderId:111122223333]" {
		t.Errorf("system attributes %s", s)
	}
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
		{standard, attribute("n", in{"DataType": "String"}), "InvalidParameterValue", "The message (user) attribute 'n' must contain a non-empty value of type 'String'."},
		{standard, attribute("n", in{"DataType": "Binary", "BinaryValue": []byte{}}), "InvalidParameterValue", "The message (user) attribute 'n' must contain a non-empty value of type 'Binary'."},
		{standard, attribute("n", in{"DataType": "String", "BinaryValue": []byte("v")}), "InvalidParameterValue", "The message (user) attribute 'n' with type 'String' must use field 'String'."},
		{standard, attribute("n", in{"DataType": "Binary.png", "StringValue": "v"}), "InvalidParameterValue", "The message (user) attribute 'n' with type 'Binary.png' must use field 'Binary'."},
		{standard, attribute("n", text("\x01")), "InvalidParameterValue", "Invalid binary character '#x1' was found in the value of message (user) attribute 'n', the set of allowed characters is " + characters},
		{standard, attribute("n", in{"DataType": "Number", "StringValue": "many"}), "InvalidParameterValue", "Can't cast the value of message (user) attribute 'n' to a number."},
		{standard, attribute("n", in{"DataType": "String", "StringListValues": []string{"v"}}), "UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported."},
		{standard, in{"MessageSystemAttributes": in{"Other": text("v")}}, "InvalidParameterValue", "Message system attribute name 'Other' is invalid. You must use only the following supported names: [AWSTraceHeader]."},
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

func TestReceiveRefusesParametersOutOfRange(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	a.send(url, "m")
	for _, c := range []struct {
		name    string
		value   any
		message string
	}{
		{"MaxNumberOfMessages", 0, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"MaxNumberOfMessages", 11, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{"WaitTimeSeconds", -1, "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"WaitTimeSeconds", 21, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{"VisibilityTimeout", -1, "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"VisibilityTimeout", 43201, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
		{"ReceiveRequestAttemptId", "x", "Value x for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type."},
	} {
		a.refused("ReceiveMessage", in{"QueueUrl": url, c.name: c.value}, "InvalidParameterValue", c.message)
	}
	a.refused("ReceiveMessage", in{"QueueUrl": url, "AttributeNames": []string{"Policy"}}, "InvalidAttributeName", "Unknown Attribute Policy.")
	a.refused("ReceiveMessage", in{"QueueUrl": url, "MessageSystemAttributeNames": []string{"x"}}, "InvalidAttributeName", "Unknown Attribute x.")
	a.wantBodies(a.receive(url, nil), "m")
}

func TestAMessageIsHiddenUntilItsVisibilityTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "VisibilityTimeout", "5")
		a.send(url, "m")
		first := a.receive(url, nil)
		a.wantBodies(first, "m")
		a.wantBodies(a.receive(url, nil))
		handle := first.text("Messages", 0, "ReceiptHandle")
		a.do("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 60})
		time.Sleep(59 * time.Second)
		a.wantBodies(a.receive(url, nil))
		time.Sleep(time.Second)
		again := a.receive(url, in{"VisibilityTimeout": 0, "AttributeNames": []string{"All"}})
		a.wantBodies(again, "m")
		if n := again.text("Messages", 0, "Attributes", "ApproximateReceiveCount"); n != "2" {
			t.Errorf("received %s times", n)
		}
		a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 1},
			"InvalidParameterValue", "Value "+handle+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		time.Sleep(time.Millisecond)
		last := a.receive(url, nil)
		handle = last.text("Messages", 0, "ReceiptHandle")
		time.Sleep(time.Second)
		a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 43200},
			"InvalidParameterValue", "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
		for _, n := range []int{-1, 43201} {
			a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": n},
				"InvalidParameterValue", fmt.Sprintf("Value %d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.", n))
		}
		a.do("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 0})
		time.Sleep(time.Millisecond)
		a.wantBodies(a.receive(url, nil), "m")
	})
}

func TestDelaysHoldMessagesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "DelaySeconds", "10")
		a.send(url, "queue's")
		a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "own", "DelaySeconds": 5})
		a.do("SendMessage", in{"QueueUrl": url, "MessageBody": "none", "DelaySeconds": 0})
		if got := a.attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"); fmt.Sprint(got) != "map[ApproximateNumberOfMessages:1 ApproximateNumberOfMessagesDelayed:2]" {
			t.Errorf("counts: %v", got)
		}
		a.wantBodies(a.receive(url, nil), "none")
		time.Sleep(5 * time.Second)
		a.wantBodies(a.receive(url, nil), "own")
		time.Sleep(5 * time.Second)
		a.wantBodies(a.receive(url, nil), "queue's")
	})
}

func TestMessagesAreKeptForTheRetentionPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q", "MessageRetentionPeriod", "60")
		a.send(url, "old")
		time.Sleep(59 * time.Second)
		a.send(url, "young")
		time.Sleep(2 * time.Second)
		if n := a.attributes(url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"]; n != "1" {
			t.Errorf("%v messages", n)
		}
		a.wantBodies(a.receive(url, nil), "young")
	})
}

func TestALongPollAnswersWhenAMessageComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		explicit, standing := a.queue("q"), a.queue("r", "ReceiveMessageWaitTimeSeconds", "20")
		for _, c := range []struct {
			url  string
			wait in
		}{{explicit, in{"WaitTimeSeconds": 20}}, {standing, nil}} {
			begun := time.Now()
			a.wantBodies(a.receive(c.url, c.wait))
			if took := time.Since(begun); took != 20*time.Second {
				t.Errorf("an empty poll of %s took %s", c.url, took)
			}
			begun = time.Now()
			done := make(chan answer)
			go func() { done <- a.receive(c.url, c.wait) }()
			time.Sleep(3 * time.Second)
			a.send(c.url, "m")
			a.wantBodies(<-done, "m")
			if took := time.Since(begun); took != 3*time.Second {
				t.Errorf("a poll of %s took %s", c.url, took)
			}
		}
		begun := time.Now()
		a.receive(standing, in{"WaitTimeSeconds": 0})
		if took := time.Since(begun); took != 0 {
			t.Errorf("a poll that does not want to wait took %s", took)
		}
	})
}

func TestALongPollEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan error)
		begun := time.Now()
		go func() {
			_, err := a.try(ctx, "ReceiveMessage", in{"QueueUrl": url, "WaitTimeSeconds": 20})
			done <- err
		}()
		time.Sleep(time.Second)
		leave()
		if err := <-done; err != nil || time.Since(begun) != time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		a.send(url, "m") // nobody has taken it
		a.wantBodies(a.receive(url, nil), "m")
	})
}

func TestALongPollLearnsThatItsQueueWasDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		done := make(chan error)
		go func() {
			_, err := a.try(t.Context(), "ReceiveMessage", in{"QueueUrl": url, "WaitTimeSeconds": 20})
			done <- err
		}()
		synctest.Wait()
		a.do("DeleteQueue", in{"QueueUrl": url})
		if err := <-done; err == nil || err.Error() != "QueueDoesNotExist: "+noQueue {
			t.Errorf("answered %v", err)
		}
	})
}

func TestReceiptHandlesAreCheckedBeforeAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url, other := a.queue("q"), a.queue("other")
		a.send(url, "m")
		handle := a.receive(url, nil).text("Messages", 0, "ReceiptHandle")
		forged := []byte(handle)
		forged[20] ^= 1
		before := a.snapshot(url)
		for _, h := range []string{"x", string(forged), handle[:47], handle + "=", handle[:44] + "\n\n\n\n", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 36))} {
			message := `The input receipt handle "` + h + `" is not a valid receipt handle.`
			a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": h}, "ReceiptHandleIsInvalid", message)
			a.refused("ChangeMessageVisibility", in{"QueueUrl": url, "ReceiptHandle": h, "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid", message)
		}
		a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": ""}, "MissingParameter", "The request must contain the parameter ReceiptHandle.")
		foreign := `The receipt handle "` + handle + `" is not valid for this queue.`
		a.refused("DeleteMessage", in{"QueueUrl": other, "ReceiptHandle": handle}, "ReceiptHandleIsInvalid", foreign)
		a.refused("ChangeMessageVisibility", in{"QueueUrl": other, "ReceiptHandle": handle, "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid", foreign)
		if after := a.snapshot(url); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		time.Sleep(time.Minute)
		a.wantBodies(a.receive(url, nil))
	})
}

func TestHandlesOutliveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		a.send(url, "m")
		handle := a.receive(url, nil).text("Messages", 0, "ReceiptHandle")
		a.store.Restart()
		a.service = New(Options{Shard: a.store.Shard, Key: [32]byte{1}})
		a.do("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle})
		time.Sleep(time.Minute)
		a.wantBodies(a.receive(url, nil))
	})
}

func TestInFlightLimitsAreTold(t *testing.T) {
	a := startWith(t, queue.Limits{InFlight: 1, InFlightFIFO: 1})
	url := a.queue("q")
	a.send(url, "1")
	a.send(url, "2")
	a.receive(url, nil)
	a.refused("ReceiveMessage", in{"QueueUrl": url}, "OverLimit", "The maximum number of in flight messages is reached.")
}

func TestBatchesThatAreWrongAsAWholeAreRefused(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	before := a.snapshot(url)
	entry := func(id string) in {
		return in{"Id": id, "MessageBody": "b", "ReceiptHandle": "h", "VisibilityTimeout": 1}
	}
	var eleven []in
	for i := range 11 {
		eleven = append(eleven, entry(fmt.Sprint(i)))
	}
	const badID = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	for operation, kind := range map[string]string{
		"SendMessageBatch": "SendMessageBatchRequestEntry", "DeleteMessageBatch": "DeleteMessageBatchRequestEntry",
		"ChangeMessageVisibilityBatch": "ChangeMessageVisibilityBatchRequestEntry",
	} {
		for _, c := range []struct {
			entries       any
			code, message string
		}{
			{nil, "EmptyBatchRequest", "There should be at least one " + kind + " in the request."},
			{[]in{}, "EmptyBatchRequest", "There should be at least one " + kind + " in the request."},
			{eleven, "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11."},
			{[]in{entry("a"), entry("b"), entry("a")}, "BatchEntryIdsNotDistinct", "Id a repeated."},
			{[]in{entry("a"), entry("")}, "InvalidBatchEntryId", badID},
			{[]in{entry("a:b")}, "InvalidBatchEntryId", badID},
			{[]in{entry(strings.Repeat("a", 81))}, "InvalidBatchEntryId", badID},
		} {
			a.refused(operation, in{"QueueUrl": url, "Entries": c.entries}, c.code, c.message)
		}
	}
	half := strings.Repeat("x", 1<<19)
	big := []in{{"Id": "1", "MessageBody": half}, {"Id": "2", "MessageBody": half + "y"}}
	a.refused("SendMessageBatch", in{"QueueUrl": url, "Entries": big}, "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
	if after := a.snapshot(url); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestEachEntryOfABatchStandsForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		sent := a.do("SendMessageBatch", in{"QueueUrl": url, "Entries": []in{
			{"Id": "1", "MessageBody": "one"}, {"Id": "2", "MessageBody": "\x00"}, {"Id": "3", "MessageBody": "three", "DelaySeconds": 900}, {"Id": "4", "MessageBody": "four"},
		}})
		if sent.count("Successful") != 3 || sent.count("Failed") != 1 || sent.text("Failed", 0, "Id") != "2" || sent.text("Successful", 2, "Id") != "4" ||
			sent.text("Successful", 2, "MD5OfMessageBody") != hexMD5("four") {
			t.Errorf("sent: %v", sent)
		}
		got := a.receive(url, nil)
		a.wantBodies(got, "one", "four")
		one, four := got.text("Messages", 0, "ReceiptHandle"), got.text("Messages", 1, "ReceiptHandle")
		changed := a.do("ChangeMessageVisibilityBatch", in{"QueueUrl": url, "Entries": []in{
			{"Id": "a", "ReceiptHandle": one, "VisibilityTimeout": 90}, {"Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 90},
			{"Id": "c", "ReceiptHandle": four}, {"Id": "d", "ReceiptHandle": four, "VisibilityTimeout": 43201},
		}})
		if changed.count("Successful") != 1 || changed.text("Failed", 0, "Code") != "ReceiptHandleIsInvalid" || changed.text("Failed", 1, "Code") != "MissingParameter" ||
			changed.text("Failed", 2, "Code") != "InvalidParameterValue" {
			t.Errorf("changed: %v", changed)
		}
		time.Sleep(60 * time.Second)
		got = a.receive(url, nil)
		a.wantBodies(got, "four")
		deleted := a.do("DeleteMessageBatch", in{"QueueUrl": url, "Entries": []in{
			{"Id": "a", "ReceiptHandle": one}, {"Id": "b", "ReceiptHandle": ""}, {"Id": "c", "ReceiptHandle": got.text("Messages", 0, "ReceiptHandle")},
		}})
		if deleted.count("Successful") != 2 || deleted.count("Failed") != 1 || deleted.text("Failed", 0, "Code") != "MissingParameter" {
			t.Errorf("deleted: %v", deleted)
		}
		time.Sleep(time.Hour)
		a.wantBodies(a.receive(url, nil), "three")
	})
}

func TestFIFOQueuesKeepOrderLockGroupsAndDropRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
		send := func(group, body string, more ...string) answer {
			m := in{"QueueUrl": url, "MessageBody": body, "MessageGroupId": group}
			for i := 0; i < len(more); i += 2 {
				m[more[i]] = more[i+1]
			}
			return a.do("SendMessage", m)
		}
		first := send("a", "1")
		second := send("a", "2")
		if x, y := first.text("SequenceNumber"), second.text("SequenceNumber"); len(x) != 20 || x[0] != '1' || y <= x {
			t.Errorf("sequence numbers %s, %s", x, y)
		}
		if repeat := send("a", "1"); repeat.text("MessageId") != first.text("MessageId") || repeat.text("SequenceNumber") != first.text("SequenceNumber") {
			t.Errorf("first %v, repeat %v", first, repeat)
		}
		send("a", "3", "MessageDeduplicationId", "x")
		send("b", "other", "MessageDeduplicationId", "x") // one scope for the whole queue
		got := a.receive(url, in{"MaxNumberOfMessages": 1, "AttributeNames": []string{"All"}})
		a.wantBodies(got, "1")
		if s := got.text("Messages", 0, "Attributes", "SequenceNumber"); s != first.text("SequenceNumber") {
			t.Errorf("sequence number %s", s)
		}
		a.wantBodies(a.receive(url, nil)) // locked
		handle := got.text("Messages", 0, "ReceiptHandle")
		time.Sleep(30 * time.Second)
		a.refused("DeleteMessage", in{"QueueUrl": url, "ReceiptHandle": handle}, "InvalidParameterValue", "Value "+handle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
		a.wantBodies(a.receive(url, in{"ReceiveRequestAttemptId": "try"}), "1", "2", "3")
		a.wantBodies(a.receive(url, in{"ReceiveRequestAttemptId": "try"}), "1", "2", "3")
		time.Sleep(5 * time.Minute)
		if again := send("a", "1"); again.text("MessageId") == first.text("MessageId") {
			t.Error("dropped as a repeat after five minutes")
		}
		a.wantBodies(a.receive(url, nil), "1", "2", "3", "1")
	})
}

func TestMessagesGoToTheDeadLetterQueueAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		dlq := a.queue("dlq")
		url := a.queue("q", "VisibilityTimeout", "0", "RedrivePolicy", `{"maxReceiveCount":"2","deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
		a.send(url, "m")
		for _, want := range [][]string{{"m"}, {"m"}, nil} {
			a.wantBodies(a.receive(url, nil), want...)
			time.Sleep(time.Millisecond)
		}
		got := a.receive(dlq, in{"VisibilityTimeout": 0, "AttributeNames": []string{"DeadLetterQueueSourceArn", "ApproximateReceiveCount"}})
		if s := got.text("Messages", 0, "Attributes", "DeadLetterQueueSourceArn"); s != a.arn("q") {
			t.Errorf("dead-lettered from %s: %v", s, got)
		}
		time.Sleep(time.Millisecond)
		a.refused("StartMessageMoveTask", in{"SourceArn": a.arn("q")}, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
		handle := a.do("StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "MaxNumberOfMessagesPerSecond": 500}).text("TaskHandle")
		time.Sleep(time.Second)
		tasks := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")})
		if tasks.text("Results", 0, "Status") != "COMPLETED" || tasks.text("Results", 0, "ApproximateNumberOfMessagesMoved") != "1" ||
			tasks.text("Results", 0, "ApproximateNumberOfMessagesToMove") != "1" || tasks.text("Results", 0, "SourceArn") != a.arn("dlq") ||
			tasks.at("Results", 0, "TaskHandle") != nil || tasks.text("Results", 0, "MaxNumberOfMessagesPerSecond") != "500" {
			t.Errorf("tasks: %v", tasks)
		}
		a.wantBodies(a.receive(url, nil), "m")
		a.refused("CancelMessageMoveTask", in{"TaskHandle": handle}, "UnsupportedOperation", "Only active tasks can be cancelled.")
	})
}

func TestAMoveTaskCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		dlq, target := a.queue("dlq"), a.queue("target")
		a.queue("q", "RedrivePolicy", `{"maxReceiveCount":1,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
		for i := range 20 {
			a.send(dlq, fmt.Sprint(i))
		}
		start := in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("target"), "MaxNumberOfMessagesPerSecond": 1}
		handle := a.do("StartMessageMoveTask", start).text("TaskHandle")
		time.Sleep(4500 * time.Millisecond)
		a.refused("StartMessageMoveTask", start, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq"), "MaxResults": 10}); got.text("Results", 0, "TaskHandle") != handle || got.text("Results", 0, "Status") != "RUNNING" {
			t.Errorf("running: %v", got)
		}
		if got := a.do("CancelMessageMoveTask", in{"TaskHandle": handle}).text("ApproximateNumberOfMessagesMoved"); got != "5" {
			t.Errorf("moved %s", got)
		}
		time.Sleep(10 * time.Second)
		if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")}); got.text("Results", 0, "Status") != "CANCELLED" {
			t.Errorf("cancelled: %v", got)
		}
		if n := a.receive(target, nil).count("Messages"); n != 5 {
			t.Errorf("%d messages moved", n)
		}
	})
}

func TestBadMoveTasksAreRefused(t *testing.T) {
	a := start(t)
	a.queue("dlq")
	a.queue("t.fifo", "FifoQueue", "true")
	a.queue("q", "RedrivePolicy", `{"maxReceiveCount":1,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
	forged := task{ID: "x", SourceARN: a.arn("dlq")}.handle()
	for _, c := range []struct {
		operation     string
		body          in
		code, message string
	}{
		{"StartMessageMoveTask", in{"SourceArn": "dlq"}, "InvalidParameterValue", "Value dlq for parameter SourceArn is invalid. Reason: It must be the ARN of a queue."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("dlq")}, "InvalidParameterValue", "Source queue arn and destination queue arn cannot be the same."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "DestinationArn": a.arn("t.fifo")}, "InvalidParameterValue", "Source queue and destination queue must be of the same type."},
		{"StartMessageMoveTask", in{"SourceArn": a.arn("dlq"), "MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", "Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500."},
		{"ListMessageMoveTasks", in{"SourceArn": a.arn("none")}, "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."},
		{"ListMessageMoveTasks", in{"SourceArn": a.arn("dlq"), "MaxResults": 11}, "InvalidParameterValue", "Value 11 for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10."},
		{"CancelMessageMoveTask", in{"TaskHandle": "x"}, "InvalidParameterValue", "Value x for parameter TaskHandle is invalid."},
		{"CancelMessageMoveTask", in{"TaskHandle": forged}, "ResourceNotFoundException", "Task does not exist."},
	} {
		a.refused(c.operation, c.body, c.code, c.message)
	}
	if got := a.do("ListMessageMoveTasks", in{"SourceArn": a.arn("dlq")}); got.count("Results") != 0 {
		t.Errorf("refused and started: %v", got)
	}
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
	if _, err = a.query("SendMessage", url.Values{"QueueUrl": {a.url("q")}, "MessageBody": {"a\xff"}}); err == nil || !strings.HasPrefix(err.Error(), "InvalidMessageContents: ") {
		t.Errorf("bytes that are not UTF-8: %v", err)
	}
}
