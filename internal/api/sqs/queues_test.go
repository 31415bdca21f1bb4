package sqs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	badName = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	badFIFO = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
	noQueue = "The specified queue does not exist."
)

func TestQueueNamesFollowAWSsRules(t *testing.T) {
	a := start(t)
	fifo := attrs("FifoQueue", "true")
	for _, c := range []struct {
		name    string
		attrs   map[string]string
		message string
	}{
		{"", nil, badName}, {strings.Repeat("a", 81), nil, badName}, {"a b", nil, badName}, {"a/b", nil, badName},
		{"q.fifo", nil, badName}, {"é", nil, badName},
		{"q", fifo, badFIFO}, {".fifo", fifo, badFIFO}, {"a.b.fifo", fifo, badFIFO}, {strings.Repeat("a", 76) + ".fifo", fifo, badFIFO},
	} {
		a.refused("CreateQueue", in{"QueueName": c.name, "Attributes": c.attrs}, "InvalidParameterValue", c.message)
	}
	a.refused("CreateQueue", in{"QueueName": "q", "Attributes": attrs("FifoQueue", "false")}, "InvalidAttributeName", "Unknown Attribute FifoQueue.")
	a.refused("CreateQueue", in{}, "MissingParameter", "The request must contain the parameter QueueName.")
	if got := a.do("ListQueues", in{}); got.count("QueueUrls") != 0 {
		t.Errorf("refused and made: %v", got)
	}
	for _, name := range []string{"a", strings.Repeat("a", 80), "A-b_9"} {
		if got := a.queue(name); got != a.url(name) {
			t.Errorf("URL of %s is %s", name, got)
		}
	}
	name := strings.Repeat("a", 75) + ".fifo"
	if got := a.queue(name, "FifoQueue", "true"); got != a.url(name) {
		t.Errorf("URL of %s is %s", name, got)
	}
}

func TestCreateQueueAgainSucceedsUnlessAnAttributeDiffers(t *testing.T) {
	a := start(t)
	a.queue("dlq")
	policy := `{"maxReceiveCount":3,"deadLetterTargetArn":"` + a.arn("dlq") + `"}`
	url := a.queue("q", "VisibilityTimeout", "31", "RedrivePolicy", policy)
	for _, same := range []map[string]string{
		nil, attrs("VisibilityTimeout", "31"), attrs("DelaySeconds", "0"), attrs("VisibilityTimeout", "031"),
		attrs("RedrivePolicy", `{"deadLetterTargetArn":"`+a.arn("dlq")+`", "maxReceiveCount":"3"}`),
	} {
		if got := a.do("CreateQueue", in{"QueueName": "q", "Attributes": same}).text("QueueUrl"); got != url {
			t.Errorf("%v: %s", same, got)
		}
	}
	before := a.snapshot(url)
	for _, c := range []struct{ name, value string }{
		{"VisibilityTimeout", "30"}, {"DelaySeconds", "1"}, {"Policy", `{"Statement":[]}`},
		{"RedrivePolicy", `{"maxReceiveCount":4,"deadLetterTargetArn":"` + a.arn("dlq") + `"}`}, {"RedrivePolicy", ""},
	} {
		a.refused("CreateQueue", in{"QueueName": "q", "Attributes": attrs(c.name, c.value)},
			"QueueNameExists", "A queue already exists with the same name and a different value for attribute "+c.name)
	}
	if after := a.snapshot(url); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestADeletedQueueIsGoneAndItsNameRestsForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		a.send(url, "m")
		a.do("DeleteQueue", in{"QueueUrl": url})
		a.refused("DeleteQueue", in{"QueueUrl": url}, "QueueDoesNotExist", noQueue)
		a.refused("CreateQueue", in{"QueueName": "q"}, "QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
		time.Sleep(time.Minute)
		a.queue("q")
		a.wantBodies(a.receive(url, nil))
	})
}

func TestPurgeEmptiesAQueueOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		url := a.queue("q")
		a.send(url, "flying")
		a.receive(url, nil)
		a.send(url, "waiting")
		a.do("PurgeQueue", in{"QueueUrl": url})
		a.send(url, "new")
		a.refused("PurgeQueue", in{"QueueUrl": url}, "PurgeQueueInProgress", "Only one PurgeQueue operation on q is allowed every 60 seconds.")
		time.Sleep(time.Minute)
		a.wantBodies(a.receive(url, nil), "new")
		a.do("PurgeQueue", in{"QueueUrl": url})
	})
}

