package iam_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy/managed"
)

func TestInlinePoliciesAddUpToTheirQuota(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "u")
	long := strings.Replace(sendPolicy, `"sqs:SendMessage"`, `["sqs:`+strings.Repeat("a", 1000)+`", "sqs:`+strings.Repeat("b", 700)+`"]`, 1)
	d.do("PutUserPolicy", "UserName", "u", "PolicyName", "one", "PolicyDocument", long)
	d.do("PutUserPolicy", "UserName", "u", "PolicyName", "one", "PolicyDocument", long)
	d.refuse("LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user u", "PutUserPolicy", "UserName", "u", "PolicyName", "two", "PolicyDocument", long)
	d.has(d.do("ListUserPolicies", "UserName", "u"), "<PolicyNames><member>one</member></PolicyNames>")
	got, _ := url.PathUnescape(field(d.do("GetUserPolicy", "UserName", "u", "PolicyName", "one"), "PolicyDocument"))
	if got != long {
		t.Errorf("it comes back as %s", got)
	}
	d.refuse("NoSuchEntity", "The user policy with name two cannot be found.", "DeleteUserPolicy", "UserName", "u", "PolicyName", "two")
	d.refuse("MalformedPolicyDocument", "/Statement/0", "PutUserPolicy", "UserName", "u", "PolicyName", "p", "PolicyDocument", `{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"*","Resource":"*"}]}`)
}

func TestABoundaryIsSetEchoedAndCounted(t *testing.T) {
	d := open(t)
	arn := field(d.do("CreatePolicy", "PolicyName", "most", "PolicyDocument", sendPolicy), "Arn")
	d.do("CreateUser", "UserName", "u", "PermissionsBoundary", arn)
	d.has(d.do("GetUser", "UserName", "u"), "<PermissionsBoundaryArn>"+arn+"<")
	d.has(d.do("GetPolicy", "PolicyArn", arn), "<PermissionsBoundaryUsageCount>1<", "<AttachmentCount>0<")
	d.has(d.do("ListEntitiesForPolicy", "PolicyArn", arn, "PolicyUsageFilter", "PermissionsBoundary"), "<UserName>u</UserName>")
	d.has(d.do("ListEntitiesForPolicy", "PolicyArn", arn, "PolicyUsageFilter", "PermissionsPolicy"), "<PolicyUsers></PolicyUsers>")
	d.refuse("DeleteConflict", "attached to entities", "DeletePolicy", "PolicyArn", arn)
	if e, _ := d.directory.User(d.account, "u"); e.Boundary.Name != arn {
		t.Errorf("the directory has the boundary %q", e.Boundary.Name)
	}
	d.do("DeleteUserPermissionsBoundary", "UserName", "u")
	d.do("DeletePolicy", "PolicyArn", arn)
	d.refuse("NoSuchEntity", "does not exist or is not attachable", "PutUserPermissionsBoundary", "UserName", "u", "PermissionsBoundary", arn)
}

func TestAnInstanceProfileTakesOneRole(t *testing.T) {
	d := open(t)
	d.do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	d.has(d.do("CreateInstanceProfile", "InstanceProfileName", "p"), "<InstanceProfileId>AIPA", "<Roles></Roles>")
	d.do("AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r")
	d.refuse("LimitExceeded", "InstanceSessionsPerInstanceProfile: 1", "AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r")
	d.has(d.do("GetInstanceProfile", "InstanceProfileName", "p"), "<RoleName>r</RoleName>")
	d.has(d.do("ListInstanceProfilesForRole", "RoleName", "r"), "<InstanceProfileName>p<")
	d.refuse("DeleteConflict", "must remove roles from instance profile first", "DeleteRole", "RoleName", "r")
	d.refuse("DeleteConflict", "must remove roles from instance profile first", "DeleteInstanceProfile", "InstanceProfileName", "p")
	d.do("RemoveRoleFromInstanceProfile", "InstanceProfileName", "p", "RoleName", "r")
	d.do("DeleteInstanceProfile", "InstanceProfileName", "p")
	d.do("DeleteRole", "RoleName", "r")
}

