// Package iam is AWS's Identity and Access Management: its requests and
// answers, and its error codes.
//
// One file holds one operation. Each checks the request before the transaction,
// calls internal/identity inside one, and words the outcome; reads go through a
// view. errors.go is the only table of codes.
//
// It refuses what AWS refuses, with AWS's code and sentence, and by name what
// has no place here (machines' certificates, MFA devices, organisations). A
// refused request has changed nothing.
//
// Invariants:
//
//  1. Ids, access keys and their secrets are made here, of random bytes, and
//     handed down; a secret is in the answer that made it and nowhere else but
//     sealed.
//  2. Policy documents come back as they came, byte for byte, encoded for URLs.
//
// IAM has no regions: what a request's scope says of one is not looked at.
package iam

import (
	"context"
	"time"

	model "github.com/carillon-events/carillon/internal/awsmodel/iam"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// Options of the service.
type Options struct {
	Shard     *store.Shard
	Core      *identity.Core
	Directory *identity.Directory
	Box       *seal.Box // seals the secrets of access keys
}

// Service implements the operations of IAM that there are.
type Service struct {
	model.NotImplemented
	shard     *store.Shard
	core      *identity.Core
	directory *identity.Directory
	box       *seal.Box
}

var _ model.Operations = (*Service)(nil)

// New is the table of IAM's operations on a shard.
func New(o Options) *wire.Service {
	s := &Service{shard: o.Shard, core: o.Core, directory: o.Directory, box: o.Box}
	service := model.New(s, s.resource)
	for _, op := range service.Operations {
		op.Rights.Keys = s.keys
	}
	return service
}

// change runs fn in a transaction and words its error.
func (s *Service) change(ctx context.Context, fn func(tx *store.Tx) error) error {
	return explain(s.shard.Update(ctx, fn))
}

// read runs fn on a view and words its error.
func (s *Service) read(fn func(v *store.View) error) error { return explain(s.shard.View(fn)) }

// some is a present string, unless it is empty.
func some(s string) wire.Opt[string] { return wire.Opt[string]{V: s, OK: s != ""} }

// someTime is a present time, unless it is none.
func someTime(t time.Time) wire.Opt[time.Time] { return wire.Opt[time.Time]{V: t, OK: !t.IsZero()} }

func user(c *wire.Call, name string) identity.Ref {
	return identity.Ref{Kind: identity.User, Account: c.Account, Name: name}
}

func role(c *wire.Call, name string) identity.Ref {
	return identity.Ref{Kind: identity.Role, Account: c.Account, Name: name}
}

func group(c *wire.Call, name string) identity.Ref {
	return identity.Ref{Kind: identity.Group, Account: c.Account, Name: name}
}
