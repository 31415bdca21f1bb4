"""The tour of the AWS CLI: what a person types, its output and exit status.

Every step is one `aws` process, which costs half a second of CPU, so the
scenarios say less than those of boto3, with whose names they agree. SQS gets
--endpoint-url and the rest AWS_ENDPOINT_URL, since CLI v1 ignores the latter
for SQS. Usage: python tour.py [scenario ...]
"""

import json
import os
import re
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

ENDPOINT = os.environ["CARILLON_ENDPOINT"]
ACCOUNT = os.environ.get("CARILLON_ACCOUNT", "000000000000")
AWS = os.environ.get("CARILLON_AWS", "aws")
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
    "AWS_ENDPOINT_URL": ENDPOINT, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "",
    "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
PREFIX = "AWS.SimpleQueueService."


class Mismatch(Exception):
    pass


def invoke(*words):
    command = [AWS, "--output", "json", *words]
    if words[0] == "sqs":
        command += ["--endpoint-url", ENDPOINT]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=90)


def aws(*words):
    """The output of a command that must succeed."""
    done = invoke(*words)
    if done.returncode:
        raise Mismatch(f"aws {' '.join(words[:2])}: exit {done.returncode}: {' '.join(done.stderr.split())[:300]}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def refused(codes, *words):
    """A command that must fail with one of the codes, and the CLI's exit status for it."""
    done = invoke(*words)
    found = re.search(r"An error occurred \(([^)]+)\)", done.stderr)
    code = found.group(1) if found else None
    if code not in codes.split("|") or done.returncode not in (254, 255):
        raise Mismatch(f"aws {' '.join(words[:2])}: exit {done.returncode}, {code or done.stderr.strip()[:200]!r}, want {codes}")


def equal(got, want, what):
    if got != want:
        raise Mismatch(f"{what}: got {str(got)[:300]!r}, want {str(want)[:300]!r}")


def name(stem="cli"):
    return f"{stem}-{uuid.uuid4().hex[:10]}"


def queue(*more, stem="cli", fifo=False):
    made = aws("sqs", "create-queue", "--queue-name", name(stem) + (".fifo" if fifo else ""), *more)
    return made["QueueUrl"]


def arn(url):
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:" + url.rsplit("/", 1)[1]


def receive(url, count=1, *more):
    """Exactly count messages, long polling with a bound."""
    got, tries = [], 0
    while len(got) < count and tries < 4:
        page = aws("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5",
                   "--max-number-of-messages", str(min(10, count - len(got))), *more)
        got += page.get("Messages", [])
        tries += 1
    equal(len(got), count, "messages received")
    return got


def count(url, kind=""):
    attribute = "ApproximateNumberOfMessages" + kind
    return int(aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", attribute)["Attributes"][attribute])


def until(what, probe):
    """Polls with a bound; each probe is a process, which takes its time."""
    for _ in range(30):
        if probe():
            return
    raise Mismatch(f"still not: {what}")


def identity():
    got = aws("sts", "get-caller-identity")
    equal(got["Account"], ACCOUNT, "Account")
    equal(got["Arn"].startswith(f"arn:aws:iam::{ACCOUNT}:"), True, "Arn begins with the account")


def queue_create():
    n = name()
    create = ("sqs", "create-queue", "--queue-name", n)
    url = aws(*create, "--attributes", "VisibilityTimeout=41")["QueueUrl"]
    equal(url, f"{ENDPOINT}/{ACCOUNT}/{n}", "QueueUrl")
    equal(aws(*create, "--attributes", "VisibilityTimeout=41")["QueueUrl"], url, "the same again")
    refused("QueueAlreadyExists", *create, "--attributes", "VisibilityTimeout=42")
    equal(aws("sqs", "get-queue-url", "--queue-name", n)["QueueUrl"], url, "get-queue-url")
    refused(PREFIX + "NonExistentQueue", "sqs", "get-queue-url", "--queue-name", n + "-never")
    refused("InvalidParameterValue", "sqs", "create-queue", "--queue-name", "no spaces")


def queue_attributes():
    url = queue()
    aws("sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "DelaySeconds=3,MessageRetentionPeriod=3600")
    got = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All")["Attributes"]
    equal((got["DelaySeconds"], got["MessageRetentionPeriod"], got["QueueArn"]), ("3", "3600", arn(url)), "attributes")
    refused("InvalidAttributeValue|InvalidParameterValue", "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "DelaySeconds=901")
    refused("InvalidAttributeName", "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "Nonsense=1")


def queue_list():
    stem = name("list")
    urls = sorted(queue(stem=f"{stem}-{i}") for i in range(3))
    got = aws("sqs", "list-queues", "--queue-name-prefix", stem, "--page-size", "2")
    equal(sorted(got["QueueUrls"]), urls, "list-queues, which pages by itself")
    page = aws("sqs", "list-queues", "--queue-name-prefix", stem, "--max-items", "2")
    equal(len(page["QueueUrls"]), 2, "a page")


def queue_delete():
    url = queue()
    aws("sqs", "delete-queue", "--queue-url", url)
    refused(PREFIX + "QueueDeletedRecently", "sqs", "create-queue", "--queue-name", url.rsplit("/", 1)[1])
    refused(PREFIX + "NonExistentQueue", "sqs", "send-message", "--queue-url", url, "--message-body", "x")
    refused(PREFIX + "NonExistentQueue", "sqs", "delete-queue", "--queue-url", url)


def queue_purge():
    url = queue()
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "x")
    aws("sqs", "purge-queue", "--queue-url", url)
    equal(count(url), 0, "messages after a purge")
    refused(PREFIX + "PurgeQueueInProgress", "sqs", "purge-queue", "--queue-url", url)


def queue_tags():
    url = queue("--tags", "team=one,cost=42")
    aws("sqs", "tag-queue", "--queue-url", url, "--tags", "team=two")
    aws("sqs", "untag-queue", "--queue-url", url, "--tag-keys", "cost")
    equal(aws("sqs", "list-queue-tags", "--queue-url", url)["Tags"], {"team": "two"}, "tags")


def queue_permissions():
    url = queue()
    aws("sqs", "add-permission", "--queue-url", url, "--label", "share", "--aws-account-ids", "111122223333", "--actions", "SendMessage")
    policy = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "Policy")["Attributes"]["Policy"]
    equal(json.loads(policy)["Statement"][0]["Sid"], "share", "Sid")
    aws("sqs", "remove-permission", "--queue-url", url, "--label", "share")
    refused("InvalidParameterValue", "sqs", "remove-permission", "--queue-url", url, "--label", "share")


def message_roundtrip():
    url, body = queue(), "Grüße, 世界! 🎉 <xml>&"
    sent = aws("sqs", "send-message", "--queue-url", url, "--message-body", body)
    m = receive(url, 1, "--attribute-names", "All")[0]
    equal((m["Body"], m["MessageId"], m["MD5OfBody"]), (body, sent["MessageId"], sent["MD5OfMessageBody"]), "the message")
    equal(m["Attributes"]["ApproximateReceiveCount"], "1", "ApproximateReceiveCount")
    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", m["ReceiptHandle"])
    equal(count(url) + count(url, "NotVisible"), 0, "messages after the delete")


def message_attributes():
    url = queue()
    given = {"n": {"DataType": "Number", "StringValue": "12"}, "s": {"DataType": "String.x", "StringValue": "ü"}}
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "x", "--message-attributes", json.dumps(given))
    equal(receive(url, 1, "--message-attribute-names", "All")[0]["MessageAttributes"], given, "MessageAttributes")
    bad = {"n": {"DataType": "Number", "StringValue": "twelve"}}
    refused("InvalidParameterValue", "sqs", "send-message", "--queue-url", url, "--message-body", "x", "--message-attributes", json.dumps(bad))


def message_batch():
    url = queue()
    got = aws("sqs", "send-message-batch", "--queue-url", url, "--entries",
              json.dumps([{"Id": str(i), "MessageBody": f"b{i}", "DelaySeconds": 901 if i == 2 else 0} for i in range(4)]))
    equal([f["Id"] + f["Code"] for f in got["Failed"]], ["2InvalidParameterValue"], "Failed")
    messages = receive(url, 3)
    handles = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
    got = aws("sqs", "change-message-visibility-batch", "--queue-url", url, "--entries", json.dumps([{**h, "VisibilityTimeout": 60} for h in handles]))
    equal(len(got["Successful"]), 3, "visibilities changed")
    equal(len(aws("sqs", "delete-message-batch", "--queue-url", url, "--entries", json.dumps(handles))["Successful"]), 3, "deleted")
    twice = json.dumps([{"Id": "a", "MessageBody": "x"}] * 2)
    refused(PREFIX + "BatchEntryIdsNotDistinct", "sqs", "send-message-batch", "--queue-url", url, "--entries", twice)
    refused(PREFIX + "EmptyBatchRequest", "sqs", "send-message-batch", "--queue-url", url, "--entries", "[]")


def message_delay():
    url, began = queue(), time.monotonic()
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "late", "--delay-seconds", "2")
    equal(receive(url)[0]["Body"], "late", "the delayed message")
    equal(time.monotonic() - began > 1.9, True, "it was delayed")


def visibility():
    url = queue()
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "x")
    handle = receive(url)[0]["ReceiptHandle"]
    change = ("sqs", "change-message-visibility", "--queue-url", url, "--receipt-handle")
    aws(*change, handle, "--visibility-timeout", "0")
    refused(PREFIX + "MessageNotInflight|InvalidParameterValue", *change, handle, "--visibility-timeout", "5")
    refused("ReceiptHandleIsInvalid", *change, "garbage", "--visibility-timeout", "5")
    refused("ReceiptHandleIsInvalid", "sqs", "delete-message", "--queue-url", url, "--receipt-handle", "garbage")
    receive(url)