func TestEveryOperationOnAQueueRefusesWhatNamesNone(t *testing.T) {
	a := start(t)
	a.queue("q")
	rest := in{
		"MessageBody": "b", "ReceiptHandle": "h", "VisibilityTimeout": 1, "Label": "l", "AWSAccountIds": []string{"111122223333"},
		"Actions": []string{"SendMessage"}, "Attributes": attrs("DelaySeconds", "1"), "Tags": attrs("k", "v"), "TagKeys": []string{"k"},
		"Entries": []in{{"Id": "1", "MessageBody": "b", "ReceiptHandle": "h", "VisibilityTimeout": 1}},
	}
	for _, operation := range []string{
		"AddPermission", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch", "DeleteQueue",
		"GetQueueAttributes", "ListDeadLetterSourceQueues", "ListQueueTags", "PurgeQueue", "ReceiveMessage", "RemovePermission",
		"SendMessage", "SendMessageBatch", "SetQueueAttributes", "TagQueue", "UntagQueue",
	} {
		a.refused(operation, rest, "MissingParameter", "The request must contain the parameter QueueUrl.")
		for _, url := range []string{"", "q", "/111122223333/q", "http://h", "http://h/q", "http://h/1/q", "http://h/111122223333/q/x",
			"http://h/x/111122223333/q", "http://h/111122223333/", "ftp://h/111122223333/q", "http:///111122223333/q", "http://sqs.us-east-1.h/111122223333/q"} {
			body := in{"QueueUrl": url}
			for k, v := range rest {
				body[k] = v
			}
			a.refused(operation, body, "InvalidAddress", "The address "+url+" is not valid for this endpoint.")
		}
		for _, url := range []string{a.url("none"), "https://h/999999999999/q", "http://sqs.eu-west-1.localhost:4566/111122223333/Q"} {
			body := in{"QueueUrl": url}
			for k, v := range rest {
				body[k] = v
			}
			a.refused(operation, body, "QueueDoesNotExist", noQueue)
		}
	}
}

func TestAQueueIsFoundUnderAnyHost(t *testing.T) {
	a := start(t)
	a.queue("q")
	for _, host := range []string{"http://localhost:4566", "https://sqs.eu-west-1.amazonaws.com", "http://sqs.example.com:80", "http://[::1]:4566"} {
		a.send(host+"/111122223333/q", "m")
	}
	a.call.BaseURL = "https://queues.example.com"
	if got := a.do("GetQueueUrl", in{"QueueName": "q"}).text("QueueUrl"); got != "https://queues.example.com/111122223333/q" {
		t.Errorf("URL %s", got)
	}
}

func TestAccountsAndRegionsAreWorldsOfTheirOwn(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	a.call.Region = "us-east-1"
	a.refused("GetQueueUrl", in{"QueueName": "q"}, "QueueDoesNotExist", noQueue)
	a.call.Region, a.call.Account = "eu-west-1", "444455556666"
	a.refused("GetQueueUrl", in{"QueueName": "q"}, "QueueDoesNotExist", noQueue)
	if got := a.do("ListQueues", in{}); got.count("QueueUrls") != 0 {
		t.Errorf("another account's queues: %v", got)
	}
	if got := a.do("GetQueueUrl", in{"QueueName": "q", "QueueOwnerAWSAccountId": "111122223333"}).text("QueueUrl"); got != url {
		t.Errorf("URL %s, want %s", got, url)
	}
	a.send(url, "from abroad")
	a.wantBodies(a.receive(url, nil), "from abroad")
}

