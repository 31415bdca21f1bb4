"""Strict mode seen from boto3: only what a known key has signed is believed."""

import datetime
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import Mismatch, Tour, case, check, equal, fails, run, scenario

AWS = os.environ["CARILLON_AWS"]
KEY, SECRET = os.environ["CARILLON_STRICT_KEY"], os.environ["CARILLON_STRICT_SECRET"]

# One mistake has another code in every protocol: STS speaks query, events JSON,
# and SQS over JSON names the query's code in a header.
WRONG_SIGNATURE = {"sts": ["SignatureDoesNotMatch"], "sqs": ["SignatureDoesNotMatch", "InvalidSignatureException"],
                   "events": ["InvalidSignatureException"]}
UNKNOWN_KEY = {"sts": ["InvalidClientTokenId"], "sqs": ["InvalidClientTokenId", "UnrecognizedClientException"],
               "events": ["UnrecognizedClientException"]}


def ask_all(t):
    return {"sts": t.sts.get_caller_identity, "sqs": t.sqs.list_queues, "events": t.events.list_event_buses}


def all_fail(t, codes):
    for service, call in ask_all(t).items():
        with case(service), fails(*codes[service]):
            call()


@scenario("strict-right-key")
def right_key(t):
    equal(t.sts.get_caller_identity()["Account"], t.account, "Account")
    url = t.queue()
    t.send(url, "Grüße 🎉 & = %20")
    equal(t.receive(url)[0]["Body"], "Grüße 🎉 & = %20", "Body")
    t.events.list_event_buses()


@scenario("strict-wrong-secret")
def wrong_secret(t):
    all_fail(Tour(t.endpoint, t.account, key=KEY, secret="guessed"), WRONG_SIGNATURE)


@scenario("strict-unknown-key")
def unknown_key(t):
    all_fail(Tour(t.endpoint, t.account, key="AKIANOBODYKNOWSTHIS1", secret=SECRET), UNKNOWN_KEY)


@scenario("strict-tampered-body")
def tampered(t):
    def change(request, **_):
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        request.body = body.replace(b"honest", b"forged")
        check(request.body != body, "there was nothing to change")

    url = t.queue()
    t.sqs.meta.events.register("before-send.sqs.SendMessage", change)
    with fails(*WRONG_SIGNATURE["sqs"]):
        t.send(url, "honest")
    equal(t.count(url), 0, "messages after the refusal")


