// Package policy owns the IAM JSON policy language: reading documents, and
// deciding by them whether a principal may do something to a resource.
//
// It refuses to know who exists, what a service's actions are, and where
// policies are kept. Whoever asks brings the policies that bear on a request
// (a Set) and answers for the values of condition keys (a Context). Documents
// are compiled when they are parsed; keeping what was compiled is the caller's.
// It reads no clock: aws:CurrentTime is a key like any other.
//
// Invariants: a Document is never changed, so many goroutines may decide by it
// at once. A Document's text is the text that was parsed, byte for byte. What
// Parse accepted is decided without an error: there is no third answer. Deciding
// allocates nothing, unless a pattern with variables becomes very long.
//
// # Condition keys
//
// The language gives keys no meaning. For policies to mean here what they mean
// with AWS, the server's Context has to know, of the global keys
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html):
//
//	always          aws:CurrentTime, aws:EpochTime, aws:SecureTransport, aws:SourceIp, aws:RequestedRegion,
//	                aws:PrincipalArn (of a role's session: the role's ARN), aws:PrincipalAccount,
//	                aws:PrincipalType, aws:PrincipalIsAWSService, aws:userid, aws:ViaAWSService, aws:ResourceAccount
//	if it is true   aws:username (of users only), aws:PrincipalTag/KEY, aws:TokenIssueTime,
//	                aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge (of temporary credentials),
//	                aws:FederatedProvider, aws:SourceIdentity, aws:UserAgent, aws:Referer, aws:VpcSourceIp
//	from services   aws:SourceArn, aws:SourceAccount, aws:PrincipalServiceName,
//	                aws:PrincipalServiceNamesList (many values), aws:CalledVia (many), aws:CalledViaFirst, aws:CalledViaLast
//	of tags         aws:RequestTag/KEY, aws:TagKeys (many), aws:ResourceTag/KEY
//
// and of the services' own: sns:Endpoint, sns:Protocol, events:source,
// events:detail-type, events:creatorAccount, events:TargetArn,
// events:eventBusInvocation, iam:PassedToService, iam:PolicyARN,
// iam:PermissionsBoundary, sts:ExternalId, sts:RoleSessionName,
// sts:SourceIdentity, sts:TransitiveTagKeys, and ISSUER:aud, ISSUER:sub and so
// on of web identities. A key that a Context does not know is a key that the
// request does not have.
package policy

import "strconv"

// Kind is what a document is for, which decides what it must and may not have.
type Kind uint8

const (
	Identity Kind = iota // attached to a user, a group or a role
	Boundary             // the most that a user or role may have
	Session              // passed along when a session was made
	Resource             // attached to a resource
	Trust                // of a role: who may assume it
)

var kindNames = [...]string{"identity-based policy", "permissions boundary", "session policy", "resource-based policy", "role trust policy"}

func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindNames[k]
}

// namesPrincipals: its statements say for whom they are.
func (k Kind) namesPrincipals() bool { return k == Resource || k == Trust }

// Effect is what a statement does to the requests that it is about.
type Effect uint8

const (
	Deny Effect = iota
	Allow
)

func (e Effect) String() string {
	if e == Allow {
		return "Allow"
	}
	return "Deny"
}

// Document is a policy document, compiled.
type Document struct {
	kind       Kind
	text       string
	id         string
	variables  bool // Version 2012-10-17
	statements []statement
	index      index
}

// statement is one compiled statement.
type statement struct {
	effect     Effect
	sid        string
	start, end Position // of its opening brace, and behind its closing one

	notAction bool
	actions   []actionPattern

	resources   []resourcePattern // none: the statement is about whatever the policy is attached to
	notResource bool

	principals   *principals // nil in policies that name none
	notPrincipal bool

	conditions []condition
}

// Kind is what the document was parsed as.
func (d *Document) Kind() Kind { return d.kind }

// Text is the document as it was given.
func (d *Document) Text() string { return d.text }

// ID is the document's Id.
func (d *Document) ID() string { return d.id }

// Len is how many statements the document has.
func (d *Document) Len() int { return len(d.statements) }

// Policy is a document and what people call it: "OrdersRead", "queue policy",
// an ARN.
type Policy struct {
	Name     string
	Document *Document
}

// Set is all policies that bear on a request. A Set is not changed by deciding.
type Set struct {
	// Identity are the policies of the user and of its groups, or of the role;
	// of a federated user, those of the user that it came from.
	Identity []Policy
	// Boundary limits what Identity gives. A zero Policy: there is no boundary.
	Boundary Policy
	// Session are what a session was limited to when it was made. Together they
	// allow what one of them allows. None: it was not limited.
	Session []Policy
	// Resource are the policies that the resource itself has; of sts:AssumeRole,
	// the role's trust policy.
	Resource []Policy
	// MustBeTrusted says that identity policies alone are not enough, also within
	// an account: roles and KMS keys are only for whom their own policy names.
	MustBeTrusted bool
}
