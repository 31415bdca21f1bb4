// What every scenario of the JS client shares: the SDK's clients, and the few
// verbs that a scenario is written in. The SDK itself compares the MD5 of what
// it sends and receives.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as SQS from "@aws-sdk/client-sqs";
import * as SNS from "@aws-sdk/client-sns";
import * as Events from "@aws-sdk/client-eventbridge";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

export const endpoint = process.env.CARILLON_ENDPOINT;
export const account = process.env.CARILLON_ACCOUNT ?? "000000000000";
export const region = "us-east-1";
assert.ok(endpoint, "CARILLON_ENDPOINT is not set: start this through test/conformance/run");

// No retries: a 500 must be seen, not papered over.
const options = { region, maxAttempts: 1, credentials: { accessKeyId: account, secretAccessKey: "test" } };
const sqsClient = new SQS.SQSClient({ ...options, endpoint });
const eventsClient = new Events.EventBridgeClient({ ...options, endpoint });
const stsClient = new STSClient({ ...options, endpoint });
const bareClient = new SQS.SQSClient(options);

const by = (client, commands) => (operation, input = {}) => client.send(new commands[`${operation}Command`](input));
export const sqs = by(sqsClient, SQS);
export const snsClient = new SNS.SNSClient({ ...options, endpoint });
export const sns = by(snsClient, SNS);
export const events = by(eventsClient, Events);
export const eventsIn = (region) => by(new Events.EventBridgeClient({ ...options, endpoint, region }), Events);
// Without an endpoint the SDK sends to the host of the QueueUrl.
export const sqsByQueueUrl = by(bareClient, SQS);
export const callerIdentity = () => stsClient.send(new GetCallerIdentityCommand({}));

export const name = (stem = "js") => `${stem}-${randomBytes(6).toString("hex")}`;
export const json = JSON.stringify;

export async function queue(attributes = {}, queueName = name() + (attributes.FifoQueue ? ".fifo" : "")) {
  return (await sqs("CreateQueue", { QueueName: queueName, Attributes: attributes })).QueueUrl;
}

export const fifoQueue = () => queue({ FifoQueue: "true", ContentBasedDeduplication: "true" });

export async function attributes(QueueUrl, ...names) {
  const AttributeNames = names.length ? names : ["All"];
  return (await sqs("GetQueueAttributes", { QueueUrl, AttributeNames })).Attributes ?? {};
}

export const arn = async (url) => (await attributes(url, "QueueArn")).QueueArn;

// [visible, in flight, delayed]
export async function counts(url) {
  const a = await attributes(url);
  return ["", "NotVisible", "Delayed"].map((kind) => Number(a[`ApproximateNumberOfMessages${kind}`]));
}

export const send = (QueueUrl, MessageBody, more = {}) => sqs("SendMessage", { QueueUrl, MessageBody, ...more });

export async function once(QueueUrl, more = {}) {
  return (await sqs("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, ...more })).Messages ?? [];
}

// Exactly count messages, long polling until they are there.
export async function receive(url, count = 1, more = {}) {
  const got = [];
  for (let poll = 0; got.length < count && poll < 6; poll++) {
    got.push(...(await once(url, { WaitTimeSeconds: 3, MaxNumberOfMessages: Math.min(10, count - got.length), ...more })));
  }
  assert.equal(got.length, count, "messages received");
  return got;
}

export async function remove(QueueUrl, ...messages) {
  for (const { ReceiptHandle } of messages) await sqs("DeleteMessage", { QueueUrl, ReceiptHandle });
}

// refused wants a call to fail with one of AWS's codes, or as one of the SDK's exceptions.
export async function refused(codes, call, what = "") {
  let error;
  try {
    await call;
  } catch (e) {
    error = e;
  }
  assert.ok(error, `${what} accepted, want ${codes}`);
  assert.ok(
    [error.Code, error.name].some((code) => [codes].flat().includes(code)),
    `${what} got ${error.Code ?? error.name} (${error.message}), want ${codes}`,
  );
  assert.ok(error.$metadata?.requestId, `${what} ${error.name} has no request id`);
}

// until polls with a bound; each probe is a request, which takes its time.
export async function until(what, probe) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const value = await probe();
    if (value) return value;
  }
  assert.fail(`still not: ${what}`);
}
