import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const GONE = "AWS.SimpleQueueService.NonExistentQueue";

describe("queues", { concurrency: 8 }, () => {
  it("identity", async () => {
    const got = await t.callerIdentity();
    assert.equal(got.Account, t.account);
    assert.match(got.Arn, new RegExp(`^arn:aws:iam::${t.account}:`));
  });

  it("queue-create", async () => {
    const QueueName = t.name();
    const create = (Attributes) => t.sqs("CreateQueue", { QueueName, Attributes });
    const { QueueUrl } = await create({ VisibilityTimeout: "41" });
    assert.equal(QueueUrl, `${t.endpoint}/${t.account}/${QueueName}`);
    assert.equal((await create({ VisibilityTimeout: "41" })).QueueUrl, QueueUrl);
    await t.refused("QueueAlreadyExists", create({ VisibilityTimeout: "42" }));
    await t.refused("QueueNameExists", create({ VisibilityTimeout: "42" }));
    assert.equal((await t.sqs("GetQueueUrl", { QueueName })).QueueUrl, QueueUrl);
    await t.refused(GONE, t.sqs("GetQueueUrl", { QueueName: t.name("never") }));
    await t.refused("QueueDoesNotExist", t.sqs("GetQueueUrl", { QueueName: t.name("never") }));
    const got = await t.attributes(QueueUrl);
    assert.equal(got.QueueArn, `arn:aws:sqs:${t.region}:${t.account}:${QueueName}`);
    assert.deepEqual([got.VisibilityTimeout, got.MaximumMessageSize, got.MessageRetentionPeriod], ["41", "1048576", "345600"]);
    for (const bad of ["with space", "q".repeat(81), "ümlaut"]) {
      await t.refused("InvalidParameterValue", t.sqs("CreateQueue", { QueueName: bad }), bad);
    }
  });

  it("queue-url-as-endpoint", async () => {
    const url = await t.queue();
    await t.sqsByQueueUrl("SendMessage", { QueueUrl: url, MessageBody: "to the queue's own host" });
    assert.equal((await t.receive(url))[0].Body, "to the queue's own host");
  });

  it("queue-attributes", async () => {
    const url = await t.queue();
    const wanted = { DelaySeconds: "7", MaximumMessageSize: "2048", MessageRetentionPeriod: "3600", VisibilityTimeout: "0", ReceiveMessageWaitTimeSeconds: "3" };
    const set = (Attributes) => t.sqs("SetQueueAttributes", { QueueUrl: url, Attributes });
    await set(wanted);
    const got = await t.attributes(url, ...Object.keys(wanted));
    assert.deepEqual(got, wanted);
    for (const [attribute, bad] of [["VisibilityTimeout", "43201"], ["DelaySeconds", "901"], ["MaximumMessageSize", "1023"], ["RedrivePolicy", "no json"]]) {
      await t.refused(["InvalidAttributeValue", "InvalidParameterValue"], set({ [attribute]: bad }), attribute);
    }
    await t.refused("InvalidAttributeName", set({ Nonsense: "1" }));
    assert.equal((await t.attributes(url)).DelaySeconds, "7");
  });

  it("queue-list", async () => {
    const stem = t.name("list");
    const urls = [];
    for (let i = 0; i < 5; i++) urls.push(await t.queue({}, `${stem}-${i}`));
    const seen = [];
    let NextToken;
    do {
      const page = await t.sqs("ListQueues", { QueueNamePrefix: stem, MaxResults: 2, NextToken });
      assert.ok(page.QueueUrls.length <= 2);
      seen.push(...page.QueueUrls);
      NextToken = page.NextToken;
    } while (NextToken);
    assert.deepEqual(seen.sort(), urls.sort());
  });

  it("queue-delete", async () => {
    const QueueName = t.name("gone");
    const url = await t.queue({}, QueueName);
    await t.sqs("DeleteQueue", { QueueUrl: url });
    await t.refused("AWS.SimpleQueueService.QueueDeletedRecently", t.sqs("CreateQueue", { QueueName }));
    await t.refused("QueueDeletedRecently", t.sqs("CreateQueue", { QueueName }));
    const entries = [{ Id: "a", ReceiptHandle: "x", MessageBody: "x", VisibilityTimeout: 1 }];
    for (const [operation, input] of Object.entries({
      AddPermission: { Label: "l", AWSAccountIds: ["111122223333"], Actions: ["SendMessage"] },
      ChangeMessageVisibility: { ReceiptHandle: "x", VisibilityTimeout: 1 },
      ChangeMessageVisibilityBatch: { Entries: entries },
      DeleteMessage: { ReceiptHandle: "x" },
      DeleteMessageBatch: { Entries: entries },
      DeleteQueue: {},
      GetQueueAttributes: {},
      ListDeadLetterSourceQueues: {},
      ListQueueTags: {},
      PurgeQueue: {},
      ReceiveMessage: {},
      RemovePermission: { Label: "l" },
      SendMessage: { MessageBody: "x" },
      SendMessageBatch: { Entries: entries },
      SetQueueAttributes: { Attributes: { DelaySeconds: "1" } },
      TagQueue: { Tags: { a: "b" } },
      UntagQueue: { TagKeys: ["a"] },
    })) {
      await t.refused(GONE, t.sqs(operation, { QueueUrl: url, ...input }), operation);
    }
  });

  it("queue-purge", async () => {
    const url = await t.queue();
    for (let i = 0; i < 3; i++) await t.send(url, "x");
    await t.sqs("PurgeQueue", { QueueUrl: url });
    assert.deepEqual(await t.counts(url), [0, 0, 0]);
    await t.refused("AWS.SimpleQueueService.PurgeQueueInProgress", t.sqs("PurgeQueue", { QueueUrl: url }));
    await t.refused("PurgeQueueInProgress", t.sqs("PurgeQueue", { QueueUrl: url }));
  });

  it("queue-tags", async () => {
    const { QueueUrl } = await t.sqs("CreateQueue", { QueueName: t.name("tagged"), tags: { team: "münchen", empty: "" } });
    await t.sqs("TagQueue", { QueueUrl, Tags: { team: "zürich", cost: "42" } });
    await t.sqs("UntagQueue", { QueueUrl, TagKeys: ["empty", "never"] });
    assert.deepEqual({ ...(await t.sqs("ListQueueTags", { QueueUrl })).Tags }, { team: "zürich", cost: "42" });
  });

  it("queue-permissions", async () => {
    const url = await t.queue();
    const add = (Label, ...Actions) => t.sqs("AddPermission", { QueueUrl: url, Label, AWSAccountIds: ["111122223333"], Actions });
    await add("share", "SendMessage");
    const [statement] = JSON.parse((await t.attributes(url)).Policy).Statement;
    assert.deepEqual([statement.Sid, statement.Effect, statement.Resource], ["share", "Allow", await t.arn(url)]);
    await t.refused("InvalidParameterValue", add("share", "SendMessage"));
    await t.refused("InvalidParameterValue", add("other", "FlyToTheMoon"));
    await t.sqs("RemovePermission", { QueueUrl: url, Label: "share" });
    assert.equal((await t.attributes(url)).Policy, undefined);
    await t.refused("InvalidParameterValue", t.sqs("RemovePermission", { QueueUrl: url, Label: "share" }));
  });
});