def signed(t, service, headers, body, shift):
    """A request signed as if at another time; the answer's status and text."""
    request = botocore.awsrequest.AWSRequest("POST", t.endpoint + "/", headers=headers, data=body)
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), service, t.region)
    now = botocore.auth.get_current_datetime

    botocore.auth.get_current_datetime = lambda *a, **k: now(*a, **k) + datetime.timedelta(seconds=shift)
    try:
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = now
    prepared = request.prepare()
    out = urllib.request.Request(prepared.url, data=body, headers={k: v if isinstance(v, str) else v.decode() for k, v in prepared.headers.items()})
    try:
        with urllib.request.urlopen(out, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


@scenario("strict-clock")
def skewed_clock(t):
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    json = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.ListEventBuses"}
    who = b"Action=GetCallerIdentity&Version=2011-06-15"
    for shift, good in ((0, True), (-120, True), (-3600, False), (3600, False)):
        with case(f"sts {shift} s"):
            status, text = signed(t, "sts", form, who, shift)
            if good:
                equal(status, 200, f"status ({text})")
            else:
                equal(status, 403, f"status ({text})")
                check("<Code>SignatureDoesNotMatch</Code>" in text and "ignature" in text, text)
        with case(f"events {shift} s"):
            status, text = signed(t, "events", json, b"{}", shift)
            if good:
                equal(status, 200, f"status ({text})")
            else:
                check(status in (400, 403) and "InvalidSignatureException" in text, f"{status} {text}")


@scenario("strict-sessions")
def sessions(t):
    one, two = (t.sts.get_session_token(DurationSeconds=900)["Credentials"] for _ in range(2))

    def holding(token):
        return Tour(t.endpoint, t.account, key=one["AccessKeyId"], secret=one["SecretAccessKey"], token=token)

    own = holding(one["SessionToken"])
    equal(own.sts.get_caller_identity()["Account"], t.account, "Account")
    own.queue()
    own.events.list_event_buses()
    for what, token in (("no token", None), ("another token", two["SessionToken"]), ("nonsense", "nonsense")):
        with case(what):
            all_fail(holding(token), UNKNOWN_KEY)
    url = own.sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    with urllib.request.urlopen(url, timeout=20) as answer:
        check(t.account in answer.read().decode(), "a presigned request says who it is")
    with fails("AccessDenied", message="Roles may not be assumed by root accounts."):
        t.sts.assume_role(RoleArn=f"arn:aws:iam::{t.account}:role/nobody", RoleSessionName="night")


def statement(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


@scenario("strict-roles")
def roles(t):
    """A user, two roles that are chained, tags that go along, and a session policy that narrows."""
    iam, user, one, two = t.client("iam"), t.name("user"), t.name("one"), t.name("two")
    who = iam.create_user(UserName=user)["User"]["Arn"]
    key = iam.create_access_key(UserName=user)["AccessKey"]
    both = ["sts:AssumeRole", "sts:TagSession"]
    first = iam.create_role(RoleName=one, AssumeRolePolicyDocument=statement(
        both, Principal={"AWS": who}, Condition={"StringEquals": {"sts:ExternalId": "x-1"}}))["Role"]["Arn"]
    second = iam.create_role(RoleName=two, AssumeRolePolicyDocument=statement(
        both, Principal={"AWS": first}, Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))["Role"]["Arn"]

    def tour(c):
        return Tour(t.endpoint, t.account, key=c["AccessKeyId"], secret=c["SecretAccessKey"], token=c.get("SessionToken"))

    def assume(t, role, **more):
        return t.sts.assume_role(RoleArn=role, RoleSessionName="night", **more)["Credentials"]

    alice, tags = tour(key), {"Tags": [{"Key": "team", "Value": "blue"}], "TransitiveTagKeys": ["team"], "ExternalId": "x-1"}
    with case("no external id"), fails("AccessDenied", status=403, message="sts:AssumeRole"):
        assume(alice, first)
    with case("not trusted"), fails("AccessDenied"):
        assume(alice, second)
    with case("no tag"), fails("AccessDenied"):
        assume(tour(assume(alice, first, ExternalId="x-1")), second)
    tagged = tour(assume(alice, first, **tags))
    chained = tour(assume(tagged, second))
    equal(chained.sts.get_caller_identity()["Arn"], f"arn:aws:sts::{t.account}:assumed-role/{two}/night", "Arn")
    with case("a session policy"), fails("AccessDenied"):
        assume(tour(assume(alice, first, Policy=statement("sqs:*", Resource="*"), **tags)), second)
    iam.delete_role(RoleName=two)
    with case("the role is gone"), fails("InvalidClientTokenId"):
        chained.sts.get_caller_identity()


@scenario("strict-unsigned")
def unsigned(t):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    request = urllib.request.Request(t.endpoint + "/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as e:
        equal(e.code, 403, "status")
        check("MissingAuthenticationToken" in e.read().decode(), "the code of a request without a signature")
    else:
        raise Mismatch("an unsigned request was accepted")


GUEST = "666677778888"


def others(t):
    """Another account, and a user of the tour's who may send to queues that begin with clerk-."""
    return (Tour(t.endpoint, GUEST, key="AKIACARILLONGUEST001", secret=SECRET),
            Tour(t.endpoint, t.account, key="AKIACARILLONCLERK001", secret=SECRET))


def denied(call, code, sentence):
    try:
        call()
    except botocore.exceptions.ClientError as e:
        equal(e.response["Error"]["Code"], code, "code")
        check(sentence in e.response["Error"]["Message"], e.response["Error"]["Message"])
    else:
        raise Mismatch("it was allowed")


@scenario("strict-user-policy")
def user_policy(t):
    _, clerk = others(t)
    who = f"User: arn:aws:iam::{t.account}:user/clerk is not authorized to perform: "
    url, other = t.queue(name=t.name("clerk")), t.queue()
    clerk.send(url, "mine")
    equal(clerk.sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "b"}]).get("Failed", []), [], "failed entries")
    denied(lambda: clerk.send(other), "AccessDenied", who + "sqs:sendmessage on resource: arn:aws:sqs:")
    denied(lambda: clerk.sqs.receive_message(QueueUrl=url), "AccessDenied", "because no identity-based policy allows the sqs:receivemessage action")
    denied(lambda: clerk.sns.create_topic(Name="t"), "AuthorizationError", who + "SNS:CreateTopic on resource: arn:aws:sns:")
    denied(lambda: clerk.events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}]), "AccessDeniedException", who + "events:PutEvents on resource: arn:aws:events:")
    equal(clerk.sts.get_caller_identity()["Arn"], f"arn:aws:iam::{t.account}:user/clerk", "Arn")


