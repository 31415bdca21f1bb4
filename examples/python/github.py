"""GitHub's webhooks, with boto3.

Real payloads are posted to a signed webhook, as GitHub posts them. They are
events on the bus of a partner source; one rule sends them to a topic, and each
subscriber says with a filter policy what it wants to see.

    pip install boto3 && python3 github.py
"""

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import sys
import urllib.error
import urllib.request
import uuid

import boto3

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
ACCOUNT, REGION = "111111111111", "us-east-1"
RUN = uuid.uuid4().hex[:8]  # names of this run's own, so that you can run it again at once
SOURCE = f"aws.partner/github.com/octocat-{RUN}"
SECRET = uuid.uuid4().hex  # what GitHub asks for as the webhook's secret
PAYLOADS = pathlib.Path(__file__).parent.parent / "github-webhooks" / "payloads.jsonl"

# Without keys of yours, a 12-digit access key id is the account that calls.
session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="any", region_name=REGION)
events, sns, sqs = (session.client(name, endpoint_url=ENDPOINT) for name in ("events", "sns", "sqs"))


def post(path, body, **headers):
    request = urllib.request.Request(ENDPOINT + path, data=body, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def may_send(service, action, arn):
    """A policy that lets a service of this account in. AWS asks for it, and so does --auth strict."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]})


def drain(url):
    """Everything in a queue, each message deleted once it is read."""
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        bodies += [json.loads(m["Body"]) for m in messages]
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
    return bodies


def check(holds, what):
    print("ok  " if holds else "NOT SO:", what)
    if not holds:
        sys.exit(1)


# Who wants to see what: the policy, and the same said in Python for the check at the end.
SUBSCRIBERS = {
    "audit": (None, lambda kind, payload: True),
    "triage": ({"detail-type": ["issues", "pull_request"], "detail": {"action": ["opened", "reopened"]}},
               lambda kind, payload: kind in ("issues", "pull_request") and payload.get("action") in ("opened", "reopened")),
    "welcome": ({"detail": {"sender": {"login": [{"anything-but": ["Codertocat", "github"]}]}}},
                lambda kind, payload: payload.get("sender", {}).get("login", "github") not in ("Codertocat", "github")),
}

with contextlib.ExitStack() as cleanup:  # undone in reverse, also when something fails
    # As `carillon webhook set SOURCE --scheme github --secret-file … --bus`: the source, its bus and the webhook.
    webhook = {"source": SOURCE, "account": ACCOUNT, "region": REGION}
    made = post("/_carillon/PutWebhook", json.dumps({**webhook, "scheme": "github", "secret": SECRET, "bus": True}).encode())
    check(made == 200, f"GitHub may post to {ENDPOINT}/ingest/{SOURCE}")
    cleanup.callback(events.delete_partner_event_source, Name=SOURCE, Account=ACCOUNT)
    cleanup.callback(events.delete_event_bus, Name=SOURCE)
    cleanup.callback(post, "/_carillon/DeleteWebhook", json.dumps(webhook).encode())

    topic = sns.create_topic(Name=f"github-{RUN}")["TopicArn"]
    cleanup.callback(sns.delete_topic, TopicArn=topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=may_send("events.amazonaws.com", "sns:Publish", topic))
    events.put_rule(EventBusName=SOURCE, Name="publish", EventPattern=json.dumps({"account": [ACCOUNT]}))
    cleanup.callback(events.delete_rule, EventBusName=SOURCE, Name="publish")
    events.put_targets(EventBusName=SOURCE, Rule="publish", Targets=[{"Id": "topic", "Arn": topic}])
    cleanup.callback(events.remove_targets, EventBusName=SOURCE, Rule="publish", Ids=["topic"])

    queues = {}
    for name, (policy, _) in SUBSCRIBERS.items():
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-{RUN}"
        queues[name] = sqs.create_queue(QueueName=f"{name}-{RUN}", Attributes={
            "Policy": may_send("sns.amazonaws.com", "sqs:SendMessage", arn)})["QueueUrl"]
        cleanup.callback(sqs.delete_queue, QueueUrl=queues[name])
        # Raw: the event alone, without the topic's document around it. The policy looks into the event,
        # where it would otherwise look at the message's attributes.
        attributes = {"RawMessageDelivery": "true"}
        if policy:
            attributes |= {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(policy)}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)

    posted = []
    for number, line in enumerate(PAYLOADS.read_text().splitlines()):
        hook = json.loads(line)
        body = json.dumps(hook["payload"]).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        status = post(f"/ingest/{SOURCE}", body, **{
            "X-GitHub-Event": hook["event"], "X-GitHub-Delivery": f"{RUN}-{number}", "X-Hub-Signature-256": signature})
        if status != 200:
            sys.exit(f"webhook {number} was answered with {status}")
        posted.append((hook["event"], hook["payload"]))
    forged = post(f"/ingest/{SOURCE}", b"{}", **{"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=" + "0" * 64})
    check(forged == 401, "a webhook with a forged signature is refused")

    for name, (_, wants) in SUBSCRIBERS.items():
        def seen(pairs):
            return sorted(json.dumps(pair, sort_keys=True) for pair in pairs)

        got = seen((event["detail-type"], event["detail"]) for event in drain(queues[name]))
        check(got == seen(pair for pair in posted if wants(*pair)), f"{name} has the {len(got)} of {len(posted)} webhooks that it is for")
