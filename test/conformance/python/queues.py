"""Queues themselves: identity, life cycle, attributes, tags, permissions."""

import json

from harness import case, check, equal, fails, scenario

GONE = "AWS.SimpleQueueService.NonExistentQueue"


@scenario("identity")
def identity(t):
    got = t.sts.get_caller_identity()
    equal(got["Account"], t.account, "Account")
    check(got["Arn"].startswith(f"arn:aws:iam::{t.account}:"), f"Arn {got['Arn']}")
    check(got["UserId"], "UserId is empty")
    check(got["ResponseMetadata"]["RequestId"], "no request id")


@scenario("queue-create")
def create(t):
    name = t.name()
    made = t.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "41"})
    url = made["QueueUrl"]
    equal(url, f"{t.endpoint}/{t.account}/{name}", "QueueUrl")
    equal(t.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "41"})["QueueUrl"], url, "the same again")
    equal(t.sqs.create_queue(QueueName=name)["QueueUrl"], url, "again without attributes")
    with fails("QueueAlreadyExists"):
        t.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "42"})
    equal(t.sqs.get_queue_url(QueueName=name)["QueueUrl"], url, "GetQueueUrl")
    equal(t.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=t.account)["QueueUrl"], url, "GetQueueUrl of an owner")
    with fails(GONE):
        t.sqs.get_queue_url(QueueName=t.name("never"))

    got = t.attributes(url)
    for attribute, want in {
        "QueueArn": f"arn:aws:sqs:{t.region}:{t.account}:{name}",
        "VisibilityTimeout": "41",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "SqsManagedSseEnabled": "true",
    }.items():
        equal(got.get(attribute), want, attribute)
    check(got["CreatedTimestamp"].isdigit() and len(got["CreatedTimestamp"]) == 10, "CreatedTimestamp in seconds")
    equal(got["LastModifiedTimestamp"], got["CreatedTimestamp"], "LastModifiedTimestamp of a new queue")
    check("FifoQueue" not in got, "a standard queue shows FifoQueue")

    for bad in ("with space", "sla/sh", "q" * 81, "dot.ted", "umläut", ""):
        with case(f"name {bad}"), fails("InvalidParameterValue", "MissingParameter", status=400):
            t.sqs.create_queue(QueueName=bad)
    with fails("InvalidParameterValue"):
        t.sqs.create_queue(QueueName=t.name(fifo=True))
    with fails("InvalidParameterValue"):
        t.sqs.create_queue(QueueName=t.name(), Attributes={"FifoQueue": "true"})


@scenario("queue-attributes")
def attributes(t):
    url = t.queue()
    wanted = {
        "DelaySeconds": "7",
        "MaximumMessageSize": "2048",
        "MessageRetentionPeriod": "3600",
        "ReceiveMessageWaitTimeSeconds": "3",
        "VisibilityTimeout": "0",
        "KmsMasterKeyId": "alias/mine",
        "KmsDataKeyReusePeriodSeconds": "600",
        "Policy": json.dumps({"Version": "2012-10-17", "Id": "p", "Statement": [{
            "Sid": "one", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SQS:SendMessage",
            "Resource": t.arn(url)}]}),
    }
    t.sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)
    got = t.attributes(url)
    for attribute, want in wanted.items():
        if attribute == "Policy":
            equal(json.loads(got[attribute]), json.loads(want), attribute)
        else:
            equal(got.get(attribute), want, attribute)
    equal(set(t.attributes(url, "VisibilityTimeout", "DelaySeconds")), {"VisibilityTimeout", "DelaySeconds"}, "only what was asked for")
    check(int(got["LastModifiedTimestamp"]) >= int(got["CreatedTimestamp"]), "LastModifiedTimestamp")

    t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    check("Policy" not in t.attributes(url), "an emptied Policy is still shown")

    for attribute, bad in {
        "VisibilityTimeout": ("-1", "43201", "soon"), "DelaySeconds": ("901", "-1"),
        "MaximumMessageSize": ("1023", "1048577"), "MessageRetentionPeriod": ("59", "1209601"),
        "ReceiveMessageWaitTimeSeconds": ("21", "-1"), "Policy": ("{",), "RedrivePolicy": ("no json",),
    }.items():
        for value in bad:
            with case(f"{attribute} {value}"), fails("InvalidAttributeValue", "InvalidParameterValue", status=400, message=attribute):
                t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9", attribute: value})
    equal(t.attributes(url, "DelaySeconds")["DelaySeconds"], "7", "DelaySeconds after refused changes")
    with fails("InvalidAttributeName", message="Nonsense"):
        t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Nonsense": "1"})
    with fails("InvalidAttributeName"):
        t.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Nonsense"])
    with fails("InvalidAttributeName"):
        t.sqs.create_queue(QueueName=t.name(), Attributes={"Nonsense": "1"})
    with fails("InvalidAttributeName", "InvalidAttributeValue"):
        t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"FifoQueue": "true"})


