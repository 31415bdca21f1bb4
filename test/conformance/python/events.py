"""The event bus: buses, rules, targets, events to queues, patterns."""

import json

from harness import case, check, equal, fails, scenario

PATTERN = json.dumps({"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 100]}]}})


def rule_to(t, bus, url, pattern, **target):
    rule = t.name("rule")
    t.events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps(pattern))
    got = t.events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "queue", "Arn": t.arn(url), **target}])
    equal(got["FailedEntryCount"], 0, f"FailedEntryCount of PutTargets ({got.get('FailedEntries')})")
    return rule


def bus_of(t):
    bus = t.name("bus")
    t.events.create_event_bus(Name=bus)
    return bus


@scenario("events-bus")
def buses(t):
    name = t.name("bus")
    arn = t.events.create_event_bus(Name=name)["EventBusArn"]
    equal(arn, f"arn:aws:events:{t.region}:{t.account}:event-bus/{name}", "EventBusArn")
    with fails("ResourceAlreadyExistsException"):
        t.events.create_event_bus(Name=name)
    got = t.events.describe_event_bus(Name=name)
    equal((got["Name"], got["Arn"]), (name, arn), "DescribeEventBus")
    equal(t.events.describe_event_bus()["Name"], "default", "the default bus")
    equal([b["Name"] for b in t.events.list_event_buses(NamePrefix=name)["EventBuses"]], [name], "ListEventBuses by prefix")
    check("default" in [b["Name"] for b in t.events.list_event_buses()["EventBuses"]], "the default bus is not listed")
    t.events.delete_event_bus(Name=name)
    with fails("ResourceNotFoundException"):
        t.events.describe_event_bus(Name=name)
    t.events.delete_event_bus(Name=name)  # again: no error
    with fails("ValidationException"):
        t.events.delete_event_bus(Name="default")
    with fails("ValidationException"):
        t.events.create_event_bus(Name="spa ce")


@scenario("events-rule")
def rules(t):
    bus, name = bus_of(t), t.name("rule")
    arn = t.events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN, Description="large orders")["RuleArn"]
    equal(arn, f"arn:aws:events:{t.region}:{t.account}:rule/{bus}/{name}", "RuleArn")
    got = t.events.describe_rule(Name=name, EventBusName=bus)
    equal((got["Arn"], got["EventPattern"], got["State"], got["Description"], got["EventBusName"]),
          (arn, PATTERN, "ENABLED", "large orders", bus), "DescribeRule")
    t.events.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN, State="DISABLED")
    equal(t.events.describe_rule(Name=name, EventBusName=bus)["State"], "DISABLED", "State after the second PutRule")
    t.events.enable_rule(Name=name, EventBusName=bus)
    equal(t.events.describe_rule(Name=name, EventBusName=bus)["State"], "ENABLED", "State after EnableRule")
    t.events.disable_rule(Name=name, EventBusName=bus)
    equal(t.events.describe_rule(Name=name, EventBusName=bus)["State"], "DISABLED", "State after DisableRule")
    for i in range(3):
        t.events.put_rule(Name=f"{name}-{i}", EventBusName=bus, EventPattern=PATTERN)
    seen, token = [], {}
    while True:
        page = t.events.list_rules(EventBusName=bus, NamePrefix=name, Limit=2, **token)
        check(len(page["Rules"]) <= 2, "a page is too long")
        seen += [r["Name"] for r in page["Rules"]]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    equal(sorted(seen), [name] + [f"{name}-{i}" for i in range(3)], "ListRules")

    url = t.queue()
    target = {"Id": "one", "Arn": t.arn(url)}
    equal(t.events.put_targets(Rule=name, EventBusName=bus, Targets=[target])["FailedEntryCount"], 0, "PutTargets")
    equal(t.events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"], [target], "ListTargetsByRule")
    equal(t.events.list_rule_names_by_target(TargetArn=target["Arn"], EventBusName=bus)["RuleNames"], [name], "ListRuleNamesByTarget")
    with fails("ValidationException"):
        t.events.delete_rule(Name=name, EventBusName=bus)
    got = t.events.remove_targets(Rule=name, EventBusName=bus, Ids=["one"])
    equal(got["FailedEntryCount"], 0, "RemoveTargets")
    equal(t.events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"], [], "targets left")
    with fails("ValidationException"):
        t.events.delete_event_bus(Name=bus)  # it still has rules
    for rule in seen:
        t.events.delete_rule(Name=rule, EventBusName=bus)
    with fails("ResourceNotFoundException"):
        t.events.describe_rule(Name=name, EventBusName=bus)
    t.events.delete_event_bus(Name=bus)


@scenario("events-errors")
def errors(t):
    bus, e = bus_of(t), t.events
    for bad in ("{", "[]", '{"source": "text"}', '{"source": [{"nonsense": 1}]}', '{"source": []}'):
        with case(bad), fails("InvalidEventPatternException", status=400):
            e.put_rule(Name="bad", EventBusName=bus, EventPattern=bad)
    with fails("ValidationException"):
        e.put_rule(Name="bad", EventBusName=bus)
    with fails("ValidationException"):
        e.put_rule(Name="spa ce", EventBusName=bus, EventPattern=PATTERN)
    with fails("ResourceNotFoundException"):
        e.put_rule(Name="r", EventBusName=t.name("nobus"), EventPattern=PATTERN)
    with fails("ResourceNotFoundException"):
        e.put_targets(Rule="never", EventBusName=bus, Targets=[{"Id": "a", "Arn": t.arn(t.queue())}])
    with fails("ResourceNotFoundException"):
        e.list_targets_by_rule(Rule="never", EventBusName=bus)
    with fails("ResourceNotFoundException"):
        e.list_rules(EventBusName=t.name("nobus"))
    with fails("ValidationException"):
        e.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}] * 11)
    equal(e.list_rules(EventBusName=bus)["Rules"], [], "rules after refused calls")


