package cloudtrail

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/wire"
)

// userIdentity says who called.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
type userIdentity struct {
	Type           string          `json:"type"`
	PrincipalID    string          `json:"principalId,omitempty"`
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    string          `json:"accessKeyId,omitempty"`
	UserName       string          `json:"userName,omitempty"`
	InvokedBy      string          `json:"invokedBy,omitempty"`
	SessionContext *sessionContext `json:"sessionContext,omitempty"`
}

type sessionContext struct {
	Issuer     userIdentity `json:"sessionIssuer"`
	Attributes struct {
		MFA string `json:"mfaAuthenticated"`
	} `json:"attributes"`
}

// identityOf says who made a call.
func identityOf(c *wire.Call) userIdentity {
	id := userIdentity{Type: "Unknown", AccessKeyID: accessKey(c.AccessKey)}
	a, err := arn.Parse(c.Principal)
	if err != nil {
		return id
	}
	id.PrincipalID, id.ARN, id.AccountID = c.UserID(), c.Principal, a.Account
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch kind {
	case "root":
		id.Type = "Root"
	case "user":
		id.Type, id.UserName = "IAMUser", lastName(name)
	case "assumed-role":
		role, _, _ := strings.Cut(name, "/")
		id.Type, id.SessionContext = "AssumedRole", issuedBy(id.PrincipalID, a, role)
	case "federated-user":
		id.Type = "FederatedUser"
	case "role":
		id.Type, id.UserName = "Role", lastName(name)
	}
	return id
}

// issuedBy is the role of a session. Its path is not in the session's ARN.
func issuedBy(principalID string, session arn.ARN, role string) *sessionContext {
	roleID, _, _ := strings.Cut(principalID, ":")
	s := &sessionContext{Issuer: userIdentity{
		Type: "Role", PrincipalID: roleID, AccountID: session.Account, UserName: role,
		ARN: "arn:" + session.Partition + ":iam::" + session.Account + ":role/" + role,
	}}
	s.Attributes.MFA = "false"
	return s
}

// lastName is a name without its path.
func lastName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// seenFrom is how another account is told of a caller: that of the resource. What
// he is called where he comes from is none of its business.
func (id userIdentity) seenFrom(account string) userIdentity {
	if account == id.AccountID || id.AccountID == "" {
		return id
	}
	return userIdentity{Type: "AWSAccount", PrincipalID: id.PrincipalID, AccountID: id.AccountID}
}

// accessKey is a key's id as it may be shown. Where nobody knows it, it may be
// anything that somebody has pasted into the wrong place, his secret, too.
func accessKey(id string) string {
	if len(id) > 128 {
		return hidden
	}
	for i := range len(id) {
		if c := id[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return hidden
		}
	}
	return id
}