func TestAServicesRoleIsLeftToTheService(t *testing.T) {
	d := open(t)
	out := d.do("CreateServiceLinkedRole", "AWSServiceName", "apidestinations.events.amazonaws.com")
	name := "AWSServiceRoleForAmazonEventBridgeApiDestinations"
	d.has(out, "<Path>/aws-service-role/apidestinations.events.amazonaws.com/</Path>", "<RoleName>"+name+"<")
	d.has(d.do("ListAttachedRolePolicies", "RoleName", name), "AmazonEventBridgeApiDestinationsServiceRolePolicy")
	d.refuse("InvalidInput", "has been taken in this account, please try a different suffix", "CreateServiceLinkedRole", "AWSServiceName", "apidestinations.events.amazonaws.com")
	d.refuse("UnmodifiableEntity", "Cannot perform the operation on the protected role", "PutRolePolicy", "RoleName", name, "PolicyName", "p", "PolicyDocument", sendPolicy)
	d.refuse("UnmodifiableEntity", "Cannot perform the operation on the protected role", "DeleteRole", "RoleName", name)
	d.do("UpdateRole", "RoleName", name, "Description", "ours")
	task := field(d.do("DeleteServiceLinkedRole", "RoleName", name), "DeletionTaskId")
	d.has(d.do("GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", task), "<Status>SUCCEEDED</Status>")
	d.refuse("NoSuchEntity", "cannot be found", "GetRole", "RoleName", name)
	d.refuse("NoSuchEntity", "cannot be found", "GetServiceLinkedRoleDeletionStatus", "DeletionTaskId", "task/no")
	d.refuse("InvalidInput", "is not valid", "CreateServiceLinkedRole", "AWSServiceName", "example.com")
	d.do("CreateRole", "RoleName", "mine", "AssumeRolePolicyDocument", trust)
	d.refuse("NoSuchEntity", "no service-linked role", "DeleteServiceLinkedRole", "RoleName", "mine")
}

func TestTheAccountHasAnAliasARuleAndASummary(t *testing.T) {
	d := open(t)
	d.has(d.do("ListAccountAliases"), "<AccountAliases></AccountAliases>")
	d.do("CreateAccountAlias", "AccountAlias", "our-company")
	d.has(d.do("ListAccountAliases"), "<member>our-company</member>")
	d.account = "210987654321"
	d.refuse("EntityAlreadyExists", "The account alias our-company already exists.", "CreateAccountAlias", "AccountAlias", "our-company")
	d.account = "123456789012"
	d.refuse("ValidationError", "accountAlias", "CreateAccountAlias", "AccountAlias", "a--b")
	d.refuse("NoSuchEntity", "other", "DeleteAccountAlias", "AccountAlias", "other")
	d.do("DeleteAccountAlias", "AccountAlias", "our-company")

	d.refuse("NoSuchEntity", "The Password Policy with domain name 123456789012 cannot be found.", "GetAccountPasswordPolicy")
	d.do("UpdateAccountPasswordPolicy", "MinimumPasswordLength", "12", "RequireSymbols", "true", "MaxPasswordAge", "90")
	d.has(d.do("GetAccountPasswordPolicy"), "<MinimumPasswordLength>12<", "<RequireSymbols>true<", "<ExpirePasswords>true<", "<MaxPasswordAge>90<")
	d.do("DeleteAccountPasswordPolicy")

	d.do("CreateUser", "UserName", "u")
	d.do("CreatePolicy", "PolicyName", "p", "PolicyDocument", sendPolicy)
	summary := d.do("GetAccountSummary")
	for key, value := range map[string]string{"Users": "1", "UsersQuota": "5000", "Policies": "1", "PolicyVersionsInUse": "1", "AccessKeysPerUserQuota": "2"} {
		d.has(summary, "<key>"+key+"</key><value>"+value+"</value>")
	}
}

