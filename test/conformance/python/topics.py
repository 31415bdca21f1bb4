"""Topics, who subscribes to them, and what SNS knows of devices and phone numbers."""

import json

from harness import case, check, equal, fails, scenario


def topic_of(t, fifo=False, **attributes):
    if fifo:
        attributes["FifoTopic"] = "true"
    return t.sns.create_topic(Name=t.name("topic", fifo), Attributes=attributes)["TopicArn"]


def attributes_of(t, arn):
    return t.sns.get_topic_attributes(TopicArn=arn)["Attributes"]


@scenario("topic-create")
def create(t):
    name = t.name("topic")
    arn = t.sns.create_topic(Name=name, Attributes={"DisplayName": "Shop"}, Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    equal(arn, f"arn:aws:sns:{t.region}:{t.account}:{name}", "TopicArn")
    equal(t.sns.create_topic(Name=name)["TopicArn"], arn, "the same again")
    with fails("InvalidParameter", status=400, message="Topic already exists with different attributes"):
        t.sns.create_topic(Name=name, Attributes={"DisplayName": "Store"})
    with fails("InvalidParameter", message="Topic already exists with different tags"):
        t.sns.create_topic(Name=name, Tags=[{"Key": "b", "Value": "1"}])
    for bad in ("a b", "a.fifo", "x" * 257):
        with case(bad), fails("InvalidParameter", message="Topic Name"):
            t.sns.create_topic(Name=bad)
    got = attributes_of(t, arn)
    equal((got["TopicArn"], got["Owner"], got["DisplayName"]), (arn, t.account, "Shop"), "attributes")
    equal([got["Subscriptions" + x] for x in ("Confirmed", "Pending", "Deleted")], ["0", "0", "0"], "subscriptions")
    equal(json.loads(got["Policy"])["Statement"][0]["Condition"], {"StringEquals": {"AWS:SourceOwner": t.account}}, "the policy of every topic")
    listed = [x["TopicArn"] for page in t.sns.get_paginator("list_topics").paginate() for x in page["Topics"]]
    check(arn in listed, "ListTopics")
    t.sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": ""}])
    t.sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    equal(t.sns.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "b", "Value": ""}], "tags")
    with fails("ResourceNotFound", status=404):
        t.sns.list_tags_for_resource(ResourceArn=arn + "-none")
    t.sns.delete_topic(TopicArn=arn)
    t.sns.delete_topic(TopicArn=arn)
    with fails("NotFound", status=404, message="Topic does not exist"):
        t.sns.get_topic_attributes(TopicArn=arn)
    with fails("InvalidParameter", message="An ARN must have at least 6 elements, not 1"):
        t.sns.get_topic_attributes(TopicArn=name)


