package iam

import (
	"context"
	"strings"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// ListEntitiesForPolicy lists who in the account has a policy, attached or as a boundary.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, c *wire.Call, in *model.ListEntitiesForPolicyInput) (*model.ListEntitiesForPolicyOutput, error) {

	w, err := windowOf(c, in.PolicyArn+in.EntityFilter.V+in.PolicyUsageFilter.V, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &model.ListEntitiesForPolicyOutput{PolicyUsers: []model.PolicyUser{}, PolicyRoles: []model.PolicyRole{}, PolicyGroups: []model.PolicyGroup{}}
	err = s.read(func(v *store.View) error {
		if _, err := identity.GetPolicy(v, c.Account, in.PolicyArn); err != nil {
			return err
		}
		all, more, err := identity.Attachments(v, c.Account, in.PolicyArn, w.after, w.limit, func(a identity.Attachment) bool { return wantsAttachment(in, a) })
		last := ""
		for _, a := range all {
			last = a.Cursor
			rec, err := identity.Get(v, a.Ref)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(rec.Path, in.PathPrefix.Or("/")) {
				continue
			}
			switch a.Kind {
			case identity.User:
				out.PolicyUsers = append(out.PolicyUsers, model.PolicyUser{UserName: wire.Some(rec.Name), UserId: wire.Some(rec.ID)})
			case identity.Role:
				out.PolicyRoles = append(out.PolicyRoles, model.PolicyRole{RoleName: wire.Some(rec.Name), RoleId: wire.Some(rec.ID)})
			case identity.Group:
				out.PolicyGroups = append(out.PolicyGroups, model.PolicyGroup{GroupName: wire.Some(rec.Name), GroupId: wire.Some(rec.ID)})
			}
		}
		out.IsTruncated, out.Marker = w.end(more, last)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func wantsAttachment(in *model.ListEntitiesForPolicyInput, a identity.Attachment) bool {
	kinds := map[string]identity.Kind{"User": identity.User, "Role": identity.Role, "Group": identity.Group}
	if kind, ok := kinds[in.EntityFilter.V]; ok && kind != a.Kind {
		return false
	}
	switch in.PolicyUsageFilter.V {
	case "PermissionsPolicy":
		return !a.Boundary
	case "PermissionsBoundary":
		return a.Boundary
	}
	return true
}
