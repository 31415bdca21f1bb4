// Topics and who subscribes to them; devices and phone numbers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { paginateListSubscriptions, paginateListSubscriptionsByTopic, paginateListTopics } from "@aws-sdk/client-sns";
import * as t from "./tour.mjs";

const topic = async (Attributes = {}) => {
  const Name = t.name("topic") + (Attributes.FifoTopic ? ".fifo" : "");
  return (await t.sns("CreateTopic", { Name, Attributes })).TopicArn;
};
const attributes = async (TopicArn) => (await t.sns("GetTopicAttributes", { TopicArn })).Attributes;

// Everything that a paginator of the SDK comes across.
async function all(paginate, field, input = {}) {
  const found = [];
  for await (const page of paginate({ client: t.snsClient }, input)) found.push(...page[field]);
  return found;
}

describe("subscriptions", { concurrency: 8 }, () => {
  it("topic-create", async () => {
    const Name = t.name("topic");
    const create = (more) => t.sns("CreateTopic", { Name, ...more });
    const { TopicArn } = await create({ Attributes: { DisplayName: "Shop" }, Tags: [{ Key: "a", Value: "1" }] });
    assert.equal(TopicArn, `arn:aws:sns:us-east-1:${t.account}:${Name}`);
    assert.equal((await create()).TopicArn, TopicArn);
    await t.refused("InvalidParameterException", create({ Attributes: { DisplayName: "Store" } }), "other attributes");
    await t.refused("InvalidParameterException", create({ Tags: [{ Key: "b", Value: "1" }] }), "other tags");
    for (const bad of ["a b", "a.fifo", "x".repeat(257)]) await t.refused("InvalidParameterException", t.sns("CreateTopic", { Name: bad }), bad);
    const got = await attributes(TopicArn);
    assert.deepEqual([got.TopicArn, got.Owner, got.DisplayName, got.SubscriptionsConfirmed], [TopicArn, t.account, "Shop", "0"]);
    await t.sns("TagResource", { ResourceArn: TopicArn, Tags: [{ Key: "b", Value: "" }] });
    await t.sns("UntagResource", { ResourceArn: TopicArn, TagKeys: ["a"] });
    assert.deepEqual((await t.sns("ListTagsForResource", { ResourceArn: TopicArn })).Tags, [{ Key: "b", Value: "" }]);
    await t.refused("ResourceNotFoundException", t.sns("ListTagsForResource", { ResourceArn: `${TopicArn}-none` }));
    await t.sns("DeleteTopic", { TopicArn });
    await t.sns("DeleteTopic", { TopicArn });
    await t.refused("NotFoundException", attributes(TopicArn));
  });

  it("topic-attributes", async () => {
    const TopicArn = await topic();
    const set = (AttributeName, AttributeValue) => t.sns("SetTopicAttributes", { TopicArn, AttributeName, AttributeValue });
    const given = { DisplayName: "Größe", DeliveryPolicy: '{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}', SignatureVersion: "2", TracingConfig: "Active" };
    for (const [name, value] of Object.entries(given)) {
      await set(name, value);
      assert.equal((await attributes(TopicArn))[name], value);
    }
    const before = await attributes(TopicArn);
    const bad = { Nonsense: "x", Policy: "{}", DeliveryPolicy: "x", SignatureVersion: "3", ContentBasedDeduplication: "true" };
    for (const [name, value] of Object.entries(bad)) await t.refused("InvalidParameterException", set(name, value), name);
    assert.deepEqual(await attributes(TopicArn), before);
    const fifo = await attributes(await topic({ FifoTopic: "true", ContentBasedDeduplication: "true" }));
    assert.deepEqual([fifo.FifoTopic, fifo.ContentBasedDeduplication], ["true", "true"]);
  });

  it("topic-policy", async () => {
    const TopicArn = await topic();
    const statements = async () => JSON.parse((await attributes(TopicArn)).Policy).Statement;
    const allow = { TopicArn, Label: "one", AWSAccountId: ["123456789012"], ActionName: ["Publish"] };
    await t.sns("AddPermission", allow);
    const { Sid, Action, Resource } = (await statements())[1];
    assert.deepEqual([Sid, Action, Resource], ["one", "SNS:Publish", TopicArn]);
    await t.refused("InvalidParameterException", t.sns("AddPermission", allow), "the same label");
    await t.sns("RemovePermission", { TopicArn, Label: "one" });
    assert.equal((await statements()).length, 1);
    const DataProtectionPolicy = t.json({ Name: "p", Version: "2021-06-01", Statement: [] });
    await t.sns("PutDataProtectionPolicy", { ResourceArn: TopicArn, DataProtectionPolicy });
    assert.equal((await t.sns("GetDataProtectionPolicy", { ResourceArn: TopicArn })).DataProtectionPolicy, DataProtectionPolicy);
  });

  it("subscribe", async () => {
    const [TopicArn, Endpoint] = [await topic(), await t.arn(await t.queue())];
    const subscribe = (Protocol, Endpoint, more) => t.sns("Subscribe", { TopicArn, Protocol, Endpoint, ...more });
    const { SubscriptionArn } = await subscribe("sqs", Endpoint);
    assert.ok(SubscriptionArn.startsWith(`${TopicArn}:`));
    assert.equal((await subscribe("sqs", Endpoint)).SubscriptionArn, SubscriptionArn);
    await t.refused("InvalidParameterException", subscribe("sqs", Endpoint, { Attributes: { RawMessageDelivery: "true" } }), "other attributes");
    const listed = (await t.sns("ListSubscriptionsByTopic", { TopicArn })).Subscriptions;
    assert.deepEqual(listed, [{ SubscriptionArn, Owner: t.account, Protocol: "sqs", Endpoint, TopicArn }]);

    assert.equal((await subscribe("email", "ops@example.com")).SubscriptionArn, "pending confirmation");
    const waiting = await subscribe("email", "ops@example.com", { ReturnSubscriptionArn: true });
    assert.equal((await t.sns("GetSubscriptionAttributes", waiting)).Attributes.PendingConfirmation, "true");
    await t.refused("InvalidParameterException", t.sns("ConfirmSubscription", { TopicArn, Token: "made up" }), "a token");
    const bad = { sqs: "x", http: "https://example.com", email: "nobody", sms: "x", lambda: "x", pigeon: "x", application: TopicArn };
    for (const [protocol, endpoint] of Object.entries(bad)) await t.refused("InvalidParameterException", subscribe(protocol, endpoint), protocol);
    await t.refused("NotFoundException", t.sns("Subscribe", { TopicArn: `${TopicArn}-none`, Protocol: "sqs", Endpoint }), "no topic");
    await t.sns("Unsubscribe", { SubscriptionArn });
    await t.sns("Unsubscribe", { SubscriptionArn });
    await t.refused("NotFoundException", t.sns("GetSubscriptionAttributes", { SubscriptionArn }), "one that is gone");
  });

  it("subscribe-pages", async () => {
    const TopicArn = await topic();
    const numbers = Array.from({ length: 120 }, (_, i) => `+4917012345${String(i).padStart(3, "0")}`);
    await Promise.all(numbers.map((Endpoint) => t.sns("Subscribe", { TopicArn, Protocol: "sms", Endpoint })));
    const found = await all(paginateListSubscriptionsByTopic, "Subscriptions", { TopicArn });
    assert.deepEqual(found.map((s) => s.Endpoint).sort(), numbers);
    const mine = await all(paginateListSubscriptions, "Subscriptions");
    assert.equal(mine.filter((s) => s.TopicArn === TopicArn).length, numbers.length);
    const topics = await Promise.all(numbers.map(() => topic()));
    const known = new Set((await all(paginateListTopics, "Topics")).map((x) => x.TopicArn));
    assert.ok([TopicArn, ...topics].every((arn) => known.has(arn)), "ListTopics");
    await t.refused("InvalidParameterException", t.sns("ListTopics", { NextToken: "made up" }), "a token");
  });

  it("subscription-attributes", async () => {
    const dead = await t.arn(await t.queue());
    const given = { FilterPolicy: '{"store":["a",{"prefix":"b"}]}', RawMessageDelivery: "true", RedrivePolicy: t.json({ deadLetterTargetArn: dead }) };
    const { SubscriptionArn } = await t.sns("Subscribe", { TopicArn: await topic(), Protocol: "sqs", Endpoint: await t.arn(await t.queue()), Attributes: given });
    const now = async () => (await t.sns("GetSubscriptionAttributes", { SubscriptionArn })).Attributes;
    const set = (AttributeName, AttributeValue) => t.sns("SetSubscriptionAttributes", { SubscriptionArn, AttributeName, AttributeValue });
    const first = await now();
    for (const name of Object.keys(given)) assert.equal(first[name], given[name]);
    assert.equal(first.FilterPolicyScope, "MessageAttributes");
    await set("FilterPolicyScope", "MessageBody");
    await set("FilterPolicy", '{"a":{"b":["c"]}}');
    const before = await now();
    const bad = { Nonsense: "", FilterPolicyScope: "MessageAttributes", FilterPolicy: '{"a":"b"}', RawMessageDelivery: "x", RedrivePolicy: '{"maxReceiveCount":3}' };
    for (const [name, value] of Object.entries(bad)) await t.refused("InvalidParameterException", set(name, value), name);
    assert.deepEqual(await now(), before);
  });

  it("push-endpoints", async () => {
    const { PlatformApplicationArn } = await t.sns("CreatePlatformApplication", { Name: t.name("app"), Platform: "GCM", Attributes: { PlatformCredential: "secret" } });
    await t.sns("SetPlatformApplicationAttributes", { PlatformApplicationArn, Attributes: { SuccessFeedbackSampleRate: "10" } });
    const shown = (await t.sns("GetPlatformApplicationAttributes", { PlatformApplicationArn })).Attributes;
    assert.deepEqual(shown, { Enabled: "true", SuccessFeedbackSampleRate: "10" });
    const apps = (await t.sns("ListPlatformApplications")).PlatformApplications;
    assert.ok(apps.some((a) => a.PlatformApplicationArn === PlatformApplicationArn));
    const register = (CustomUserData) => t.sns("CreatePlatformEndpoint", { PlatformApplicationArn, Token: "t", CustomUserData });
    const { EndpointArn } = await register("u");
    assert.equal((await register("u")).EndpointArn, EndpointArn);
    await t.refused("InvalidParameterException", register("v"), "other data");
    await t.sns("SetEndpointAttributes", { EndpointArn, Attributes: { Enabled: "false" } });
    assert.deepEqual((await t.sns("GetEndpointAttributes", { EndpointArn })).Attributes, { Token: "t", CustomUserData: "u", Enabled: "false" });
    assert.equal((await t.sns("ListEndpointsByPlatformApplication", { PlatformApplicationArn })).Endpoints.length, 1);
    await t.sns("DeleteEndpoint", { EndpointArn });
    await t.refused("NotFoundException", t.sns("GetEndpointAttributes", { EndpointArn }));
    await t.sns("DeletePlatformApplication", { PlatformApplicationArn });
  });

  it("text-messages", async () => {
    await t.sns("SetSMSAttributes", { attributes: { DefaultSMSType: "Transactional" } });
    assert.deepEqual((await t.sns("GetSMSAttributes", { attributes: ["DefaultSMSType"] })).attributes, { DefaultSMSType: "Transactional" });
    await t.refused("InvalidParameterException", t.sns("SetSMSAttributes", { attributes: { DefaultSMSType: "x" } }));
    const number = `+49171${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
    assert.equal((await t.sns("CheckIfPhoneNumberIsOptedOut", { phoneNumber: number })).isOptedOut, false);
    await t.sns("OptInPhoneNumber", { phoneNumber: number });
    assert.deepEqual((await t.sns("ListPhoneNumbersOptedOut")).phoneNumbers, []);
    assert.deepEqual((await t.sns("ListOriginationNumbers")).PhoneNumbers, []);
    assert.equal((await t.sns("GetSMSSandboxAccountStatus")).IsInSandbox, false);
    await t.sns("CreateSMSSandboxPhoneNumber", { PhoneNumber: number });
    const numbers = (await t.sns("ListSMSSandboxPhoneNumbers")).PhoneNumbers;
    assert.ok(numbers.some((n) => n.PhoneNumber === number && n.Status === "Pending"));
    await t.refused("VerificationException", t.sns("VerifySMSSandboxPhoneNumber", { PhoneNumber: number, OneTimePassword: "99999" }));
    await t.sns("DeleteSMSSandboxPhoneNumber", { PhoneNumber: number });
    await t.refused("ResourceNotFoundException", t.sns("DeleteSMSSandboxPhoneNumber", { PhoneNumber: number }));
  });
});
