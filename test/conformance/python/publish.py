"""What subscribers of a topic get."""

import json

from harness import case, check, equal, fails, scenario, until
from subscribers import visit
from topics import topic_of


def queue_of(t, fifo=False):
    url = t.queue(fifo=fifo) if fifo else t.queue()
    return url, t.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(t, url):
    return t.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2, MessageAttributeNames=["All"],
                                 AttributeNames=["All"]).get("Messages", [])


@scenario("publish")
def publish(t):
    arn, (url, queue), (raw_url, raw) = topic_of(t), queue_of(t), queue_of(t)
    sub = t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=raw, Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["x"]}'})
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}, "n": {"DataType": "Number", "StringValue": "7"},
                  "b": {"DataType": "Binary", "BinaryValue": b"\x01\x02"}}
    sent = t.sns.publish(TopicArn=arn, Message='Größe "x"', Subject="s", MessageAttributes=attributes)["MessageId"]
    got = json.loads(receive(t, url)[0]["Body"])
    equal((got["Type"], got["MessageId"], got["TopicArn"], got["Subject"], got["Message"]), ("Notification", sent, arn, "s", 'Größe "x"'), "document")
    check(got["UnsubscribeURL"].endswith("/?Action=Unsubscribe&SubscriptionArn=" + sub), "UnsubscribeURL")
    equal(visit(got["UnsubscribeURL"]), 403, "a stranger ends a queue's subscription")
    equal(got["MessageAttributes"], {"kind": {"Type": "String", "Value": "x"}, "n": {"Type": "Number", "Value": "7"},
                                     "b": {"Type": "Binary", "Value": "AQI="}}, "MessageAttributes")
    message = receive(t, raw_url)[0]
    equal((message["Body"], message["MessageAttributes"]), ('Größe "x"', attributes), "raw")
    t.sns.publish(TopicArn=arn, MessageStructure="json", Message='{"default": "d", "sqs": "q"}')
    equal(json.loads(receive(t, url)[0]["Body"])["Message"], "q", "the text for queues")
    equal(receive(t, raw_url), [], "what the filter policy keeps away")
    for what, code, bad in (
            ("empty", "InvalidParameter", {"Message": ""}), ("long", "InvalidParameter", {"Message": "x" * 262145}),
            ("subject", "InvalidParameter", {"Message": "m", "Subject": "a\nb"}),
            ("structure", "InvalidParameter", {"Message": "m", "MessageStructure": "json"}),
            ("attribute", "ParameterValueInvalid", {"Message": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}}})):
        with case(what), fails(code, status=400):
            t.sns.publish(TopicArn=arn, **bad)
    with fails("NotFound", status=404, message="Topic does not exist"):
        t.sns.publish(TopicArn=arn + "-none", Message="m")


@scenario("publish-filter")
def filtered(t):
    arn, (by_attribute, one), (by_body, other) = topic_of(t), queue_of(t), queue_of(t)
    policies = {one: {"FilterPolicy": '{"kind": ["x", {"prefix": "y"}], "n": [{"numeric": [">", 5]}]}'},
                other: {"FilterPolicy": '{"order": {"total": [{"numeric": [">=", 100]}]}}', "FilterPolicyScope": "MessageBody"}}
    for queue, policy in policies.items():
        t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true", **policy})
    large, small = '{"order":{"total":100}}', '{"order":{"total":99}}'
    for body, kind, n in (("one", "x", "6"), ("two", "x", "5"), ("three", "z", "6"), (large, "yes", "7"), (small, "no", "7")):
        t.sns.publish(TopicArn=arn, Message=body, MessageAttributes={"kind": {"DataType": "String", "StringValue": kind},
                                                                   "n": {"DataType": "Number", "StringValue": n}})
    t.sns.publish(TopicArn=arn, Message="list", MessageAttributes={"kind": {"DataType": "String.Array", "StringValue": '["a", "x"]'},
                                                                   "n": {"DataType": "Number", "StringValue": "6"}})
    equal(sorted(m["Body"] for m in t.receive(by_attribute, 3)), sorted(["one", large, "list"]), "by attributes")
    equal([m["Body"] for m in t.receive(by_body, 1)], [large], "by body")
    equal(t.once(by_attribute) + t.once(by_body), [], "nothing else")


@scenario("publish-batch")
def batch(t):
    arn, (url, queue) = topic_of(t), queue_of(t)
    t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    out = t.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[
        {"Id": "one", "Message": "1"}, {"Id": "bad", "Message": ""}, {"Id": "two", "Message": "2"}])
    equal([e["Id"] for e in out["Successful"]], ["one", "two"], "Successful")
    equal([(e["Id"], e["Code"], e["SenderFault"]) for e in out["Failed"]], [("bad", "InvalidParameter", True)], "Failed")
    equal(sorted(m["Body"] for m in receive(t, url)), ["1", "2"], "messages")
    entry = {"Id": "a", "Message": "m"}
    for code, entries in {"EmptyBatchRequest": [], "TooManyEntriesInBatchRequest": [dict(entry, Id=f"e{i}") for i in range(11)],
                          "BatchEntryIdsNotDistinct": [entry, entry], "InvalidBatchEntryId": [dict(entry, Id="a b")],
                          "BatchRequestTooLong": [dict(entry, Id=x, Message="x" * 150_000) for x in "ab"]}.items():
        with case(code), fails(code, status=400):
            t.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)


