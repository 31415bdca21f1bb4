package iam

import (
	"context"
	"errors"
	"strings"

	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/policy/managed"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wire"
)

// get is the record of a user, a role or a group.
func (s *Service) get(ref identity.Ref) (rec identity.Record, err error) {
	err = s.read(func(v *store.View) (err error) {
		rec, err = identity.Get(v, ref)
		return err
	})
	return rec, err
}

// list calls add with the entities of a request's page.
func (s *Service) list(c *wire.Call, kind identity.Kind, prefix, marker wire.Opt[string], items wire.Opt[int32], add func(identity.Record)) (truncated wire.Opt[bool], next wire.Opt[string], err error) {
	w, err := windowOf(c, prefix.V, marker, items)
	if err != nil {
		return truncated, next, err
	}
	err = s.read(func(v *store.View) error {
		all, more, err := identity.List(v, c.Account, kind, prefix.Or("/"), w.after, w.limit)
		last := ""
		for _, rec := range all {
			last = rec.Name
			add(rec)
		}
		truncated, next = w.end(more, last)
		return err
	})
	return truncated, next, err
}

// inline is an inline policy's text, and whose it is.
func (s *Service) inline(ref identity.Ref, name string) (rec identity.Record, text string, err error) {
	rec, err = s.get(ref)
	if err != nil {
		return rec, "", err
	}
	in, ok := rec.Inline[name]
	if !ok {
		return rec, "", say(codeNoEntity, "The "+kindName(ref.Kind)+" policy with name "+name+" cannot be found.")
	}
	return rec, in.Text, nil
}

// retag replaces an entity's tags.
func (s *Service) retag(ctx context.Context, ref identity.Ref, edit func(old map[string]string) map[string]string) error {
	return s.change(ctx, func(tx *store.Tx) error {
		return s.core.Change(tx, ref, true, func(rec *identity.Record) error {
			rec.Tags = edit(rec.Tags)
			return nil
		})
	})
}

// ofService refuses to attach what only the services' own roles have.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
func ofService(policyARN string) error {
	if !strings.HasPrefix(policyARN, managed.Prefix+servicePath) {
		return nil
	}
	return say(codeAttachable, "Cannot attach a Service Role Policy to a Customer Role.")
}

// attachable words that a policy is not there where it was to be attached.
func attachable(err error) error {
	if f, ok := errors.AsType[*identity.Fault](err); ok && f.Err == identity.ErrNotFound && f.What == identity.APolicy {
		return say(codeNoEntity, "Policy "+f.Name+" does not exist or is not attachable.")
	}
	return err
}
