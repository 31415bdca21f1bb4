import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as IAM from "@aws-sdk/client-iam";
import * as STS from "@aws-sdk/client-sts";
import * as t from "./tour.mjs";

const options = { region: t.region, endpoint: t.endpoint, maxAttempts: 1 };
const credentials = { accessKeyId: t.account, secretAccessKey: "test" };
const by = (client, commands) => (operation, input = {}) => client.send(new commands[`${operation}Command`](input));
const iamClient = new IAM.IAMClient({ ...options, credentials });
const iam = by(iamClient, IAM);
const stsOf = (c) => by(new STS.STSClient({ ...options, credentials: c }), STS);
const sts = stsOf(credentials);
const held = (c) => ({ accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken });

const send = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: "*" }] };
const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: t.account }, Action: "sts:AssumeRole" }] };

describe("identities", { concurrency: 8 }, () => {
  it("iam-users", async () => {
    const UserName = t.name("user");
    const { User } = await iam("CreateUser", { UserName, Path: "/tour/", Tags: [{ Key: "team", Value: "red" }] });
    assert.equal(User.Arn, `arn:aws:iam::${t.account}:user/tour/${UserName}`);
    await IAM.waitUntilUserExists({ client: iamClient, maxWaitTime: 5 }, { UserName });
    await t.refused("EntityAlreadyExistsException", iam("CreateUser", { UserName: UserName.toUpperCase() }), "the name in another case");
    const { AccessKey } = await iam("CreateAccessKey", { UserName });
    const me = stsOf({ accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey });
    assert.equal((await me("GetCallerIdentity")).Arn, User.Arn);
    await t.refused("DeleteConflictException", iam("DeleteUser", { UserName }), "with a key");
    await iam("DeleteAccessKey", { UserName, AccessKeyId: AccessKey.AccessKeyId });
    await iam("DeleteUser", { UserName });
    await t.refused("NoSuchEntityException", iam("GetUser", { UserName }), "a user that is gone");
  });

  it("iam-roles", async () => {
    const RoleName = t.name("role");
    const made = await iam("CreateRole", { RoleName, AssumeRolePolicyDocument: t.json(trust), MaxSessionDuration: 7200 });
    assert.deepEqual(JSON.parse(decodeURIComponent(made.Role.AssumeRolePolicyDocument)), trust);
    await IAM.waitUntilRoleExists({ client: iamClient, maxWaitTime: 5 }, { RoleName });
    await t.refused("MalformedPolicyDocumentException", iam("PutRolePolicy", { RoleName, PolicyName: "p", PolicyDocument: "{" }));
    await iam("PutRolePolicy", { RoleName, PolicyName: "send", PolicyDocument: t.json(send) });
    const { PolicyDocument } = await iam("GetRolePolicy", { RoleName, PolicyName: "send" });
    assert.deepEqual(JSON.parse(decodeURIComponent(PolicyDocument)), send);
    const { Policy } = await iam("CreatePolicy", { PolicyName: t.name("policy"), PolicyDocument: t.json(send) });
    await iam("AttachRolePolicy", { RoleName, PolicyArn: Policy.Arn });
    assert.deepEqual((await iam("ListAttachedRolePolicies", { RoleName })).AttachedPolicies.map((p) => p.PolicyArn), [Policy.Arn]);
    await t.refused("DeleteConflictException", iam("DeletePolicy", { PolicyArn: Policy.Arn }), "attached");
    await t.refused("DeleteConflictException", iam("DeleteRole", { RoleName }), "with policies");
    await iam("DetachRolePolicy", { RoleName, PolicyArn: Policy.Arn });
    await iam("DeletePolicy", { PolicyArn: Policy.Arn });
    await iam("DeleteRolePolicy", { RoleName, PolicyName: "send" });
    await iam("DeleteRole", { RoleName });
  });

  it("session-role", async () => {
    const RoleArn = `arn:aws:iam::${t.account}:role/path/worker`;
    const out = await sts("AssumeRole", { RoleArn, RoleSessionName: "night", DurationSeconds: 900 });
    assert.match(out.Credentials.AccessKeyId, /^ASIA/);
    assert.ok(Math.abs(out.Credentials.Expiration - Date.now() - 900_000) < 10_000, `it lasts until ${out.Credentials.Expiration}`);
    const who = await stsOf(held(out.Credentials))("GetCallerIdentity");
    assert.equal(who.Arn, `arn:aws:sts::${t.account}:assumed-role/worker/night`);
    assert.equal(who.UserId, out.AssumedRoleUser.AssumedRoleId);
    await t.refused("ValidationError", sts("AssumeRole", { RoleArn, RoleSessionName: "night", DurationSeconds: 899 }), "too short");
    await t.refused("MalformedPolicyDocumentException", sts("AssumeRole", { RoleArn, RoleSessionName: "night", Policy: "{" }), "no policy");
  });
});