@scenario("events-schedule")
def schedules(t):
    e, name = t.events, t.name("rule")
    e.put_rule(Name=name, ScheduleExpression="rate(5 minutes)", State="DISABLED")
    got = e.describe_rule(Name=name)
    equal((got["ScheduleExpression"], got["State"], got["EventBusName"]), ("rate(5 minutes)", "DISABLED", "default"), "DescribeRule")
    check("EventPattern" not in got, "a rule without a pattern shows one")
    e.put_rule(Name=name, ScheduleExpression="cron(15 10 ? * 6L 2030-2040)", EventPattern=PATTERN)
    listed = e.list_rules(NamePrefix=name)["Rules"]
    equal([(r["ScheduleExpression"], r["EventPattern"], r["State"]) for r in listed],
          [("cron(15 10 ? * 6L 2030-2040)", PATTERN, "ENABLED")], "ListRules")
    url = t.queue()
    e.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": t.arn(url)}])
    e.disable_rule(Name=name)
    e.enable_rule(Name=name)
    for bad in ("rate(5 minute)", "rate(1 minutes)", "rate(0 minutes)", "rate(5 seconds)", "cron(0 12 * * * *)", "cron(0 12 ? * ? *)",
                "cron(7 20 * * 1-7 *)", "cron(*/60 * * * ? *)", "cron(0 12 * * ?)", "at(2030-01-31T13:00:00)", "0 12 * * ? *"):
        with case(bad), fails("ValidationException", status=400):
            e.put_rule(Name=name, ScheduleExpression=bad)
    with fails("ValidationException"):
        e.put_rule(Name=name, ScheduleExpression="rate(5 minutes)", EventBusName=bus_of(t))
    equal(e.describe_rule(Name=name)["ScheduleExpression"], "cron(15 10 ? * 6L 2030-2040)", "after refused calls")
    e.remove_targets(Rule=name, Ids=["q"])
    e.delete_rule(Name=name)


