// Subscribers over HTTP, who check what they get with AWS's own sns-validator.

import assert from "node:assert/strict";
import { createServer, get } from "node:http";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import * as t from "./tour.mjs";

const require = createRequire(import.meta.url);
const Validator = require("sns-validator");

// The validator gets certificates by https only, which is what a proxy in front
// of Carillon speaks. Here is none, so its calls are made by http.
const https = require("https");
https.get = (url, ...more) => get(url.replace("https:", "http:"), ...more);

const validate = (message) =>
  new Promise((resolve, reject) => {
    // SigningCertURL is not signed: it says where, and the host pattern whom to trust.
    const seen = { ...message, SigningCertURL: message.SigningCertURL.replace("http:", "https:") };
    new Validator(/^127\.0\.0\.1:\d+$/).validate(seen, (err, good) => (err ? reject(err) : resolve(good)));
  });

// A subscriber: what it was sent comes out of next.
async function subscriber() {
  const waiting = [];
  const came = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk)).on("end", () => {
      response.end();
      const got = { headers: request.headers, body };
      waiting.length ? waiting.shift()(got) : came.push(got);
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,
    next: () => (came.length ? Promise.resolve(came.shift()) : new Promise((resolve) => waiting.push(resolve))),
    close: () => server.close(),
  };
}

const follow = async (link) => assert.equal((await fetch(link)).status, 200);

describe("topics", { concurrency: 8 }, () => {
  for (const version of ["1", "2"]) {
    it(`topics-http-signature-${version}`, async () => {
      const hook = await subscriber();
      const { TopicArn } = await t.sns("CreateTopic", { Name: t.name("topic"), Attributes: { SignatureVersion: version } });
      await t.sns("Subscribe", { TopicArn, Protocol: "http", Endpoint: hook.url });
      const asked = await hook.next();
      assert.equal(asked.headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
      const confirmation = await validate(JSON.parse(asked.body));
      await assert.rejects(validate({ ...confirmation, Message: "another" }));
      await follow(confirmation.SubscribeURL);

      await t.sns("Publish", { TopicArn, Subject: "hello", Message: "two\nlines, \u00fc" });
      const got = await hook.next();
      const message = await validate(JSON.parse(got.body));
      assert.deepEqual(
        [message.Type, message.Subject, message.Message, message.SignatureVersion, got.headers["x-amz-sns-message-id"]],
        ["Notification", "hello", "two\nlines, \u00fc", version, message.MessageId],
      );
      await follow(message.UnsubscribeURL);
      assert.equal(JSON.parse((await hook.next()).body).Type, "UnsubscribeConfirmation");
      await t.sns("DeleteTopic", { TopicArn });
      hook.close();
    });
  }

  it("topics-http-raw", async () => {
    const hook = await subscriber();
    const { TopicArn } = await t.sns("CreateTopic", { Name: t.name("topic") });
    const DeliveryPolicy = t.json({ requestPolicy: { headerContentType: "application/json" } });
    await t.sns("Subscribe", { TopicArn, Protocol: "http", Endpoint: hook.url, Attributes: { RawMessageDelivery: "true", DeliveryPolicy } });
    const { Token } = JSON.parse((await hook.next()).body);
    await t.sns("ConfirmSubscription", { TopicArn, Token });
    await t.sns("Publish", { TopicArn, Message: '{"a":1}' });
    const { headers, body } = await hook.next();
    assert.deepEqual([body, headers["x-amz-sns-rawdelivery"], headers["content-type"]], ['{"a":1}', "true", "application/json"]);
    await t.sns("DeleteTopic", { TopicArn });
    hook.close();
  });
});
