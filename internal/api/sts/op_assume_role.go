package sts

import (
	"context"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// How long a role's session lasts.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	defaultFor = time.Hour
	chainedFor = time.Hour // at most, for one role's session that assumes another
)

// AssumeRole makes a session of a role.
func (s *Service) AssumeRole(_ context.Context, c *wire.Call, in *model.AssumeRoleInput) (*model.AssumeRoleOutput, error) {
	caller := s.Caller(c)
	if err := s.mayAssume(&caller); err != nil {
		return nil, err
	}
	if err := noDevices(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	if len(in.ProvidedContexts) > 0 {
		return nil, invalid("ProvidedContexts: Carillon has no trusted token issuers.")
	}
	role, err := s.wanted(in.RoleArn)
	if err != nil {
		return nil, err
	}
	of := role.session(in.RoleSessionName)
	if err := tag(of, in.Tags, in.TransitiveTagKeys, caller.inherited()); err != nil {
		return nil, err
	}
	if err := setSource(of, &caller, in.SourceIdentity); err != nil {
		return nil, err
	}
	if err := s.ask(c, Question{Action: "sts:AssumeRole", Keys: requestKeys(in)}, role, of); err != nil {
		return nil, err
	}
	if err := s.limit(of, in.Policy, in.PolicyArns); err != nil {
		return nil, err
	}
	lasts, err := role.lasts(in.DurationSeconds, caller.Session == session.Role)
	if err != nil {
		return nil, err
	}
	size, err := packed(of)
	if err != nil {
		return nil, err
	}
	credentials, err := s.issue(of, lasts)
	if err != nil {
		return nil, err
	}
	out := &model.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: assumed(of), PackedPolicySize: size}
	out.SourceIdentity = wire.Opt[string]{V: of.SourceIdentity, OK: of.SourceIdentity != ""}
	return out, nil
}

// mayAssume refuses whom no policy can give a role. In dev mode everybody is a root.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
func (s *Service) mayAssume(caller *Caller) error {
	switch {
	case s.Trust == nil:
		return nil
	case caller.Session == session.Federated:
		return denied("Cannot call AssumeRole with the credentials of a federated user")
	case caller.Kind == policy.Root:
		return denied("Roles may not be assumed by root accounts.")
	}
	return nil
}

// target is a role that somebody wants to have.
type target struct {
	arn    arn.ARN
	entity *identity.Entity // nil: there is none
}

// wanted finds a role by its ARN.
func (s *Service) wanted(text string) (target, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" || a.Region != "" || !arn.IsAccount(a.Account) || !strings.HasPrefix(a.Resource, "role/") || strings.HasSuffix(text, "/") {
		return target{}, invalid("%s is invalid", text)
	}
	t := target{arn: a}
	if e, ok := s.Role(a.Account, t.name()); ok && e.ARN == text { // with its path
		t.entity = e
	}
	return t, nil
}

func (t *target) name() string { return t.arn.Resource[strings.LastIndexByte(t.arn.Resource, '/')+1:] }

// session is the session of that name, without what it is limited to.
func (t *target) session(name string) *session.Session {
	principal := t.arn
	principal.Service, principal.Resource = "sts", "assumed-role/"+t.name()+"/"+name
	of := &session.Session{Kind: session.Role, Account: t.arn.Account, Principal: principal.String(), Name: name, Behind: t.arn.String()}
	if t.entity != nil {
		of.Entity = t.entity.ID
	}
	return of
}

// lasts is how long a session of the role is to last.
func (t *target) lasts(asked wire.Opt[int32], chained bool) (time.Duration, error) {
	lasts, most := defaultFor, 12*time.Hour
	if asked.OK {
		lasts = time.Duration(asked.V) * time.Second
	}
	if t.entity != nil {
		most = max(t.entity.MaxSession, defaultFor) // which is what a role has at least
	}
	switch {
	case chained && lasts > chainedFor:
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case lasts > most:
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return lasts, nil
}

// setSource gives a session its source identity, which stays the same along a
// chain of roles.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
func setSource(of *session.Session, caller *Caller, asked wire.Opt[string]) error {
	of.SourceIdentity = caller.SourceIdentity
	switch {
	case !asked.OK:
	case caller.SourceIdentity != "" && caller.SourceIdentity != asked.V:
		return denied("SourceIdentity: the calling session has another one, which cannot be changed.")
	default:
		of.SourceIdentity = asked.V
	}
	return nil
}

// ask asks for each permission that the session needs.
func (s *Service) ask(c *wire.Call, q Question, role target, of *session.Session) error {
	if s.Trust == nil {
		return nil
	}
	q.RoleARN, q.Account, q.Role = role.arn.String(), role.arn.Account, role.entity
	actions := []string{q.Action}
	if len(of.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if of.SourceIdentity != "" {
		q.Keys["sts:sourceidentity"] = policy.One(of.SourceIdentity)
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, q.Action = range actions {
		if err := s.Trust(c, q); err != nil {
			return err
		}
	}
	return nil
}

// requestKeys are the condition keys of the request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func requestKeys(in *model.AssumeRoleInput) policy.Values {
	keys := policy.Values{"sts:rolesessionname": policy.One(in.RoleSessionName)}
	if in.ExternalId.OK {
		keys["sts:externalid"] = policy.One(in.ExternalId.V)
	}
	if len(in.TransitiveTagKeys) > 0 {
		keys["sts:transitivetagkeys"] = policy.Many(in.TransitiveTagKeys)
	}
	tagKeys(keys, in.Tags)
	return keys
}

func tagKeys(keys policy.Values, tags []model.Tag) {
	if len(tags) == 0 {
		return
	}
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Key
		keys.Set("aws:RequestTag/"+t.Key, policy.One(t.Value))
	}
	keys["aws:tagkeys"] = policy.Many(names)
}

func assumed(of *session.Session) *model.AssumedRoleUser {
	return &model.AssumedRoleUser{Arn: of.Principal, AssumedRoleId: of.UserID()}
}