@scenario("topic-attributes")
def attributes(t):
    arn, fifo = topic_of(t), topic_of(t, fifo=True, ContentBasedDeduplication="true")
    got = attributes_of(t, fifo)
    equal((got["FifoTopic"], got["ContentBasedDeduplication"]), ("true", "true"), "a FIFO topic")
    delivery = '{"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}'
    for name, value in {"DisplayName": "Größe", "DeliveryPolicy": delivery, "SignatureVersion": "2", "TracingConfig": "Active",
                        "KmsMasterKeyId": "alias/aws/sns", "SQSSuccessFeedbackSampleRate": "50"}.items():
        with case(name):
            t.sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
            equal(attributes_of(t, arn)[name], value, "echoed")
    effective = json.loads(attributes_of(t, arn)["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    equal((effective["numRetries"], effective["minDelayTarget"]), (5, 20), "EffectiveDeliveryPolicy")
    before = attributes_of(t, arn)
    for name, value in {"Nonsense": "x", "Policy": "{}", "DeliveryPolicy": "x", "SignatureVersion": "3", "ContentBasedDeduplication": "true",
                        "FifoTopic": "true", "SQSSuccessFeedbackSampleRate": "101"}.items():
        with case(name), fails("InvalidParameter", status=400):
            t.sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    equal(attributes_of(t, arn), before, "attributes after refused calls")


@scenario("topic-policy", needs=("put_data_protection_policy",))
def policy(t):
    arn = topic_of(t)
    t.sns.add_permission(TopicArn=arn, Label="one", AWSAccountId=["123456789012"], ActionName=["Publish"])
    statement = json.loads(attributes_of(t, arn)["Policy"])["Statement"][1]
    equal((statement["Sid"], statement["Principal"], statement["Action"], statement["Resource"]),
          ("one", {"AWS": "arn:aws:iam::123456789012:root"}, "SNS:Publish", arn), "the statement")
    with fails("InvalidParameter"):
        t.sns.add_permission(TopicArn=arn, Label="one", AWSAccountId=["123456789012"], ActionName=["Publish"])
    t.sns.remove_permission(TopicArn=arn, Label="one")
    equal(len(json.loads(attributes_of(t, arn)["Policy"])["Statement"]), 1, "statements")
    protection = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": []})
    t.sns.put_data_protection_policy(ResourceArn=arn, DataProtectionPolicy=protection)
    equal(t.sns.get_data_protection_policy(ResourceArn=arn)["DataProtectionPolicy"], protection, "DataProtectionPolicy")


@scenario("subscribe")
def subscribe(t):
    arn, queue = topic_of(t), t.arn(t.queue())
    sub = t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    check(sub.startswith(arn + ":"), f"SubscriptionArn {sub}")
    equal(t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)["SubscriptionArn"], sub, "the same again")
    with fails("InvalidParameter", message="Subscription already exists with different attributes"):
        t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    listed = t.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    equal(listed, [{"SubscriptionArn": sub, "Owner": t.account, "Protocol": "sqs", "Endpoint": queue, "TopicArn": arn}], "by topic")
    mine = [s["SubscriptionArn"] for page in t.sns.get_paginator("list_subscriptions").paginate() for s in page["Subscriptions"]]
    check(sub in mine, "ListSubscriptions")

    got = t.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")["SubscriptionArn"]
    equal(got, "pending confirmation", "one that waits")
    waiting = t.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com", ReturnSubscriptionArn=True)["SubscriptionArn"]
    equal(t.sns.get_subscription_attributes(SubscriptionArn=waiting)["Attributes"]["PendingConfirmation"], "true", "PendingConfirmation")
    check("PendingConfirmation" in [s["SubscriptionArn"] for s in t.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]], "in the list")
    with fails("InvalidParameter", message="Token"):
        t.sns.confirm_subscription(TopicArn=arn, Token="made up")
    equal([attributes_of(t, arn)["Subscriptions" + x] for x in ("Confirmed", "Pending")], ["1", "1"], "counts")

    bad = {"sqs": "http://example.com", "http": "https://example.com", "email": "nobody", "sms": "x", "lambda": "x", "pigeon": "x",
           "application": arn}
    for protocol, endpoint in bad.items():
        with case(protocol), fails("InvalidParameter", status=400):
            t.sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    with fails("InvalidParameter"):
        t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue + ".fifo")
    with fails("InvalidParameter", message="Invalid protocol type: sms"):
        t.sns.subscribe(TopicArn=topic_of(t, fifo=True), Protocol="sms", Endpoint="+491701234567")
    with fails("NotFound", status=404):
        t.sns.subscribe(TopicArn=arn + "-none", Protocol="sqs", Endpoint=queue)
    t.sns.unsubscribe(SubscriptionArn=sub)
    t.sns.unsubscribe(SubscriptionArn=sub)
    with fails("NotFound", message="Subscription does not exist"):
        t.sns.get_subscription_attributes(SubscriptionArn=sub)
    equal(attributes_of(t, arn)["SubscriptionsDeleted"], "1", "SubscriptionsDeleted")