@scenario("strict-queue-policy")
def queue_policy(t):
    guest, _ = others(t)
    url = t.queue()
    sentence = f"User: arn:aws:iam::{GUEST}:root is not authorized to perform: sqs:sendmessage on resource: {t.arn(url)} because no resource-based policy allows the sqs:sendmessage action"
    denied(lambda: guest.send(url), "AccessDenied", sentence)
    t.sqs.add_permission(QueueUrl=url, Label="guest", AWSAccountIds=[GUEST], Actions=["SendMessage"])
    guest.send(url, "from the guest")
    equal(t.receive(url)[0]["Body"], "from the guest", "Body")
    denied(lambda: guest.sqs.purge_queue(QueueUrl=url), "AccessDenied", "sqs:purgequeue")
    t.sqs.remove_permission(QueueUrl=url, Label="guest")
    denied(lambda: guest.send(url), "AccessDenied", sentence)
    with fails("InvalidAttributeValue"):
        t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": '{"Statement": {"Effect": "Maybe"}}'})


@scenario("strict-cli")
def cli(t):
    """The AWS CLI: two accounts, a queue's policy, and a role with its session in the environment."""
    def aws(key, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env |= {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1], "AWS_DEFAULT_REGION": t.region}
        if len(key) > 2:
            env["AWS_SESSION_TOKEN"] = key[2]
        ran = subprocess.run([AWS, "--endpoint-url", t.endpoint, *args], env=env, capture_output=True, text=True)
        return ran.returncode, ran.stdout + ran.stderr

    owner, guest = (KEY, SECRET), ("AKIACARILLONGUEST001", SECRET)
    url = t.queue()
    send = ["sqs", "send-message", "--queue-url", url, "--message-body", "from the guest"]
    code, said = aws(guest, *send)
    check(code != 0 and "(AccessDenied)" in said and "no resource-based policy allows" in said, said)
    code, said = aws(owner, "sqs", "add-permission", "--queue-url", url, "--label", "guest", "--aws-account-ids", GUEST, "--actions", "SendMessage")
    check(code == 0, said)
    code, said = aws(guest, *send)
    check(code == 0, said)

    role = t.client("iam").create_role(RoleName=t.name("reader"), AssumeRolePolicyDocument=statement(
        "sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{GUEST}:root"}))["Role"]
    t.client("iam").put_role_policy(RoleName=role["RoleName"], PolicyName="read", PolicyDocument=statement("sqs:ReceiveMessage", Resource=t.arn(url)))
    people, name = others(t)[0].client("iam"), t.name("guest")  # roots do not assume roles
    people.create_user(UserName=name)
    people.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=statement("sts:AssumeRole", Resource=role["Arn"]))
    key = people.create_access_key(UserName=name)["AccessKey"]
    code, said = aws((key["AccessKeyId"], key["SecretAccessKey"]), "sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "night")
    check(code == 0, said)
    c = json.loads(said)["Credentials"]
    session = (c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
    code, said = aws(session, "sqs", "receive-message", "--queue-url", url)
    check(code == 0 and "from the guest" in said, said)
    code, said = aws(session, *send)
    check(code != 0 and "no identity-based policy allows" in said, said)
    code, said = aws(session[:2], "sqs", "receive-message", "--queue-url", url)
    check(code != 0 and "InvalidClientTokenId" in said, said)


def open_to(t, url, service, source):
    """The queue takes what the service sends for one rule or topic."""
    t.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": statement(
        "sqs:SendMessage", Principal={"Service": service}, Resource=t.arn(url), Condition={"ArnEquals": {"aws:SourceArn": source}})})


def rule_to(t, pattern, target, bus="default", dead=None, **more):
    """A rule with one target; its ARN."""
    name = t.name("rule")
    arn = t.events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
    if dead:
        open_to(t, dead, "events.amazonaws.com", arn)
        more["DeadLetterConfig"] = {"Arn": t.arn(dead)}
    equal(t.events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "t", "Arn": target, **more}])["FailedEntryCount"], 0, "failed targets")
    return arn


def put(t, source, bus="default"):
    equal(t.events.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": "{}", "EventBusName": bus}])["FailedEntryCount"], 0, "failed entries")


def no_permission(t, url):
    m = t.receive(url, MessageAttributeNames=["All"])[0]
    said = {k: v["StringValue"] for k, v in m["MessageAttributes"].items()}
    equal((said["ERROR_CODE"], said["RETRY_ATTEMPTS"]), ("NO_PERMISSIONS", "0"), said["ERROR_MESSAGE"])
    t.delete(url, m)


@scenario("strict-rule-to-queue")
def rule_to_queue(t):
    """A queue that only one rule may write to; a role that may; one that may not be had."""
    url, dead, other_dead, source = t.queue(), t.queue(), t.queue(), t.name("source")
    rule = rule_to(t, {"source": [source]}, t.arn(url), dead=dead)
    put(t, source)
    no_permission(t, dead)
    open_to(t, url, "events.amazonaws.com", rule)
    rule_to(t, {"source": [source + "2"]}, t.arn(url), dead=other_dead)
    put(t, source + "2")
    no_permission(t, other_dead)
    put(t, source)
    equal(json.loads(t.receive(url)[0]["Body"])["source"], source, "source")
    equal(t.count(dead), 0, "dead letters")

    iam, role = t.client("iam"), t.name("role")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=statement(
        "sts:AssumeRole", Principal={"Service": "events.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": t.account}}))["Role"]["Arn"]
    own = t.queue()
    rule_to(t, {"source": [source + "3"]}, t.arn(own), dead=dead, RoleArn=arn)
    put(t, source + "3")
    no_permission(t, dead)
    iam.put_role_policy(RoleName=role, PolicyName="send", PolicyDocument=statement("sqs:SendMessage", Resource=t.arn(own)))
    put(t, source + "3")
    check(source in t.receive(own)[0]["Body"], "the event came by the role")


