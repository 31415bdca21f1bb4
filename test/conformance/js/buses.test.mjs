import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const SHOP = t.json({ source: ["shop"] });

async function newBus(more = {}) {
  const Name = t.name("bus");
  const { EventBusArn } = await t.events("CreateEventBus", { Name, ...more });
  return [Name, EventBusArn];
}

async function route(EventBusName, EventPattern, ...Targets) {
  const Name = t.name("rule");
  const { RuleArn } = await t.events("PutRule", { Name, EventBusName, EventPattern });
  await t.events("PutTargets", { Rule: Name, EventBusName, Targets });
  return [Name, RuleArn];
}

const put = (EventBusName, Detail = "{}") => t.events("PutEvents", { Entries: [{ Source: "shop", DetailType: "d", Detail, EventBusName }] });

describe("buses", { concurrency: 8 }, () => {
  it("events-permission", async () => {
    const [EventBusName] = await newBus();
    await t.events("PutPermission", { EventBusName, Action: "events:PutEvents", Principal: "123456789012", StatementId: "one" });
    const policy = async () => (await t.events("DescribeEventBus", { Name: EventBusName })).Policy;
    assert.equal(JSON.parse(await policy()).Statement[0].Sid, "one");
    await t.refused("ResourceNotFoundException", t.events("RemovePermission", { EventBusName, StatementId: "two" }));
    await t.events("RemovePermission", { EventBusName, RemoveAllPermissions: true });
    assert.equal(await policy(), undefined);
  });

  it("events-schedule", async () => {
    const Name = t.name("rule");
    const rule = (ScheduleExpression) => t.events("PutRule", { Name, ScheduleExpression });
    await rule("cron(0 12 ? * MON-FRI *)");
    assert.equal((await t.events("DescribeRule", { Name })).ScheduleExpression, "cron(0 12 ? * MON-FRI *)");
    for (const bad of ["rate(5 minute)", "cron(0 12 * * * *)"]) await t.refused("ValidationException", rule(bad), bad);
    await t.events("DeleteRule", { Name });
  });

  it("events-target", async () => {
    const [bus] = await newBus();
    const [url, dead] = [await t.queue(), await t.queue()];
    const deadArn = await t.arn(dead);
    const targets = [
      { Id: "gone", Arn: `${deadArn}-gone`, DeadLetterConfig: { Arn: deadArn }, RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } },
      { Id: "made", Arn: await t.arn(url), InputTransformer: { InputPathsMap: { n: "$.detail.n" }, InputTemplate: '{"n": <n>}' } },
    ];
    const [Rule, ruleArn] = await route(bus, SHOP, ...targets);
    assert.deepEqual((await t.events("ListTargetsByRule", { Rule, EventBusName: bus })).Targets, targets);
    await t.refused("ValidationException", t.events("PutTargets", { Rule, EventBusName: bus, Targets: [{ Id: "f", Arn: `arn:aws:lambda:us-east-1:${t.account}:function:f` }] }));
    await put(bus, t.json({ n: 7 }));
    assert.deepEqual(JSON.parse((await t.receive(url))[0].Body), { n: 7 });
    const [letter] = await t.receive(dead, 1, { MessageAttributeNames: ["All"] });
    assert.deepEqual(["RULE_ARN", "TARGET_ARN"].map((k) => letter.MessageAttributes[k].StringValue), [ruleArn, `${deadArn}-gone`]);
  });

  it("events-archive", async () => {
    const [bus, EventSourceArn] = await newBus();
    const [ArchiveName, ReplayName, url] = [t.name("archive"), t.name("replay"), await t.queue()];
    const { ArchiveArn } = await t.events("CreateArchive", { ArchiveName, EventSourceArn, RetentionDays: 7 });
    await t.refused("ResourceAlreadyExistsException", t.events("CreateArchive", { ArchiveName, EventSourceArn }));
    await put(bus);
    assert.equal((await t.events("DescribeArchive", { ArchiveName })).EventCount, 1);
    await t.events("UpdateArchive", { ArchiveName, RetentionDays: 0 });
    assert.deepEqual((await t.events("ListArchives", { EventSourceArn })).Archives.map((a) => a.RetentionDays), [0]);
    await route(bus, SHOP, { Id: "q", Arn: await t.arn(url) });
    const start = (Arn) =>
      t.events("StartReplay", { ReplayName, EventSourceArn: ArchiveArn, EventStartTime: new Date(0), EventEndTime: new Date(Date.now() + 3600e3), Destination: { Arn } });
    await t.refused("ValidationException", start(EventSourceArn.replace(bus, "default")));
    await start(EventSourceArn);
    assert.equal(JSON.parse((await t.receive(url))[0].Body)["replay-name"], ReplayName);
    await t.until("the replay is over", async () => (await t.events("DescribeReplay", { ReplayName })).State === "COMPLETED");
    assert.deepEqual((await t.events("ListReplays", { NamePrefix: ReplayName })).Replays.map((r) => r.State), ["COMPLETED"]);
    await t.refused("IllegalStatusException", t.events("CancelReplay", { ReplayName }));
    await t.events("DeleteArchive", { ArchiveName });
    await t.refused("ResourceNotFoundException", t.events("DescribeArchive", { ArchiveName }));
  });

  it("events-partner", async () => {
    const Name = `aws.partner/example.com/${t.name("shop")}/orders`;
    await t.events("CreatePartnerEventSource", { Name, Account: t.account });
    await t.refused("InvalidStateException", t.events("ActivateEventSource", { Name }));
    await t.events("CreateEventBus", { Name, EventSourceName: Name });
    const url = await t.queue();
    await route(Name, t.json({ source: [Name] }), { Id: "q", Arn: await t.arn(url) });
    const entries = [Name, `${Name}s`].map((Source) => ({ Source, DetailType: "d", Detail: "{}" }));
    const got = await t.events("PutPartnerEvents", { Entries: entries });
    assert.deepEqual([got.FailedEntryCount, got.Entries[1].ErrorCode], [1, "NotAuthorizedForSourceException"]);
    assert.equal(JSON.parse((await t.receive(url))[0].Body).id, got.Entries[0].EventId);
    assert.deepEqual((await t.events("ListEventSources", { NamePrefix: Name })).EventSources.map((s) => s.State), ["ACTIVE"]);
    await t.events("DeletePartnerEventSource", { Name, Account: t.account });
    assert.equal((await t.events("DescribeEventSource", { Name })).State, "DELETED");
  });

  it("events-endpoint", async () => {
    const [bus, here] = await newBus();
    const { EventBusArn: there } = await t.eventsIn("eu-west-1")("CreateEventBus", { Name: bus });
    const Name = t.name("endpoint");
    const wanted = {
      Name, EventBuses: [{ EventBusArn: here }, { EventBusArn: there }], ReplicationConfig: { State: "DISABLED" },
      RoutingConfig: { FailoverConfig: { Primary: { HealthCheck: "arn:aws:route53:::healthcheck/h-1" }, Secondary: { Route: "eu-west-1" } } },
    };
    const made = await t.events("CreateEndpoint", wanted);
    assert.deepEqual([made.EventBuses, made.RoutingConfig, made.State], [wanted.EventBuses, wanted.RoutingConfig, "ACTIVE"]);
    await t.refused("ResourceAlreadyExistsException", t.events("CreateEndpoint", wanted));
    await t.refused("ValidationException", t.events("CreateEndpoint", { ...wanted, Name: "x", ReplicationConfig: undefined }));
    await t.events("UpdateEndpoint", { Name, Description: "d" });
    const got = await t.events("DescribeEndpoint", { Name });
    assert.deepEqual([got.Description, got.EndpointUrl], ["d", `https://${got.EndpointId}.endpoint.events.amazonaws.com`]);
    assert.equal((await t.events("ListEndpoints", { NamePrefix: Name })).Endpoints.length, 1);
    await t.events("DeleteEndpoint", { Name });
    await t.refused("ResourceNotFoundException", t.events("DescribeEndpoint", { Name }));
  });
});