def fifo_order():
    url = queue("--attributes", "FifoQueue=true,ContentBasedDeduplication=true", fifo=True)
    send = ("sqs", "send-message", "--queue-url", url, "--message-group-id", "g", "--message-body")
    first = aws(*send, "one")
    equal(len(first["SequenceNumber"]), 20, "digits of the SequenceNumber")
    equal(aws(*send, "one")["MessageId"], first["MessageId"], "a duplicate's MessageId")
    aws(*send, "two")
    equal([m["Body"] for m in receive(url, 2)], ["one", "two"], "order")
    refused("MissingParameter", "sqs", "send-message", "--queue-url", url, "--message-body", "x")


def dead_letter():
    dead = queue()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": "1"})
    url = queue("--attributes", json.dumps({"RedrivePolicy": policy, "VisibilityTimeout": "0"}))
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "poison")
    receive(url)
    equal(aws("sqs", "receive-message", "--queue-url", url).get("Messages"), None, "after its last receive")
    equal(aws("sqs", "list-dead-letter-source-queues", "--queue-url", dead)["queueUrls"], [url], "sources")
    equal(count(dead), 1, "dead letters")
    aws("sqs", "start-message-move-task", "--source-arn", arn(dead))
    equal(receive(url)[0]["Body"], "poison", "moved back")
    got = aws("sqs", "list-message-move-tasks", "--source-arn", arn(dead))["Results"]
    equal(got[0]["ApproximateNumberOfMessagesMoved"], 1, "ApproximateNumberOfMessagesMoved")
    refused("ResourceNotFoundException", "sqs", "start-message-move-task", "--source-arn", arn(dead) + "-missing")
    refused("InvalidParameterValue|ResourceNotFoundException", "sqs", "cancel-message-move-task", "--task-handle", "garbage")


