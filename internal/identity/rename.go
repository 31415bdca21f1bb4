package identity

import (
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/store"
)

// Rename gives a user or a group another name or path; an empty one stays. What
// refers to it by name follows.
func (c *Core) Rename(tx *store.Tx, ref Ref, name, path string) error {
	rec, err := Get(tx, ref)
	if err != nil {
		return err
	}
	old := rec
	if path != "" {
		rec.Path = path
	}
	if name != "" {
		rec.Name = name
	}
	moved := !strings.EqualFold(rec.Name, old.Name)
	if moved {
		there, err := has(tx, rec.Ref().key())
		if err != nil {
			return err
		}
		if there {
			return exists(ref.Kind.thing(), name)
		}
		if err := c.move(tx, &old, &rec); err != nil {
			return err
		}
	}
	if rec.Name != old.Name { // if only in its case
		if err := c.renameKeys(tx, &rec); err != nil {
			return err
		}
	}
	c.directory.changed(tx, old.Ref())
	return c.put(tx, &rec)
}

// move makes everything that leads to old lead to rec.
func (c *Core) move(tx *store.Tx, old, rec *Record) error {
	for _, step := range []func(*store.Tx, *Record, *Record) error{moveAttachments, moveMemberships} {
		if err := step(tx, old, rec); err != nil {
			return err
		}
	}
	return tx.Delete(old.Ref().key())
}

func moveAttachments(tx *store.Tx, old, rec *Record) error {
	change := func(policy string, boundary bool) error {
		if err := tx.Delete(attachmentKey(old, policy, boundary)); err != nil {
			return err
		}
		return tx.Set(attachmentKey(rec, policy, boundary), []byte{recordVersion})
	}
	for _, policy := range rec.Attached {
		if err := change(policy, false); err != nil {
			return err
		}
	}
	if rec.Boundary != "" {
		return change(rec.Boundary, true)
	}
	return nil
}

// moveMemberships is for both sides: the groups of a user, the members of a
// group.
func moveMemberships(tx *store.Tx, old, rec *Record) error {
	for _, group := range rec.Groups {
		g := Ref{Group, rec.Account, group}
		if err := tx.Delete(memberKey(g, old.Name)); err != nil {
			return err
		}
		if err := tx.Set(memberKey(g, rec.Name), []byte{recordVersion}); err != nil {
			return err
		}
	}
	if rec.Kind != Group {
		return nil
	}
	users, _, err := Members(tx, old.Ref(), "", maxMembers)
	if err != nil {
		return err
	}
	for _, name := range users {
		user, err := Get(tx, Ref{User, rec.Account, name})
		if err != nil {
			return err
		}
		if i := slices.Index(user.Groups, strings.ToLower(old.Name)); i >= 0 {
			user.Groups[i] = strings.ToLower(rec.Name)
		}
		if err := tx.Set(user.Ref().key(), encode(user)); err != nil {
			return err
		}
		if err := tx.Delete(memberKey(old.Ref(), name)); err != nil {
			return err
		}
		if err := tx.Set(memberKey(rec.Ref(), name), []byte{recordVersion}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Core) renameKeys(tx *store.Tx, rec *Record) error {
	for _, id := range rec.Keys {
		if err := c.changeKey(tx, id, func(k *KeyRecord) { k.User = rec.Name }); err != nil {
			return err
		}
	}
	return nil
}
