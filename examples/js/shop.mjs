// A shop, with aws-sdk-js v3.
//
// Orders go to billing, to a warehouse that keeps the order of each customer,
// and to e-mail; new accounts to marketing, in an account of its own. Analytics
// comes late and catches up from the archive. Billing cannot read one of the
// orders: the queue puts it aside, and it is redriven once the reader is mended.
//
//     npm install && node shop.mjs

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SQS } from "@aws-sdk/client-sqs";

const endpoint = process.env.AWS_ENDPOINT_URL ?? "http://127.0.0.1:4566";
const region = "us-east-1";
const run = randomUUID().slice(0, 8); // names of this run's own, so that you can run it again at once
const bus = `shop-${run}`;
const customers = ["anna", "ben", "clara"];
const orders = [...Array(12).keys()];
const poison = 5; // the order whose total is a word

const undo = []; // in reverse, also when something fails
const later = (f) => undo.unshift(f);
const say = (what) => console.log(`ok   ${what}`);

// What one account does: without keys of yours, a 12-digit access key id says which.
class Account {
  constructor(number) {
    const client = { endpoint, region, credentials: { accessKeyId: number, secretAccessKey: "any" } };
    this.number = number;
    this.events = new EventBridge(client);
    this.sqs = new SQS(client);
  }

  async bus() {
    const { EventBusArn } = await this.events.createEventBus({ Name: bus });
    later(() => this.events.deleteEventBus({ Name: bus }));
    return EventBusArn;
  }

  // A queue that rules of this account may send to. AWS asks for the policy, and so does --auth strict.
  async queue(stem, attributes = {}) {
    const QueueName = attributes.FifoQueue ? `${stem}-${run}.fifo` : `${stem}-${run}`;
    const arn = `arn:aws:sqs:${region}:${this.number}:${QueueName}`;
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arn,
          Condition: { StringEquals: { "aws:SourceAccount": this.number } },
        },
      ],
    });
    const { QueueUrl } = await this.sqs.createQueue({ QueueName, Attributes: { Policy, ...attributes } });
    later(() => this.sqs.deleteQueue({ QueueUrl }));
    return { url: QueueUrl, arn };
  }

  async rule(Name, detailType, Arn, target = {}) {
    const EventPattern = JSON.stringify({ "detail-type": [detailType] });
    const { RuleArn } = await this.events.putRule({ EventBusName: bus, Name, EventPattern });
    later(() => this.events.deleteRule({ EventBusName: bus, Name }));
    // One bad target does not fail the call: the answer says which.
    const Targets = [{ Id: "target", Arn, ...target }];
    assert.deepEqual((await this.events.putTargets({ EventBusName: bus, Rule: Name, Targets })).FailedEntries, []);
    later(() => this.events.removeTargets({ EventBusName: bus, Rule: Name, Ids: ["target"] }));
    return RuleArn;
  }

  // Reads a queue until it is empty. What handle cannot read is not deleted, and comes again.
  async read({ url: QueueUrl }, handle, WaitTimeSeconds = 1) {
    for (;;) {
      const { Messages } = await this.sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds });
      if (!Messages?.length) return;
      for (const { Body, ReceiptHandle } of Messages) {
        try {
          handle(JSON.parse(Body));
        } catch (e) {
          if (e instanceof RangeError) continue;
          throw e;
        }
        await this.sqs.deleteMessage({ QueueUrl, ReceiptHandle });
      }
    }
  }
}

const [shop, marketing] = [new Account("111111111111"), new Account("222222222222")];

async function put(DetailType, detail) {
  const entry = { EventBusName: bus, Source: "shop", DetailType, Detail: JSON.stringify(detail) };
  const { FailedEntryCount, Entries } = await shop.events.putEvents({ Entries: [entry] });
  assert.equal(FailedEntryCount, 0, Entries[0].ErrorMessage);
}

const billed = new Map();
function bill({ detail }, words = {}) {
  const total = words[detail.total] ?? detail.total;
  if (!Number.isInteger(total)) throw new RangeError(`a total of ${total}`);
  billed.set(detail.order, total);
}

