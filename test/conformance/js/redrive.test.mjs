import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const policy = async (dead, maxReceiveCount) => t.json({ deadLetterTargetArn: await t.arn(dead), maxReceiveCount });

// A queue and its dead-letter queue, which has the failed messages.
async function pair(failed) {
  const dead = await t.queue();
  const url = await t.queue({ RedrivePolicy: await policy(dead, 1), VisibilityTimeout: "0" });
  for (let i = 0; i < failed; i++) await t.send(url, `m${i}`);
  await t.until("the messages are dead letters", async () => {
    await t.once(url);
    return (await t.counts(dead))[0] === failed;
  });
  return [url, dead];
}

describe("redrive", { concurrency: 8 }, () => {
  it("dead-letter", async () => {
    const [url, dead] = await pair(1);
    const [m] = await t.receive(dead, 1, { MessageSystemAttributeNames: ["All"] });
    assert.deepEqual([m.Body, m.Attributes.DeadLetterQueueSourceArn], ["m0", await t.arn(url)]);
    const more = await t.queue({ RedrivePolicy: await policy(dead, 3) });
    const seen = [];
    let NextToken;
    do {
      const page = await t.sqs("ListDeadLetterSourceQueues", { QueueUrl: dead, MaxResults: 1, NextToken });
      seen.push(...page.queueUrls);
      NextToken = page.NextToken;
    } while (NextToken);
    assert.deepEqual(seen.sort(), [url, more].sort());
    const set = (RedrivePolicy) => t.sqs("SetQueueAttributes", { QueueUrl: url, Attributes: { RedrivePolicy } });
    await t.refused(["InvalidParameterValue", "InvalidAttributeValue"], set(await policy(dead, 1001)));
    await set("");
    assert.equal((await t.attributes(url)).RedrivePolicy, undefined);
  });

  it("move-task", async () => {
    const [url, dead] = await pair(3);
    await t.sqs("SetQueueAttributes", { QueueUrl: url, Attributes: { RedrivePolicy: await policy(dead, 9), VisibilityTimeout: "30" } });
    const SourceArn = await t.arn(dead);
    assert.ok((await t.sqs("StartMessageMoveTask", { SourceArn })).TaskHandle);
    const task = await t.until("the task is done", async () => {
      const [newest] = (await t.sqs("ListMessageMoveTasks", { SourceArn })).Results;
      return newest?.Status === "COMPLETED" && newest;
    });
    assert.equal(task.ApproximateNumberOfMessagesMoved, 3);
    assert.deepEqual((await t.receive(url, 3)).map((m) => m.Body).sort(), ["m0", "m1", "m2"]);
    await t.refused("ResourceNotFoundException", t.sqs("StartMessageMoveTask", { SourceArn: `${SourceArn}-missing` }));
    await t.refused("ResourceNotFoundException", t.sqs("ListMessageMoveTasks", { SourceArn: `${SourceArn}-missing` }));
  });

  it("move-task-cancel", async () => {
    const [, dead] = await pair(10);
    const other = await t.queue();
    const [SourceArn, DestinationArn] = [await t.arn(dead), await t.arn(other)];
    const { TaskHandle } = await t.sqs("StartMessageMoveTask", { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: 1 });
    await t.receive(other);
    const { ApproximateNumberOfMessagesMoved: moved } = await t.sqs("CancelMessageMoveTask", { TaskHandle });
    assert.ok(moved >= 1 && moved < 10, `moved ${moved}`);
    await t.until("the task is cancelled", async () => (await t.sqs("ListMessageMoveTasks", { SourceArn })).Results[0].Status === "CANCELLED");
    await t.refused(["InvalidParameterValue", "ResourceNotFoundException"], t.sqs("CancelMessageMoveTask", { TaskHandle: "garbage" }));
  });
});
