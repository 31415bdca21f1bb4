package identity

// Limits are how much there may be.
type Limits struct {
	Users, Groups, Roles, Policies, Profiles, OIDC, SAML int // of an account

	GroupsPerUser, AttachedPerEntity, Versions, KeysPerUser, Tags int
	ClientIDs, Thumbprints                                        int // of an OIDC provider
}

// DefaultLimits are AWS's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var DefaultLimits = Limits{
	Users: 5000, Groups: 300, Roles: 1000, Policies: 1500, Profiles: 1000, OIDC: 100, SAML: 100,
	GroupsPerUser: 10, AttachedPerEntity: 10, Versions: 5, KeysPerUser: 2, Tags: 50,
	ClientIDs: 100, Thumbprints: 5,
}
