"""A subscriber of a topic over HTTP, confirmed through the API; the JS and Java
tours check the signatures of what it gets."""

import json
import urllib.error
import urllib.request

from destinations import receiver
from harness import check, equal, fails, scenario
from topics import topic_of


def visit(link):
    """The status of a GET."""
    try:
        return urllib.request.urlopen(link, timeout=20).status
    except urllib.error.HTTPError as e:
        return e.code


@scenario("topics-http-confirm")
def confirm(t):
    arn = topic_of(t)
    with receiver() as (url, got, _):
        def document(kind):
            _, headers, body = got.get(timeout=20)
            equal((headers["x-amz-sns-message-type"], headers["x-amz-sns-topic-arn"]), (kind, arn), "headers")
            return json.loads(body)

        waiting = t.sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=url + "/hook", ReturnSubscriptionArn=True)["SubscriptionArn"]
        token = document("SubscriptionConfirmation")["Token"]
        with fails("InvalidParameter", status=400):
            t.sns.confirm_subscription(TopicArn=arn, Token=token[:-1] + ("0" if token[-1] != "0" else "1"))
        sub = t.sns.confirm_subscription(TopicArn=arn, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
        equal(sub, waiting, "SubscriptionArn")
        settings = t.sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"]
        equal((settings["PendingConfirmation"], settings["ConfirmationWasAuthenticated"]), ("false", "true"), "attributes")
        sent = t.sns.publish(TopicArn=arn, Message="Größe", Subject="s")["MessageId"]
        message = document("Notification")
        equal((message["MessageId"], message["Message"], message["Subject"]), (sent, "Größe", "s"), "the message")
        check(visit(message["UnsubscribeURL"]) in (401, 403), "a stranger may not unsubscribe")
        equal(t.sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"]["Endpoint"], url + "/hook", "it goes on")
        t.sns.unsubscribe(SubscriptionArn=sub)
        with fails("NotFound", status=404):
            t.sns.get_subscription_attributes(SubscriptionArn=sub)