@scenario("queue-list")
def listing(t):
    stem = t.name("list")
    urls = sorted(t.queue(name=f"{stem}-{i}") for i in range(5))
    equal(sorted(t.sqs.list_queues(QueueNamePrefix=stem)["QueueUrls"]), urls, "by prefix")
    check(set(urls) <= set(t.sqs.list_queues(MaxResults=1000)["QueueUrls"]), "all queues lack some")
    seen, pages, more = [], 0, {}
    while True:
        page = t.sqs.list_queues(QueueNamePrefix=stem, MaxResults=2, **more)
        check(len(page.get("QueueUrls", [])) <= 2, "a page is too long")
        seen += page.get("QueueUrls", [])
        pages += 1
        if not page.get("NextToken"):
            break
        check(pages < 10, "pages without end")
        more = {"NextToken": page["NextToken"]}
    equal(sorted(seen), urls, "all pages together")
    equal(len(seen), len(set(seen)), "a queue listed once")
    check(not t.sqs.list_queues(QueueNamePrefix=t.name("none")).get("QueueUrls"), "a prefix of nothing lists something")
    for bad in (0, 1001):
        with fails("InvalidParameterValue", "ValidationException"):
            t.sqs.list_queues(MaxResults=bad)


@scenario("queue-delete")
def delete(t):
    name = t.name("gone")
    url = t.queue(name=name)
    t.send(url)
    t.sqs.delete_queue(QueueUrl=url)
    with fails("AWS.SimpleQueueService.QueueDeletedRecently"):
        t.sqs.create_queue(QueueName=name)
    handle = "AQEB" + "A" * 60
    entry = [{"Id": "a", "ReceiptHandle": handle}]
    s, q = t.sqs, {"QueueUrl": url}
    calls = {
        "AddPermission": lambda: s.add_permission(**q, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"]),
        "ChangeMessageVisibility": lambda: s.change_message_visibility(**q, ReceiptHandle=handle, VisibilityTimeout=1),
        "ChangeMessageVisibilityBatch": lambda: s.change_message_visibility_batch(**q, Entries=[{**entry[0], "VisibilityTimeout": 1}]),
        "DeleteMessage": lambda: s.delete_message(**q, ReceiptHandle=handle),
        "DeleteMessageBatch": lambda: s.delete_message_batch(**q, Entries=entry),
        "DeleteQueue": lambda: s.delete_queue(**q),
        "GetQueueAttributes": lambda: s.get_queue_attributes(**q, AttributeNames=["All"]),
        "GetQueueUrl": lambda: s.get_queue_url(QueueName=name),
        "ListDeadLetterSourceQueues": lambda: s.list_dead_letter_source_queues(**q),
        "ListQueueTags": lambda: s.list_queue_tags(**q),
        "PurgeQueue": lambda: s.purge_queue(**q),
        "ReceiveMessage": lambda: s.receive_message(**q),
        "RemovePermission": lambda: s.remove_permission(**q, Label="l"),
        "SendMessage": lambda: s.send_message(**q, MessageBody="x"),
        "SendMessageBatch": lambda: s.send_message_batch(**q, Entries=[{"Id": "a", "MessageBody": "x"}]),
        "SetQueueAttributes": lambda: s.set_queue_attributes(**q, Attributes={"DelaySeconds": "1"}),
        "TagQueue": lambda: s.tag_queue(**q, Tags={"a": "b"}),
        "UntagQueue": lambda: s.untag_queue(**q, TagKeys=["a"]),
    }
    for operation, call in calls.items():
        with case(operation), fails(GONE, status=400):
            call()
    try:
        t.send(url)
    except t.sqs.exceptions.QueueDoesNotExist:
        pass  # the SDK finds its modelled exception, not only a code


@scenario("queue-purge")
def purge(t):
    url = t.queue()
    for i in range(5):
        t.send(url, f"m{i}")
    t.receive(url, 2)
    t.sqs.purge_queue(QueueUrl=url)
    equal(t.once(url), [], "messages after a purge")
    equal((t.count(url), t.count(url, "NotVisible")), (0, 0), "counts after a purge")
    with fails("AWS.SimpleQueueService.PurgeQueueInProgress", status=403):
        t.sqs.purge_queue(QueueUrl=url)
    t.send(url, "after")
    equal(t.receive(url)[0]["Body"], "after", "a message sent after the purge")


@scenario("queue-tags")
def tags(t):
    name = t.name("tagged")
    url = t.sqs.create_queue(QueueName=name, tags={"team": "münchen", "empty": ""})["QueueUrl"]
    equal(t.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "münchen", "empty": ""}, "tags of CreateQueue")
    t.sqs.tag_queue(QueueUrl=url, Tags={"team": "zürich", "cost-centre": "42"})
    t.sqs.untag_queue(QueueUrl=url, TagKeys=["empty", "never-there"])
    equal(t.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "zürich", "cost-centre": "42"}, "tags after changes")
    with fails("InvalidParameterValue"):
        t.sqs.tag_queue(QueueUrl=url, Tags={f"k{i}": "v" for i in range(51)})
    t.sqs.untag_queue(QueueUrl=url, TagKeys=["team", "cost-centre"])
    check(not t.sqs.list_queue_tags(QueueUrl=url).get("Tags"), "tags are left")


