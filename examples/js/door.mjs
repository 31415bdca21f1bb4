// A smart door, with aws-sdk-js v3.
//
// The lock tells its bus what the door does, and knows of nobody who listens.
// One rule tells a phone over HTTP, another starts identification from a queue.
// The phone's service is down for a while and misses nothing; an event that is
// sent twice opens the door once.
//
//     npm install && node door.mjs

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { json as bodyOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SQS } from "@aws-sdk/client-sqs";

const endpoint = process.env.AWS_ENDPOINT_URL ?? "http://127.0.0.1:4566";
const [account, region] = ["111111111111", "us-east-1"];
const home = `home-${randomUUID().slice(0, 8)}`; // a name of this run's own, so that you can run it again at once

// Without keys of yours, a 12-digit access key id is the account that calls.
const client = { endpoint, region, credentials: { accessKeyId: account, secretAccessKey: "any" } };
const [events, sqs] = [new EventBridge(client), new SQS(client)];

const undo = []; // in reverse, also when something fails
const later = (f) => undo.unshift(f);

// A notification service that can be down: an HTTP server in this script.
const phone = { told: new Map(), port: 0 };
phone.up = () =>
  new Promise((ready) => {
    phone.server = createServer(async (request, response) => {
      const event = await bodyOf(request);
      const known = request.headers["x-api-key"] === "hush"; // the connection's key: it is Carillon who calls
      if (known) phone.told.set(event.detail.number, (phone.told.get(event.detail.number) ?? 0) + 1);
      response.writeHead(known ? 204 : 401).end();
    });
    phone.server.listen(phone.port, "127.0.0.1", () => ready((phone.port = phone.server.address().port)));
  });
phone.down = () =>
  new Promise((ended) => {
    phone.server.close(ended);
    phone.server.closeAllConnections();
  });
phone.waitFor = async (count) => {
  for (const deadline = Date.now() + 60_000; phone.told.size < count; await sleep(50)) {
    assert.ok(Date.now() < deadline, `the phone was told of ${phone.told.size} events, want ${count}`);
  }
};

// A queue that rules of this account may send to. AWS asks for the policy, and so does --auth strict.
async function queue(QueueName) {
  const arn = `arn:aws:sqs:${region}:${account}:${QueueName}`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: arn,
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
    ],
  });
  const { QueueUrl } = await sqs.createQueue({ QueueName, Attributes: { Policy } });
  later(() => sqs.deleteQueue({ QueueUrl }));
  return { url: QueueUrl, arn };
}

async function rule(Name, pattern, Arn) {
  await events.putRule({ EventBusName: home, Name, EventPattern: JSON.stringify(pattern) });
  later(() => events.deleteRule({ EventBusName: home, Name }));
  // One bad target does not fail the call: the answer says which.
  const { FailedEntries } = await events.putTargets({ EventBusName: home, Rule: Name, Targets: [{ Id: "target", Arn }] });
  assert.deepEqual(FailedEntries, []);
  later(() => events.removeTargets({ EventBusName: home, Rule: Name, Ids: ["target"] }));
}

// Everything in a queue, each message deleted once it is read.
async function drain(QueueUrl) {
  const bodies = [];
  for (;;) {
    const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
    if (!Messages?.length) return bodies;
    for (const { Body, ReceiptHandle } of Messages) {
      bodies.push(JSON.parse(Body));
      await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    }
  }
}

async function door(number) {
  const detail = { door: "front", status: number % 2 ? "closed" : "opened", number, key: `front-${number}` };
  const entry = { EventBusName: home, Source: "smart.lock", DetailType: "Door Status", Detail: JSON.stringify(detail) };
  const { Entries } = await events.putEvents({ Entries: [entry] });
  assert.ok(Entries[0].EventId, `refused: ${Entries[0].ErrorMessage}`);
  return Entries[0].EventId;
}

async function story() {
  await phone.up();
  later(phone.down);

  // Two tags make the bus recognise an event that is put twice, by a key in the event.
  await events.createEventBus({
    Name: home,
    Tags: [
      { Key: "carillon:idempotency-key-path", Value: "$.detail.key" },
      { Key: "carillon:idempotency-window", Value: "10m" },
    ],
  });
  later(() => events.deleteEventBus({ Name: home }));

  // An API destination is an address, and the connection is the right to call it.
  const { ConnectionArn } = await events.createConnection({
    Name: home,
    AuthorizationType: "API_KEY",
    AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "X-Api-Key", ApiKeyValue: "hush" } },
  });
  later(() => events.deleteConnection({ Name: home }));
  const { ApiDestinationArn } = await events.createApiDestination({
    Name: home,
    ConnectionArn,
    HttpMethod: "POST",
    InvocationEndpoint: `http://127.0.0.1:${phone.port}/notify`,
  });
  later(() => events.deleteApiDestination({ Name: home }));

  const doorStatus = { source: ["smart.lock"], "detail-type": ["Door Status"] };
  const identification = await queue(`identification-${home}`);
  await rule("notify", doorStatus, ApiDestinationArn);
  await rule("identify", doorStatus, identification.arn);

  const first = await door(0);
  await door(1);
  await phone.waitFor(2);
  await phone.down();
  for (let number = 2; number < 6; number++) await door(number); // as fast as before: a dead target delays nobody
  assert.equal(phone.told.size, 2);
  console.log("ok   4 events wait for the phone, whose service is down");
  assert.equal(await door(0), first);
  console.log("ok   the first event, sent again, is acknowledged with the first one's id");
  await phone.up();
  await phone.waitFor(6);
  console.log("ok   the phone was told of all 6 events");
  const seen = (await drain(identification.url)).map((e) => e.detail.number).sort();
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
  console.log("ok   identification has each of the 6 events once");
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
