"""Dead-letter queues and the tasks that move their messages back."""

import json

from harness import case, check, equal, fails, scenario, until


def dead_letter_pair(t, fifo=False, receives=1):
    dead = t.queue(fifo=fifo)
    policy = json.dumps({"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": receives})
    return t.queue(fifo=fifo, RedrivePolicy=policy), dead


def fail_all(t, url, dead, count):
    """Receives everything once too often."""
    t.receive(url, count, VisibilityTimeout=0)
    until("messages in the dead-letter queue", lambda: not t.once(url) and t.count(dead) == count)


@scenario("dead-letter")
def dead_letter(t):
    url, dead = dead_letter_pair(t, receives=2)
    equal(json.loads(t.attributes(url)["RedrivePolicy"]), {"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 2}, "RedrivePolicy")
    sent = t.send(url, "poison", MessageAttributes={"n": {"DataType": "Number", "StringValue": "1"}})
    for n in ("1", "2"):
        m = t.receive(url, VisibilityTimeout=0, AttributeNames=["ApproximateReceiveCount"])[0]
        equal(m["Attributes"]["ApproximateReceiveCount"], n, "ApproximateReceiveCount")
    equal(t.once(url), [], "the message after its last receive")
    m = t.receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"])[0]
    equal((m["Body"], m["MessageId"]), ("poison", sent["MessageId"]), "the dead letter")
    equal(m["MessageAttributes"]["n"]["StringValue"], "1", "its attribute")
    equal(m["Attributes"]["DeadLetterQueueSourceArn"], t.arn(url), "DeadLetterQueueSourceArn")
    equal((t.count(url), t.count(url, "NotVisible")), (0, 0), "counts of the source")

    equal(t.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url], "ListDeadLetterSourceQueues")
    check(not t.sqs.list_dead_letter_source_queues(QueueUrl=url).get("queueUrls"), "a source is listed as a dead-letter queue")
    more = [t.queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 3})) for _ in range(2)]
    seen, token = [], {}
    while len(seen) < 3:
        page = t.sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=1, **token)
        equal(len(page["queueUrls"]), 1, "a page of one")
        seen += page["queueUrls"]
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
    equal(sorted(seen), sorted([url] + more), "all sources")

    missing = t.arn(dead) + "-missing"
    for policy in ({"deadLetterTargetArn": missing, "maxReceiveCount": 1}, {"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 0},
                   {"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 1001}, {"deadLetterTargetArn": "no arn", "maxReceiveCount": 1},
                   {"maxReceiveCount": 1}, {"deadLetterTargetArn": t.arn(dead)}):
        with case(policy), fails("InvalidParameterValue", "InvalidAttributeValue", "AWS.SimpleQueueService.NonExistentQueue", status=400):
            t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    with fails("InvalidParameterValue"):
        t.queue(fifo=True, RedrivePolicy=json.dumps({"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 1}))
    t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    check("RedrivePolicy" not in t.attributes(url), "an emptied RedrivePolicy is still shown")


@scenario("dead-letter-allow")
def allow(t):
    dead = t.queue(RedriveAllowPolicy=json.dumps({"redrivePermission": "denyAll"}))
    policy = json.dumps({"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 1})
    with fails("InvalidParameterValue", "InvalidAttributeValue"):
        t.queue(RedrivePolicy=policy)
    source = t.queue()
    by_queue = {"redrivePermission": "byQueue", "sourceQueueArns": [t.arn(source)]}
    t.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(by_queue)})
    equal(json.loads(t.attributes(dead)["RedriveAllowPolicy"]), by_queue, "RedriveAllowPolicy")
    t.sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": policy})
    with fails("InvalidParameterValue", "InvalidAttributeValue"):
        t.queue(RedrivePolicy=policy)
    t.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})})
    t.queue(RedrivePolicy=policy)
    with fails("InvalidParameterValue", "InvalidAttributeValue"):
        t.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "perhaps"})})


@scenario("move-task", needs=["start_message_move_task"])
def move_task(t):
    url, dead = dead_letter_pair(t)
    for i in range(3):
        t.send(url, f"m{i}")
    fail_all(t, url, dead, 3)
    t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": t.arn(dead), "maxReceiveCount": 9})})
    handle = t.sqs.start_message_move_task(SourceArn=t.arn(dead))["TaskHandle"]
    check(handle, "TaskHandle")

    def newest():
        results = t.sqs.list_message_move_tasks(SourceArn=t.arn(dead), MaxResults=10).get("Results", [])
        return results[0] if results else {}

    task = until("the task to complete", lambda: newest().get("Status") == "COMPLETED" and newest())
    equal(task["SourceArn"], t.arn(dead), "SourceArn")
    equal(task["ApproximateNumberOfMessagesMoved"], 3, "ApproximateNumberOfMessagesMoved")
    equal(task.get("ApproximateNumberOfMessagesToMove"), 3, "ApproximateNumberOfMessagesToMove")
    check(task["StartedTimestamp"] > 10**12, f"StartedTimestamp {task['StartedTimestamp']} in milliseconds")
    check("TaskHandle" not in task, "a finished task shows its handle")
    equal({m["Body"] for m in t.receive(url, 3)}, {"m0", "m1", "m2"}, "moved back")
    equal(t.count(dead), 0, "what is left")

    with fails("ResourceNotFoundException"):
        t.sqs.start_message_move_task(SourceArn=t.arn(dead) + "-missing")
    with fails("ResourceNotFoundException"):
        t.sqs.list_message_move_tasks(SourceArn=t.arn(dead) + "-missing")
    with fails("InvalidParameterValue", "AWS.SimpleQueueService.UnsupportedOperation"):
        t.sqs.start_message_move_task(SourceArn=t.arn(t.queue()))
    for bad in (0, 501):
        with fails("InvalidParameterValue"):
            t.sqs.start_message_move_task(SourceArn=t.arn(dead), MaxNumberOfMessagesPerSecond=bad)
    with fails("InvalidParameterValue", "ResourceNotFoundException"):
        t.sqs.cancel_message_move_task(TaskHandle="garbage")


@scenario("move-task-cancel", needs=["start_message_move_task"])
def cancel(t):
    url, dead = dead_letter_pair(t)
    for i in range(10):
        t.send(url, f"m{i}")
    fail_all(t, url, dead, 10)
    other = t.queue()
    handle = t.sqs.start_message_move_task(SourceArn=t.arn(dead), DestinationArn=t.arn(other), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]

    def newest():
        return t.sqs.list_message_move_tasks(SourceArn=t.arn(dead))["Results"][0]

    task = newest()
    equal(task["Status"], "RUNNING", "Status")
    equal(task["TaskHandle"], handle, "TaskHandle of a running task")
    equal(task["DestinationArn"], t.arn(other), "DestinationArn")
    equal(task["MaxNumberOfMessagesPerSecond"], 1, "MaxNumberOfMessagesPerSecond")
    with fails("AWS.SimpleQueueService.UnsupportedOperation", "InvalidParameterValue"):
        t.sqs.start_message_move_task(SourceArn=t.arn(dead))
    until("the first message to be moved", lambda: t.count(other) >= 1)
    moved = t.sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    check(1 <= moved < 10, f"ApproximateNumberOfMessagesMoved {moved}")
    task = until("the task to stop", lambda: newest()["Status"] == "CANCELLED" and newest())
    equal(t.count(dead) + t.count(other), 10, "messages in both queues")
    with fails("ResourceNotFoundException", "AWS.SimpleQueueService.UnsupportedOperation", "InvalidParameterValue"):
        t.sqs.cancel_message_move_task(TaskHandle=handle)
