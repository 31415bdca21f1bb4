"""Users, groups, roles, their policies and keys."""

import json

from harness import case, check, equal, fails, scenario

SEND = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def iam_of(t):
    return t.client("iam")


def role_of(t, iam, **more):
    return iam.create_role(RoleName=t.name("role"), AssumeRolePolicyDocument=json.dumps(TRUST), **more)["Role"]


@scenario("iam-users")
def users(t):
    iam, name = iam_of(t), t.name("user")
    user = iam.create_user(UserName=name, Path="/tour/", Tags=[{"Key": "team", "Value": "red"}])["User"]
    equal(user["Arn"], f"arn:aws:iam::{t.account}:user/tour/{name}", "Arn")
    check(user["UserId"].startswith("AIDA") and len(user["UserId"]) == 21, "UserId")
    iam.get_waiter("user_exists").wait(UserName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    with fails("EntityAlreadyExists", status=409, message=f"User with name {name} already exists."):
        iam.create_user(UserName=name)
    equal(iam.get_user(UserName=name)["User"]["Tags"], [{"Key": "team", "Value": "red"}], "tags")
    iam.tag_user(UserName=name, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_user(UserName=name, TagKeys=["team"])
    equal(iam.list_user_tags(UserName=name)["Tags"], [{"Key": "b", "Value": "2"}], "tags after")
    others = [t.name("user") for _ in range(3)]
    for other in others:
        iam.create_user(UserName=other, Path="/tour/pages/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/tour/pages/", PaginationConfig={"PageSize": 1}))
    listed = [u["UserName"] for p in pages for u in p["Users"]]
    check(set(others) <= set(listed) and len(pages) >= 3, f"ListUsers {listed}")
    iam.update_user(UserName=others[0], NewUserName=others[0] + "-new")
    with fails("NoSuchEntity", status=404, message="cannot be found"):
        iam.get_user(UserName=others[0])
    with fails("ValidationError"):
        iam.create_user(UserName="a b")
    for other in [name, others[0] + "-new", *others[1:]]:
        iam.delete_user(UserName=other)


@scenario("iam-access-keys")
def access_keys(t):
    iam, name = iam_of(t), t.name("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    equal((key["UserName"], key["Status"], key["AccessKeyId"][:4], len(key["SecretAccessKey"])), (name, "Active", "AKIA", 40), "the key")
    iam.create_access_key(UserName=name)
    with fails("LimitExceeded", status=409, message="AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=name)
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    equal([(k["AccessKeyId"] == key["AccessKeyId"], k["Status"]) for k in keys], [(True, "Inactive"), (False, "Active")], "ListAccessKeys")
    equal(iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"], "N/A", "never used")
    with fails("DeleteConflict", status=409, message="must delete access keys first"):
        iam.delete_user(UserName=name)
    for k in keys:
        iam.delete_access_key(UserName=name, AccessKeyId=k["AccessKeyId"])
    iam.delete_user(UserName=name)


@scenario("iam-policies")
def policies(t):
    iam, name = iam_of(t), t.name("policy")
    policy = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(SEND), Description="d")["Policy"]
    arn = policy["Arn"]
    equal((arn, policy["DefaultVersionId"], policy["AttachmentCount"]), (f"arn:aws:iam::{t.account}:policy/{name}", "v1", 0), "CreatePolicy")
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    equal(iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"], SEND, "the document")
    role = role_of(t, iam)["RoleName"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    equal([p["PolicyName"] for p in attached], ["AWSLambdaBasicExecutionRole", name], "attached, by name")
    equal([r["RoleName"] for r in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]], [role], "ListEntitiesForPolicy")
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SEND), SetAsDefault=True)
    with fails("LimitExceeded", message="up to 5 versions"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(SEND))
    equal([v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]], ["v5", "v4", "v3", "v2", "v1"], "versions")
    with fails("DeleteConflict", message="default version"):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with fails("DeleteConflict", message="attached to entities"):
        iam.delete_policy(PolicyArn=arn)
    with fails("NoSuchEntity", message="does not exist or is not attachable"):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn + "-none")
    for bad in ("{}", "no JSON", json.dumps({**SEND, "Version": "2020-01-01"})):
        with case(bad), fails("MalformedPolicyDocument", status=400):
            iam.create_policy(PolicyName=t.name("policy"), PolicyDocument=bad)
    for p in attached:
        iam.detach_role_policy(RoleName=role, PolicyArn=p["PolicyArn"])
    iam.delete_role(RoleName=role)
    for v in ("v1", "v2", "v3", "v4"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=v)
    iam.delete_policy(PolicyArn=arn)
    local = [p["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="Local") for p in page["Policies"]]
    check(name not in local, "gone")
    aws = [p["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 1000}) for p in page["Policies"]]
    check("AdministratorAccess" in aws and len(aws) > 1000, "AWS's own policies")


@scenario("iam-roles")
def roles(t):
    iam = iam_of(t)
    role = role_of(t, iam, Description="d", MaxSessionDuration=7200, Tags=[{"Key": "a", "Value": "1"}])
    name = role["RoleName"]
    equal((role["AssumeRolePolicyDocument"], role["MaxSessionDuration"]), (TRUST, 7200), "CreateRole")
    iam.get_waiter("role_exists").wait(RoleName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=json.dumps(SEND))
    equal(iam.get_role_policy(RoleName=name, PolicyName="send")["PolicyDocument"], SEND, "inline")
    equal(iam.list_role_policies(RoleName=name)["PolicyNames"], ["send"], "ListRolePolicies")
    changed = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": t.account}}]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(changed))
    iam.update_role(RoleName=name, Description="e", MaxSessionDuration=3600)
    got = iam.get_role(RoleName=name)["Role"]
    equal((got["AssumeRolePolicyDocument"], got["Description"], got["MaxSessionDuration"]), (changed, "e", 3600), "GetRole")
    nobody = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": f"arn:aws:iam::{t.account}:user/{t.name('no')}"}}]}
    with fails("MalformedPolicyDocument", message="Invalid principal in policy"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(nobody))
    profile = t.name("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName=profile, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    equal([r["RoleName"] for r in iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]], [name], "the profile's role")
    with fails("DeleteConflict"):
        iam.delete_role(RoleName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=profile)
    with fails("DeleteConflict", message="must delete policies first"):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="send")
    iam.delete_role(RoleName=name)
    with fails("NoSuchEntity", status=404, message=f"The role with name {name} cannot be found."):
        iam.get_role(RoleName=name)


@scenario("iam-groups")
def groups(t):
    iam, group, user = iam_of(t), t.name("group"), t.name("user")
    iam.create_group(GroupName=group)
    iam.create_user(UserName=user)
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.put_group_policy(GroupName=group, PolicyName="send", PolicyDocument=json.dumps(SEND))
    equal([u["UserName"] for u in iam.get_group(GroupName=group)["Users"]], [user], "members")
    equal([g["GroupName"] for g in iam.list_groups_for_user(UserName=user)["Groups"]], [group], "groups")
    source = f"arn:aws:iam::{t.account}:user/{user}"
    decided = [r["EvalDecision"] for r in iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=["sqs:SendMessage", "sqs:DeleteQueue"])["EvaluationResults"]]
    equal(decided, ["allowed", "implicitDeny"], "what the user may")
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSNSFullAccess")
    equal(iam.get_user(UserName=user)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"], "arn:aws:iam::aws:policy/AmazonSNSFullAccess", "boundary")
    decided = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=["sqs:SendMessage"])["EvaluationResults"][0]
    equal((decided["EvalDecision"], decided["PermissionsBoundaryDecisionDetail"]), ("implicitDeny", {"AllowedByPermissionsBoundary": False}), "within the boundary")
    details = iam.get_paginator("get_account_authorization_details").paginate(Filter=["User", "Group"], PaginationConfig={"PageSize": 3})
    found = [u for page in details for u in page["UserDetailList"] if u["UserName"] == user]
    equal([u["GroupList"] for u in found], [[group]], "GetAccountAuthorizationDetails")
    iam.delete_user_permissions_boundary(UserName=user)
    with fails("DeleteConflict", message="must remove users from group first"):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName=user)
    iam.delete_group_policy(GroupName=group, PolicyName="send")
    iam.delete_group(GroupName=group)
    iam.delete_user(UserName=user)


@scenario("iam-simulate")
def simulate(t):
    iam = iam_of(t)
    doc = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
        {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"},
    ]}
    ask = {"PolicyInputList": [json.dumps(doc)], "ActionNames": ["sqs:SendMessage", "sqs:DeleteQueue"]}
    results = iam.simulate_custom_policy(**ask)["EvaluationResults"]
    equal([r["EvalDecision"] for r in results], ["implicitDeny", "explicitDeny"], "without the tag")
    equal(results[0]["MissingContextValues"], ["aws:PrincipalTag/team"], "MissingContextValues")
    tag = [{"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["red"], "ContextKeyType": "string"}]
    pages = iam.get_paginator("simulate_custom_policy").paginate(**ask, ContextEntries=tag, PaginationConfig={"PageSize": 1})
    equal([r["EvalDecision"] for p in pages for r in p["EvaluationResults"]], ["allowed", "explicitDeny"], "with the tag")
    equal(iam.get_context_keys_for_custom_policy(PolicyInputList=[json.dumps(doc)])["ContextKeyNames"], ["aws:PrincipalTag/team"], "context keys")
    with fails("InvalidInput", status=400):
        iam.simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["sqs:SendMessage"])


@scenario("iam-service-linked-role")
def service_linked(t):
    iam, suffix = iam_of(t), t.name("x").replace("-", "")
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=suffix)["Role"]
    equal((role["Path"], role["RoleName"]), ("/aws-service-role/autoscaling.amazonaws.com/", f"AWSServiceRoleForAutoScaling_{suffix}"), "the role")
    with fails("InvalidInput", message="has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=suffix)
    with fails("UnmodifiableEntity", status=400):
        iam.delete_role(RoleName=role["RoleName"])
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    equal(iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"], "SUCCEEDED", "deleted")


@scenario("iam-account")
def account(t):
    iam, alias = iam_of(t), t.name("alias")
    iam.create_account_alias(AccountAlias=alias)
    check(len(iam.list_account_aliases()["AccountAliases"]) == 1, "one alias")
    iam.update_account_password_policy(MinimumPasswordLength=12, MaxPasswordAge=30)
    rule = iam.get_account_password_policy()["PasswordPolicy"]
    equal((rule["MinimumPasswordLength"], rule["ExpirePasswords"], rule["MaxPasswordAge"]), (12, True, 30), "password policy")
    summary = iam.get_account_summary()["SummaryMap"]
    equal((summary["UsersQuota"], summary["AccessKeysPerUserQuota"]), (5000, 2), "quotas")
    provider = iam.create_open_id_connect_provider(Url=f"https://{t.name('idp')}.example.com", ClientIDList=["a"], ThumbprintList=["ab" * 20])["OpenIDConnectProviderArn"]
    equal(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["ClientIDList"], ["a"], "client ids")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with fails("NotImplemented", status=501):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="m")
    iam.delete_account_alias(AccountAlias=alias)
    iam.delete_account_password_policy()
