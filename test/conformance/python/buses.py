"""What buses can be told, rules from bus to bus, and partners' buses."""

import json

from events import bus_of, rule_to
from harness import check, equal, fails, scenario


@scenario("events-permission")
def permissions(t):
    bus, e = bus_of(t), t.events

    def policy():
        shown = e.describe_event_bus(Name=bus).get("Policy")
        return json.loads(shown)["Statement"] if shown else []

    e.put_permission(EventBusName=bus, Action="events:PutEvents", Principal="123456789012", StatementId="one")
    e.put_permission(EventBusName=bus, Action="events:PutEvents", Principal="*", StatementId="org",
                     Condition={"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"})
    equal([s["Sid"] for s in policy()], ["one", "org"], "statements")
    equal(policy()[0], {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                        "Action": "events:PutEvents", "Resource": f"arn:aws:events:{t.region}:{t.account}:event-bus/{bus}"}, "a statement")
    equal(policy()[1]["Condition"], {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "Condition")
    t.events.remove_permission(EventBusName=bus, StatementId="one")
    with fails("ResourceNotFoundException"):
        e.remove_permission(EventBusName=bus, StatementId="one")
    whole = {"Version": "2012-10-17", "Statement": [{"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    e.put_permission(EventBusName=bus, Policy=json.dumps(whole))
    equal(policy(), whole["Statement"], "a whole policy")
    with fails("PolicyLengthExceededException"):
        e.put_permission(EventBusName=bus, Policy=json.dumps({"Statement": dict(whole["Statement"][0], Resource="x" * 10240)}))
    with fails("ValidationException"):
        e.put_permission(EventBusName=bus, Policy="{}")
    e.remove_permission(EventBusName=bus, RemoveAllPermissions=True)
    equal(policy(), [], "statements left")


@scenario("events-bus-settings", needs=["update_event_bus"])
def settings(t):
    name, dead = t.name("bus"), t.arn(t.queue())
    want = {"Description": "d", "KmsKeyIdentifier": "alias/k", "DeadLetterConfig": {"Arn": dead},
            "LogConfig": {"Level": "INFO", "IncludeDetail": "NONE"}}
    t.events.create_event_bus(Name=name, **want)
    got = t.events.describe_event_bus(Name=name)
    equal({k: got.get(k) for k in want}, want, "DescribeEventBus")
    t.events.update_event_bus(Name=name, DeadLetterConfig={"Arn": dead})
    got = t.events.describe_event_bus(Name=name)
    equal({k: got.get(k) for k in want}, {**dict.fromkeys(want), "Description": "d", "DeadLetterConfig": {"Arn": dead}}, "after UpdateEventBus")
    check(got["LastModifiedTime"] >= got["CreationTime"], f"times {got}")


@scenario("events-tags")
def tags(t):
    bus, e = bus_of(t), t.events
    e.put_rule(Name="r", EventBusName=bus, EventPattern='{"source": ["shop"]}', Tags=[{"Key": "of", "Value": "rule"}])
    for arn in [e.describe_event_bus(Name=bus)["Arn"], e.describe_rule(Name="r", EventBusName=bus)["Arn"]]:
        def shown():
            return {tag["Key"]: tag["Value"] for tag in t.events.list_tags_for_resource(ResourceARN=arn)["Tags"] if tag["Key"] != "of"}

        e.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
        e.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "2"}])
        equal(shown(), {"a": "2", "b": ""}, "tags")
        t.events.untag_resource(ResourceARN=arn, TagKeys=["b", "nobody's"])
        equal(shown(), {"a": "2"}, "tags after UntagResource")
        with fails("ValidationException"):
            e.tag_resource(ResourceARN=arn, Tags=[{"Key": "aws:a", "Value": "1"}])
        with fails("ResourceNotFoundException"):
            e.list_tags_for_resource(ResourceARN=arn + "-not")


@scenario("events-bus-to-bus")
def forward(t):
    first, second, url = bus_of(t), bus_of(t), t.queue()
    t.events.put_rule(Name="on", EventBusName=first, EventPattern='{"source": ["shop"]}')
    arn = t.events.describe_event_bus(Name=second)["Arn"]
    t.events.put_targets(Rule="on", EventBusName=first, Targets=[{"Id": "bus", "Arn": arn}])
    rule_to(t, second, url, {"source": ["shop"]})
    t.events.put_rule(Name="back", EventBusName=second, EventPattern='{"source": ["shop"]}')
    t.events.put_targets(Rule="back", EventBusName=second, Targets=[{"Id": "bus", "Arn": t.events.describe_event_bus(Name=first)["Arn"]}])
    got = t.events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}", "EventBusName": first}])
    equal([json.loads(m["Body"])["id"] for m in t.receive(url, 1)], [got["Entries"][0]["EventId"]], "through two buses")
    equal(t.once(url), [], "again, by the loop")


