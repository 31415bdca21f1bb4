"""Rules that watch what is done through the API."""

import json

from harness import equal, scenario

DETAIL_TYPE = "AWS API Call via CloudTrail"


@scenario("events-audit")
def watched_calls(t):
    name, url, rule = t.name(), t.queue(), t.name("rule")
    pattern = {"source": ["aws.sqs"], "detail-type": [DETAIL_TYPE],
               "detail": {"eventSource": ["sqs.amazonaws.com"], "eventName": ["CreateQueue"], "requestParameters": {"queueName": [name]}}}
    t.events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    t.events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": t.arn(url)}])
    made = t.queue(name=name)
    event = json.loads(t.receive(url)[0]["Body"])
    detail = event["detail"]
    equal((event["source"], event["detail-type"], event["account"]), ("aws.sqs", DETAIL_TYPE, t.account), "the event")
    equal((detail["eventName"], detail["readOnly"], detail["recipientAccountId"]), ("CreateQueue", False, t.account), "the record")
    equal(detail["responseElements"]["queueUrl"], made, "what was answered")
    equal(detail["userIdentity"]["accountId"], t.account, "who it was")
    t.events.remove_targets(Rule=rule, Ids=["q"])
    t.events.delete_rule(Name=rule)