@scenario("subscribe-pages")
def subscribe_pages(t):
    arn = topic_of(t)
    numbers = {f"+4917012345{i:03d}" for i in range(120)}
    for number in numbers:
        t.sns.subscribe(TopicArn=arn, Protocol="sms", Endpoint=number)
    topics = {arn, *(topic_of(t) for _ in range(101))}

    def found(operation, field, **more):
        pages = list(t.sns.get_paginator(operation).paginate(**more))
        check(len(pages) > 1 and all(len(p[field]) <= 100 for p in pages), f"{operation}: pages of at most a hundred")
        return [x for p in pages for x in p[field]]

    by_topic = found("list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    equal((len(by_topic), {s["Endpoint"] for s in by_topic}), (120, numbers), "by topic")
    equal(len([s for s in found("list_subscriptions", "Subscriptions") if s["TopicArn"] == arn]), 120, "of the account")
    check(topics <= {x["TopicArn"] for x in found("list_topics", "Topics")}, "ListTopics has them all")
    for call in (lambda: t.sns.list_topics(NextToken="made up"), lambda: t.sns.list_subscriptions_by_topic(TopicArn=arn, NextToken="made up")):
        with fails("InvalidParameter", status=400, message="NextToken"):
            call()


@scenario("subscription-attributes")
def subscription_attributes(t):
    arn, queue, dead = topic_of(t), t.arn(t.queue()), t.arn(t.queue())
    given = {"FilterPolicy": '{"store": ["a", {"prefix": "b"}]}', "RawMessageDelivery": "true",
             "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    sub = t.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=given)["SubscriptionArn"]

    def now():
        return t.sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"]

    def put(name, value):
        t.sns.set_subscription_attributes(SubscriptionArn=sub, AttributeName=name, AttributeValue=value)

    equal({k: now()[k] for k in given}, given, "as they were given")
    equal((now()["FilterPolicyScope"], now()["Owner"], now()["ConfirmationWasAuthenticated"]), ("MessageAttributes", t.account, "true"), "the others")
    put("FilterPolicyScope", "MessageBody")
    put("FilterPolicy", '{"a": {"b": ["c"]}}')
    before = now()
    for name, value in {"Nonsense": "", "FilterPolicyScope": "MessageAttributes", "FilterPolicy": '{"a": "b"}', "RawMessageDelivery": "x",
                        "RedrivePolicy": '{"maxReceiveCount": 3}', "SubscriptionRoleArn": "x"}.items():
        with case(name), fails("InvalidParameter", status=400):
            put(name, value)
    equal(now(), before, "attributes after refused calls")
    put("FilterPolicy", "{}")
    check("FilterPolicy" not in now(), "a policy that was taken away")


@scenario("push-endpoints")
def push(t):
    app = t.sns.create_platform_application(Name=t.name("app"), Platform="GCM", Attributes={"PlatformCredential": "secret"})["PlatformApplicationArn"]
    t.sns.set_platform_application_attributes(PlatformApplicationArn=app, Attributes={"SuccessFeedbackSampleRate": "10"})
    equal(t.sns.get_platform_application_attributes(PlatformApplicationArn=app)["Attributes"], {"Enabled": "true", "SuccessFeedbackSampleRate": "10"}, "application")
    apps = [a["PlatformApplicationArn"] for page in t.sns.get_paginator("list_platform_applications").paginate() for a in page["PlatformApplications"]]
    check(app in apps, "ListPlatformApplications")
    device = t.sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t", CustomUserData="u")["EndpointArn"]
    equal(t.sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t", CustomUserData="u")["EndpointArn"], device, "the same again")
    with fails("InvalidParameter", message=f"Endpoint {device} already exists with the same Token, but different attributes."):
        t.sns.create_platform_endpoint(PlatformApplicationArn=app, Token="t", CustomUserData="v")
    t.sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    equal(t.sns.get_endpoint_attributes(EndpointArn=device)["Attributes"], {"Token": "t", "CustomUserData": "u", "Enabled": "false"}, "device")
    equal(len(t.sns.list_endpoints_by_platform_application(PlatformApplicationArn=app)["Endpoints"]), 1, "devices")
    sub = t.sns.subscribe(TopicArn=topic_of(t), Protocol="application", Endpoint=device)["SubscriptionArn"]
    check(sub.startswith("arn:"), "a device needs not confirm")
    t.sns.delete_endpoint(EndpointArn=device)
    with fails("NotFound", status=404):
        t.sns.get_endpoint_attributes(EndpointArn=device)
    t.sns.delete_platform_application(PlatformApplicationArn=app)


@scenario("text-messages")
def text(t):
    t.sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional"})
    equal(t.sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"], {"DefaultSMSType": "Transactional"}, "settings")
    with fails("InvalidParameter"):
        t.sns.set_sms_attributes(attributes={"DefaultSMSType": "x"})
    number = "+49170" + str(abs(hash(t.name())))[:7]
    equal(t.sns.check_if_phone_number_is_opted_out(phoneNumber=number)["isOptedOut"], False, "opted out")
    with fails("InvalidParameter", message="no gateway"):  # AWS would send it; a server without a gateway must not say that it did
        t.sns.publish(PhoneNumber=number, Message="m")
    t.sns.opt_in_phone_number(phoneNumber=number)
    equal(t.sns.list_phone_numbers_opted_out()["phoneNumbers"], [], "numbers that opted out")
    equal(t.sns.list_origination_numbers()["PhoneNumbers"], [], "numbers of our own")
    equal(t.sns.get_sms_sandbox_account_status()["IsInSandbox"], False, "sandbox")
    t.sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    with fails("VerificationException", "Verification"):
        t.sns.verify_sms_sandbox_phone_number(PhoneNumber=number, OneTimePassword="99999")
    check({"PhoneNumber": number, "Status": "Pending"} in t.sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"], "the number waits")
    t.sns.delete_sms_sandbox_phone_number(PhoneNumber=number)
    with fails("ResourceNotFound", status=404):
        t.sns.delete_sms_sandbox_phone_number(PhoneNumber=number)
