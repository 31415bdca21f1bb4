"""Archives of a bus's events, and replays of them."""

import json
from datetime import datetime, timedelta, timezone

from events import bus_of, rule_to
from harness import check, equal, fails, scenario, until


@scenario("events-archive")
def archives(t):
    bus, url, name, e = bus_of(t), t.queue(fifo=True, ContentBasedDeduplication="true"), t.name("archive"), t.events
    source = f"arn:aws:events:{t.region}:{t.account}:event-bus/{bus}"
    pattern = json.dumps({"detail": {"n": [{"numeric": ["<", 10]}]}})
    arn = e.create_archive(ArchiveName=name, EventSourceArn=source, EventPattern=pattern, RetentionDays=7)["ArchiveArn"]
    equal(arn, f"arn:aws:events:{t.region}:{t.account}:archive/{name}", "ArchiveArn")
    with fails("ResourceAlreadyExistsException"):
        e.create_archive(ArchiveName=name, EventSourceArn=source)
    with fails("ResourceNotFoundException"):
        e.create_archive(ArchiveName="x", EventSourceArn=source + "-gone")
    with fails("InvalidEventPatternException"):
        e.create_archive(ArchiveName="x", EventSourceArn=source, EventPattern="[]")
    e.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": json.dumps({"n": n}), "EventBusName": bus} for n in (1, 20, 2, 3)])
    got = e.describe_archive(ArchiveName=name)
    equal((got["EventCount"], got["State"], got["EventSourceArn"], got["EventPattern"], got["RetentionDays"]),
          (3, "ENABLED", source, pattern, 7), "DescribeArchive")
    check(got["SizeBytes"] > 300, f"SizeBytes {got['SizeBytes']}")
    e.update_archive(ArchiveName=name, Description="all", RetentionDays=0)
    equal([(a["ArchiveName"], a["EventCount"], a["RetentionDays"]) for a in e.list_archives(EventSourceArn=source)["Archives"]],
          [(name, 3, 0)], "ListArchives")
    with fails("ValidationException"):
        e.list_archives(EventSourceArn=source, NamePrefix=name)

    rule = rule_to(t, bus, url, {"source": ["s"]}, SqsParameters={"MessageGroupId": "g"})
    other = t.queue()
    rule_to(t, bus, other, {"source": ["s"]})
    replay = t.name("replay")
    now = datetime.now(timezone.utc)
    window = dict(EventSourceArn=arn, EventStartTime=now - timedelta(minutes=5), EventEndTime=now + timedelta(minutes=5))
    with fails("ValidationException"):
        e.start_replay(ReplayName=replay, Destination={"Arn": source}, **{**window, "EventEndTime": now - timedelta(hours=1)})
    only = f"arn:aws:events:{t.region}:{t.account}:rule/{bus}/{rule}"
    got = e.start_replay(ReplayName=replay, Destination={"Arn": source, "FilterArns": [only]}, **window)
    equal(got["ReplayArn"], f"arn:aws:events:{t.region}:{t.account}:replay/{replay}", "ReplayArn")
    with fails("ResourceAlreadyExistsException"):
        e.start_replay(ReplayName=replay, Destination={"Arn": source}, **window)
    until("the replay is over", lambda: e.describe_replay(ReplayName=replay)["State"] == "COMPLETED")
    events = [json.loads(m["Body"]) for m in t.receive(url, 3)]
    equal([(x["detail"]["n"], x["replay-name"]) for x in events], [(n, replay) for n in (1, 2, 3)], "replayed events")
    equal(t.count(other), 0, "what another rule got")
    equal(e.describe_archive(ArchiveName=name)["EventCount"], 3, "EventCount after a replay")
    equal([(r["ReplayName"], r["State"]) for r in e.list_replays(NamePrefix=replay)["Replays"]], [(replay, "COMPLETED")], "ListReplays")
    with fails("IllegalStatusException"):
        e.cancel_replay(ReplayName=replay)
    e.delete_archive(ArchiveName=name)
    with fails("ResourceNotFoundException"):
        e.describe_archive(ArchiveName=name)
