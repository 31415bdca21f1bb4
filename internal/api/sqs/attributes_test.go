package sqs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestANewQueueHasAWSsDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		now := fmt.Sprint(time.Now().Unix())
		want := map[string]string{
			"QueueArn": a.arn("q"), "CreatedTimestamp": now, "LastModifiedTimestamp": now,
			"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
			"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
			"ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
		}
		if got := a.attributes(a.queue("q"), "All"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("standard: %v", got)
		}
		maps.Copy(want, map[string]string{
			"QueueArn": a.arn("q.fifo"), "FifoQueue": "true", "ContentBasedDeduplication": "false",
			"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue",
		})
		if got := a.attributes(a.queue("q.fifo", "FifoQueue", "true"), "All"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("FIFO: %v", got)
		}
	})
}

func TestEveryAttributeIsEchoedAsItWasSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t)
		a.queue("dlq.fifo", "FifoQueue", "true")
		url := a.queue("q.fifo", "FifoQueue", "true")
		set := attrs(
			"DelaySeconds", "7", "MaximumMessageSize", "2048", "MessageRetentionPeriod", "60",
			"ReceiveMessageWaitTimeSeconds", "20", "VisibilityTimeout", "0",
			"Policy", `{ "Version":"2012-10-17",  "Statement": [ ] }`,
			"RedrivePolicy", `{"maxReceiveCount":"5", "deadLetterTargetArn" : "`+a.arn("dlq.fifo")+`"}`,
			"RedriveAllowPolicy", `{"redrivePermission": "byQueue", "sourceQueueArns":["`+a.arn("x.fifo")+`"]}`,
			"KmsMasterKeyId", "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds", "600", "SqsManagedSseEnabled", "false",
			"ContentBasedDeduplication", "true", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId",
		)
		time.Sleep(5 * time.Second)
		a.do("SetQueueAttributes", in{"QueueUrl": url, "Attributes": set})
		got := a.attributes(url, slices.Sorted(maps.Keys(set))...)
		if fmt.Sprint(got) != fmt.Sprint(set) {
			t.Errorf("got  %v\nwant %v", got, set)
		}
		times := a.attributes(url, "CreatedTimestamp", "LastModifiedTimestamp")
		if now := time.Now().Unix(); times["LastModifiedTimestamp"] != fmt.Sprint(now) || times["CreatedTimestamp"] != fmt.Sprint(now-5) {
			t.Errorf("created and modified: %v at %d", times, now)
		}
	})
}