func TestALoginProfileIsKeptWithoutThePassword(t *testing.T) {
	d := open(t)
	d.do("CreateUser", "UserName", "u")
	d.refuse("NoSuchEntity", "Login Profile for User u cannot be found.", "GetLoginProfile", "UserName", "u")
	d.has(d.do("CreateLoginProfile", "UserName", "u", "Password", "correct horse", "PasswordResetRequired", "true"), "<PasswordResetRequired>true<")
	d.refuse("EntityAlreadyExists", "Login Profile for user u already exists.", "CreateLoginProfile", "UserName", "u", "Password", "x")
	d.do("UpdateLoginProfile", "UserName", "u", "PasswordResetRequired", "false")
	d.has(d.do("GetLoginProfile", "UserName", "u"), "<PasswordResetRequired>false<")
	d.refuse("DeleteConflict", "must delete login profile first", "DeleteUser", "UserName", "u")
	d.do("DeleteLoginProfile", "UserName", "u")
	d.do("DeleteUser", "UserName", "u")
}

// A document of 120 KB that nearly matches a resource of 2 KB took half a second for
// each of up to 1,000 pairs.
func TestASimulationOfHostilePoliciesAnswersLessAtOnce(t *testing.T) {
	d := open(t)
	resource := "arn:aws:sqs:us-east-1:123456789012:" + strings.Repeat("a", 2000)
	pattern := `"arn:aws:sqs:*:*:*` + strings.Repeat("a", 500) + "?" + strings.Repeat("a", 500) + `b*"`
	pairs := []string{"PolicyInputList.member.1", `{"Statement":{"Effect":"Allow","Action":"*","Resource":[` + strings.Repeat(pattern+",", 110) + pattern + `]}}`}
	for i := range 100 {
		pairs = append(pairs, fmt.Sprintf("ActionNames.member.%d", i+1), fmt.Sprintf("sqs:A%d", i))
	}
	pairs = append(pairs, "ResourceArns.member.1", resource, "ResourceArns.member.2", "*")
	began := time.Now()
	out := d.do("SimulateCustomPolicy", pairs...)
	d.has(out, "<IsTruncated>true</IsTruncated>", "<EvalDecision>implicitDeny</EvalDecision>")
	if n, took := strings.Count(out, "<EvalDecision>"), time.Since(began); n > 10 || took > 5*time.Second {
		t.Errorf("%d results took %v", n, took)
	}
	next := d.do("SimulateCustomPolicy", append(pairs, "Marker", field(out, "Marker"))...)
	d.has(next, "<EvalActionName>sqs:A1</EvalActionName>")
	usual := append(pairs[:0:0], pairs[2:]...)
	usual = append(usual, "PolicyInputList.member.1", sendPolicy, "MaxItems", "200")
	d.has(d.do("SimulateCustomPolicy", usual...), "<IsTruncated>false</IsTruncated>")
}

func TestPoliciesOfServicesOwnRolesCannotBeAttached(t *testing.T) {
	d := open(t)
	d.do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	d.do("CreateUser", "UserName", "u")
	d.do("CreateGroup", "GroupName", "g")
	const sentence = "Cannot attach a Service Role Policy to a Customer Role."
	arn := managed.Prefix + "/aws-service-role/AmazonEventBridgeApiDestinationsServiceRolePolicy"
	if _, ok := managed.Find(arn); !ok {
		t.Fatal("there is no such policy")
	}
	d.refuse("PolicyNotAttachable", sentence, "AttachRolePolicy", "RoleName", "r", "PolicyArn", arn)
	d.refuse("PolicyNotAttachable", sentence, "AttachUserPolicy", "UserName", "u", "PolicyArn", arn)
	d.refuse("PolicyNotAttachable", sentence, "AttachGroupPolicy", "GroupName", "g", "PolicyArn", arn)
	d.refuse("PolicyNotAttachable", sentence, "PutRolePermissionsBoundary", "RoleName", "r", "PermissionsBoundary", arn)
	d.refuse("PolicyNotAttachable", sentence, "PutUserPermissionsBoundary", "UserName", "u", "PermissionsBoundary", arn)
}

