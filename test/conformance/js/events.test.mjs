import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const LARGE = t.json({ source: ["shop.orders"], detail: { total: [{ numeric: [">", 100] }] } });

async function newBus() {
  const Name = t.name("bus");
  await t.events("CreateEventBus", { Name });
  return Name;
}

async function route(EventBusName, url, EventPattern, more = {}) {
  const Name = t.name("rule");
  await t.events("PutRule", { Name, EventBusName, EventPattern });
  const got = await t.events("PutTargets", { Rule: Name, EventBusName, Targets: [{ Id: "queue", Arn: await t.arn(url), ...more }] });
  assert.equal(got.FailedEntryCount, 0);
}

describe("events", { concurrency: 8 }, () => {
  it("events-bus", async () => {
    const Name = t.name("bus");
    const { EventBusArn } = await t.events("CreateEventBus", { Name });
    assert.equal(EventBusArn, `arn:aws:events:${t.region}:${t.account}:event-bus/${Name}`);
    await t.refused("ResourceAlreadyExistsException", t.events("CreateEventBus", { Name }));
    assert.equal((await t.events("DescribeEventBus", { Name })).Arn, EventBusArn);
    assert.deepEqual((await t.events("ListEventBuses", { NamePrefix: Name })).EventBuses.map((b) => b.Name), [Name]);
    await t.events("DeleteEventBus", { Name });
    await t.refused("ResourceNotFoundException", t.events("DescribeEventBus", { Name }));
    await t.refused("ValidationException", t.events("DeleteEventBus", { Name: "default" }));
  });

  it("events-rule", async () => {
    const EventBusName = await newBus();
    const Name = t.name("rule");
    const on = { Name, EventBusName };
    const { RuleArn } = await t.events("PutRule", { ...on, EventPattern: LARGE, Description: "large" });
    assert.equal(RuleArn, `arn:aws:events:${t.region}:${t.account}:rule/${EventBusName}/${Name}`);
    const got = await t.events("DescribeRule", on);
    assert.deepEqual([got.EventPattern, got.State, got.Description], [LARGE, "ENABLED", "large"]);
    assert.deepEqual((await t.events("ListRules", { EventBusName })).Rules.map((r) => r.Name), [Name]);
    const target = { Id: "one", Arn: await t.arn(await t.queue()) };
    await t.events("PutTargets", { Rule: Name, EventBusName, Targets: [target] });
    assert.deepEqual((await t.events("ListTargetsByRule", { Rule: Name, EventBusName })).Targets, [target]);
    await t.refused("ValidationException", t.events("DeleteRule", on));
    await t.events("RemoveTargets", { Rule: Name, EventBusName, Ids: ["one"] });
    await t.events("DeleteRule", on);
    await t.refused("ResourceNotFoundException", t.events("DescribeRule", on));
  });

  it("events-errors", async () => {
    const EventBusName = await newBus();
    const put = (EventPattern, Name = "bad") => t.events("PutRule", { Name, EventBusName, EventPattern });
    for (const bad of ["{", "[]", '{"source": "text"}']) await t.refused("InvalidEventPatternException", put(bad), bad);
    await t.refused("ValidationException", put(LARGE, "spa ce"));
    await t.refused("ValidationException", put(undefined));
    await t.refused("ResourceNotFoundException", t.events("PutTargets", { Rule: "never", EventBusName, Targets: [{ Id: "a", Arn: "arn:aws:sqs:us-east-1:111122223333:x" }] }));
    await t.refused("ValidationException", t.events("PutEvents", { Entries: Array(11).fill({ Source: "s", DetailType: "d", Detail: "{}" }) }));
  });

  it("events-put", async () => {
    const EventBusName = await newBus();
    const [large, ordered] = [await t.queue(), await t.fifoQueue()];
    await route(EventBusName, large, LARGE);
    await route(EventBusName, ordered, t.json({ source: [{ prefix: "shop." }] }), { SqsParameters: { MessageGroupId: "orders" } });
    const entry = (Detail) => ({ Source: "shop.orders", DetailType: "Order Placed", Detail, EventBusName, Resources: ["arn:aws:s3:::x"] });
    const got = await t.events("PutEvents", { Entries: [entry(t.json({ total: 50 })), entry(t.json({ total: 150.5, note: "Grüße 🎉" })), entry("no json")] });
    assert.deepEqual([got.FailedEntryCount, got.Entries[2].ErrorCode], [1, "MalformedDetail"]);
    const event = JSON.parse((await t.receive(large))[0].Body);
    const { id, source, account, region, resources, detail, version } = event;
    assert.deepEqual(
      { id, source, account, region, resources, detail, version, type: event["detail-type"] },
      { id: got.Entries[1].EventId, source: "shop.orders", account: t.account, region: t.region, resources: ["arn:aws:s3:::x"],
        detail: { total: 150.5, note: "Grüße 🎉" }, version: "0", type: "Order Placed" },
    );
    assert.deepEqual((await t.receive(ordered, 2)).map((m) => JSON.parse(m.Body).id), got.Entries.slice(0, 2).map((e) => e.EventId));
  });

  it("events-pattern", async () => {
    const Event = t.json({
      id: "1", account: "123456789012", source: "shop", time: "2026-01-02T03:04:05Z", region: "eu-west-1",
      resources: ["arn:a"], "detail-type": "Order", detail: { state: "new", total: 12.5 },
    });
    const test = async (pattern) => (await t.events("TestEventPattern", { EventPattern: t.json(pattern), Event })).Result;
    assert.equal(await test({ source: ["shop"] }), true);
    assert.equal(await test({ detail: { state: [{ "anything-but": ["new"] }] } }), false);
    assert.equal(await test({ detail: { total: [{ numeric: [">=", 12.5] }], gone: [{ exists: false }] } }), true);
    await t.refused("InvalidEventPatternException", test({ source: "shop" }));
  });
});
