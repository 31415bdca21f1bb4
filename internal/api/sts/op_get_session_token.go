package sts

import (
	"context"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/sts"
	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/wire"
)

// How long the sessions of users last. Those of a root are cut to an hour.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
const (
	defaultUserFor = 12 * time.Hour
	rootFor        = time.Hour
)

// GetSessionToken makes a session of the caller itself.
func (s *Service) GetSessionToken(_ context.Context, c *wire.Call, in *model.GetSessionTokenInput) (*model.GetSessionTokenOutput, error) {
	caller := s.Caller(c)
	if caller.Session != 0 {
		return nil, denied("Cannot call GetSessionToken with session credentials")
	}
	if err := noDevices(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	of := ownSession(c, &caller, session.User)
	of.Principal = c.Principal
	credentials, err := s.issue(of, userFor(in.DurationSeconds, &caller))
	if err != nil {
		return nil, err
	}
	return &model.GetSessionTokenOutput{Credentials: credentials}, nil
}

// ownSession is a session for which the caller answers.
func ownSession(c *wire.Call, caller *Caller, kind session.Kind) *session.Session {
	of := &session.Session{Kind: kind, Account: c.Account, Behind: c.Principal, Key: c.AccessKey}
	if caller.Entity != nil {
		of.Entity = caller.Entity.ID
	}
	return of
}

func userFor(asked wire.Opt[int32], caller *Caller) time.Duration {
	lasts := defaultUserFor
	if asked.OK {
		lasts = time.Duration(asked.V) * time.Second
	}
	if caller.Kind == policy.Root {
		lasts = min(lasts, rootFor)
	}
	return lasts
}