async function story() {
  const started = new Date(Date.now() - 1000);

  // The archive keeps every event of the bus, for readers that do not exist yet.
  const busArn = await shop.bus();
  const { ArchiveArn } = await shop.events.createArchive({ ArchiveName: bus, EventSourceArn: busArn });
  later(() => shop.events.deleteArchive({ ArchiveName: bus }));

  // Billing has two tries at an order. It gets them again at once, so that this story does not wait.
  const dead = await shop.queue("billing-dead");
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
  const billing = await shop.queue("billing", { VisibilityTimeout: "0", RedrivePolicy });
  const warehouse = await shop.queue("warehouse", { FifoQueue: "true", ContentBasedDeduplication: "true" });
  const email = await shop.queue("email");

  await shop.rule("billing", "OrderPlaced", billing.arn);
  // Order within a customer, and customers side by side: the message group is read from each event.
  await shop.rule("warehouse", "OrderPlaced", warehouse.arn, { SqsParameters: { MessageGroupId: "$.detail.customer" } });
  await shop.rule("email", "OrderPlaced", email.arn, {
    InputTransformer: {
      InputPathsMap: { customer: "$.detail.customer", order: "$.detail.order" },
      InputTemplate: '"Dear <customer>, thank you for order <order>."',
    },
  });

  // Another account's bus takes events only from whom it lets in.
  const marketingArn = await marketing.bus();
  const permission = { StatementId: "shop", Action: "events:PutEvents", Principal: shop.number };
  await marketing.events.putPermission({ EventBusName: bus, ...permission });
  const newsletter = await marketing.queue("newsletter");
  await marketing.rule("newsletter", "NewAccount", newsletter.arn);
  await shop.rule("to-marketing", "NewAccount", marketingArn);

  let analytics, analyticsRule;
  for (const order of orders) {
    if (order === orders.length / 2) {
      // What puts the orders, below, does not change.
      analytics = await shop.queue("analytics");
      analyticsRule = await shop.rule("analytics", "OrderPlaced", analytics.arn);
    }
    if (order < 3) await put("NewAccount", { customer: customers[order] });
    await put("OrderPlaced", { order, customer: customers[order % 3], total: order === poison ? "twelve" : 20 + order });
  }

  await shop.read(billing, bill);
  assert.ok(billed.size === orders.length - 1 && !billed.has(poison));
  say(`billing has ${billed.size} orders; it cannot read order ${poison}`);
  // The reader is mended; what is in the dead-letter queue goes back to where it came from.
  await shop.sqs.startMessageMoveTask({ SourceArn: dead.arn });
  await shop.read(billing, (event) => bill(event, { twelve: 12 }), 3);
  assert.ok(billed.size === orders.length && billed.get(poison) === 12);
  say(`billing has all ${billed.size} orders, order ${poison} redriven`);

  const byCustomer = {};
  await shop.read(warehouse, ({ detail }) => (byCustomer[detail.customer] ??= []).push(detail.order));
  assert.deepEqual(byCustomer, { anna: [0, 3, 6, 9], ben: [1, 4, 7, 10], clara: [2, 5, 8, 11] });
  say("the warehouse has them in order for each customer");

  const letters = new Set();
  await shop.read(email, (letter) => letters.add(letter));
  assert.deepEqual(letters, new Set(orders.map((n) => `Dear ${customers[n % 3]}, thank you for order ${n}.`)));
  say(`${letters.size} letters are written: ${[...letters][0]}`);

  const accounts = [];
  await marketing.read(newsletter, ({ detail }) => accounts.push(detail.customer));
  assert.deepEqual(accounts.sort(), customers);
  say(`marketing, in another account, knows the new accounts: ${accounts.join(", ")}`);

  // A replay to the rule of analytics alone: billing does not see the orders again.
  const known = new Set();
  await shop.read(analytics, ({ detail }) => known.add(detail.order));
  const live = known.size;
  const ReplayName = `catch-up-${run}`;
  await shop.events.startReplay({
    ReplayName,
    EventSourceArn: ArchiveArn,
    EventStartTime: started,
    EventEndTime: new Date(),
    Destination: { Arn: busArn, FilterArns: [analyticsRule] },
  });
  while (["STARTING", "RUNNING"].includes((await shop.events.describeReplay({ ReplayName })).State)) await sleep(100);
  await shop.read(analytics, ({ detail }) => known.add(detail.order)); // some come again: the set does not mind
  assert.deepEqual(known, new Set(orders));
  say(`analytics saw ${live} orders live, and knows all ${known.size} after the replay`);
  await shop.read(billing, (event) => assert.fail(`billing sees ${JSON.stringify(event)} again`));
  say("nobody else was bothered by the replay");
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