@scenario("strict-topic-abroad")
def topic_abroad(t):
    guest, _ = others(t)
    topic, url, dead = t.sns.create_topic(Name=t.name("topic"))["TopicArn"], guest.queue(), t.queue()
    open_to(t, dead, "sns.amazonaws.com", topic)
    t.sns.add_permission(TopicArn=topic, Label="guest", AWSAccountId=[GUEST], ActionName=["Subscribe"])
    guest.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=guest.arn(url), Attributes={
        "RawMessageDelivery": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": t.arn(dead)})})
    t.sns.publish(TopicArn=topic, Message="first")
    m = t.receive(dead, MessageAttributeNames=["All"])[0]
    equal((m["Body"], m["MessageAttributes"]["ErrorCode"]["StringValue"]), ("first", "AccessDenied"), "the dead letter")
    # The older form of such a policy: everybody, for one topic.
    guest.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": statement(
        "SQS:SendMessage", Principal={"AWS": "*"}, Resource=guest.arn(url), Condition={"ArnLike": {"aws:SourceArn": topic}})})
    t.sns.publish(TopicArn=topic, Message="second")
    equal(guest.receive(url)[0]["Body"], "second", "Body")


@scenario("strict-bus-abroad")
def bus_abroad(t):
    guest, _ = others(t)
    source, dead, url = t.name("source"), t.queue(), guest.queue()
    name = guest.name("bus")
    bus = guest.events.create_event_bus(Name=name)["EventBusArn"]
    open_to(guest, url, "events.amazonaws.com", rule_to(guest, {"source": [source]}, guest.arn(url), bus=name))
    rule_to(t, {"source": [source]}, bus, dead=dead)
    put(t, source)
    no_permission(t, dead)
    guest.events.put_permission(EventBusName=name, Action="events:PutEvents", Principal=t.account, StatementId="them")
    put(t, source)
    equal(json.loads(guest.receive(url)[0]["Body"])["account"], t.account, "account")


@scenario("strict-topic-policy")
def topic_policy(t):
    guest, _ = others(t)
    topic = t.sns.create_topic(Name=t.name("topic"))["TopicArn"]
    inbox = guest.queue()
    open_to(guest, inbox, "sns.amazonaws.com", topic)
    subscribe = lambda: guest.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=guest.arn(inbox), ReturnSubscriptionArn=True)  # noqa: E731
    denied(subscribe, "AuthorizationError", f"SNS:Subscribe on resource: {topic} because no resource-based policy allows the SNS:Subscribe action")
    t.sns.add_permission(TopicArn=topic, Label="guest", AWSAccountId=[GUEST], ActionName=["Subscribe"])
    check(subscribe()["SubscriptionArn"].startswith(topic), "the subscription's ARN")
    denied(lambda: guest.sns.publish(TopicArn=topic, Message="m"), "AuthorizationError", "SNS:Publish")
    t.sns.publish(TopicArn=topic, Message="news")
    check("news" in guest.receive(inbox)[0]["Body"], "the message")


@scenario("strict-bus-policy")
def bus_policy(t):
    guest, _ = others(t)
    bus = t.events.create_event_bus(Name=t.name("bus"))["EventBusArn"]
    put = lambda: guest.events.put_events(Entries=[{"Source": "own", "DetailType": "d", "Detail": "{}"}, {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus}])  # noqa: E731
    equal(put()["Entries"][1].get("ErrorCode"), "AccessDeniedException", "before")
    t.events.put_permission(EventBusName=bus.split("/")[1], Action="events:PutEvents", Principal=GUEST, StatementId="guest")
    equal(put()["FailedEntryCount"], 0, "after")


if __name__ == "__main__":
    endpoint, account = os.environ["CARILLON_STRICT_ENDPOINT"], os.environ["CARILLON_STRICT_ACCOUNT"]
    # One at a time: a scenario changes the clock that botocore signs with.
    sys.exit(run("strict", lambda: Tour(endpoint, account, key=KEY, secret=SECRET), sys.argv[1:], workers=1))
