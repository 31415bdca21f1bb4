"""What every Python client of the suite shares: a register of scenarios, a
runner that prints one ok/FAIL line for each, and checks that say what they saw.

A scenario is a function of one Tour. Scenarios share nothing but the server:
each makes queues and buses of its own names, so they run side by side.
"""

import contextlib
import hashlib
import os
import struct
import sys
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.config
import botocore.exceptions

SCENARIOS = []


def scenario(name, needs=()):
    """Registers a scenario; `needs` are operations that old clients may lack."""

    def register(fn):
        SCENARIOS.append((name, fn, tuple(needs)))
        return fn

    return register


class Tour:
    """The clients of one scenario and the few verbs that it is written in."""

    def __init__(self, endpoint, account, region="us-east-1", key=None, secret="test", service_retries=0, token=None):
        self.endpoint, self.account, self.region = endpoint, account, region
        session = boto3.session.Session(
            aws_access_key_id=key or account, aws_secret_access_key=secret, aws_session_token=token, region_name=region
        )
        # No retries: a 500 must be seen, not papered over.
        config = botocore.config.Config(
            retries={"max_attempts": service_retries}, connect_timeout=5, read_timeout=40
        )

        def client(service, region=region):
            return session.client(service, endpoint_url=endpoint, config=config, region_name=region)
        self.client = client

        self.sqs, self.events, self.sns, self.sts = client("sqs"), client("events"), client("sns"), client("sts")

    def name(self, stem="q", fifo=False):
        return f"{stem}-{uuid.uuid4().hex[:12]}" + (".fifo" if fifo else "")

    def queue(self, fifo=False, name=None, **attributes):
        """A new queue's URL."""
        attributes = {k: str(v) for k, v in attributes.items()}
        if fifo:
            attributes["FifoQueue"] = "true"
        return self.sqs.create_queue(QueueName=name or self.name(fifo=fifo), Attributes=attributes)["QueueUrl"]

    def attributes(self, url, *names):
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])
        return got.get("Attributes", {})

    def arn(self, url):
        return self.attributes(url, "QueueArn")["QueueArn"]

    def send(self, url, body="hello", **more):
        return self.sqs.send_message(QueueUrl=url, MessageBody=body, **more)

    def once(self, url, **more):
        """One ReceiveMessage."""
        more.setdefault("MaxNumberOfMessages", 10)
        return self.sqs.receive_message(QueueUrl=url, **more).get("Messages", [])

    def receive(self, url, count=1, within=10, **more):
        """Exactly `count` messages, long polling until they are there."""
        got, deadline = [], time.monotonic() + within
        while len(got) < count and time.monotonic() < deadline:
            wait = max(1, min(5, int(deadline - time.monotonic())))
            got += self.once(url, WaitTimeSeconds=wait, **{"MaxNumberOfMessages": min(10, count - len(got)), **more})
        equal(len(got), count, "messages received")
        return got

    def count(self, url, kind=""):
        attribute = f"ApproximateNumberOfMessages{kind}"
        return int(self.attributes(url, attribute)[attribute])

    def delete(self, url, *messages):
        for m in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])


class Mismatch(Exception):
    pass


def check(truth, what):
    if not truth:
        raise Mismatch(what)


def equal(got, want, what):
    if got != want:
        raise Mismatch(f"{what}: got {short(got)}, want {short(want)}")


def short(value):
    text = repr(value)
    return text if len(text) < 400 else text[:400] + "…"


@contextlib.contextmanager
def fails(*codes, status=None, message=None):
    """The block must be refused with one of AWS's codes."""
    try:
        yield
    except botocore.exceptions.ClientError as e:
        error = e.response["Error"]
        check(error["Code"] in codes, f"error code: got {error['Code']} ({error.get('Message')}), want {' or '.join(codes)}")
        if status:
            equal(e.response["ResponseMetadata"]["HTTPStatusCode"], status, f"HTTP status of {error['Code']}")
        if message:
            check(message in error.get("Message", ""), f"message of {error['Code']}: {error.get('Message')!r} lacks {message!r}")
        check(e.response["ResponseMetadata"].get("RequestId"), f"{error['Code']} has no request id")
    else:
        raise Mismatch(f"accepted, want {' or '.join(codes)}")


def until(what, probe, within=15, every=0.05):
    """Polls until probe() is true, and gives its value."""
    deadline = time.monotonic() + within
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Mismatch(f"still not after {within} s: {what}")
        time.sleep(every)


def md5(text):
    return hashlib.md5(text.encode() if isinstance(text, str) else text).hexdigest()


def md5_of_attributes(attributes):
    """AWS's digest of message attributes: sorted names, each part with its length."""

    def part(data):
        data = data.encode() if isinstance(data, str) else data
        return struct.pack(">I", len(data)) + data

    digest = hashlib.md5()
    for name in sorted(attributes):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        digest.update(part(name) + part(value["DataType"]) + (b"\x02" if binary else b"\x01"))
        digest.update(part(value["BinaryValue"] if binary else value["StringValue"]))
    return digest.hexdigest()


@contextlib.contextmanager
def case(what):
    """Names the case of a table in whatever fails inside."""
    try:
        yield
    except Exception as e:
        raise Mismatch(f"{what}: {e}") from e


def say(line):
    sys.stdout.write(line + "\n")  # one write: scenarios speak from several threads
    sys.stdout.flush()


def place(e):
    """The scenario's own line that failed."""
    here = os.path.dirname(os.path.abspath(__file__))
    frames = [f for f in traceback.extract_tb(e.__traceback__)
              if os.path.dirname(os.path.abspath(f.filename)) == here and os.path.basename(f.filename) != "harness.py"]
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"


def run(client, make_tour, only=(), workers=8):
    """Runs what is registered; prints the lines; gives the exit status."""

    def one(entry):
        name, fn, needs = entry
        try:
            tour = make_tour()
            known = {op for c in (tour.sqs, tour.events, tour.sns) for op in c.meta.method_to_api_mapping}
            if any(op not in known for op in needs):
                return None
            began = time.monotonic()
            fn(tour)
            say(f"ok   {client} {name} ({time.monotonic() - began:.2f}s)")
            return True
        except Exception as e:  # a scenario's failure must not stop the others
            say(f"FAIL {client} {name}: {place(e)}: {type(e).__name__}: {' '.join(str(e).split())}")
            return False

    chosen = [s for s in SCENARIOS if not only or s[0] in only]
    with ThreadPoolExecutor(workers) as pool:
        results = [r for r in pool.map(one, chosen) if r is not None]
    passed, failed = results.count(True), results.count(False)
    say(f"{client}: {passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def environment():
    """Endpoint and account as the run script gives them."""
    endpoint = os.environ.get("CARILLON_ENDPOINT")
    if not endpoint:
        sys.exit("CARILLON_ENDPOINT is not set: start this through test/conformance/run")
    return endpoint, os.environ.get("CARILLON_ACCOUNT", "000000000000")