@scenario("events-put")
def put(t):
    bus, large, every, fifo = bus_of(t), t.queue(), t.queue(), t.queue(fifo=True, ContentBasedDeduplication="true")
    rule_to(t, bus, large, json.loads(PATTERN))
    rule_to(t, bus, every, {"source": [{"prefix": "shop."}]})
    rule_to(t, bus, fifo, {"detail-type": ["Order Placed"]}, SqsParameters={"MessageGroupId": "orders"})
    off = t.queue()
    quiet = rule_to(t, bus, off, {"source": [{"prefix": ""}]})
    t.events.put_rule(Name=quiet, EventBusName=bus, EventPattern='{"source": [{"prefix": ""}]}', State="DISABLED")

    def entry(total, source="shop.orders", **more):
        detail = json.dumps({"total": total, "note": "Grüße 🎉"})
        return {"Source": source, "DetailType": "Order Placed", "Detail": detail, "EventBusName": bus,
                "Resources": ["arn:aws:s3:::x"], **more}

    got = t.events.put_events(Entries=[entry(50), entry(150.5), entry(900, source="else.where")])
    equal(got["FailedEntryCount"], 0, "FailedEntryCount")
    ids = [e["EventId"] for e in got["Entries"]]
    equal(len(set(ids)), 3, "event ids")

    event = json.loads(t.receive(large)[0]["Body"])
    equal(event["id"], ids[1], "id")
    equal(event["version"], "0", "version")
    equal((event["source"], event["detail-type"], event["account"], event["region"], event["resources"]),
          ("shop.orders", "Order Placed", t.account, t.region, ["arn:aws:s3:::x"]), "envelope")
    equal(event["detail"], {"total": 150.5, "note": "Grüße 🎉"}, "detail")
    check(event["time"].endswith("Z") and len(event["time"]) == 20, f"time {event['time']}")
    equal({json.loads(m["Body"])["id"] for m in t.receive(every, 2)}, set(ids[:2]), "by prefix")
    equal([json.loads(m["Body"])["id"] for m in t.receive(fifo, 3)], ids, "into a FIFO queue, in order")
    equal((t.count(large), t.count(every), t.count(off)), (0, 0, 0), "what is left")

    got = t.events.put_events(Entries=[
        entry(500), entry(1, Detail="no json"), entry(1, Detail="[1]"), {"Source": "s", "DetailType": "d", "EventBusName": bus},
        {"DetailType": "d", "Detail": "{}", "EventBusName": bus}, {"Source": "s", "Detail": "{}", "EventBusName": bus}])
    equal(got["FailedEntryCount"], 5, "FailedEntryCount of bad entries")
    equal([e.get("ErrorCode") for e in got["Entries"]],
          [None, "MalformedDetail", "MalformedDetail"] + ["InvalidArgument"] * 3, "ErrorCodes")
    equal(json.loads(t.receive(large)[0]["Body"])["id"], got["Entries"][0]["EventId"], "the good entry of a bad batch")
    t.events.put_events(Entries=[{"Source": "shop.orders", "DetailType": "d", "Detail": '{"total": 999}'}])
    equal(t.once(large), [], "an event on another bus")


@scenario("events-target")
def target(t):
    bus, whole, part, made, dead = bus_of(t), t.queue(), t.queue(), t.queue(), t.queue()
    rule, gone = t.name("rule"), t.arn(dead) + "-gone"
    rule_arn = t.events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["shop"]}')["RuleArn"]
    targets = [
        {"Id": "constant", "Arn": t.arn(whole), "Input": '{"k": 1}'},
        {"Id": "gone", "Arn": gone, "Input": '"x"', "DeadLetterConfig": {"Arn": t.arn(dead)},
         "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}},
        {"Id": "path", "Arn": t.arn(part), "InputPath": "$.detail"},
        {"Id": "template", "Arn": t.arn(made), "InputTransformer": {
            "InputPathsMap": {"n": "$.detail.n", "id": "$.id"},
            "InputTemplate": '{"n": <n>, "text": "<id> by <aws.events.rule-name>", "rule": <aws.events.rule-arn>}'}},
        {"Id": "write", "Arn": t.arn(whole).replace(":sqs:", ":logs:").rsplit(":", 1)[0] + ":log-group:/aws/events/" + rule},
    ]
    got = t.events.put_targets(Rule=rule, EventBusName=bus, Targets=targets)
    equal(got["FailedEntryCount"], 0, f"FailedEntryCount of PutTargets ({got.get('FailedEntries')})")
    listed = t.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
    equal(sorted(listed, key=lambda x: x["Id"]), targets, "ListTargetsByRule")

    bad = {"two inputs": {"Input": "{}", "InputPath": "$"}, "no JSON": {"Input": "hello"},
           "no such variable": {"InputTransformer": {"InputTemplate": '"<no>"'}},
           "a FIFO queue for dead letters": {"DeadLetterConfig": {"Arn": t.arn(dead) + ".fifo"}}}
    for what, more in bad.items():
        with case(what), fails("ValidationException"):
            t.events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "bad", "Arn": t.arn(whole), **more}])
    equal(len(t.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]), len(targets), "targets after refused calls")

    detail = {"n": 1.5}
    event = t.events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": json.dumps(detail), "EventBusName": bus}])
    event_id = event["Entries"][0]["EventId"]
    equal(json.loads(t.receive(whole)[0]["Body"]), {"k": 1}, "Input")
    equal(json.loads(t.receive(part)[0]["Body"]), detail, "InputPath")
    equal(json.loads(t.receive(made)[0]["Body"]), {"n": 1.5, "text": f"{event_id} by {rule}", "rule": rule_arn}, "InputTransformer")

    letter = t.receive(dead, MessageAttributeNames=["All"])[0]
    equal(json.loads(letter["Body"])["id"], event_id, "a dead letter is the event")
    said = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
    equal((said["RULE_ARN"], said["TARGET_ARN"], said["RETRY_ATTEMPTS"]), (rule_arn, gone, "0"), "attributes of a dead letter")
    check(said["ERROR_CODE"] and said["ERROR_MESSAGE"], f"a dead letter without its error: {said}")


