package sqs

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
		late := a.do("ChangeMessageVisibilityBatch", in{"QueueUrl": url, "Entries": []in{{"Id": "a", "ReceiptHandle": one, "VisibilityTimeout": 1}}})
		if late.text("Failed", 0, "Code") != "ReceiptHandleIsInvalid" || late.text("Failed", 0, "Message") != "Message does not exist or is not available for visibility timeout change" {
			t.Errorf("changed after it was deleted: %v", late)
		}
		time.Sleep(time.Hour)
		a.wantBodies(a.receive(url, nil), "three")
	})
}