def events_bus():
    bus = name("bus")
    aws("events", "create-event-bus", "--name", bus)
    refused("ResourceAlreadyExistsException", "events", "create-event-bus", "--name", bus)
    equal(aws("events", "describe-event-bus", "--name", bus)["Name"], bus, "describe-event-bus")
    equal(len(aws("events", "list-event-buses", "--name-prefix", bus)["EventBuses"]), 1, "list-event-buses")
    aws("events", "delete-event-bus", "--name", bus)
    refused("ResourceNotFoundException", "events", "describe-event-bus", "--name", bus)


def events_put():
    bus, rule, url = name("bus"), name("rule"), queue()
    pattern = '{"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}'
    aws("events", "create-event-bus", "--name", bus)
    on = ("--event-bus-name", bus)
    aws("events", "put-rule", "--name", rule, *on, "--event-pattern", pattern)
    equal(aws("events", "describe-rule", "--name", rule, *on)["EventPattern"], pattern, "EventPattern")
    equal([r["Name"] for r in aws("events", "list-rules", *on)["Rules"]], [rule], "list-rules")
    equal(aws("events", "put-targets", "--rule", rule, *on, "--targets", f"Id=q,Arn={arn(url)}")["FailedEntryCount"], 0, "put-targets")
    equal(aws("events", "list-targets-by-rule", "--rule", rule, *on)["Targets"], [{"Id": "q", "Arn": arn(url)}], "targets")
    entries = [{"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"total": n}), "EventBusName": bus} for n in (1, 500)]
    got = aws("events", "put-events", "--entries", json.dumps(entries + [{"Source": "shop", "DetailType": "x", "Detail": "{"}]))
    equal((got["FailedEntryCount"], got["Entries"][2]["ErrorCode"]), (1, "MalformedDetail"), "put-events")
    event = json.loads(receive(url)[0]["Body"])
    equal((event["id"], event["detail"]), (got["Entries"][1]["EventId"], {"total": 500}), "the event")
    refused("ValidationException", "events", "delete-rule", "--name", rule, *on)
    aws("events", "remove-targets", "--rule", rule, *on, "--ids", "q")
    aws("events", "delete-rule", "--name", rule, *on)
    refused("ResourceNotFoundException", "events", "describe-rule", "--name", rule, *on)


def events_pattern():
    event = json.dumps({"id": "1", "account": ACCOUNT, "source": "shop", "time": "2026-01-02T03:04:05Z", "region": "us-east-1",
                        "resources": [], "detail-type": "Order", "detail": {"state": "new"}})
    test = ("events", "test-event-pattern", "--event", event, "--event-pattern")
    equal(aws(*test, '{"detail": {"state": [{"prefix": "n"}]}}')["Result"], True, "a match")
    equal(aws(*test, '{"source": ["other"]}')["Result"], False, "no match")
    refused("InvalidEventPatternException", *test, '{"source": "shop"}')


def events_permission():
    bus = name("bus")
    aws("events", "create-event-bus", "--name", bus)
    on = ("--event-bus-name", bus)
    aws("events", "put-permission", *on, "--action", "events:PutEvents", "--principal", "123456789012", "--statement-id", "one")
    policy = json.loads(aws("events", "describe-event-bus", "--name", bus)["Policy"])
    equal([s["Sid"] for s in policy["Statement"]], ["one"], "statements")
    refused("ResourceNotFoundException", "events", "remove-permission", *on, "--statement-id", "two")
    aws("events", "remove-permission", *on, "--statement-id", "one")
    equal(aws("events", "describe-event-bus", "--name", bus).get("Policy"), None, "Policy")


def events_schedule():
    rule = name("rule")
    aws("events", "put-rule", "--name", rule, "--schedule-expression", "rate(5 minutes)")
    equal(aws("events", "describe-rule", "--name", rule)["ScheduleExpression"], "rate(5 minutes)", "ScheduleExpression")
    refused("ValidationException", "events", "put-rule", "--name", rule, "--schedule-expression", "rate(5 minute)")
    aws("events", "delete-rule", "--name", rule)


def events_target():
    bus, url, dead = name("bus"), queue(), queue()
    aws("events", "create-event-bus", "--name", bus)
    on = ("--event-bus-name", bus)
    aws("events", "put-rule", "--name", "r", *on, "--event-pattern", '{"source": ["shop"]}')
    targets = [
        {"Id": "gone", "Arn": arn(dead) + "-gone", "DeadLetterConfig": {"Arn": arn(dead)}, "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
        {"Id": "made", "Arn": arn(url), "InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'}},
    ]
    aws("events", "put-targets", "--rule", "r", *on, "--targets", json.dumps(targets))
    equal(aws("events", "list-targets-by-rule", "--rule", "r", *on)["Targets"], targets, "targets")
    refused("ValidationException", "events", "put-targets", "--rule", "r", *on, "--targets", f"Id=f,Arn=arn:aws:lambda:us-east-1:{ACCOUNT}:function:f")
    aws("events", "put-events", "--entries", json.dumps([{"Source": "shop", "DetailType": "d", "Detail": '{"n": 7}', "EventBusName": bus}]))
    equal(json.loads(receive(url)[0]["Body"]), {"n": 7}, "what the target sees")
    letter = receive(dead, 1, "--message-attribute-names", "All")[0]
    equal(letter["MessageAttributes"]["TARGET_ARN"]["StringValue"], arn(dead) + "-gone", "TARGET_ARN")


def events_archive():
    bus, archive, replay, url = name("bus"), name("archive"), name("replay"), queue()
    source = aws("events", "create-event-bus", "--name", bus)["EventBusArn"]
    made = aws("events", "create-archive", "--archive-name", archive, "--event-source-arn", source, "--retention-days", "7")["ArchiveArn"]
    refused("ResourceAlreadyExistsException", "events", "create-archive", "--archive-name", archive, "--event-source-arn", source)
    aws("events", "put-events", "--entries", json.dumps([{"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus}]))
    equal(aws("events", "describe-archive", "--archive-name", archive)["EventCount"], 1, "EventCount")
    aws("events", "update-archive", "--archive-name", archive, "--retention-days", "0")
    equal([a["RetentionDays"] for a in aws("events", "list-archives", "--event-source-arn", source)["Archives"]], [0], "RetentionDays")
    aws("events", "put-rule", "--name", "r", "--event-bus-name", bus, "--event-pattern", '{"source": ["s"]}')
    aws("events", "put-targets", "--rule", "r", "--event-bus-name", bus, "--targets", f"Id=q,Arn={arn(url)}")
    start = ("events", "start-replay", "--event-source-arn", made, "--event-start-time", "2020-01-01", "--event-end-time", "2100-01-01", "--replay-name")
    refused("ValidationException", *start, replay, "--destination", f"Arn=arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default")
    aws(*start, replay, "--destination", f"Arn={source}")
    equal(json.loads(receive(url)[0]["Body"])["replay-name"], replay, "replay-name")
    until("the replay is over", lambda: aws("events", "describe-replay", "--replay-name", replay)["State"] == "COMPLETED")
    equal([r["State"] for r in aws("events", "list-replays", "--name-prefix", replay)["Replays"]], ["COMPLETED"], "list-replays")
    refused("IllegalStatusException", "events", "cancel-replay", "--replay-name", replay)
    aws("events", "delete-archive", "--archive-name", archive)
    refused("ResourceNotFoundException", "events", "describe-archive", "--archive-name", archive)


def events_partner():
    source, url = f"aws.partner/example.com/{name('shop')}/orders", queue()
    aws("events", "create-partner-event-source", "--name", source, "--account", ACCOUNT)
    equal(aws("events", "describe-event-source", "--name", source)["State"], "PENDING", "State")
    aws("events", "create-event-bus", "--name", source, "--event-source-name", source)
    aws("events", "put-rule", "--name", "r", "--event-bus-name", source, "--event-pattern", '{"detail-type": ["d"]}')
    aws("events", "put-targets", "--rule", "r", "--event-bus-name", source, "--targets", f"Id=q,Arn={arn(url)}")
    aws("events", "put-partner-events", "--entries", json.dumps([{"Source": source, "DetailType": "d", "Detail": "{}"}]))
    equal(json.loads(receive(url)[0]["Body"])["source"], source, "source")
    equal(aws("events", "list-partner-event-source-accounts", "--event-source-name", source)["PartnerEventSourceAccounts"][0]["State"], "ACTIVE", "State")
    aws("events", "delete-partner-event-source", "--name", source, "--account", ACCOUNT)
    equal(aws("events", "describe-event-source", "--name", source)["State"], "DELETED", "State")


def events_endpoint():
    bus, endpoint = name("bus"), name("endpoint")
    buses = [aws("events", "create-event-bus", "--name", bus, "--region", region)["EventBusArn"] for region in ("us-east-1", "eu-west-1")]
    routing = {"FailoverConfig": {"Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/h-1"}, "Secondary": {"Route": "eu-west-1"}}}
    create = ("events", "create-endpoint", "--routing-config", json.dumps(routing), "--event-buses", *(f"EventBusArn={b}" for b in buses), "--name")
    refused("ValidationException", *create, endpoint)  # replication, the default, needs a role
    equal(aws(*create, endpoint, "--replication-config", "State=DISABLED")["State"], "ACTIVE", "State")
    refused("ResourceAlreadyExistsException", *create, endpoint, "--replication-config", "State=DISABLED")
    aws("events", "update-endpoint", "--name", endpoint, "--description", "d")
    got = aws("events", "describe-endpoint", "--name", endpoint)
    equal((got["Description"], got["EndpointUrl"]), ("d", f"https://{got['EndpointId']}.endpoint.events.amazonaws.com"), "describe-endpoint")
    equal(len(aws("events", "list-endpoints", "--name-prefix", endpoint)["Endpoints"]), 1, "list-endpoints")
    aws("events", "delete-endpoint", "--name", endpoint)
    refused("ResourceNotFoundException", "events", "describe-endpoint", "--name", endpoint)


def topic_create():
    topic = name()
    made = aws("sns", "create-topic", "--name", topic, "--attributes", "DisplayName=Shop", "--tags", "Key=a,Value=1")["TopicArn"]
    equal(made, f"arn:aws:sns:us-east-1:{ACCOUNT}:{topic}", "TopicArn")
    refused("InvalidParameter", "sns", "create-topic", "--name", topic, "--attributes", "DisplayName=Store")
    aws("sns", "set-topic-attributes", "--topic-arn", made, "--attribute-name", "SignatureVersion", "--attribute-value", "2")
    got = aws("sns", "get-topic-attributes", "--topic-arn", made)["Attributes"]
    equal((got["DisplayName"], got["SignatureVersion"], got["Owner"]), ("Shop", "2", ACCOUNT), "attributes")
    equal(made in [t["TopicArn"] for t in aws("sns", "list-topics")["Topics"]], True, "list-topics")
    aws("sns", "delete-topic", "--topic-arn", made)
    refused("NotFound", "sns", "get-topic-attributes", "--topic-arn", made)


def subscribe():
    topic, endpoint = aws("sns", "create-topic", "--name", name())["TopicArn"], arn(queue())
    to = ("sns", "subscribe", "--topic-arn", topic, "--protocol")
    sub = aws(*to, "sqs", "--notification-endpoint", endpoint, "--attributes", '{"RawMessageDelivery": "true"}')["SubscriptionArn"]
    equal(aws(*to, "email", "--notification-endpoint", "ops@example.com")["SubscriptionArn"], "pending confirmation", "one that waits")
    refused("InvalidParameter", *to, "lambda", "--notification-endpoint", "x")
    policy = '{"store": ["a"]}'
    aws("sns", "set-subscription-attributes", "--subscription-arn", sub, "--attribute-name", "FilterPolicy", "--attribute-value", policy)
    got = aws("sns", "get-subscription-attributes", "--subscription-arn", sub)["Attributes"]
    equal((got["FilterPolicy"], got["RawMessageDelivery"], got["Endpoint"]), (policy, "true", endpoint), "attributes")
    equal(sorted(s["Protocol"] for s in aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]), ["email", "sqs"], "by topic")
    aws("sns", "unsubscribe", "--subscription-arn", sub)
    refused("NotFound", "sns", "get-subscription-attributes", "--subscription-arn", sub)


def topic(*more, fifo=False):
    return aws("sns", "create-topic", "--name", name() + (".fifo" if fifo else ""), *(("--attributes", "FifoTopic=true") if fifo else ()), *more)["TopicArn"]


def subscribed(topic_arn, attributes, fifo=False):
    url = queue("--attributes", "FifoQueue=true", fifo=True) if fifo else queue()
    aws("sns", "subscribe", "--topic-arn", topic_arn, "--protocol", "sqs", "--notification-endpoint", arn(url), "--attributes", json.dumps(attributes))
    return url


def topic_policy():
    made = topic()
    aws("sns", "add-permission", "--topic-arn", made, "--label", "one", "--aws-account-id", "123456789012", "--action-name", "Publish")
    refused("InvalidParameter", "sns", "add-permission", "--topic-arn", made, "--label", "one", "--aws-account-id", "123456789012", "--action-name", "Publish")
    policy = json.loads(aws("sns", "get-topic-attributes", "--topic-arn", made)["Attributes"]["Policy"])
    equal([s["Sid"] for s in policy["Statement"]], ["__default_statement_ID", "one"], "statements")
    aws("sns", "remove-permission", "--topic-arn", made, "--label", "one")
    protection = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": []})
    aws("sns", "put-data-protection-policy", "--resource-arn", made, "--data-protection-policy", protection)
    equal(aws("sns", "get-data-protection-policy", "--resource-arn", made)["DataProtectionPolicy"], protection, "DataProtectionPolicy")
    aws("sns", "tag-resource", "--resource-arn", made, "--tags", "Key=a,Value=1", "Key=b,Value=2")
    aws("sns", "untag-resource", "--resource-arn", made, "--tag-keys", "a")
    equal(aws("sns", "list-tags-for-resource", "--resource-arn", made)["Tags"], [{"Key": "b", "Value": "2"}], "tags")


def subscribe_pages():
    made = topic()
    for n in range(3):
        aws("sns", "subscribe", "--topic-arn", made, "--protocol", "sms", "--notification-endpoint", f"+49170123450{n}")
    page = aws("sns", "list-subscriptions-by-topic", "--topic-arn", made, "--max-items", "2")
    rest = aws("sns", "list-subscriptions-by-topic", "--topic-arn", made, "--max-items", "2", "--starting-token", page["NextToken"])
    equal(sorted(s["Endpoint"] for s in page["Subscriptions"] + rest["Subscriptions"]), [f"+49170123450{n}" for n in range(3)], "two pages")
    mine = aws("sns", "list-subscriptions")["Subscriptions"]
    equal(len([s for s in mine if s["TopicArn"] == made]), 3, "list-subscriptions")


def publish():
    made = topic()
    document, plain = subscribed(made, {}), subscribed(made, {"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["x"]}'})
    attributes = '{"kind": {"DataType": "String", "StringValue": "x"}}'
    sent = aws("sns", "publish", "--topic-arn", made, "--subject", "s", "--message", "Größe", "--message-attributes", attributes)["MessageId"]
    got = json.loads(receive(document)[0]["Body"])
    equal((got["MessageId"], got["Subject"], got["Message"]), (sent, "s", "Größe"), "the document")
    raw = receive(plain, 1, "--message-attribute-names", "All")[0]
    equal((raw["Body"], raw["MessageAttributes"]), ("Größe", json.loads(attributes)), "raw")
    aws("sns", "publish", "--topic-arn", made, "--message-structure", "json", "--message", '{"default": "d", "sqs": "q"}')
    equal(json.loads(receive(document)[0]["Body"])["Message"], "q", "the text for queues")
    equal(count(plain), 0, "what the filter policy keeps away")
    refused("InvalidParameter", "sns", "publish", "--topic-arn", made, "--message", "m", "--message-structure", "json")
    refused("NotFound", "sns", "publish", "--topic-arn", made + "-none", "--message", "m")


def publish_batch():
    made = topic()
    url = subscribed(made, {"RawMessageDelivery": "true"})
    entries = [{"Id": "one", "Message": "1"}, {"Id": "bad", "Message": ""}, {"Id": "two", "Message": "2"}]
    out = aws("sns", "publish-batch", "--topic-arn", made, "--publish-batch-request-entries", json.dumps(entries))
    equal(([e["Id"] for e in out["Successful"]], [e["Code"] for e in out["Failed"]]), (["one", "two"], ["InvalidParameter"]), "entries")
    equal(sorted(m["Body"] for m in receive(url, 2)), ["1", "2"], "messages")
    refused("BatchEntryIdsNotDistinct", "sns", "publish-batch", "--topic-arn", made, "--publish-batch-request-entries", "Id=a,Message=1", "Id=a,Message=2")


def publish_fifo():
    made = topic(fifo=True)
    url = subscribed(made, {"RawMessageDelivery": "true"}, fifo=True)
    send = ("sns", "publish", "--topic-arn", made, "--message-group-id", "g", "--message")
    first = aws(*send, "1", "--message-deduplication-id", "a")["SequenceNumber"]
    second = aws(*send, "2", "--message-deduplication-id", "b")["SequenceNumber"]
    equal(len(first) == 20 and first < second, True, "sequence numbers grow")
    equal([m["Body"] for m in receive(url, 2)], ["1", "2"], "order")
    refused("InvalidParameter", *send, "m")


def push_endpoints():
    app = aws("sns", "create-platform-application", "--name", name(), "--platform", "GCM", "--attributes", "PlatformCredential=secret")["PlatformApplicationArn"]
    aws("sns", "set-platform-application-attributes", "--platform-application-arn", app, "--attributes", "SuccessFeedbackSampleRate=10")
    equal(aws("sns", "get-platform-application-attributes", "--platform-application-arn", app)["Attributes"],
          {"Enabled": "true", "SuccessFeedbackSampleRate": "10"}, "application")
    equal(app in [a["PlatformApplicationArn"] for a in aws("sns", "list-platform-applications")["PlatformApplications"]], True, "applications")
    device = aws("sns", "create-platform-endpoint", "--platform-application-arn", app, "--token", "t", "--custom-user-data", "u")["EndpointArn"]
    aws("sns", "set-endpoint-attributes", "--endpoint-arn", device, "--attributes", "Enabled=false")
    equal(aws("sns", "get-endpoint-attributes", "--endpoint-arn", device)["Attributes"], {"Token": "t", "CustomUserData": "u", "Enabled": "false"}, "device")
    equal(len(aws("sns", "list-endpoints-by-platform-application", "--platform-application-arn", app)["Endpoints"]), 1, "devices")
    aws("sns", "delete-endpoint", "--endpoint-arn", device)
    refused("NotFound", "sns", "get-endpoint-attributes", "--endpoint-arn", device)
    aws("sns", "delete-platform-application", "--platform-application-arn", app)


def text_messages():
    aws("sns", "set-sms-attributes", "--attributes", "DefaultSMSType=Transactional")
    equal(aws("sns", "get-sms-attributes", "--attributes", "DefaultSMSType")["attributes"], {"DefaultSMSType": "Transactional"}, "settings")
    refused("InvalidParameter", "sns", "set-sms-attributes", "--attributes", "DefaultSMSType=x")
    number = f"+49173{int(uuid.uuid4()) % 10**7:07d}"
    equal(aws("sns", "check-if-phone-number-is-opted-out", "--phone-number", number)["isOptedOut"], False, "opted out")
    aws("sns", "opt-in-phone-number", "--phone-number", number)
    equal(aws("sns", "list-phone-numbers-opted-out")["phoneNumbers"], [], "numbers that opted out")
    aws("sns", "create-sms-sandbox-phone-number", "--phone-number", number)
    equal({"PhoneNumber": number, "Status": "Pending"} in aws("sns", "list-sms-sandbox-phone-numbers")["PhoneNumbers"], True, "the number waits")
    refused("VerificationException|Verification", "sns", "verify-sms-sandbox-phone-number", "--phone-number", number, "--one-time-password", "99999")
    aws("sns", "delete-sms-sandbox-phone-number", "--phone-number", number)


def iam_users():
    user = name("user")
    made = aws("iam", "create-user", "--user-name", user, "--path", "/tour/", "--tags", "Key=team,Value=red")["User"]
    equal(made["Arn"], f"arn:aws:iam::{ACCOUNT}:user/tour/{user}", "Arn")
    aws("iam", "wait", "user-exists", "--user-name", user)
    refused("EntityAlreadyExists", "iam", "create-user", "--user-name", user.upper())
    key = aws("iam", "create-access-key", "--user-name", user)["AccessKey"]
    equal(identified(key["AccessKeyId"], key["SecretAccessKey"])["Arn"], made["Arn"], "whose the key is")
    refused("DeleteConflict", "iam", "delete-user", "--user-name", user)
    aws("iam", "delete-access-key", "--user-name", user, "--access-key-id", key["AccessKeyId"])
    aws("iam", "delete-user", "--user-name", user)
    refused("NoSuchEntity", "iam", "get-user", "--user-name", user)


def iam_roles():
    role = name("role")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    send = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
    made = aws("iam", "create-role", "--role-name", role, "--assume-role-policy-document", json.dumps(trust))["Role"]
    equal(made["AssumeRolePolicyDocument"], trust, "AssumeRolePolicyDocument")
    put = ("iam", "put-role-policy", "--role-name", role, "--policy-name", "send", "--policy-document")
    refused("MalformedPolicyDocument", *put, "{")
    aws(*put, json.dumps(send))
    equal(aws("iam", "get-role-policy", "--role-name", role, "--policy-name", "send")["PolicyDocument"], send, "PolicyDocument")
    refused("DeleteConflict", "iam", "delete-role", "--role-name", role)
    aws("iam", "delete-role-policy", "--role-name", role, "--policy-name", "send")
    aws("iam", "delete-role", "--role-name", role)


def session_role():
    role = ("sts", "assume-role", "--role-session-name", "night", "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/path/worker")
    out = aws(*role, "--duration-seconds", "900")
    c = out["Credentials"]
    who = identified(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
    equal(who["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/night", "Arn")
    equal(who["UserId"], out["AssumedRoleUser"]["AssumedRoleId"], "UserId")
    refused("ValidationError", *role, "--duration-seconds", "43201")
    refused("MalformedPolicyDocument", *role, "--policy", "{")


def identified(key, secret, token=""):
    """Who has a key."""
    environment = {**ENVIRONMENT, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, **({"AWS_SESSION_TOKEN": token} if token else {})}
    done = subprocess.run([AWS, "--output", "json", "sts", "get-caller-identity"], env=environment, capture_output=True, text=True, timeout=90)
    if done.returncode:
        raise Mismatch(f"aws sts get-caller-identity: {done.stderr.strip()[:300]}")
    return json.loads(done.stdout)


SCENARIOS = [identity, iam_users, iam_roles, session_role, queue_create, queue_attributes, queue_list, queue_delete, queue_purge, queue_tags, queue_permissions,
             message_roundtrip, message_attributes, message_batch, message_delay, visibility, fifo_order, dead_letter,
             events_bus, events_put, events_pattern, events_permission, events_schedule, events_target, events_archive,
             events_partner, events_endpoint, topic_create, topic_policy, subscribe, subscribe_pages, publish, publish_batch, publish_fifo,
             push_endpoints, text_messages]


def run(scenario):
    label = scenario.__name__.replace("_", "-")
    began = time.monotonic()
    try:
        scenario()
        line, passed = f"ok   awscli {label} ({time.monotonic() - began:.2f}s)", True
    except Exception as e:  # a scenario's failure must not stop the others
        line, passed = f"FAIL awscli {label}: line {e.__traceback__.tb_next.tb_lineno}: {type(e).__name__}: {e}", False
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return passed


if __name__ == "__main__":
    chosen = [s for s in SCENARIOS if not sys.argv[1:] or s.__name__.replace("_", "-") in sys.argv[1:]]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(run, chosen))
    print(f"awscli: {results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if results and all(results) else 1)
