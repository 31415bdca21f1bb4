"""FIFO queues: order, locked groups, deduplication, sequence numbers."""

from harness import check, equal, fails, scenario


@scenario("fifo-order")
def order(t):
    url = t.queue(fifo=True, ContentBasedDeduplication="true")
    got = t.attributes(url)
    for attribute, want in {"FifoQueue": "true", "ContentBasedDeduplication": "true",
                            "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}.items():
        equal(got.get(attribute), want, attribute)
    numbers = []
    for i in range(4):
        for group in ("a", "b"):
            numbers.append(t.send(url, f"{group}{i}", MessageGroupId=group)["SequenceNumber"])
    check(all(len(n) == 20 and n.isdigit() for n in numbers), f"SequenceNumbers {numbers}")
    equal(numbers, sorted(set(numbers)), "sequence numbers rise")

    first = t.receive(url, MaxNumberOfMessages=1, AttributeNames=["All"])[0]
    equal(first["Body"], "a0", "the first message")
    equal(first["Attributes"]["MessageGroupId"], "a", "MessageGroupId")
    equal(first["Attributes"]["SequenceNumber"], numbers[0], "SequenceNumber")
    check(len(first["Attributes"]["MessageDeduplicationId"]) == 64, "MessageDeduplicationId is the body's SHA-256")
    rest = t.once(url)
    check(rest and all(m["Body"].startswith("b") for m in rest), f"group a is locked, but came {[m['Body'] for m in rest]}")
    equal([m["Body"] for m in rest], sorted(m["Body"] for m in rest), "group b's order")
    t.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    seen = {"a": [], "b": [m["Body"] for m in rest]}
    t.delete(url, *rest)
    while sum(map(len, seen.values())) < 8:
        page = t.once(url, MaxNumberOfMessages=3, WaitTimeSeconds=5)
        check(page, f"no more messages after {seen}")
        for m in page:
            seen[m["Body"][0]].append(m["Body"])
            t.delete(url, m)
    equal(seen, {g: [f"{g}{i}" for i in range(4)] for g in "ab"}, "order of each group")

    with fails("MissingParameter", message="MessageGroupId"):
        t.send(url, "no group")
    with fails("InvalidParameterValue"):
        t.send(url, "delayed", MessageGroupId="a", DelaySeconds=1)
    with fails("InvalidParameterValue"):
        t.send(url, "bad", MessageGroupId="spa ce")
    with fails("InvalidParameterValue"):
        t.send(url, "bad", MessageGroupId="g" * 129)
    equal(t.count(url), 0, "messages after refused sends")


@scenario("fifo-dedup")
def dedup(t):
    url = t.queue(fifo=True)
    with fails("InvalidParameterValue", message="ContentBasedDeduplication"):
        t.send(url, "no id", MessageGroupId="g")
    one = t.send(url, "one", MessageGroupId="g", MessageDeduplicationId="id-1")
    again = t.send(url, "other body", MessageGroupId="g", MessageDeduplicationId="id-1")
    equal((again["MessageId"], again["SequenceNumber"]), (one["MessageId"], one["SequenceNumber"]), "a duplicate's ids")
    equal(t.count(url), 1, "messages")
    m = t.receive(url)[0]
    equal(m["Body"], "one", "the first body stays")
    t.delete(url, m)
    t.send(url, "one", MessageGroupId="g", MessageDeduplicationId="id-1")
    equal(t.once(url), [], "a duplicate of a deleted message")
    got = t.sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "x", "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "id-2"},
        {"Id": "y", "MessageBody": "y", "MessageGroupId": "g", "MessageDeduplicationId": "id-2"},
        {"Id": "z", "MessageBody": "z", "MessageDeduplicationId": "id-3"}])
    equal([f["Id"] for f in got.get("Failed", [])], ["z"], "an entry without a group")
    equal(len({e["SequenceNumber"] for e in got["Successful"]}), 1, "sequence numbers of duplicates in a batch")
    equal(t.count(url), 1, "messages after the batch")

    by_body = t.queue(fifo=True, ContentBasedDeduplication="true")
    for _ in range(2):
        t.send(by_body, "same", MessageGroupId="g")
    t.send(by_body, "same", MessageGroupId="g", MessageDeduplicationId="but-told-apart")
    equal(t.count(by_body), 2, "by content")

    by_group = t.queue(fifo=True, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("g", "h", "g"):
        t.send(by_group, "same", MessageGroupId=group, MessageDeduplicationId="id")
    equal(t.count(by_group), 2, "deduplicated per group")
    with fails("InvalidAttributeValue", "InvalidParameterValue"):
        t.queue(fifo=True, DeduplicationScope="queue", FifoThroughputLimit="perMessageGroupId")
    with fails("InvalidAttributeName", "InvalidAttributeValue", "InvalidParameterValue"):
        t.queue(ContentBasedDeduplication="true")


@scenario("fifo-receipts")
def receipts(t):
    url = t.queue(fifo=True, ContentBasedDeduplication="true")
    for i in range(3):
        t.send(url, str(i), MessageGroupId="g")
    attempt = {"ReceiveRequestAttemptId": "attempt-1", "MaxNumberOfMessages": 2}
    first = t.receive(url, 2, **attempt)
    second = t.receive(url, 2, **attempt)
    equal([m["MessageId"] for m in second], [m["MessageId"] for m in first], "the same attempt again")
    t.delete(url, *second)
    third = t.receive(url, MaxNumberOfMessages=1, VisibilityTimeout=1)[0]
    fourth = t.receive(url, MaxNumberOfMessages=1)[0]
    equal(fourth["MessageId"], third["MessageId"], "after its visibility timeout")
    with fails("InvalidParameterValue", "ReceiptHandleIsInvalid"):
        t.delete(url, third)  # FIFO refuses a receipt that has expired
    t.delete(url, fourth)
    equal((t.count(url), t.count(url, "NotVisible")), (0, 0), "counts")
