// What subscribers of a topic get.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const topic = async (fifo = false) =>
  (await t.sns("CreateTopic", { Name: t.name("topic") + (fifo ? ".fifo" : ""), Attributes: fifo ? { FifoTopic: "true" } : {} })).TopicArn;

// A new queue that subscribes, as [queue URL, subscription ARN].
async function subscribed(TopicArn, Attributes = {}, fifo = false) {
  const url = await t.queue(fifo ? { FifoQueue: "true" } : {});
  const { SubscriptionArn } = await t.sns("Subscribe", { TopicArn, Protocol: "sqs", Endpoint: await t.arn(url), Attributes });
  return [url, SubscriptionArn];
}

const raw = { RawMessageDelivery: "true" };
const bodies = async (url, count) => (await t.receive(url, count)).map((m) => m.Body);

describe("publish", { concurrency: 8 }, () => {
  it("publish", async () => {
    const TopicArn = await topic();
    const [url, sub] = await subscribed(TopicArn);
    const [plain] = await subscribed(TopicArn, raw);
    const MessageAttributes = {
      kind: { DataType: "String", StringValue: "x" },
      n: { DataType: "Number", StringValue: "7" },
      b: { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2) },
    };
    const { MessageId } = await t.sns("Publish", { TopicArn, Message: 'Größe "x"', Subject: "s", MessageAttributes });
    const [document] = (await bodies(url, 1)).map(JSON.parse);
    assert.deepEqual([document.Type, document.MessageId, document.TopicArn, document.Subject, document.Message], ["Notification", MessageId, TopicArn, "s", 'Größe "x"']);
    assert.ok(document.UnsubscribeURL.endsWith(`/?Action=Unsubscribe&SubscriptionArn=${sub}`));
    assert.deepEqual(document.MessageAttributes, { kind: { Type: "String", Value: "x" }, n: { Type: "Number", Value: "7" }, b: { Type: "Binary", Value: "AQI=" } });
    const [got] = await t.receive(plain, 1, { MessageAttributeNames: ["All"] });
    assert.deepEqual([got.Body, Object.keys(got.MessageAttributes).sort(), [...got.MessageAttributes.b.BinaryValue]], ['Größe "x"', ["b", "kind", "n"], [1, 2]]);
    await t.sns("Publish", { TopicArn, MessageStructure: "json", Message: '{"default":"d","sqs":"q"}' });
    assert.equal(JSON.parse((await bodies(url, 1))[0]).Message, "q");
    const bad = {
      empty: [{ Message: "" }, "InvalidParameterException"],
      long: [{ Message: "x".repeat(262_145) }, "InvalidParameterException"],
      subject: [{ Message: "m", Subject: "a\nb" }, "InvalidParameterException"],
      structure: [{ Message: "m", MessageStructure: "json" }, "InvalidParameterException"],
      attribute: [{ Message: "m", MessageAttributes: { a: { DataType: "Number", StringValue: "x" } } }, "InvalidParameterValueException"],
    };
    for (const [what, [input, code]] of Object.entries(bad)) await t.refused(code, t.sns("Publish", { TopicArn, ...input }), what);
    await t.refused("NotFoundException", t.sns("Publish", { TopicArn: `${TopicArn}-none`, Message: "m" }), "no topic");
  });

  it("publish-filter", async () => {
    const TopicArn = await topic();
    const [byAttribute] = await subscribed(TopicArn, { ...raw, FilterPolicy: '{"kind":["x",{"prefix":"y"}],"n":[{"numeric":[">",5]}]}' });
    const [byBody] = await subscribed(TopicArn, { ...raw, FilterPolicy: '{"order":{"total":[{"numeric":[">=",100]}]}}', FilterPolicyScope: "MessageBody" });
    const publish = (Message, kind, n) =>
      t.sns("Publish", { TopicArn, Message, MessageAttributes: { kind: { DataType: "String", StringValue: kind }, n: { DataType: "Number", StringValue: n } } });
    await publish("one", "x", "6");
    await publish("two", "x", "5");
    await publish("three", "z", "6");
    await publish('{"order":{"total":100}}', "yes", "7");
    await publish('{"order":{"total":99}}', "no", "7");
    assert.deepEqual((await bodies(byAttribute, 2)).sort(), ["one", '{"order":{"total":100}}'].sort());
    assert.deepEqual(await bodies(byBody, 1), ['{"order":{"total":100}}']);
    for (const url of [byAttribute, byBody]) assert.deepEqual(await t.once(url), []);
  });

  it("publish-batch", async () => {
    const TopicArn = await topic();
    const [url] = await subscribed(TopicArn, raw);
    const batch = (PublishBatchRequestEntries) => t.sns("PublishBatch", { TopicArn, PublishBatchRequestEntries });
    const out = await batch([
      { Id: "one", Message: "1", MessageAttributes: { k: { DataType: "String", StringValue: "v" } } },
      { Id: "bad", Message: "" },
      { Id: "two", Message: "2" },
    ]);
    assert.deepEqual(out.Successful.map((e) => e.Id), ["one", "two"]);
    assert.deepEqual(out.Failed.map((e) => [e.Id, e.Code, e.SenderFault]), [["bad", "InvalidParameter", true]]);
    assert.deepEqual((await bodies(url, 2)).sort(), ["1", "2"]);
    const entry = { Id: "a", Message: "m" };
    const refusals = {
      EmptyBatchRequestException: [],
      TooManyEntriesInBatchRequestException: Array.from({ length: 11 }, (_, i) => ({ ...entry, Id: `e${i}` })),
      BatchEntryIdsNotDistinctException: [entry, entry],
      InvalidBatchEntryIdException: [{ ...entry, Id: "a b" }],
      BatchRequestTooLongException: ["a", "b"].map((Id) => ({ Id, Message: "x".repeat(150_000) })),
    };
    for (const [code, entries] of Object.entries(refusals)) await t.refused(code, batch(entries), code);
  });

  it("publish-fifo", async () => {
    const TopicArn = await topic(true);
    const [url] = await subscribed(TopicArn, raw, true);
    const publish = (Message, MessageDeduplicationId, MessageGroupId = "g") => t.sns("Publish", { TopicArn, Message, MessageGroupId, MessageDeduplicationId });
    const first = await publish("1", "a");
    const second = await publish("2", "b");
    assert.ok(first.SequenceNumber.length === 20 && first.SequenceNumber < second.SequenceNumber);
    await publish("3", "a");
    // A published message is in its queue when Publish answers, so one receive is enough to see that there is no third.
    assert.deepEqual((await t.once(url)).map((m) => m.Body), ["1", "2"]);
    const out = await t.sns("PublishBatch", { TopicArn, PublishBatchRequestEntries: ["c", "d"].map((Id) => ({ Id, Message: Id, MessageGroupId: "h", MessageDeduplicationId: Id })) });
    assert.ok(second.SequenceNumber < out.Successful[0].SequenceNumber && out.Successful[0].SequenceNumber < out.Successful[1].SequenceNumber);
    assert.deepEqual(await bodies(url, 2), ["c", "d"]);
    await t.refused("InvalidParameterException", t.sns("Publish", { TopicArn, Message: "m", MessageDeduplicationId: "c" }), "no group");
    await t.refused("InvalidParameterException", t.sns("Publish", { TopicArn, Message: "m", MessageGroupId: "g" }), "no deduplication id");
  });
});