@scenario("queue-permissions")
def permissions(t):
    url = t.queue()
    check("Policy" not in t.attributes(url), "a new queue has a policy")
    t.sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["111122223333"], Actions=["SendMessage", "ReceiveMessage"])
    statement = json.loads(t.attributes(url, "Policy")["Policy"])["Statement"][0]
    equal(statement["Sid"], "share", "Sid")
    equal(statement["Effect"], "Allow", "Effect")
    equal(statement["Resource"], t.arn(url), "Resource")
    equal(sorted(statement["Action"]), ["SQS:ReceiveMessage", "SQS:SendMessage"], "Action")
    check("111122223333" in json.dumps(statement["Principal"]), f"Principal {statement['Principal']}")
    with fails("InvalidParameterValue", message="share"):
        t.sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    with fails("InvalidParameterValue"):
        t.sqs.add_permission(QueueUrl=url, Label="other", AWSAccountIds=["111122223333"], Actions=["FlyToTheMoon"])
    t.sqs.add_permission(QueueUrl=url, Label="all", AWSAccountIds=["444455556666"], Actions=["*"])
    equal(len(json.loads(t.attributes(url, "Policy")["Policy"])["Statement"]), 2, "statements")
    for label in ("share", "all"):
        t.sqs.remove_permission(QueueUrl=url, Label=label)
    check("Policy" not in t.attributes(url), "the policy outlives its last statement")
    with fails("InvalidParameterValue"):
        t.sqs.remove_permission(QueueUrl=url, Label="share")
