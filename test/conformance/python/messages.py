"""Messages: bodies, attributes, digests, batches, delays, limits."""

import time

from harness import case, check, equal, fails, md5, md5_of_attributes, scenario

MIB = 1 << 20
UNICODE = "Grüße, 世界! 🎉 \u00a0 <xml>&amp; \"quoted\" 'single' \\back\t\r\n€ + %20 = & ;"


@scenario("message-roundtrip")
def roundtrip(t):
    url = t.queue()
    for body in ("hello", UNICODE, " leading and trailing ", "\n", '{"json": [1, 2.50, null]}'):
        sent = t.send(url, body)
        equal(sent["MD5OfMessageBody"], md5(body), "MD5OfMessageBody of the send")
        check(len(sent["MessageId"]) == 36, f"MessageId {sent['MessageId']}")
        check("SequenceNumber" not in sent, "a standard queue gives a SequenceNumber")
        m = t.receive(url, AttributeNames=["All"])[0]
        equal(m["Body"], body, "Body")
        equal(m["MD5OfBody"], md5(body), "MD5OfBody")
        equal(m["MessageId"], sent["MessageId"], "MessageId")
        a = m["Attributes"]
        equal(a["ApproximateReceiveCount"], "1", "ApproximateReceiveCount")
        check(a["SenderId"], "SenderId")
        now = time.time() * 1000
        check(now - 60_000 < int(a["SentTimestamp"]) < now + 60_000, f"SentTimestamp {a['SentTimestamp']}")
        check(int(a["ApproximateFirstReceiveTimestamp"]) >= int(a["SentTimestamp"]), "ApproximateFirstReceiveTimestamp")
        t.delete(url, m)
        t.delete(url, m)  # again: no error
    equal(t.once(url), [], "an empty queue")
    t.send(url, "plain")
    m = t.receive(url)[0]
    check("Attributes" not in m and "MessageAttributes" not in m, "attributes nobody asked for")
    equal((t.count(url), t.count(url, "NotVisible")), (0, 1), "counts with one in flight")
    t.delete(url, m)
    equal((t.count(url), t.count(url, "NotVisible")), (0, 0), "counts of an empty queue")
    for i in range(12):
        t.send(url, str(i))
    equal(t.count(url), 12, "ApproximateNumberOfMessages")
    check(len(t.once(url)) <= 10, "more than ten messages")
    for bad in ({"MaxNumberOfMessages": 0}, {"MaxNumberOfMessages": 11}, {"WaitTimeSeconds": 21}, {"VisibilityTimeout": 43201}):
        with case(bad), fails("InvalidParameterValue", status=400, message=next(iter(bad))):
            t.once(url, **bad)
    with fails("InvalidAttributeName", "InvalidParameterValue"):
        t.once(url, AttributeNames=["Nonsense"])


ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": UNICODE},
    "whole": {"DataType": "Number", "StringValue": "-12.50"},
    "raw": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    "custom.kind": {"DataType": "String.colour", "StringValue": "red"},
    "custom.size": {"DataType": "Number.int", "StringValue": "7"},
    "custom.png": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG"},
}


