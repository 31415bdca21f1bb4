package iam

import (
	"context"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// GetAccountSummary counts what the account has, and tells its quotas.
func (s *Service) GetAccountSummary(ctx context.Context, c *wire.Call, in *model.GetAccountSummaryInput) (*model.GetAccountSummaryOutput, error) {

	a, err := s.account(c)
	if err != nil {
		return nil, err
	}
	n, most := a.Counts, s.core.Limits()
	summary := map[string]int32{
		"AccountMFAEnabled": 0, "MFADevices": 0, "MFADevicesInUse": 0, "ServerCertificates": 0, "ServerCertificatesQuota": 0,
		"SigningCertificatesPerUserQuota": 0, "AccountSigningCertificatesPresent": 0, "GlobalEndpointTokenVersion": 2,
		"AccountPasswordPresent": 0, "AccountAccessKeysPresent": int32(min(len(a.RootKeys), 1)),
		"UserPolicySizeQuota": policy.MaxInlineUser, "GroupPolicySizeQuota": policy.MaxInlineGroup, "RolePolicySizeQuota": policy.MaxInlineRole,
		"PolicySizeQuota": policy.MaxManaged, "AssumeRolePolicySizeQuota": policy.MaxTrust,
	}
	for name, v := range map[string]int{
		"Users": n.Users, "UsersQuota": most.Users, "Groups": n.Groups, "GroupsQuota": most.Groups, "Roles": n.Roles, "RolesQuota": most.Roles,
		"Policies": n.Policies, "PoliciesQuota": most.Policies, "InstanceProfiles": n.Profiles, "InstanceProfilesQuota": most.Profiles,
		"PolicyVersionsInUse": n.Versions, "PolicyVersionsInUseQuota": most.Policies * most.Versions, "VersionsPerPolicyQuota": most.Versions,
		"Providers": n.OIDC + n.SAML, "GroupsPerUserQuota": most.GroupsPerUser, "AccessKeysPerUserQuota": most.KeysPerUser,
		"AttachedPoliciesPerUserQuota": most.AttachedPerEntity, "AttachedPoliciesPerGroupQuota": most.AttachedPerEntity, "AttachedPoliciesPerRoleQuota": most.AttachedPerEntity,
	} {
		summary[name] = int32(v)
	}
	return &model.GetAccountSummaryOutput{SummaryMap: summary}, nil
}