func TestAuthorizationDetailsOfALargeAccountComeInPagesOfSomeSize(t *testing.T) {
	d := open(t)
	long := strings.Replace(sendPolicy, `"sqs:SendMessage"`, `["sqs:`+strings.Repeat("a", 3000)+`", "sqs:`+strings.Repeat("b", 2900)+`"]`, 1)
	const policies = 60
	for i := range policies {
		arn := field(d.do("CreatePolicy", "PolicyName", fmt.Sprintf("p%03d", i), "PolicyDocument", long), "Arn")
		for range 4 {
			d.do("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", long)
		}
	}
	seen, pages := 0, 0
	for marker := []string(nil); pages == 0 || marker != nil; pages++ {
		out := d.do("GetAccountAuthorizationDetails", append([]string{"MaxItems", "1000"}, marker...)...)
		if len(out) > 8<<20 {
			t.Errorf("page %d has %d bytes", pages, len(out))
		}
		seen += strings.Count(out, "<PolicyName>p")
		if marker = nil; field(out, "Marker") != "" {
			marker = []string{"Marker", field(out, "Marker")}
		}
	}
	if seen != policies || pages < 2 {
		t.Errorf("%d policies in %d pages", seen, pages)
	}
}

func TestProvidersOfIdentitiesAreKept(t *testing.T) {
	d := open(t)
	print := strings.Repeat("ab", 20)
	arn := field(d.do("CreateOpenIDConnectProvider", "Url", "https://token.example.com/x", "ClientIDList.member.1", "one", "ThumbprintList.member.1", print), "OpenIDConnectProviderArn")
	if arn != "arn:aws:iam::123456789012:oidc-provider/token.example.com/x" {
		t.Fatal(arn)
	}
	d.refuse("EntityAlreadyExists", "already exists", "CreateOpenIDConnectProvider", "Url", "https://token.example.com/x")
	d.refuse("ValidationError", "https://", "CreateOpenIDConnectProvider", "Url", "http://token.example.com")
	d.do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", "two")
	if _, ok := d.directory.OIDC(d.account, "token.example.com/X"); ok {
		t.Error("a path in another case is another tenant of the provider")
	}
	if _, ok := d.directory.OIDC(d.account, "token.example.com/x"); !ok {
		t.Error("the provider is not known")
	}
	d.do("RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", "one")
	d.has(d.do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", arn), "<Url>token.example.com/x</Url>", "<ClientIDList><member>two</member></ClientIDList>", print)
	if p, ok := d.directory.OIDC(d.account, "token.example.com/x"); !ok || p.ClientIDs[0] != "two" || p.Thumbprints[0] != print {
		t.Errorf("the directory has %+v", p)
	}
	d.do("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", arn)
	d.has(d.do("ListOpenIDConnectProviders"), "<OpenIDConnectProviderList></OpenIDConnectProviderList>")

	saml := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x" validUntil="2030-01-01T00:00:00Z">` + strings.Repeat(" ", 1000) + `</EntityDescriptor>`
	arn = field(d.do("CreateSAMLProvider", "Name", "corp", "SAMLMetadataDocument", saml), "SAMLProviderArn")
	d.has(d.do("GetSAMLProvider", "SAMLProviderArn", arn), "<ValidUntil>2030-01-01T00:00:00.000Z<", "EntityDescriptor")
	d.refuse("InvalidInput", "Could not parse metadata", "CreateSAMLProvider", "Name", "c2", "SAMLMetadataDocument", strings.Repeat("x", 1000))
	d.do("DeleteSAMLProvider", "SAMLProviderArn", arn)
	d.refuse("NoSuchEntity", "Manifest not found", "GetSAMLProvider", "SAMLProviderArn", arn)
}

func TestTheSimulatorGivesTheEnginesAnswers(t *testing.T) {
	d := open(t)
	conditional := `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:123456789012:open","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}},
  {"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}`
	ask := func(pairs ...string) string {
		return d.do("SimulateCustomPolicy", append([]string{"PolicyInputList.member.1", conditional, "ActionNames.member.1", "sqs:SendMessage", "ActionNames.member.2", "sqs:DeleteQueue",
			"ResourceArns.member.1", "arn:aws:sqs:eu-west-1:123456789012:open"}, pairs...)...)
	}
	out := ask()
	d.has(out, "<EvalDecision>implicitDeny</EvalDecision>", "<EvalDecision>explicitDeny</EvalDecision>", "<member>aws:PrincipalTag/team</member>", "<SourcePolicyId>PolicyInputList.1<", "<Line>3</Line>")
	out = ask("ContextEntries.member.1.ContextKeyName", "aws:PrincipalTag/team", "ContextEntries.member.1.ContextKeyType", "string", "ContextEntries.member.1.ContextKeyValues.member.1", "red")
	d.has(out, "<EvalDecision>allowed</EvalDecision>", "<EvalDecision>explicitDeny</EvalDecision>")
	d.has(d.do("GetContextKeysForCustomPolicy", "PolicyInputList.member.1", conditional), "<member>aws:PrincipalTag/team</member>")
	d.refuse("InvalidInput", "PolicyInputList.1", "SimulateCustomPolicy", "PolicyInputList.member.1", "{}", "ActionNames.member.1", "sqs:SendMessage")
	d.refuse("InvalidInput", "nonsense", "SimulateCustomPolicy", "PolicyInputList.member.1", sendPolicy, "ActionNames.member.1", "nonsense")

	d.do("CreateUser", "UserName", "u")
	d.do("CreateGroup", "GroupName", "g")
	d.do("AddUserToGroup", "GroupName", "g", "UserName", "u")
	d.do("PutGroupPolicy", "GroupName", "g", "PolicyName", "send", "PolicyDocument", sendPolicy)
	for source, decision := range map[string]string{"user/u": "allowed", "group/g": "allowed"} {
		d.has(d.do("SimulatePrincipalPolicy", "PolicySourceArn", "arn:aws:iam::123456789012:"+source, "ActionNames.member.1", "sqs:SendMessage"), "<EvalDecision>"+decision+"<")
	}
	d.do("PutUserPermissionsBoundary", "UserName", "u", "PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonSNSFullAccess")
	d.has(d.do("SimulatePrincipalPolicy", "PolicySourceArn", "arn:aws:iam::123456789012:user/u", "ActionNames.member.1", "sqs:SendMessage"),
		"<EvalDecision>implicitDeny<", "<AllowedByPermissionsBoundary>false<")
	d.refuse("NoSuchEntity", "cannot be found", "SimulatePrincipalPolicy", "PolicySourceArn", "arn:aws:iam::123456789012:user/nobody", "ActionNames.member.1", "sqs:SendMessage")
}

func TestAuthorizationDetailsComeWholeInPages(t *testing.T) {
	d := open(t)
	for i := range 3 {
		n := fmt.Sprint(i)
		d.do("CreateUser", "UserName", "u"+n)
		d.do("CreateGroup", "GroupName", "g"+n)
		d.do("CreateRole", "RoleName", "r"+n, "AssumeRolePolicyDocument", trust)
		d.do("CreatePolicy", "PolicyName", "p"+n, "PolicyDocument", sendPolicy)
		d.do("AttachUserPolicy", "UserName", "u"+n, "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	}
	for limit := 1; limit <= 14; limit++ {
		marker, seen, pages := []string{}, 0, 0
		for {
			out := d.do("GetAccountAuthorizationDetails", append([]string{"MaxItems", fmt.Sprint(limit)}, marker...)...)
			pages++
			seen += len(regexp.MustCompile("<(?:UserName|GroupName|RoleName|DefaultVersionId)>").FindAllString(out, -1))
			if field(out, "IsTruncated") == "false" {
				break
			}
			if pages > 20 {
				t.Fatal("the pages have no end")
			}
			marker = []string{"Marker", field(out, "Marker")}
		}
		if seen != 13 {
			t.Errorf("in pages of %d there are %d entries, want 13", limit, seen)
		}
	}
	d.has(d.do("GetAccountAuthorizationDetails", "Filter.member.1", "Group"), "<UserDetailList></UserDetailList>", "<GroupName>g2<")
}

func TestPoliciesOfAWSAreListedBehindTheAccountsOwn(t *testing.T) {
	d := open(t)
	d.do("CreatePolicy", "PolicyName", "own", "PolicyDocument", sendPolicy)
	count := func(pairs ...string) (n int) {
		marker := []string{}
		for {
			out := d.do("ListPolicies", append(append([]string{"MaxItems", "700"}, pairs...), marker...)...)
			n += strings.Count(out, "<PolicyId>ANPA")
			if field(out, "IsTruncated") == "false" {
				return n
			}
			marker = []string{"Marker", field(out, "Marker")}
		}
	}
	if all, local, aws := count(), count("Scope", "Local"), count("Scope", "AWS"); local != 1 || aws < 1500 || all != local+aws {
		t.Errorf("%d policies, %d local, %d of AWS", all, local, aws)
	}
	if n := count("OnlyAttached", "true"); n != 0 {
		t.Errorf("%d attached", n)
	}
}

func TestQuotasAreAWSsAndCanBeReached(t *testing.T) {
	limits := identity.DefaultLimits
	limits.Users, limits.AttachedPerEntity, limits.GroupsPerUser, limits.Tags = 1, 1, 1, 2
	d := openWith(t, limits)
	d.do("CreateUser", "UserName", "u")
	d.refuse("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 1", "CreateUser", "UserName", "v")
	d.do("AttachUserPolicy", "UserName", "u", "PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	d.refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 1", "AttachUserPolicy", "UserName", "u", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")
	d.do("CreateGroup", "GroupName", "a")
	d.do("CreateGroup", "GroupName", "b")
	d.do("AddUserToGroup", "GroupName", "a", "UserName", "u")
	d.refuse("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 1", "AddUserToGroup", "GroupName", "b", "UserName", "u")
	d.do("TagUser", "UserName", "u", "Tags.member.1.Key", "A", "Tags.member.1.Value", "1", "Tags.member.2.Key", "b", "Tags.member.2.Value", "2")
	d.do("TagUser", "UserName", "u", "Tags.member.1.Key", "a", "Tags.member.1.Value", "3")
	d.has(d.do("ListUserTags", "UserName", "u"), "<Key>a</Key><Value>3</Value>")
	d.refuse("LimitExceeded", "Cannot exceed quota for Tags", "TagUser", "UserName", "u", "Tags.member.1.Key", "c", "Tags.member.1.Value", "3")
	d.refuse("InvalidInput", "case insensitive", "TagUser", "UserName", "u", "Tags.member.1.Key", "x", "Tags.member.1.Value", "1", "Tags.member.2.Key", "X", "Tags.member.2.Value", "2")
	d.do("UntagUser", "UserName", "u", "TagKeys.member.1", "B")
}

func TestWhatHasNoPlaceHereIsRefusedByName(t *testing.T) {
	d := open(t)
	for _, operation := range []string{"CreateVirtualMFADevice", "UploadSSHPublicKey", "GenerateCredentialReport", "ChangePassword"} {
		_, err := d.call(operation, "VirtualMFADeviceName", "m", "UserName", "u", "SSHPublicKeyBody", "b", "OldPassword", "o", "NewPassword", "n")
		if err == nil || !strings.Contains(err.Error(), operation) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	d.has(d.do("ListMFADevices"), "<MFADevices></MFADevices>")
	d.refuse("NoSuchEntity", "nobody", "ListSSHPublicKeys", "UserName", "nobody")
}