@scenario("message-attributes")
def message_attributes(t):
    url = t.queue(VisibilityTimeout=0)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    sent = t.send(url, "attributed", MessageAttributes=ATTRIBUTES,
                  MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}})
    equal(sent["MD5OfMessageAttributes"], md5_of_attributes(ATTRIBUTES), "MD5OfMessageAttributes of the send")
    equal(sent["MD5OfMessageSystemAttributes"],
          md5_of_attributes({"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}), "MD5OfMessageSystemAttributes")

    def names(*wanted):
        m = t.receive(url, MessageAttributeNames=list(wanted))[0]
        got = m.get("MessageAttributes", {})
        for name, value in got.items():
            equal({k: v for k, v in value.items() if not k.endswith("ListValues")}, ATTRIBUTES[name], f"attribute {name}")
        if got:
            equal(m["MD5OfMessageAttributes"], md5_of_attributes(got), f"MD5OfMessageAttributes of {wanted}")
        return set(got)

    equal(names("All"), set(ATTRIBUTES), "All")
    equal(names(".*"), set(ATTRIBUTES), ".*")
    equal(names("text", "raw", "absent"), {"text", "raw"}, "by name")
    equal(names("custom.*"), {"custom.kind", "custom.size", "custom.png"}, "by prefix")
    equal(names(), set(), "none asked for")
    equal(t.receive(url, AttributeNames=["AWSTraceHeader"])[0]["Attributes"], {"AWSTraceHeader": trace}, "AWSTraceHeader")
    system = t.receive(url, AttributeNames=["SentTimestamp", "ApproximateReceiveCount"])[0]["Attributes"]
    equal(set(system), {"SentTimestamp", "ApproximateReceiveCount"}, "system attributes by name")
    if t.sqs.meta.service_model.operation_model("ReceiveMessage").input_shape.members.get("MessageSystemAttributeNames"):
        got = t.receive(url, MessageSystemAttributeNames=["All"])[0]["Attributes"]
        equal(got["AWSTraceHeader"], trace, "MessageSystemAttributeNames")
    for bad in (
        {"AWS.mine": {"DataType": "String", "StringValue": "x"}},
        {"Amazon.mine": {"DataType": "String", "StringValue": "x"}},
        {".dot": {"DataType": "String", "StringValue": "x"}},
        {"a..b": {"DataType": "String", "StringValue": "x"}},
        {"spa ce": {"DataType": "String", "StringValue": "x"}},
        {"n" * 257: {"DataType": "String", "StringValue": "x"}},
        {"kind": {"DataType": "Strange", "StringValue": "x"}},
        {"number": {"DataType": "Number", "StringValue": "twelve"}},
        {"empty": {"DataType": "String", "StringValue": ""}},
        {f"a{i}": {"DataType": "String", "StringValue": "x"} for i in range(11)},
    ):
        with case(list(bad)[0][:20]), fails("InvalidParameterValue", "MissingParameter", "InvalidMessageContents", status=400):
            t.send(url, MessageAttributes=bad)
    with fails("InvalidParameterValue"):
        t.send(url, MessageSystemAttributes={"Other": {"DataType": "String", "StringValue": "x"}})
    equal(t.count(url), 1, "messages after refused sends")


@scenario("message-limits")
def limits(t):
    url = t.queue()
    big = "ü" * (MIB // 2)
    equal(t.send(url, big)["MD5OfMessageBody"], md5(big), "MD5 of 1 MiB")
    m = t.receive(url)[0]
    check(m["Body"] == big, "1 MiB came back different")
    t.delete(url, m)
    with fails("InvalidParameterValue", status=400):
        t.send(url, "x" * (MIB + 1))
    with fails("InvalidParameterValue"):  # attributes count
        t.send(url, "x" * (MIB - 4), MessageAttributes={"n": {"DataType": "String", "StringValue": "v"}})
    small = t.queue(MaximumMessageSize=1024)
    t.send(small, "x" * 1024)
    with fails("InvalidParameterValue"):
        t.send(small, "x" * 1025)
    with fails("MissingParameter", "InvalidParameterValue", message="MessageBody"):
        t.send(url, "")
    for bad in ("a\x00b", "\x0b", "\x1f", "\ufffe", "\uffff"):
        with case(repr(bad)), fails("InvalidMessageContents", status=400):
            t.send(url, bad)
    for bad in (-1, 901):
        with fails("InvalidParameterValue", message="DelaySeconds"):
            t.send(url, DelaySeconds=bad)
    equal(t.count(url), 0, "messages after refused sends")


@scenario("message-batch")
def batch(t):
    url = t.queue()
    entries = [{"Id": f"id_{i}-x", "MessageBody": f"body {i}"} for i in range(10)]
    entries[3]["MessageAttributes"] = {"n": {"DataType": "Number", "StringValue": "3"}}
    got = t.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    check(not got.get("Failed"), f"Failed: {got.get('Failed')}")
    by_id = {e["Id"]: e for e in got["Successful"]}
    equal(set(by_id), {e["Id"] for e in entries}, "ids")
    for e in entries:
        equal(by_id[e["Id"]]["MD5OfMessageBody"], md5(e["MessageBody"]), "MD5OfMessageBody")
    equal(by_id["id_3-x"]["MD5OfMessageAttributes"], md5_of_attributes(entries[3]["MessageAttributes"]), "MD5OfMessageAttributes")
    messages = t.receive(url, 10)
    equal({m["Body"] for m in messages}, {e["MessageBody"] for e in entries}, "bodies")
    changed = t.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0} for i, m in enumerate(messages[:4])])
    equal(len(changed["Successful"]), 4, "visibilities changed")
    again = t.receive(url, 4)
    equal({m["MessageId"] for m in again}, {m["MessageId"] for m in messages[:4]}, "visible again")
    gone = t.sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(again + messages[4:])])
    equal(len(gone["Successful"]), 10, "deleted")
    equal((t.count(url), t.count(url, "NotVisible")), (0, 0), "counts")


