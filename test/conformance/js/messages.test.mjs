import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const MIB = 1 << 20;
const PREFIX = "AWS.SimpleQueueService.";
const UNICODE = "Grüße, 世界! 🎉 \u00a0 <xml>&amp; \"quoted\" 'single' \\back\t\r\n€ + %20 = & ;";

describe("messages", { concurrency: 8 }, () => {
  it("message-roundtrip", async () => {
    const url = await t.queue();
    for (const body of ["hello", UNICODE, " spaces ", '{"json": [1, 2.50, null]}']) {
      const sent = await t.send(url, body);
      const [m] = await t.receive(url, 1, { MessageSystemAttributeNames: ["All"] });
      assert.equal(m.Body, body);
      assert.equal(m.MessageId, sent.MessageId);
      assert.equal(m.Attributes.ApproximateReceiveCount, "1");
      assert.ok(m.Attributes.SenderId && m.Attributes.SentTimestamp && m.Attributes.ApproximateFirstReceiveTimestamp);
      await t.remove(url, m, m);
    }
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
    for (const bad of [{ MaxNumberOfMessages: 11 }, { WaitTimeSeconds: 21 }, { VisibilityTimeout: 43201 }]) {
      await t.refused("InvalidParameterValue", t.once(url, bad), t.json(bad));
    }
  });

  it("message-attributes", async () => {
    const url = await t.queue({ VisibilityTimeout: "0" });
    const given = {
      text: { DataType: "String", StringValue: UNICODE },
      whole: { DataType: "Number", StringValue: "-12.50" },
      raw: { DataType: "Binary", BinaryValue: Uint8Array.from({ length: 256 }, (_, i) => i) },
      "custom.kind": { DataType: "String.colour", StringValue: "red" },
    };
    const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    await t.send(url, "attributed", {
      MessageAttributes: given,
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: trace } },
    });
    for (const [wanted, names] of [["All", Object.keys(given)], [".*", Object.keys(given)], ["custom.*", ["custom.kind"]], ["absent", []]]) {
      const [m] = await t.receive(url, 1, { MessageAttributeNames: [wanted] });
      const got = m.MessageAttributes ?? {};
      assert.deepEqual(Object.keys(got).sort(), [...names].sort(), wanted);
      for (const [n, value] of Object.entries(got)) {
        assert.equal(value.DataType, given[n].DataType);
        assert.equal(value.StringValue, given[n].StringValue);
        assert.deepEqual(value.BinaryValue && [...value.BinaryValue], given[n].BinaryValue && [...given[n].BinaryValue]);
      }
    }
    const [m] = await t.receive(url, 1, { MessageSystemAttributeNames: ["AWSTraceHeader"] });
    assert.deepEqual({ ...m.Attributes }, { AWSTraceHeader: trace });
    for (const bad of [
      { "AWS.mine": { DataType: "String", StringValue: "x" } },
      { kind: { DataType: "Strange", StringValue: "x" } },
      { n: { DataType: "Number", StringValue: "twelve" } },
    ]) {
      await t.refused("InvalidParameterValue", t.send(url, "x", { MessageAttributes: bad }), t.json(bad));
    }
  });

  it("message-limits", async () => {
    const url = await t.queue();
    const big = "ü".repeat(MIB / 2);
    await t.send(url, big);
    const [m] = await t.receive(url);
    assert.ok(m.Body === big, "1 MiB came back different");
    await t.remove(url, m);
    await t.refused("InvalidParameterValue", t.send(url, "x".repeat(MIB + 1)));
    await t.refused(["MissingParameter", "InvalidParameterValue"], t.send(url, ""));
    await t.refused("InvalidParameterValue", t.send(url, "x", { DelaySeconds: 901 }));
    for (const bad of ["a\u0000b", "\u000b", "\ufffe"]) await t.refused("InvalidMessageContents", t.send(url, bad), t.json(bad));
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
  });

  it("message-batch", async () => {
    const url = await t.queue();
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `id_${i}`, MessageBody: `body ${i}` }));
    assert.equal((await t.sqs("SendMessageBatch", { QueueUrl: url, Entries })).Successful.length, 10);
    const messages = await t.receive(url, 10);
    assert.deepEqual(messages.map((m) => m.Body).sort(), Entries.map((e) => e.MessageBody).sort());
    const handles = messages.map((m, i) => ({ Id: String(i), ReceiptHandle: m.ReceiptHandle }));
    const changed = await t.sqs("ChangeMessageVisibilityBatch", { QueueUrl: url, Entries: handles.map((h) => ({ ...h, VisibilityTimeout: 60 })) });
    assert.equal(changed.Successful.length, 10);
    assert.equal((await t.sqs("DeleteMessageBatch", { QueueUrl: url, Entries: handles })).Successful.length, 10);
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
  });

  it("message-batch-errors", async () => {
    const url = await t.queue();
    const entry = (Id, MessageBody = "x", more = {}) => ({ Id, MessageBody, ...more });
    const sendBatch = (...Entries) => t.sqs("SendMessageBatch", { QueueUrl: url, Entries });
    await t.refused(`${PREFIX}EmptyBatchRequest`, sendBatch());
    await t.refused(`${PREFIX}TooManyEntriesInBatchRequest`, sendBatch(...Array.from({ length: 11 }, (_, i) => entry(`e${i}`))));
    await t.refused(`${PREFIX}BatchEntryIdsNotDistinct`, sendBatch(entry("a"), entry("a")));
    await t.refused(`${PREFIX}InvalidBatchEntryId`, sendBatch(entry("spa ce")));
    await t.refused(`${PREFIX}BatchRequestTooLong`, sendBatch(entry("a", "x".repeat(MIB / 2)), entry("b", "x".repeat(MIB / 2 + 1))));
    await t.refused("BatchEntryIdsNotDistinct", sendBatch(entry("a"), entry("a")));
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
    const got = await sendBatch(entry("good"), entry("late", "x", { DelaySeconds: 901 }), entry("chars", "a\u0001b"));
    assert.deepEqual(got.Failed.map((f) => `${f.Id} ${f.Code} ${f.SenderFault}`).sort(), ["chars InvalidMessageContents true", "late InvalidParameterValue true"]);
    assert.deepEqual(got.Successful.map((e) => e.Id), ["good"]);
    const [{ ReceiptHandle }] = await t.receive(url);
    const gone = await t.sqs("DeleteMessageBatch", { QueueUrl: url, Entries: [{ Id: "good", ReceiptHandle }, { Id: "bad", ReceiptHandle: "garbage" }] });
    assert.deepEqual(gone.Failed.map((f) => `${f.Id} ${f.Code}`), ["bad ReceiptHandleIsInvalid"]);
  });

  it("message-delay", async () => {
    const url = await t.queue();
    const began = Date.now();
    await t.send(url, "late", { DelaySeconds: 1 });
    assert.deepEqual(await t.counts(url), [0, 0, 1]);
    assert.equal((await t.receive(url))[0].Body, "late");
    assert.ok(Date.now() - began > 900, "it was delayed");
  });

  it("visibility", async () => {
    const url = await t.queue();
    const change = (m, VisibilityTimeout) => t.sqs("ChangeMessageVisibility", { QueueUrl: url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout });
    await t.send(url, "one");
    const [first] = await t.receive(url, 1, { VisibilityTimeout: 1 });
    assert.deepEqual(await t.once(url), []);
    const [second] = await t.receive(url, 1, { MessageSystemAttributeNames: ["ApproximateReceiveCount"] });
    assert.deepEqual([second.MessageId, second.Attributes.ApproximateReceiveCount], [first.MessageId, "2"]);
    await change(second, 0);
    const [third] = await t.receive(url);
    await change(third, 0);
    await t.refused([`${PREFIX}MessageNotInflight`, "InvalidParameterValue"], change(third, 10));
    const [fourth] = await t.receive(url);
    await t.refused("InvalidParameterValue", change(fourth, 43201));
    for (const ReceiptHandle of ["garbage", "AQEB" + "A".repeat(200)]) {
      await t.refused("ReceiptHandleIsInvalid", change({ ReceiptHandle }, 1));
      await t.refused("ReceiptHandleIsInvalid", t.remove(url, { ReceiptHandle }));
    }
    await t.remove(url, fourth);
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
  });

  it("long-poll", async () => {
    const url = await t.queue();
    let began = Date.now();
    assert.deepEqual(await t.once(url, { WaitTimeSeconds: 1 }), []);
    assert.ok(Date.now() - began > 900, "a long poll of an empty queue waits");
    const waiting = t.once(url, { WaitTimeSeconds: 20 });
    began = Date.now();
    await t.send(url, "wake up");
    assert.deepEqual((await waiting).map((m) => m.Body), ["wake up"]);
    assert.ok(Date.now() - began < 5000, "woken late");
  });

  it("fifo-order", async () => {
    const url = await t.fifoQueue();
    const numbers = [];
    for (let i = 0; i < 3; i++) for (const g of ["a", "b"]) numbers.push((await t.send(url, g + i, { MessageGroupId: g })).SequenceNumber);
    assert.deepEqual(numbers, [...new Set(numbers)].sort());
    assert.match(numbers[0], /^\d{20}$/);
    const [first] = await t.receive(url, 1, { MaxNumberOfMessages: 1, MessageSystemAttributeNames: ["All"] });
    assert.deepEqual([first.Body, first.Attributes.MessageGroupId, first.Attributes.SequenceNumber], ["a0", "a", numbers[0]]);
    assert.deepEqual((await t.once(url)).map((m) => m.Body), ["b0", "b1", "b2"]);
    await t.remove(url, first);
    assert.deepEqual((await t.receive(url, 2)).map((m) => m.Body), ["a1", "a2"]);
    await t.refused("MissingParameter", t.send(url, "x"));
    await t.refused("InvalidParameterValue", t.send(url, "x", { MessageGroupId: "a", DelaySeconds: 1 }));
  });

  it("fifo-dedup", async () => {
    const url = await t.queue({ FifoQueue: "true" });
    await t.refused("InvalidParameterValue", t.send(url, "x", { MessageGroupId: "g" }));
    const id = { MessageGroupId: "g", MessageDeduplicationId: "id" };
    const one = await t.send(url, "one", id);
    const again = await t.send(url, "other", id);
    assert.deepEqual([again.MessageId, again.SequenceNumber], [one.MessageId, one.SequenceNumber]);
    assert.deepEqual(await t.counts(url), [1, 0, 0]);
  });
});