@scenario("events-partner")
def partner(t):
    e, name = t.events, f"aws.partner/example.com/{t.name('shop')}/orders"
    e.create_partner_event_source(Name=name, Account=t.account)
    equal(e.describe_event_source(Name=name)["State"], "PENDING", "State of a new source")
    with fails("ResourceAlreadyExistsException"):
        e.create_partner_event_source(Name=name, Account=t.account)
    with fails("InvalidStateException"):
        e.activate_event_source(Name=name)
    e.create_event_bus(Name=name, EventSourceName=name)
    url = t.queue()
    rule_to(t, name, url, {"source": [name]})
    entry = {"Source": name, "DetailType": "d", "Detail": '{"n": 1}'}
    got = e.put_partner_events(Entries=[entry, {**entry, "Source": name + "s"}])
    equal((got["FailedEntryCount"], got["Entries"][1].get("ErrorCode")), (1, "NotAuthorizedForSourceException"), "PutPartnerEvents")
    event = json.loads(t.receive(url)[0]["Body"])
    equal((event["id"], event["source"], event["account"]), (got["Entries"][0]["EventId"], name, t.account), "a partner's event")
    e.deactivate_event_source(Name=name)
    e.put_partner_events(Entries=[entry])
    e.activate_event_source(Name=name)
    equal(t.once(url), [], "an event while deactivated")
    equal([s["Name"] for s in e.list_event_sources(NamePrefix=name)["EventSources"]], [name], "ListEventSources")
    equal([s["Name"] for s in e.list_partner_event_sources(NamePrefix=name)["PartnerEventSources"]], [name], "ListPartnerEventSources")
    equal(e.describe_partner_event_source(Name=name)["Name"], name, "DescribePartnerEventSource")
    accounts = e.list_partner_event_source_accounts(EventSourceName=name)["PartnerEventSourceAccounts"]
    equal([(a["Account"], a["State"]) for a in accounts], [(t.account, "ACTIVE")], "ListPartnerEventSourceAccounts")
    e.delete_partner_event_source(Name=name, Account=t.account)
    equal(e.describe_event_source(Name=name)["State"], "DELETED", "State of a deleted source")


@scenario("events-endpoint")
def endpoints(t):
    e, name, bus = t.events, t.name("endpoint"), bus_of(t)
    there = t.client("events", "eu-west-1")
    buses = [t.events.describe_event_bus(Name=bus)["Arn"], there.create_event_bus(Name=bus)["EventBusArn"]]
    routing = {"FailoverConfig": {"Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/h-1"}, "Secondary": {"Route": "eu-west-1"}}}
    want = {"Name": name, "RoutingConfig": routing, "EventBuses": [{"EventBusArn": b} for b in buses], "ReplicationConfig": {"State": "DISABLED"}}
    made = e.create_endpoint(**want)
    equal({k: made.get(k) for k in want}, want, "CreateEndpoint")
    with fails("ResourceAlreadyExistsException"):
        e.create_endpoint(**want)
    with fails("ValidationException"):  # replication needs a role
        e.create_endpoint(**{**want, "Name": "x", "ReplicationConfig": {"State": "ENABLED"}})
    with fails("ValidationException"):
        e.create_endpoint(**{**want, "Name": "x", "EventBuses": [{"EventBusArn": buses[0]}] * 2})
    got = e.describe_endpoint(Name=name)
    equal(got["EndpointUrl"], f"https://{got['EndpointId']}.endpoint.events.amazonaws.com", "EndpointUrl")
    equal(got["State"], "ACTIVE", "State")
    e.update_endpoint(Name=name, Description="d", ReplicationConfig={"State": "ENABLED"}, RoleArn=f"arn:aws:iam::{t.account}:role/r")
    listed = [(x["Name"], x["Description"], x["EndpointId"]) for x in e.list_endpoints(NamePrefix=name)["Endpoints"]]
    equal(listed, [(name, "d", got["EndpointId"])], "ListEndpoints")
    url = t.queue()
    rule_to(t, bus, url, {"region": ["eu-west-1"]})
    there.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus}])
    equal(json.loads(t.receive(url)[0]["Body"])["region"], "eu-west-1", "a replicated event")
    t.events.delete_endpoint(Name=name)
    with fails("ResourceNotFoundException"):
        e.describe_endpoint(Name=name)


@scenario("events-cross-account")
def cross_account(t):
    bus, url, stranger = bus_of(t), t.queue(), "999988887777"
    rule_to(t, bus, url, {"account": [stranger]})
    arn = t.events.describe_event_bus(Name=bus)["Arn"]
    t.events.put_permission(EventBusName=bus, Action="events:PutEvents", Principal=stranger, StatementId="s")
    theirs = type(t)(t.endpoint, stranger).events
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": arn}
    got = theirs.put_events(Entries=[entry, {**entry, "EventBusName": arn + "-gone"}])
    equal([x.get("ErrorCode") for x in got["Entries"]], [None, "AccessDeniedException"], "ErrorCodes")
    equal(json.loads(t.receive(url)[0]["Body"])["id"], got["Entries"][0]["EventId"], "an event of another account")