def only_failure(got, entry_id, *codes):
    equal([f["Id"] for f in got.get("Failed", [])], [entry_id], "Failed")
    failure = got["Failed"][0]
    check(failure["Code"] in codes, f"entry's code {failure['Code']}, want {codes}")
    equal(failure["SenderFault"], True, "SenderFault")


@scenario("message-batch-errors")
def batch_errors(t):
    url, s = t.queue(), t.sqs

    def send(*entries):
        return s.send_message_batch(QueueUrl=url, Entries=list(entries))

    def entry(entry_id="a", body="x", **more):
        return {"Id": entry_id, "MessageBody": body, **more}

    prefix = "AWS.SimpleQueueService."
    with fails(prefix + "EmptyBatchRequest", status=400):
        send()
    with fails(prefix + "TooManyEntriesInBatchRequest", status=400):
        send(*(entry(f"e{i}") for i in range(11)))
    with fails(prefix + "BatchEntryIdsNotDistinct", status=400):
        send(entry("a"), entry("a"))
    for bad in ("spa ce", "i" * 81, "ü"):
        with case(bad), fails(prefix + "InvalidBatchEntryId", status=400):
            send(entry(bad))
    with fails(prefix + "BatchRequestTooLong", status=400):
        send(entry("a", "x" * (MIB // 2)), entry("b", "y" * (MIB // 2 + 1)))
    equal(t.count(url), 0, "messages after refused batches")
    got = send(entry("good"), entry("late", DelaySeconds=901), entry("fine"))
    only_failure(got, "late", "InvalidParameterValue")
    equal({e["Id"] for e in got["Successful"]}, {"good", "fine"}, "Successful")
    only_failure(send(entry("chars", "a\x01b"), entry("ok")), "chars", "InvalidMessageContents")
    handle = t.receive(url)[0]["ReceiptHandle"]
    only_failure(s.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": "good", "ReceiptHandle": handle}, {"Id": "bad", "ReceiptHandle": "garbage"}]), "bad", "ReceiptHandleIsInvalid")
    handle = t.receive(url)[0]["ReceiptHandle"]
    got = s.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "good", "ReceiptHandle": handle, "VisibilityTimeout": 5},
        {"Id": "bad", "ReceiptHandle": "garbage", "VisibilityTimeout": 5}])
    only_failure(got, "bad", "ReceiptHandleIsInvalid")
    got = s.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "good", "ReceiptHandle": handle, "VisibilityTimeout": 5},
        {"Id": "long", "ReceiptHandle": handle, "VisibilityTimeout": 43201}])
    only_failure(got, "long", "InvalidParameterValue")
    with fails(prefix + "EmptyBatchRequest"):
        s.delete_message_batch(QueueUrl=url, Entries=[])
    with fails(prefix + "EmptyBatchRequest"):
        s.change_message_visibility_batch(QueueUrl=url, Entries=[])
    with fails(prefix + "BatchEntryIdsNotDistinct"):
        s.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handle}] * 2)
    with fails(prefix + "TooManyEntriesInBatchRequest"):
        s.delete_message_batch(QueueUrl=url, Entries=[{"Id": f"e{i}", "ReceiptHandle": handle} for i in range(11)])


@scenario("message-delay")
def delay(t):
    later = t.queue()
    t.send(later, "much later", DelaySeconds=900)  # on a slow machine a second is over before the counts are read
    equal(t.once(later), [], "a delayed message at once")
    equal((t.count(later), t.count(later, "Delayed")), (0, 1), "counts of a delayed message")
    url = t.queue()
    began = time.monotonic()
    t.send(url, "late", DelaySeconds=1)
    equal(t.receive(url)[0]["Body"], "late", "the delayed message")
    check(0.9 < time.monotonic() - began < 5, f"came after {time.monotonic() - began:.2f} s")
    slow = t.queue(DelaySeconds=1)
    t.send(slow, "queue's delay")
    t.send(slow, "none", DelaySeconds=0)
    equal(t.receive(slow)[0]["Body"], "none", "DelaySeconds 0 on a queue with a delay")
    equal(t.receive(slow)[0]["Body"], "queue's delay", "the queue's own delay")
