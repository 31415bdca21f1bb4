"""A server with --tls self, seen from boto3 and the AWS CLI with AWS_CA_BUNDLE."""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import botocore.exceptions

from harness import Tour, case, check, equal, fails, run, scenario

AWS = os.environ["CARILLON_AWS"]


@scenario("tls-services")
def services(t):
    check(t.endpoint.startswith("https://"), t.endpoint)
    equal(t.sts.get_caller_identity()["Account"], t.account, "Account")
    url = t.queue()
    check(url.startswith(t.endpoint + "/"), url)
    t.send(url, "Grüße 🎉")
    equal(t.receive(url)[0]["Body"], "Grüße 🎉", "Body")
    t.events.list_event_buses()
    t.sns.create_topic(Name=t.name())


@scenario("tls-long-poll")
def long_poll(t):
    url = t.queue()
    sender = threading.Timer(1, lambda: t.send(url, "late"))
    sender.start()
    equal(t.once(url, WaitTimeSeconds=20)[0]["Body"], "late", "Body")
    sender.join()


@scenario("tls-large")
def large(t):
    url = t.queue()
    for size in (60_000, 500_000, 1 << 20):
        t.send(url, "x" * size)
        equal(len(t.receive(url)[0]["Body"]), size, "length")


@scenario("tls-cli")
def cli(t):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env |= {"AWS_ACCESS_KEY_ID": t.account, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": t.region}

    def aws(*args, **more):
        return subprocess.run([AWS, "--endpoint-url", t.endpoint, *args], env=env | more, capture_output=True, text=True)

    url = t.queue()
    believed = aws("sqs", "list-queues", AWS_CA_BUNDLE=os.environ["AWS_CA_BUNDLE"])
    check(url in json.loads(believed.stdout or "{}").get("QueueUrls", []), believed.stdout + believed.stderr)
    refused = aws("sqs", "list-queues")
    check(refused.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in refused.stderr, refused.stderr)


@scenario("tls-plain-http")
def plain(t):
    where = t.endpoint.replace("https://", "http://")
    for service in ("sqs", "sns"):
        client = getattr(Tour(where, t.account), service)
        with case(service), fails("InvalidSecurity"):
            client.list_queues() if service == "sqs" else client.list_topics()
    try:
        urllib.request.urlopen(where + "/health", timeout=10)
        check(False, "it answers over plain HTTP")
    except urllib.error.HTTPError as e:
        equal(e.code, 400, "status")


@scenario("tls-not-believed")
def not_believed(t):
    bundle = os.environ.pop("AWS_CA_BUNDLE")
    try:
        other = Tour(t.endpoint, t.account)
    finally:
        os.environ["AWS_CA_BUNDLE"] = bundle
    try:
        other.sqs.list_queues()
        check(False, "a certificate is believed that nobody vouches for")
    except botocore.exceptions.SSLError:
        pass


if __name__ == "__main__":
    endpoint, account = os.environ["CARILLON_TLS_ENDPOINT"], os.environ["CARILLON_ACCOUNT"]
    # One at a time: a scenario takes AWS_CA_BUNDLE out of the environment.
    sys.exit(run("tls", lambda: Tour(endpoint, account), sys.argv[1:], workers=1))
