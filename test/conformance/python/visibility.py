"""Messages in flight: visibility timeouts, receipt handles, long polls, fairness."""

import threading
import time

from harness import check, equal, fails, scenario

# Both what AWS documents and what it has answered for years:
# https://github.com/aws/aws-sdk-net/issues/1927
NOT_IN_FLIGHT = ("AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue")


@scenario("visibility")
def visibility(t):
    url = t.queue()

    def change(m, seconds):
        t.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"], VisibilityTimeout=seconds)

    t.send(url, "one")
    first = t.receive(url, VisibilityTimeout=1)[0]
    equal(t.once(url), [], "a message in flight")
    began = time.monotonic()
    second = t.receive(url, AttributeNames=["ApproximateReceiveCount"])[0]  # a long poll meets the timeout
    check(0.5 < time.monotonic() - began < 5, f"visible again after {time.monotonic() - began:.2f} s")
    equal(second["MessageId"], first["MessageId"], "MessageId")
    equal(second["Attributes"]["ApproximateReceiveCount"], "2", "ApproximateReceiveCount")
    check(second["ReceiptHandle"] != first["ReceiptHandle"], "a receipt handle twice")
    change(second, 0)
    third = t.receive(url)[0]
    equal(third["MessageId"], first["MessageId"], "after VisibilityTimeout 0")
    change(third, 600)
    change(third, 0)
    with fails(*NOT_IN_FLIGHT, status=400):
        change(third, 10)
    fourth = t.receive(url)[0]
    with fails("InvalidParameterValue", message="VisibilityTimeout"):
        change(fourth, 43201)
    with fails("InvalidParameterValue", message="VisibilityTimeout"):
        change(fourth, -1)
    for bad in ("garbage", "AQEB" + "A" * 200, "ü"):
        with fails("ReceiptHandleIsInvalid"):
            t.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=bad, VisibilityTimeout=1)
        with fails("ReceiptHandleIsInvalid"):
            t.sqs.delete_message(QueueUrl=url, ReceiptHandle=bad)
    other = t.queue()
    with fails("ReceiptHandleIsInvalid", "InvalidParameterValue"):
        t.sqs.delete_message(QueueUrl=other, ReceiptHandle=fourth["ReceiptHandle"])
    equal(t.count(url, "NotVisible"), 1, "in flight after refused calls")
    t.delete(url, fourth)
    with fails(*NOT_IN_FLIGHT):
        change(fourth, 5)
    equal(t.once(url), [], "after the delete")


@scenario("long-poll")
def long_poll(t):
    url = t.queue()
    began = time.monotonic()
    equal(t.once(url, WaitTimeSeconds=1), [], "a long poll of an empty queue")
    check(0.9 < time.monotonic() - began < 4, f"one second took {time.monotonic() - began:.2f} s")

    got = {}

    def wait():
        got["messages"] = t.once(url, WaitTimeSeconds=20)
        got["at"] = time.monotonic()

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.3)  # the poll must be there before the message
    check(waiter.is_alive(), "the long poll came back without a message")
    sent = time.monotonic()
    t.send(url, "wake up")
    waiter.join(15)
    check(not waiter.is_alive(), "the long poll slept on")
    equal([m["Body"] for m in got["messages"]], ["wake up"], "what woke it")
    check(got["at"] - sent < 3, f"woken after {got['at'] - sent:.2f} s")

    slow = t.queue(ReceiveMessageWaitTimeSeconds=1)
    began = time.monotonic()
    t.once(slow)
    check(time.monotonic() - began > 0.9, "ReceiveMessageWaitTimeSeconds does nothing")
    began = time.monotonic()
    t.once(slow, WaitTimeSeconds=0)
    check(time.monotonic() - began < 0.9, "WaitTimeSeconds 0 waits")


@scenario("fair-groups")
def fair_groups(t):
    url = t.queue()
    for i in range(30):
        t.send(url, f"loud {i}", MessageGroupId="loud")
    t.send(url, "quiet", MessageGroupId="quiet")
    bodies = []
    for _ in range(3):
        bodies += [m["Body"] for m in t.receive(url, 10, AttributeNames=["MessageGroupId"])]
        if "quiet" in bodies:
            break
    check("quiet" in bodies, "the quiet tenant waits behind the loud one's backlog")
    with fails("InvalidParameterValue"):
        t.send(url, MessageDeduplicationId="fifo-only")
    with fails("InvalidParameterValue"):
        t.send(url, MessageGroupId="spa ce")
