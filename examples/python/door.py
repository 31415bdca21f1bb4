"""A smart door, with boto3.

The lock tells its bus what the door does, and knows of nobody who listens. One
rule tells a phone over HTTP, another starts identification from a queue. The
phone's service is down for a while and misses nothing; an event that is sent
twice opens the door once.

    pip install boto3 && python3 door.py
"""

import collections
import contextlib
import http.server
import json
import os
import sys
import threading
import time
import uuid

import boto3

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
ACCOUNT, REGION = "111111111111", "us-east-1"
RUN = uuid.uuid4().hex[:8]  # names of this run's own, so that you can run it again at once

# Without keys of yours, a 12-digit access key id is the account that calls.
session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="any", region_name=REGION)
events = session.client("events", endpoint_url=ENDPOINT)
sqs = session.client("sqs", endpoint_url=ENDPOINT)


class Phone:
    """A notification service that can be down: an HTTP server in this script."""

    def __init__(self):
        self.told, self.port = collections.Counter(), 0
        self.up()

    def up(self):
        phone = self

        class Notify(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.headers["X-Api-Key"] == "hush"  # the connection's key: it is Carillon who calls
                if known:
                    phone.told[event["detail"]["number"]] += 1
                self.send_response(204 if known else 401)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", self.port), Notify)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count):
        deadline = time.monotonic() + 60
        while len(self.told) < count:
            if time.monotonic() > deadline:
                sys.exit(f"the phone was told of {len(self.told)} events, want {count}")
            time.sleep(0.05)


def queue(cleanup, name):
    """A queue that rules of this account may send to. AWS asks for the policy, and so does --auth strict."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]}
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    cleanup.callback(sqs.delete_queue, QueueUrl=url)
    return url, arn


def rule(cleanup, bus, name, pattern, target):
    events.put_rule(EventBusName=bus, Name=name, EventPattern=json.dumps(pattern))
    cleanup.callback(events.delete_rule, EventBusName=bus, Name=name)
    # One bad target does not fail the call: the answer says which.
    failed = events.put_targets(EventBusName=bus, Rule=name, Targets=[{"Id": "target", **target}])["FailedEntries"]
    if failed:
        sys.exit(f"target of {name}: {failed}")
    cleanup.callback(events.remove_targets, EventBusName=bus, Rule=name, Ids=["target"])


def drain(url):
    """Everything in a queue, each message deleted once it is read."""
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        for m in messages:
            bodies.append(json.loads(m["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
    return bodies


def check(holds, what):
    print("ok  " if holds else "NOT SO:", what)
    if not holds:
        sys.exit(1)


with contextlib.ExitStack() as cleanup:  # undone in reverse, also when something fails
    phone = Phone()
    cleanup.callback(lambda: phone.down())

    # Two tags make the bus recognise an event that is put twice, by a key in the event.
    home = f"home-{RUN}"
    events.create_event_bus(Name=home, Tags=[
        {"Key": "carillon:idempotency-key-path", "Value": "$.detail.key"},
        {"Key": "carillon:idempotency-window", "Value": "10m"}])
    cleanup.callback(events.delete_event_bus, Name=home)

    # An API destination is an address, and the connection is the right to call it.
    connection = events.create_connection(
        Name=home, AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "hush"}})["ConnectionArn"]
    cleanup.callback(events.delete_connection, Name=home)
    destination = events.create_api_destination(
        Name=home, ConnectionArn=connection, HttpMethod="POST",
        InvocationEndpoint=f"http://127.0.0.1:{phone.port}/notify")["ApiDestinationArn"]
    cleanup.callback(events.delete_api_destination, Name=home)

    door_status = {"source": ["smart.lock"], "detail-type": ["Door Status"]}
    identification, identification_arn = queue(cleanup, f"identification-{RUN}")
    rule(cleanup, home, "notify", door_status, {"Arn": destination})
    rule(cleanup, home, "identify", door_status, {"Arn": identification_arn})

    def door(number):
        detail = {"door": "front", "status": "closed" if number % 2 else "opened", "number": number, "key": f"front-{number}"}
        entry = {"EventBusName": home, "Source": "smart.lock", "DetailType": "Door Status", "Detail": json.dumps(detail)}
        answer = events.put_events(Entries=[entry])["Entries"][0]
        return answer.get("EventId") or sys.exit(f"refused: {answer}")

    first = door(0)
    door(1)
    phone.wait_for(2)
    phone.down()
    for number in range(2, 6):
        door(number)  # answers as fast as before: a dead target delays nobody
    check(len(phone.told) == 2, "4 events wait for the phone, whose service is down")
    check(door(0) == first, "the first event, sent again, is acknowledged with the first one's id")
    phone.up()
    phone.wait_for(6)
    check(sorted(phone.told) == list(range(6)), "the phone was told of all 6 events")
    seen = sorted(e["detail"]["number"] for e in drain(identification))
    check(seen == list(range(6)), "identification has each of the 6 events once")
