// GitHub's webhooks, with aws-sdk-js v3.
//
// Real payloads are posted to a signed webhook, as GitHub posts them. They are
// events on the bus of a partner source; one rule sends them to a topic, and
// each subscriber says with a filter policy what it wants to see.
//
//     npm install && node github.mjs

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";

const endpoint = process.env.AWS_ENDPOINT_URL ?? "http://127.0.0.1:4566";
const [account, region] = ["111111111111", "us-east-1"];
const run = randomUUID().slice(0, 8); // names of this run's own, so that you can run it again at once
const source = `aws.partner/github.com/octocat-${run}`;
const secret = randomUUID(); // what GitHub asks for as the webhook's secret
const payloads = new URL("../github-webhooks/payloads.jsonl", import.meta.url);

// Without keys of yours, a 12-digit access key id is the account that calls.
const client = { endpoint, region, credentials: { accessKeyId: account, secretAccessKey: "any" } };
const [events, sns, sqs] = [new EventBridge(client), new SNS(client), new SQS(client)];

const undo = []; // in reverse, also when something fails
const later = (f) => undo.unshift(f);
const say = (what) => console.log(`ok   ${what}`);

async function post(path, body, headers = {}) {
  const request = { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } };
  const answer = await fetch(endpoint + path, request);
  await answer.arrayBuffer(); // read to its end, so that the connection is used again
  return answer.status;
}

// A policy that lets a service of this account in. AWS asks for it, and so does --auth strict.
const maySend = (Service, Action, Resource) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service },
        Action,
        Resource,
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
    ],
  });

// Everything in a queue, each message deleted once it is read.
async function drain(QueueUrl) {
  const bodies = [];
  for (;;) {
    const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
    if (!Messages?.length) return bodies;
    bodies.push(...Messages.map(({ Body }) => JSON.parse(Body)));
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }));
    await sqs.deleteMessageBatch({ QueueUrl, Entries });
  }
}

// Who wants to see what: the policy, and the same said in JavaScript for the check at the end.
const subscribers = {
  audit: { wants: () => true },
  triage: {
    policy: { "detail-type": ["issues", "pull_request"], detail: { action: ["opened", "reopened"] } },
    wants: (kind, { action }) => ["issues", "pull_request"].includes(kind) && ["opened", "reopened"].includes(action),
  },
  welcome: {
    policy: { detail: { sender: { login: [{ "anything-but": ["Codertocat", "github"] }] } } },
    wants: (_, { sender }) => !["Codertocat", "github", undefined].includes(sender?.login),
  },
};

async function subscribe(TopicArn, name, { policy }) {
  const QueueName = `${name}-${run}`;
  const Endpoint = `arn:aws:sqs:${region}:${account}:${QueueName}`;
  const Policy = maySend("sns.amazonaws.com", "sqs:SendMessage", Endpoint);
  const { QueueUrl } = await sqs.createQueue({ QueueName, Attributes: { Policy } });
  later(() => sqs.deleteQueue({ QueueUrl }));
  // Raw: the event alone, without the topic's document around it. The policy looks into the event, where it would
  // otherwise look at the message's attributes.
  const filter = policy && { FilterPolicyScope: "MessageBody", FilterPolicy: JSON.stringify(policy) };
  const Attributes = { RawMessageDelivery: "true", ...filter };
  await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint, Attributes });
  return QueueUrl;
}

async function story() {
  // As `carillon webhook set SOURCE --scheme github --secret-file … --bus`: the source, its bus and the webhook.
  const webhook = { source, account, region };
  const made = await post("/_carillon/PutWebhook", JSON.stringify({ ...webhook, scheme: "github", secret, bus: true }));
  assert.equal(made, 200);
  say(`GitHub may post to ${endpoint}/ingest/${source}`);
  later(() => events.deletePartnerEventSource({ Name: source, Account: account }));
  later(() => events.deleteEventBus({ Name: source }));
  later(() => post("/_carillon/DeleteWebhook", JSON.stringify(webhook)));

  const { TopicArn } = await sns.createTopic({ Name: `github-${run}` });
  later(() => sns.deleteTopic({ TopicArn }));
  const AttributeValue = maySend("events.amazonaws.com", "sns:Publish", TopicArn);
  await sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue });
  const rule = { EventBusName: source, Rule: "publish" };
  await events.putRule({ EventBusName: source, Name: "publish", EventPattern: JSON.stringify({ account: [account] }) });
  later(() => events.deleteRule({ EventBusName: source, Name: "publish" }));
  await events.putTargets({ ...rule, Targets: [{ Id: "topic", Arn: TopicArn }] });
  later(() => events.removeTargets({ ...rule, Ids: ["topic"] }));

  const queues = {};
  for (const [name, subscriber] of Object.entries(subscribers)) queues[name] = await subscribe(TopicArn, name, subscriber);

  const posted = (await readFile(payloads, "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  for (const [number, { event, payload }] of posted.entries()) {
    const body = JSON.stringify(payload);
    const status = await post(`/ingest/${source}`, body, {
      "X-GitHub-Event": event,
      "X-GitHub-Delivery": `${run}-${number}`,
      "X-Hub-Signature-256": "sha256=" + createHmac("sha256", secret).update(body).digest("hex"),
    });
    assert.equal(status, 200, `webhook ${number}`);
  }
  const signature = "sha256=" + "0".repeat(64);
  const forged = await post(`/ingest/${source}`, "{}", { "X-GitHub-Event": "push", "X-Hub-Signature-256": signature });
  assert.equal(forged, 401);
  say("a webhook with a forged signature is refused");

  for (const [name, { wants }] of Object.entries(subscribers)) {
    const got = (await drain(queues[name])).map((event) => JSON.stringify([event["detail-type"], event.detail]));
    const want = posted.filter(({ event, payload }) => wants(event, payload));
    assert.deepEqual(got.sort(), want.map(({ event, payload }) => JSON.stringify([event, payload])).sort());
    say(`${name} has the ${got.length} of ${posted.length} webhooks that it is for`);
  }
}

try {
  await story();
} finally {
  for (const f of undo) {
    await f().catch((e) => {
      console.error(e); // and on: what failed before it is what matters
      process.exitCode = 1;
    });
  }
}