func TestAnEmptyValueTakesAnAttributeAway(t *testing.T) {
	a := start(t)
	a.queue("dlq")
	url := a.queue("q",
		"Policy", `{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}`, "RedrivePolicy", `{"maxReceiveCount":1,"deadLetterTargetArn":"`+a.arn("dlq")+`"}`,
		"RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`, "KmsMasterKeyId", "alias/k")
	names := []string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"}
	if got := a.attributes(url, names...); len(got) != 4 {
		t.Fatalf("set: %v", got)
	}
	a.do("SetQueueAttributes", in{"QueueUrl": url, "Attributes": attrs("Policy", "", "RedrivePolicy", "", "RedriveAllowPolicy", "", "KmsMasterKeyId", "")})
	if got := a.attributes(url, names...); len(got) != 0 {
		t.Errorf("taken away: %v", got)
	}
	if got := a.do("ListDeadLetterSourceQueues", in{"QueueUrl": a.url("dlq")}); got.count("queueUrls") != 0 {
		t.Errorf("still a source: %v", got)
	}
}

func TestOneKindOfEncryptionReplacesTheOther(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	for _, step := range []struct{ name, value, want string }{
		{"KmsMasterKeyId", "alias/k", "map[KmsDataKeyReusePeriodSeconds:300 KmsMasterKeyId:alias/k SqsManagedSseEnabled:false]"},
		{"SqsManagedSseEnabled", "true", "map[SqsManagedSseEnabled:true]"},
		{"SqsManagedSseEnabled", "false", "map[SqsManagedSseEnabled:false]"},
	} {
		a.do("SetQueueAttributes", in{"QueueUrl": url, "Attributes": attrs(step.name, step.value)})
		got := a.attributes(url, "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
		if fmt.Sprint(got) != step.want {
			t.Errorf("after %s=%s: %v, want %s", step.name, step.value, got, step.want)
		}
	}
}

func TestGetQueueAttributesTellsOnlyWhatIsAskedFor(t *testing.T) {
	a := start(t)
	url := a.queue("q")
	if got := a.attributes(url); got != nil {
		t.Errorf("no names: %v", got)
	}
	if got := a.attributes(url, "QueueArn", "Policy"); fmt.Sprint(got) != "map[QueueArn:"+a.arn("q")+"]" {
		t.Errorf("two names: %v", got)
	}
	a.refused("GetQueueAttributes", in{"QueueUrl": url, "AttributeNames": []string{"Colour"}}, "InvalidAttributeName", "Unknown Attribute Colour.")
}

func TestBadAttributesAreRefusedAndChangeNothing(t *testing.T) {
	a := start(t)
	a.queue("dlq")
	a.queue("dlq.fifo", "FifoQueue", "true")
	a.queue("closed", "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`)
	a.queue("choosy", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["`+a.arn("friend")+`"]}`)
	url := a.queue("q", "VisibilityTimeout", "31")
	before := a.snapshot(url)
	out := func(name string) string { return "Invalid value for the parameter " + name + "." }
	redrive := func(policy, reason string) string {
		return "Value " + policy + " for parameter RedrivePolicy is invalid. Reason: " + reason
	}
	to := func(target string) string {
		return `{"maxReceiveCount":3,"deadLetterTargetArn":"` + target + `"}`
	}
	allow := func(policy, reason string) string {
		return "Value " + policy + " for parameter RedriveAllowPolicy is invalid. Reason: " + reason
	}
	many := `{"redrivePermission":"byQueue","sourceQueueArns":[` + strings.Repeat(`"`+a.arn("x")+`",`, 10) + `"` + a.arn("x") + `"]}`
	for _, c := range []struct{ name, value, code, message string }{
		{"Colour", "red", "InvalidAttributeName", "Unknown Attribute Colour."},
		{"QueueArn", "x", "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{"All", "x", "InvalidAttributeName", "Unknown Attribute All."},
		{"ContentBasedDeduplication", "true", "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		{"DelaySeconds", "901", "InvalidAttributeValue", out("DelaySeconds")},
		{"DelaySeconds", "-1", "InvalidAttributeValue", out("DelaySeconds")},
		{"DelaySeconds", "", "InvalidAttributeValue", out("DelaySeconds")},
		{"DelaySeconds", "1.5", "InvalidAttributeValue", out("DelaySeconds")},
		{"MaximumMessageSize", "1023", "InvalidAttributeValue", out("MaximumMessageSize")},
		{"MaximumMessageSize", "1048577", "InvalidAttributeValue", out("MaximumMessageSize")},
		{"MessageRetentionPeriod", "59", "InvalidAttributeValue", out("MessageRetentionPeriod")},
		{"MessageRetentionPeriod", "1209601", "InvalidAttributeValue", out("MessageRetentionPeriod")},
		{"ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue", out("ReceiveMessageWaitTimeSeconds")},
		{"VisibilityTimeout", "43201", "InvalidAttributeValue", out("VisibilityTimeout")},
		{"KmsDataKeyReusePeriodSeconds", "59", "InvalidAttributeValue", out("KmsDataKeyReusePeriodSeconds")},
		{"SqsManagedSseEnabled", "yes", "InvalidAttributeValue", out("SqsManagedSseEnabled")},
		{"KmsMasterKeyId", strings.Repeat("k", 2049), "InvalidAttributeValue", out("KmsMasterKeyId")},
		{"Policy", "{", "InvalidAttributeValue", out("Policy") + " Reason: At the document (line 1, column 2): there must be a name in quotes where the end of the text is."},
		{"Policy", "[]", "InvalidAttributeValue", out("Policy") + " Reason: At the document (line 1, column 1): there must be an object where '[' is."},
		{"Policy", "{}", "InvalidAttributeValue", out("Policy") + " Reason: At /Statement (line 1, column 1): there must be at least one statement."},
		{"Policy", `{"Statement":[1]}`, "InvalidAttributeValue", out("Policy") + " Reason: At /Statement/0 (line 1, column 15): there must be a statement where '1' is."},
		{"Policy", `{"Version":1,"Statement":[]}`, "InvalidAttributeValue", out("Policy") + " Reason: At /Version (line 1, column 12): there must be a string where '1' is."},
		{"Policy", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"StringIs":{"aws:userid":"x"}}}}`, "InvalidAttributeValue",
			out("Policy") + " Reason: At /Statement/Condition/StringIs (line 1, column 93): there is no such operator."},
		{"Policy", strings.Repeat(" ", 8193) + `{"Statement":[]}`, "InvalidAttributeValue", out("Policy")},
		{"RedrivePolicy", strings.Repeat(" ", 8193) + to(a.arn("dlq")), "InvalidAttributeValue", out("RedrivePolicy")},
		{"RedriveAllowPolicy", strings.Repeat(" ", 8193) + `{"redrivePermission":"allowAll"}`, "InvalidAttributeValue", out("RedriveAllowPolicy")},
		{"RedrivePolicy", "{", "InvalidParameterValue", redrive("{", "Redrive policy is not a valid JSON map.")},
		{"RedrivePolicy", "null", "InvalidParameterValue", redrive("null", "Redrive policy is not a valid JSON map.")},
		{"RedrivePolicy", "{}", "InvalidParameterValue", redrive("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount.")},
		{"RedrivePolicy", `{"maxReceiveCount":1}`, "InvalidParameterValue", redrive(`{"maxReceiveCount":1}`, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")},
		{"RedrivePolicy", strings.Replace(to(a.arn("dlq")), "3", "0", 1), "InvalidParameterValue", redrive(strings.Replace(to(a.arn("dlq")), "3", "0", 1), "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.")},
		{"RedrivePolicy", strings.Replace(to(a.arn("dlq")), "3", `"1001"`, 1), "InvalidParameterValue", redrive(strings.Replace(to(a.arn("dlq")), "3", `"1001"`, 1), "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.")},
		{"RedrivePolicy", to("dlq"), "InvalidParameterValue", redrive(to("dlq"), "Invalid value for deadLetterTargetArn.")},
		{"RedrivePolicy", to(a.arn("none")), "InvalidParameterValue", redrive(to(a.arn("none")), "Dead letter target does not exist.")},
		{"RedrivePolicy", to(a.arn("dlq.fifo")), "InvalidParameterValue", redrive(to(a.arn("dlq.fifo")), "Dead-letter queue must be same type of queue as the source.")},
		{"RedrivePolicy", to("arn:aws:sqs:eu-west-1:999999999999:dlq"), "InvalidParameterValue", redrive(to("arn:aws:sqs:eu-west-1:999999999999:dlq"), "Dead letter target owner should be same as the source.")},
		{"RedrivePolicy", to(a.arn("closed")), "InvalidParameterValue", redrive(to(a.arn("closed")), "The dead-letter queue's RedriveAllowPolicy does not permit this source queue.")},
		{"RedrivePolicy", to(a.arn("choosy")), "InvalidParameterValue", redrive(to(a.arn("choosy")), "The dead-letter queue's RedriveAllowPolicy does not permit this source queue.")},
		{"RedriveAllowPolicy", "1", "InvalidParameterValue", allow("1", "Redrive allow policy is not a valid JSON map.")},
		{"RedriveAllowPolicy", "{}", "InvalidParameterValue", allow("{}", "Redrive allow policy does not contain mandatory attribute: redrivePermission.")},
		{"RedriveAllowPolicy", `{"redrivePermission":"all"}`, "InvalidParameterValue", allow(`{"redrivePermission":"all"}`, "redrivePermission must be one of: [allowAll, byQueue, denyAll].")},
		{"RedriveAllowPolicy", `{"redrivePermission":"byQueue"}`, "InvalidParameterValue", allow(`{"redrivePermission":"byQueue"}`, "sourceQueueArns must be a list of 1 to 10 queue ARNs when redrivePermission is byQueue.")},
		{"RedriveAllowPolicy", many, "InvalidParameterValue", allow(many, "sourceQueueArns must be a list of 1 to 10 queue ARNs when redrivePermission is byQueue.")},
		{"RedriveAllowPolicy", `{"redrivePermission":"denyAll","sourceQueueArns":[]}`, "InvalidParameterValue", allow(`{"redrivePermission":"denyAll","sourceQueueArns":[]}`, "sourceQueueArns can be given only when redrivePermission is byQueue.")},
		{"FifoQueue", "true", "InvalidAttributeValue", out("FifoQueue") + " Reason: Modifying queue type is not supported."},
	} {
		// A good attribute beside the bad one must not be set either.
		given := attrs("MessageRetentionPeriod", "77", "Policy", "")
		given[c.name] = c.value
		a.refused("SetQueueAttributes", in{"QueueUrl": url, "Attributes": given}, c.code, c.message)
		if c.name != "FifoQueue" {
			a.refused("CreateQueue", in{"QueueName": "new", "Attributes": given}, c.code, c.message)
		}
	}
	a.refused("SetQueueAttributes", in{"QueueUrl": url, "Attributes": in{}}, "MissingParameter", "The request must contain the parameter Attributes.")
	a.refused("SetQueueAttributes", in{"QueueUrl": url, "Attributes": attrs("KmsMasterKeyId", "k", "SqsManagedSseEnabled", "true")},
		"InvalidAttributeValue", out("SqsManagedSseEnabled")+" Reason: You can use one type of server-side encryption at one time. You can either enable KMS encryption or SQS-managed encryption.")
	a.refused("SetQueueAttributes", in{"QueueUrl": a.url("dlq.fifo"), "Attributes": attrs("FifoThroughputLimit", "perMessageGroupId")},
		"InvalidAttributeValue", out("FifoThroughputLimit")+" Reason: The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	a.refused("SetQueueAttributes", in{"QueueUrl": a.url("dlq.fifo"), "Attributes": attrs("DeduplicationScope", "group")}, "InvalidAttributeValue", out("DeduplicationScope"))
	if after := a.snapshot(url); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestARedrivePolicyIsHeldToWhatItsTargetAllows(t *testing.T) {
	a := start(t)
	a.queue("choosy", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["`+a.arn("friend")+`"]}`)
	a.queue("open", "RedriveAllowPolicy", `{"redrivePermission":"allowAll"}`)
	for source, target := range map[string]string{"friend": "choosy", "anyone": "open"} {
		policy := `{"maxReceiveCount":3,"deadLetterTargetArn":"` + a.arn(target) + `"}`
		a.queue(source, "RedrivePolicy", policy)
		got := a.do("ListDeadLetterSourceQueues", in{"QueueUrl": a.url(target)})
		if got.count("queueUrls") != 1 || got.text("queueUrls", 0) != a.url(source) {
			t.Errorf("sources of %s: %v", target, got)
		}
	}
}
