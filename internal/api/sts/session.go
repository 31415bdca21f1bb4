package sts

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillon-events/carillon/internal/arn"
	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// Quotas of a session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
const (
	maxManaged = 10
	maxTags    = 50
	maxPlain   = 2048 // characters of the inline policy and the managed policies' ARNs
)

// issue makes the credentials of a session that begins now.
func (s *Service) issue(of *session.Session, lasts time.Duration) (*model.Credentials, error) {
	id, secret := session.NewKey(of.Account)
	of.Secret, of.Issued = secret, s.Now().Unix()
	of.Expires = of.Issued + int64(lasts/time.Second)
	token, err := s.Sealer.Seal(id, of)
	if err != nil {
		return nil, err
	}
	return &model.Credentials{AccessKeyId: id, SecretAccessKey: secret, SessionToken: token, Expiration: of.ExpiresAt()}, nil
}

// limit gives a session the policies that limit it. account is whose managed
// policies may be named.
func (s *Service) limit(of *session.Session, inline wire.Opt[string], managed []model.PolicyDescriptorType) error {
	if len(managed) > maxManaged {
		return invalid("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", maxManaged)
	}
	plain := 0
	if inline.OK {
		if _, err := policy.Parse(policy.Session, inline.V); err != nil {
			return malformed(err)
		}
		plain = utf8.RuneCountInString(inline.V)
		of.Policy = inline.V
	}
	for _, p := range managed {
		if err := s.checkManaged(p.Arn.V, of.Account); err != nil {
			return err
		}
		plain += len(p.Arn.V)
		of.Policies = append(of.Policies, p.Arn.V)
	}
	if plain > maxPlain {
		return invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d, together with the ARNs of 'policyArns'", maxPlain)
	}
	return nil
}

// checkManaged wants a policy that there is, of AWS or of the session's account.
func (s *Service) checkManaged(text, account string) error {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "iam" || a.Region != "" || !strings.HasPrefix(a.Resource, "policy/") {
		return invalid("PolicyArns: %q is not the ARN of a managed policy.", text)
	}
	if a.Account != "aws" && a.Account != account {
		return invalid("PolicyArns: %s is of another account than the session (%s).", text, account)
	}
	if s.Managed != nil {
		if _, ok := s.Managed(text); ok {
			return nil
		}
	}
	return invalid("PolicyArns: there is no policy %s.", text)
}

// tag gives a session its tags: those of the request, and those that came along.
func tag(of *session.Session, tags []model.Tag, transitive []string, inherited map[string]string) error {
	seen := map[string]bool{}
	for _, t := range tags {
		low := strings.ToLower(t.Key)
		switch {
		case strings.HasPrefix(low, "aws:"):
			return invalid("Tags: the key %q is reserved: keys that begin with aws: cannot be set.", t.Key)
		case seen[low]:
			return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[low] = true
	}
	for key := range inherited {
		if seen[strings.ToLower(key)] {
			return invalid("Tags: the key %q cannot be set: a transitive tag of the calling session has it.", key)
		}
	}
	for _, key := range transitive {
		if !seen[strings.ToLower(key)] {
			return invalid("The specified transitive tag key must be included in the requested tags.")
		}
	}
	if len(tags)+len(inherited) > maxTags {
		return invalid("Tags: a session has at most %d tags, with those that it inherits.", maxTags)
	}
	if len(tags)+len(inherited) == 0 {
		return nil
	}
	of.Tags = maps.Clone(inherited)
	if of.Tags == nil {
		of.Tags = make(map[string]string, len(tags))
	}
	for _, t := range tags {
		of.Tags[t.Key] = t.Value
	}
	of.Transitive = slices.Sorted(maps.Keys(inherited))
	for _, key := range transitive {
		for _, t := range tags { // as the tag is spelt
			if strings.EqualFold(t.Key, key) && !slices.Contains(of.Transitive, t.Key) {
				of.Transitive = append(of.Transitive, t.Key)
			}
		}
	}
	return nil
}

// inherited are the tags that a caller's session passes on.
func (c *Caller) inherited() map[string]string {
	var tags map[string]string
	for _, key := range c.Transitive {
		if tags == nil {
			tags = make(map[string]string, len(c.Transitive))
		}
		tags[key] = c.Tags[key]
	}
	return tags
}

// packed is PackedPolicySize, for sessions that have something to pack.
// https://repost.aws/knowledge-center/iam-role-aws-sts-error
func packed(of *session.Session) (wire.Opt[int32], error) {
	n := of.Packed()
	percent := (100*n + session.MaxPacked - 1) / session.MaxPacked
	switch {
	case n == 0:
		return wire.Opt[int32]{}, nil
	case percent <= 100:
		return wire.Some(int32(percent)), nil
	case !of.Limited():
		return wire.Opt[int32]{}, sayPacked("Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	return wire.Opt[int32]{}, sayPacked("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
}
