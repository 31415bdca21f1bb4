package iam

import (
	"errors"
	"strconv"
	"strings"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Codes: shapes of the model, and those that all services share.
const (
	codeNoEntity   = "NoSuchEntityException"
	codeExists     = "EntityAlreadyExistsException"
	codeConflict   = "DeleteConflictException"
	codeLimit      = "LimitExceededException"
	codeMalformed  = "MalformedPolicyDocumentException"
	codeInput      = "InvalidInputException"
	codeProtected  = "UnmodifiableEntityException"
	codeEvaluation = "PolicyEvaluationException"
	codeAttachable = "PolicyNotAttachableException"
	codeValidation = "ValidationError"
	codeDenied     = "AccessDenied"
)

func say(code, message string) error { return &wire.Error{Code: code, Message: message} }

func denied(message string) error {
	return &wire.Error{Code: codeDenied, Message: message, Status: 403}
}

// explain words an error of a core as AWS does. Others it leaves alone: they are
// failures of ours, or worded already.
func explain(err error) error {
	if e, ok := errors.AsType[*policy.Error](err); ok {
		return say(codeMalformed, e.Error())
	}
	f, ok := errors.AsType[*identity.Fault](err)
	if !ok {
		return err
	}
	switch f.Err {
	case identity.ErrNotFound:
		if f.What == identity.APrincipal {
			return say(codeMalformed, `Invalid principal in policy: "AWS":"`+f.Name+`"`)
		}
		return say(codeNoEntity, missing(f))
	case identity.ErrExists:
		return say(codeExists, there(f))
	case identity.ErrInUse:
		return say(codeConflict, conflicts[f.What])
	case identity.ErrDefault:
		return say(codeConflict, "Cannot delete the default version of a policy.")
	case identity.ErrTooMany, identity.ErrTooLarge:
		return say(codeLimit, tooMuch(f))
	case identity.ErrProtected:
		if f.What == identity.APolicy {
			return denied("Policy " + f.Name + " is outside your own account.")
		}
		return say(codeProtected, "Cannot perform the operation on the protected role '"+f.Name+"' - this role is only modifiable by AWS")
	}
	return err
}

func missing(f *identity.Fault) string {
	switch f.What {
	case identity.AUser, identity.ARole, identity.AGroup:
		return "The " + string(f.What) + " with name " + f.Name + " cannot be found."
	case identity.AnInlinePolicy:
		return "The " + kindName(f.Kind) + " policy with name " + f.Name + " cannot be found."
	case identity.APolicy, identity.AnAttachment:
		return "Policy " + f.Name + " was not found."
	case identity.AVersion:
		return "Policy " + f.Name + " does not have the version that was named."
	case identity.AKey:
		return "The Access Key with id " + f.Name + " cannot be found."
	case identity.ALogin:
		return "Login Profile for User " + f.Name + " cannot be found."
	case identity.AProfile:
		return "Instance Profile " + f.Name + " cannot be found."
	case identity.AnAlias:
		return "The account alias " + f.Name + " cannot be found."
	case identity.APasswordRule:
		return "The Password Policy with domain name " + f.Name + " cannot be found."
	case identity.ABoundary:
		return f.Name + " has no permissions boundary."
	case identity.AProvider:
		if strings.Contains(f.Name, ":saml-provider/") {
			return "Manifest not found for arn " + f.Name
		}
		return "OpenIDConnect Provider not found for arn " + f.Name
	}
	return "The " + string(f.What) + " " + f.Name + " cannot be found."
}

func there(f *identity.Fault) string {
	switch f.What {
	case identity.AUser, identity.ARole, identity.AGroup:
		return strings.ToUpper(string(f.What[:1])) + string(f.What[1:]) + " with name " + f.Name + " already exists."
	case identity.APolicy:
		return "A policy called " + f.Name + " already exists. Duplicate names are not allowed."
	case identity.AProfile:
		return "Instance Profile " + f.Name + " already exists."
	case identity.ALogin:
		return "Login Profile for user " + f.Name + " already exists."
	case identity.AnAlias:
		return "The account alias " + f.Name + " already exists."
	case identity.AProvider:
		return "Provider " + f.Name + " already exists."
	}
	return "The " + string(f.What) + " " + f.Name + " already exists."
}

// conflicts are why something cannot be deleted, by what has to go before.
var conflicts = map[identity.Thing]string{
	identity.AMember:        "Cannot delete entity, must remove users from group first.",
	identity.AKey:           "Cannot delete entity, must delete access keys first.",
	identity.AnInlinePolicy: "Cannot delete entity, must delete policies first.",
	identity.AnAttachment:   "Cannot delete entity, must detach all policies first.",
	identity.AProfile:       "Cannot delete entity, must remove roles from instance profile first.",
	identity.ARole:          "Cannot delete entity, must remove roles from instance profile first.",
	identity.ALogin:         "Cannot delete entity, must delete login profile first.",
	identity.APolicy:        "Cannot delete a policy attached to entities.",
	identity.AVersion:       "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
}

// quotas are AWS's names of them.
var quotas = map[identity.Thing]string{
	identity.AUser: "UsersPerAccount", identity.AGroup: "GroupsPerAccount", identity.ARole: "RolesPerAccount",
	identity.APolicy: "PoliciesPerAccount", identity.AKey: "AccessKeysPerUser", identity.AMember: "GroupsPerUser",
	identity.AProvider: "ProvidersPerAccount", identity.ATag: "TagsPerResource", identity.AClientID: "ClientIdsPerOpenIdConnectProvider",
}

func tooMuch(f *identity.Fault) string {
	most := strconv.Itoa(f.Most)
	switch {
	case f.Err == identity.ErrTooLarge && f.What == identity.APolicy:
		return "Cannot exceed quota for PolicySize: " + most
	case f.Err == identity.ErrTooLarge && f.What == identity.ATrust:
		return "Cannot exceed quota for ACLSizePerRole: " + most
	case f.Err == identity.ErrTooLarge:
		return "Maximum policy size of " + most + " bytes exceeded for " + kindName(f.Kind) + " " + f.Name
	case f.What == identity.AVersion:
		return "A managed policy can have up to " + most + " versions. Before you create a new version, you must delete an existing version."
	case f.What == identity.AnAttachment:
		kind := kindName(f.Kind)
		return "Cannot exceed quota for PoliciesPer" + strings.ToUpper(kind[:1]) + kind[1:] + ": " + most
	case f.What == identity.AProfile && f.Most == 1:
		return "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
	case f.What == identity.AProfile:
		return "Cannot exceed quota for InstanceProfilesPerAccount: " + most
	}
	return "Cannot exceed quota for " + quotas[f.What] + ": " + most
}

func kindName(k identity.Kind) string {
	switch k {
	case identity.Role:
		return "role"
	case identity.Group:
		return "group"
	}
	return "user"
}
