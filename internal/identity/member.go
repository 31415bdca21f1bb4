package identity

import (
	"math"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/store"
)

const maxMembers = math.MaxInt

func memberKey(group Ref, user string) []byte {
	return []byte(memberPrefix(group) + strings.ToLower(user))
}

func memberPrefix(group Ref) string {
	return memberSpace + group.Account + strings.ToLower(group.Name) + "\x00"
}

// Members has up to limit names of a group's users, as they are kept, from the
// one behind `after` on.
func Members(r Reader, group Ref, after string, limit int) ([]string, bool, error) {
	return names(r, memberPrefix(group), strings.ToLower(after), limit)
}

// Join makes a user a member of a group; no error if it is one.
func (c *Core) Join(tx *store.Tx, account, group, user string) error {
	g, u, err := both(tx, account, group, user)
	if err != nil {
		return err
	}
	name := strings.ToLower(g.Name)
	switch {
	case slices.Contains(u.Groups, name):
		return nil
	case len(u.Groups) >= c.limits.GroupsPerUser:
		return &Fault{Err: ErrTooMany, What: AMember, Name: u.Name, Most: c.limits.GroupsPerUser}
	}
	u.Groups = append(u.Groups, name)
	if err := tx.Set(memberKey(g.Ref(), u.Name), []byte{recordVersion}); err != nil {
		return err
	}
	return c.put(tx, &u)
}

// Leave undoes Join; no error if there is nothing to undo.
func (c *Core) Leave(tx *store.Tx, account, group, user string) error {
	g, u, err := both(tx, account, group, user)
	if err != nil {
		return err
	}
	i := slices.Index(u.Groups, strings.ToLower(g.Name))
	if i < 0 {
		return nil
	}
	u.Groups = slices.Delete(u.Groups, i, i+1)
	if err := tx.Delete(memberKey(g.Ref(), u.Name)); err != nil {
		return err
	}
	return c.put(tx, &u)
}

func both(tx *store.Tx, account, group, user string) (g, u Record, err error) {
	if g, err = Get(tx, Ref{Group, account, group}); err != nil {
		return g, u, err
	}
	u, err = Get(tx, Ref{User, account, user})
	return g, u, err
}
