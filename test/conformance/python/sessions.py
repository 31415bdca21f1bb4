"""Temporary credentials: roles, chains of roles, users' sessions, federated users."""

import datetime
import json

from harness import Tour, case, check, equal, fails, scenario

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]})


def holding(t, credentials):
    """A tour with the credentials of a session."""
    return Tour(t.endpoint, t.account, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
                token=credentials["SessionToken"])


def assume(t, role, **more):
    return t.sts.assume_role(RoleArn=f"arn:aws:iam::{t.account}:role/{role}", RoleSessionName="night", **more)


@scenario("session-role")
def session_role(t):
    out = assume(t, "path/worker")
    check(out["Credentials"]["AccessKeyId"].startswith("ASIA"), out["Credentials"]["AccessKeyId"])
    left = out["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    check(datetime.timedelta(minutes=59) < left <= datetime.timedelta(minutes=60, seconds=5), f"it lasts {left}")
    worker = holding(t, out["Credentials"])
    who = worker.sts.get_caller_identity()
    equal(who["Arn"], f"arn:aws:sts::{t.account}:assumed-role/worker/night", "Arn")
    equal(who["UserId"], out["AssumedRoleUser"]["AssumedRoleId"], "UserId")
    url = worker.queue()
    worker.send(url, "by a session")
    equal(t.receive(url)[0]["Body"], "by a session", "Body")

    other = assume(worker, "other")
    equal(holding(t, other["Credentials"]).sts.get_caller_identity()["Arn"], f"arn:aws:sts::{t.account}:assumed-role/other/night", "Arn")
    with fails("ValidationError", message="1 hour session limit"):
        assume(worker, "other", DurationSeconds=3601)
    equal(t.sts.get_access_key_info(AccessKeyId=other["Credentials"]["AccessKeyId"])["Account"], t.account, "Account")


@scenario("session-user")
def session_user(t):
    own = holding(t, t.sts.get_session_token()["Credentials"])
    equal(own.sts.get_caller_identity()["Arn"], t.sts.get_caller_identity()["Arn"], "Arn")
    with fails("AccessDenied", status=403):
        own.sts.get_session_token()
    bob = t.sts.get_federation_token(Name="bob", Policy=POLICY)
    equal(bob["FederatedUser"]["Arn"], f"arn:aws:sts::{t.account}:federated-user/bob", "Arn")
    equal(holding(t, bob["Credentials"]).sts.get_caller_identity()["UserId"], f"{t.account}:bob", "UserId")


@scenario("session-errors")
def session_errors(t):
    role = f"arn:aws:iam::{t.account}:role/worker"
    for what, code, more in (
        ("no policy", "MalformedPolicyDocument", {"Policy": "{"}),
        ("a principal", "MalformedPolicyDocument", {"Policy": POLICY.replace('"Action"', '"Principal": "*", "Action"')}),
        ("no role", "ValidationError", {"RoleArn": f"arn:aws:iam::{t.account}:user/somebody"}),
        ("a long session", "ValidationError", {"DurationSeconds": 43201}),
        ("a name with spaces", "ValidationError", {"RoleSessionName": "a b"}),
    ):
        with case(what), fails(code, status=400):
            t.sts.assume_role(**{"RoleArn": role, "RoleSessionName": "night", **more})
    out = assume(t, "worker", Policy=POLICY, Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"])
    check(1 <= out["PackedPolicySize"] <= 50, f"PackedPolicySize {out['PackedPolicySize']}")