@scenario("events-idempotency")
def idempotency(t):
    """Carillon's own, asked for with tags."""
    bus, queue, rule = bus_of(t), t.queue(), t.name("rule")
    t.events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["shop"]}')
    t.events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "t", "Arn": t.arn(queue)}])
    arn = t.events.describe_event_bus(Name=bus)["Arn"]
    for key, value in (("path", "detail.id"), ("path", "$.detail.*")):
        with case(value), fails("ValidationException"):
            t.events.tag_resource(ResourceARN=arn, Tags=[{"Key": f"carillon:idempotency-key-{key}", "Value": value}])
    with case("a window that is none"), fails("ValidationException"):
        t.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "carillon:idempotency-window", "Value": "25h"}])
    t.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "carillon:idempotency-window", "Value": "5m"}])

    def put(*keys):
        entries = [{"Source": "shop", "DetailType": "d", "EventBusName": bus,
                    "Detail": json.dumps({"metadata": {"idempotency-key": key}, "n": n})} for n, key in enumerate(keys)]
        return [e["EventId"] for e in t.events.put_events(Entries=entries)["Entries"]]

    first = put("a", "b", "a")
    equal(first[2], first[0], "a repeat in the batch")
    check(first[1] != first[0], "another key has another id")
    equal(put("b", "c")[0], first[1], "a repeat in another call")
    got = [json.loads(m["Body"])["detail"]["metadata"]["idempotency-key"] for m in t.receive(queue, 3)]
    equal(sorted(got), ["a", "b", "c"], "routed")


@scenario("events-pattern")
def pattern(t):
    event = {"id": "1", "account": "123456789012", "source": "shop", "time": "2026-01-02T03:04:05Z", "region": "eu-west-1",
             "resources": ["arn:a", "arn:b"], "detail-type": "Order", "detail": {"state": "new", "total": 12.5, "null": None}}
    cases = [
        ({"source": ["shop"]}, True), ({"source": ["other", "shop"]}, True), ({"source": ["other"]}, False),
        ({"resources": ["arn:b"]}, True), ({"detail": {"state": [{"prefix": "ne"}]}}, True),
        ({"detail": {"state": [{"anything-but": ["new"]}]}}, False), ({"detail": {"state": [{"anything-but": "old"}]}}, True),
        ({"detail": {"total": [{"numeric": [">=", 12.5, "<", 13]}]}}, True), ({"detail": {"total": [{"numeric": ["=", 12]}]}}, False),
        ({"detail": {"missing": [{"exists": False}]}}, True), ({"detail": {"state": [{"exists": True}]}}, True),
        ({"detail": {"null": [None]}}, True), ({"source": ["shop"], "detail": {"state": ["old"]}}, False),
    ]
    for rule, want in cases:
        got = t.events.test_event_pattern(EventPattern=json.dumps(rule), Event=json.dumps(event))["Result"]
        equal(got, want, f"{rule}")
    with fails("InvalidEventPatternException"):
        t.events.test_event_pattern(EventPattern='{"source": "shop"}', Event=json.dumps(event))
