package arn

import "strings"

// Partition returns the partition that a region belongs to.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// Queue is the ARN of an SQS queue.
func Queue(region, account, name string) ARN {
	return ARN{Partition(region), "sqs", region, account, name}
}

// Bus is the ARN of an event bus.
func Bus(region, account, name string) ARN {
	return ARN{Partition(region), "events", region, account, "event-bus/" + name}
}

// EventSource is the ARN of a partner's event source, which no account owns.
func EventSource(region, name string) ARN {
	return ARN{Partition(region), "events", region, "", "event-source/" + name}
}

// DefaultBus is the bus that every account has; the ARNs of its rules do not name it.
const DefaultBus = "default"

// Rule is the ARN of a rule on a bus.
func Rule(region, account, bus, name string) ARN {
	resource := "rule/" + bus + "/" + name
	if bus == DefaultBus {
		resource = "rule/" + name
	}
	return ARN{Partition(region), "events", region, account, resource}
}

// Archive is the ARN of an archive of events.
func Archive(region, account, name string) ARN {
	return ARN{Partition(region), "events", region, account, "archive/" + name}
}

// Replay is the ARN of a replay.
func Replay(region, account, name string) ARN {
	return ARN{Partition(region), "events", region, account, "replay/" + name}
}

// Topic is the ARN of an SNS topic.
func Topic(region, account, name string) ARN {
	return ARN{Partition(region), "sns", region, account, name}
}

// Endpoint is the ARN of a global endpoint.
func Endpoint(region, account, name string) ARN {
	return ARN{Partition(region), "events", region, account, "endpoint/" + name}
}

// Root is the ARN of an account's root principal.
func Root(account string) ARN { return ARN{"aws", "iam", "", account, "root"} }

// User is the ARN of an IAM user.
func User(account, name string) ARN { return ARN{"aws", "iam", "", account, "user/" + name} }

// QueueName is the name of the queue that a points at, and whether it is one.
func (a ARN) QueueName() (string, bool) {
	return a.Resource, a.Service == "sqs" && a.Account != "" && !strings.ContainsAny(a.Resource, ":/")
}

// TopicName is the name of the topic that a points at, and whether it is one.
func (a ARN) TopicName() (string, bool) {
	return a.Resource, a.Service == "sns" && a.Account != "" && !strings.ContainsAny(a.Resource, ":/")
}

// SubscriptionName is the topic's name and the id of the subscription that a
// points at, and whether it is one.
func (a ARN) SubscriptionName() (topic, id string, ok bool) {
	topic, id, ok = strings.Cut(a.Resource, ":")
	return topic, id, ok && a.Service == "sns" && a.Account != "" && !strings.Contains(topic, "/") && topic != "" && id != ""
}

// BusName is the name of the event bus that a points at, and whether it is one.
func (a ARN) BusName() (string, bool) {
	name, ok := strings.CutPrefix(a.Resource, "event-bus/")
	return name, ok && a.Service == "events" && name != ""
}

// RuleName is the bus and name of the rule that a points at, and whether it is
// one. A bus name may hold slashes (partner buses do), a rule name may not.
func (a ARN) RuleName() (bus, name string, ok bool) {
	rest, ok := strings.CutPrefix(a.Resource, "rule/")
	if !ok || a.Service != "events" {
		return "", "", false
	}
	bus, name = DefaultBus, rest
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		bus, name = rest[:i], rest[i+1:]
	}
	return bus, name, bus != "" && name != ""
}

// ArchiveName is the name of the archive that a points at, and whether it is one.
func (a ARN) ArchiveName() (string, bool) {
	name, ok := strings.CutPrefix(a.Resource, "archive/")
	return name, ok && a.Service == "events" && name != "" && !strings.Contains(name, "/")
}

// LogGroupName is the name of the log group that a points at, also where it
// points at the group's streams with ":*" behind, and whether it is one.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
func (a ARN) LogGroupName() (string, bool) {
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	name = strings.TrimSuffix(name, ":*")
	if !ok || a.Service != "logs" || len(name) == 0 || len(name) > 512 {
		return "", false
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("_-/.#", rune(c)) {
			return "", false
		}
	}
	return name, true
}