func TestListQueuesGoesByPrefixAndPage(t *testing.T) {
	a := start(t)
	for i := range 7 {
		a.queue(fmt.Sprintf("a%d", i))
	}
	a.queue("b")
	if got := a.do("ListQueues", in{}); got.count("QueueUrls") != 8 || got.at("NextToken") != nil {
		t.Errorf("all: %v", got)
	}
	var urls []string
	body := in{"QueueNamePrefix": "a", "MaxResults": 3}
	for range 3 {
		got := a.do("ListQueues", body)
		for i := range got.count("QueueUrls") {
			urls = append(urls, got.text("QueueUrls", i))
		}
		body["NextToken"] = got.at("NextToken")
	}
	if body["NextToken"] != nil || len(urls) != 7 || !slices.IsSorted(urls) || urls[6] != a.url("a6") {
		t.Errorf("pages: %v, then %v", urls, body["NextToken"])
	}
	token := a.do("ListQueues", in{"QueueNamePrefix": "a", "MaxResults": 1}).text("NextToken")
	for _, c := range []in{
		{"QueueNamePrefix": "b", "NextToken": token}, {"NextToken": "garbage"}, {"NextToken": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
	} {
		a.refused("ListQueues", c, "InvalidParameterValue", "Value "+fmt.Sprint(c["NextToken"])+" for parameter NextToken is invalid. Reason: Invalid or expired next token.")
	}
	for _, n := range []int{0, 1001, -1} {
		a.refused("ListQueues", in{"MaxResults": n}, "InvalidParameterValue", fmt.Sprintf("Value %d for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.", n))
	}
}

func TestListDeadLetterSourceQueuesGoesByPage(t *testing.T) {
	a := start(t)
	dlq := a.queue("dlq")
	for i := range 5 {
		a.queue(fmt.Sprintf("s%d", i), "RedrivePolicy", `{"maxReceiveCount":3,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`)
	}
	first := a.do("ListDeadLetterSourceQueues", in{"QueueUrl": dlq, "MaxResults": 3})
	rest := a.do("ListDeadLetterSourceQueues", in{"QueueUrl": dlq, "MaxResults": 3, "NextToken": first.text("NextToken")})
	if first.count("queueUrls") != 3 || rest.count("queueUrls") != 2 || rest.text("queueUrls", 1) != a.url("s4") || rest.at("NextToken") != nil {
		t.Errorf("pages: %v, %v", first, rest)
	}
}

func TestTagsAreKeptReplacedAndRemoved(t *testing.T) {
	a := start(t)
	url := a.do("CreateQueue", in{"QueueName": "q", "tags": attrs("team", "a", "cost", "")}).text("QueueUrl")
	modified := a.attributes(url, "LastModifiedTimestamp")
	a.do("TagQueue", in{"QueueUrl": url, "Tags": attrs("team", "b", "Größe:+-=._/@ 1", "x")})
	a.do("UntagQueue", in{"QueueUrl": url, "TagKeys": []string{"cost", "none"}})
	got := a.do("ListQueueTags", in{"QueueUrl": url})
	if fmt.Sprint(got.at("Tags")) != "map[Größe:+-=._/@ 1:x team:b]" {
		t.Errorf("tags: %v", got)
	}
	if fmt.Sprint(a.attributes(url, "LastModifiedTimestamp")) != fmt.Sprint(modified) {
		t.Error("a tag modified the queue")
	}
}

func TestCreateQueueAgainDoesNotChangeTags(t *testing.T) {
	a := start(t)
	url := a.do("CreateQueue", in{"QueueName": "q", "tags": attrs("team", "a")}).text("QueueUrl")
	before := a.snapshot(url)
	a.do("CreateQueue", in{"QueueName": "q", "tags": attrs("team", "a")})
	a.do("CreateQueue", in{"QueueName": "q", "tags": attrs()})
	a.do("CreateQueue", in{"QueueName": "q"})
	for _, other := range []map[string]string{attrs("team", "b"), attrs("team", "a", "cost", ""), attrs("cost", "")} {
		a.refused("CreateQueue", in{"QueueName": "q", "tags": other}, "QueueNameExists", "A queue already exists with the same name and different tags.")
	}
	if after := a.snapshot(url); after != before {
		t.Errorf("was %s\nis  %s", before, after)
	}
}

func TestBadTagsAreRefusedAndChangeNothing(t *testing.T) {
	a := start(t)
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	url := a.do("CreateQueue", in{"QueueName": "q", "tags": many}).text("QueueUrl")
	before := a.snapshot(url)
	long := strings.Repeat("é", 129)
	for _, c := range []struct{ key, value, message string }{
		{"51", "", "Too many tags added for queue q."},
		{"", "", "Value  for parameter TagKey is invalid. Reason: Tag keys must be between 1 and 128 characters in length."},
		{long, "", "Value " + long + " for parameter TagKey is invalid. Reason: Tag keys must be between 1 and 128 characters in length."},
		{"AWS:x", "", "Value AWS:x for parameter TagKey is invalid. Reason: Tag keys cannot start with aws:"},
		{"a*", "", "Value a* for parameter TagKey is invalid. Reason: Tag keys can only include letters, digits, white space, and _.:/=+-@"},
		{"1", long + long, "Value " + long + long + " for parameter TagValue is invalid. Reason: Tag values must be between 0 and 256 characters in length."},
		{"1", "#", "Value # for parameter TagValue is invalid. Reason: Tag values can only include letters, digits, white space, and _.:/=+-@"},
	} {
		a.refused("TagQueue", in{"QueueUrl": url, "Tags": attrs(c.key, c.value)}, "InvalidParameterValue", c.message)
	}
	a.refused("TagQueue", in{"QueueUrl": url, "Tags": in{}}, "MissingParameter", "The request must contain the parameter Tags.")
	a.refused("UntagQueue", in{"QueueUrl": url, "TagKeys": []string{}}, "MissingParameter", "The request must contain the parameter TagKeys.")
	a.refused("CreateQueue", in{"QueueName": "p", "tags": attrs("aws:x", "")}, "InvalidParameterValue", "Value aws:x for parameter TagKey is invalid. Reason: Tag keys cannot start with aws:")
	if after := a.snapshot(url); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestPermissionsAreStatementsOfThePolicy(t *testing.T) {
	a := start(t)
	url := a.queue("q", "Policy", `{"Version":"2012-10-17","Statement":{"Sid":"mine", "Effect":"Deny","Principal":"*","Action":"sqs:PurgeQueue"}}`)
	a.do("AddPermission", in{"QueueUrl": url, "Label": "one", "AWSAccountIds": []string{"444455556666"}, "Actions": []string{"SendMessage"}})
	a.do("AddPermission", in{"QueueUrl": url, "Label": "two", "AWSAccountIds": []string{"444455556666", "777788889999"}, "Actions": []string{"*", "ReceiveMessage"}})
	want := `{"Version":"2012-10-17","Statement":[{"Sid":"mine","Effect":"Deny","Principal":"*","Action":"sqs:PurgeQueue"},` +
		`{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"SQS:SendMessage","Resource":"` + a.arn("q") + `"},` +
		`{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::777788889999:root"]},"Action":["SQS:*","SQS:ReceiveMessage"],"Resource":"` + a.arn("q") + `"}]}`
	if got := a.attributes(url, "Policy")["Policy"]; got != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	for _, label := range []string{"two", "mine", "one"} {
		a.do("RemovePermission", in{"QueueUrl": url, "Label": label})
	}
	if got := a.attributes(url, "Policy"); len(got) != 0 {
		t.Errorf("after the last: %v", got)
	}
	a.do("AddPermission", in{"QueueUrl": url, "Label": "one", "AWSAccountIds": []string{"444455556666"}, "Actions": []string{"SendMessage"}})
	var p struct{ Version, Id string }
	text, _ := a.attributes(url, "Policy")["Policy"].(string)
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Version != "2008-10-17" || p.Id != a.arn("q")+"/SQSDefaultPolicy" {
		t.Errorf("new policy %s: %v", text, err)
	}
}

func TestBadPermissionsAreRefusedAndChangeNothing(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	add := func(label string, accounts, actions []string) in {
		return in{"QueueUrl": url, "Label": label, "AWSAccountIds": accounts, "Actions": actions}
	}
	one, send := []string{"444455556666"}, []string{"SendMessage"}
	for i := range 20 {
		a.do("AddPermission", add(fmt.Sprint("l", i), one, send))
	}
	before := a.snapshot(url)
	for _, c := range []struct {
		body          in
		code, message string
	}{
		{add("l0", one, send), "InvalidParameterValue", "Value l0 for parameter Label is invalid. Reason: Already exists."},
		{add("new", one, send), "OverLimit", "21 Statements were found, maximum allowed is 20."},
		{add("a b", one, send), "InvalidParameterValue", "Value a b for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."},
		{add("x", []string{}, send), "MissingParameter", "The request must contain the parameter AWSAccountIds."},
		{add("x", one, []string{}), "MissingParameter", "The request must contain the parameter Actions."},
		{add("x", []string{"1"}, send), "InvalidParameterValue", "Value [1] for parameter PrincipalId is invalid. Reason: Unable to verify."},
		{add("x", one, slices.Repeat(send, 8)), "OverLimit", "8 Actions were found, maximum allowed is 7."},
		{add("x", one, []string{"DeleteQueue"}), "InvalidParameterValue", "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action."},
		{add("x", one, []string{"Sing"}), "InvalidParameterValue", "Value SQS:Sing for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions."},
	} {
		a.refused("AddPermission", c.body, c.code, c.message)
	}
	a.refused("RemovePermission", in{"QueueUrl": url, "Label": "x"}, "InvalidParameterValue", "Value x for parameter Label is invalid. Reason: can't find label on existing policy.")
	a.refused("RemovePermission", in{"QueueUrl": a.queue("bare"), "Label": "x"}, "InvalidParameterValue", "Value x for parameter Label is invalid. Reason: can't find label on existing policy.")
	a.do("DeleteQueue", in{"QueueUrl": a.url("bare")})
	if after := a.snapshot(url); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}