@scenario("publish-fifo")
def fifo(t):
    arn, (url, queue) = topic_of(t, fifo=True), queue_of(t, fifo=True)
    t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    first = t.sns.publish(TopicArn=arn, Message="1", MessageGroupId="g", MessageDeduplicationId="a")
    second = t.sns.publish(TopicArn=arn, Message="2", MessageGroupId="g", MessageDeduplicationId="b")
    check(len(first["SequenceNumber"]) == 20 and first["SequenceNumber"] < second["SequenceNumber"], "SequenceNumber")
    t.sns.publish(TopicArn=arn, Message="3", MessageGroupId="g", MessageDeduplicationId="a")
    got = receive(t, url)
    equal([m["Body"] for m in got], ["1", "2"], "in order, once")
    equal([m["Attributes"][x] for m in got[:1] for x in ("MessageGroupId", "MessageDeduplicationId")], ["g", "a"], "group and deduplication id")
    with fails("InvalidParameter", message="The MessageGroupId parameter is required for FIFO topics"):
        t.sns.publish(TopicArn=arn, Message="m", MessageDeduplicationId="c")
    with fails("InvalidParameter", message="The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"):
        t.sns.publish(TopicArn=arn, Message="m", MessageGroupId="g")


@scenario("topic-archive")
def archive(t):
    arn = topic_of(t, fifo=True, ArchivePolicy='{"MessageRetentionPeriod": "7"}', ContentBasedDeduplication="true")
    attributes = t.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    equal(json.loads(attributes["ArchivePolicy"]), {"MessageRetentionPeriod": "7"}, "ArchivePolicy")
    began = attributes["BeginningArchiveTime"]
    sent = [t.sns.publish(TopicArn=arn, Message=text, MessageGroupId="g")["MessageId"] for text in "ab"]
    url, queue = queue_of(t, fifo=True)
    policy = json.dumps({"PointType": "Timestamp", "StartingPoint": began})
    sub = t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"ReplayPolicy": policy})["SubscriptionArn"]
    t.sns.publish(TopicArn=arn, Message="c", MessageGroupId="g")

    def status():
        return t.sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"].get("ReplayStatus")
    until("the replay is completed", lambda: status() == "Completed")
    got = [json.loads(m["Body"]) for m in receive(t, url)]
    equal([(m["Message"], m.get("Replayed")) for m in got], [("a", True), ("b", True), ("c", None)], "replayed, then new")
    equal([m["MessageId"] for m in got[:2]], sent, "the same ids")
    t.sns.set_subscription_attributes(SubscriptionArn=sub, AttributeName="ReplayPolicy", AttributeValue="{}")
    equal(status(), None, "ReplayStatus")
    with fails("InvalidState", status=400, message="Invalid state: Cannot delete a topic with an ArchivePolicy"):
        t.sns.delete_topic(TopicArn=arn)
    for bad in ('{"PointType": "Moment"}', '{"PointType": "Timestamp"}', "[]"):
        with case(bad), fails("InvalidParameter", message="ReplayPolicy"):
            t.sns.set_subscription_attributes(SubscriptionArn=sub, AttributeName="ReplayPolicy", AttributeValue=bad)
    with fails("InvalidParameter", message="ArchivePolicy"):
        t.sns.set_topic_attributes(TopicArn=arn, AttributeName="ArchivePolicy", AttributeValue='{"MessageRetentionPeriod": "366"}')
    t.sns.set_topic_attributes(TopicArn=arn, AttributeName="ArchivePolicy", AttributeValue="{}")
    with fails("InvalidParameter", message="the topic has no ArchivePolicy"):
        t.sns.set_subscription_attributes(SubscriptionArn=sub, AttributeName="ReplayPolicy", AttributeValue=policy)
    t.sns.delete_topic(TopicArn=arn)


@scenario("events-topic")
def rule(t):
    arn, (url, queue), bus = topic_of(t), queue_of(t), t.name("bus")
    t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    t.events.create_event_bus(Name=bus)
    t.events.put_rule(Name="r", EventBusName=bus, EventPattern='{"source": ["s"]}')
    t.events.put_targets(Rule="r", EventBusName=bus, Targets=[{"Id": "t", "Arn": arn, "InputPath": "$.detail"}])
    t.events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": '{"a":1}', "EventBusName": bus}])
    equal([m["Body"] for m in receive(t, url)], ['{"a":1}'], "the rule's message")
