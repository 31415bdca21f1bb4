package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/store"
)

// awsPolicyID is the id of one of AWS's policies, which have none here but the
// one that follows from their name.
func awsPolicyID(policyARN string) string {
	sum := sha256.Sum256([]byte(policyARN))
	return "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func attachmentPrefix(account, policyARN string) string {
	return attachedSpace + account + policyARN + "\x00"
}

func attachmentKey(rec *Record, policyARN string, boundary bool) []byte {
	how := rec.Kind.letter()
	if boundary {
		how = strings.ToUpper(how)
	}
	return []byte(attachmentPrefix(rec.Account, policyARN) + how + strings.ToLower(rec.Name))
}

func usesKey(account, policyARN string) []byte { return []byte(usesSpace + account + policyARN) }

// UsesOf counts who in an account has a policy.
func UsesOf(r Reader, account, policyARN string) (u Uses, err error) {
	_, err = get(r, usesKey(account, policyARN), &u)
	return u, err
}

// count keeps the index and the number of a policy's uses.
func (c *Core) count(tx *store.Tx, rec *Record, policyARN string, boundary bool, by int) error {
	uses, err := UsesOf(tx, rec.Account, policyARN)
	if err != nil {
		return err
	}
	if boundary {
		uses.Boundaries += by
	} else {
		uses.Attached += by
	}
	key := attachmentKey(rec, policyARN, boundary)
	if by > 0 {
		err = tx.Set(key, []byte{recordVersion})
	} else {
		err = tx.Delete(key)
	}
	if err != nil {
		return err
	}
	if uses == (Uses{}) {
		return tx.Delete(usesKey(rec.Account, policyARN))
	}
	return tx.Set(usesKey(rec.Account, policyARN), encode(uses))
}

// Attachment is a use of a policy.
type Attachment struct {
	Ref
	Boundary bool
	Cursor   string
}

// Attachments has up to limit uses of a policy that keep takes, from the one
// behind the cursor `after` on.
func Attachments(r Reader, account, policyARN, after string, limit int, keep func(Attachment) bool) (all []Attachment, more bool, err error) {
	err = store.Each(r, []byte(attachmentPrefix(account, policyARN)), after, func(rest string, _ []byte) (bool, error) {
		a := Attachment{Cursor: rest, Boundary: rest[0] < 'a'}
		a.Account, a.Name = account, rest[1:]
		switch rest[0] | 0x20 {
		case 'r':
			a.Kind = Role
		case 'g':
			a.Kind = Group
		}
		if !keep(a) {
			return true, nil
		}
		if more = len(all) == limit; more {
			return false, nil
		}
		all = append(all, a)
		return true, nil
	})
	return all, more, err
}

// Attach gives an entity a managed policy; no error if it has it.
func (c *Core) Attach(tx *store.Tx, ref Ref, policyARN string, serviceRole bool) error {
	rec, err := c.editable(tx, ref, serviceRole)
	if err != nil {
		return err
	}
	if _, err := GetPolicy(tx, ref.Account, policyARN); err != nil {
		return err
	}
	switch {
	case slices.Contains(rec.Attached, policyARN):
		return nil
	case len(rec.Attached) >= c.limits.AttachedPerEntity:
		return &Fault{Err: ErrTooMany, What: AnAttachment, Kind: rec.Kind, Name: rec.Name, Most: c.limits.AttachedPerEntity}
	}
	rec.Attached = append(rec.Attached, policyARN)
	if err := c.count(tx, &rec, policyARN, false, 1); err != nil {
		return err
	}
	return c.put(tx, &rec)
}

// Detach undoes Attach.
func (c *Core) Detach(tx *store.Tx, ref Ref, policyARN string) error {
	rec, err := c.editable(tx, ref, false)
	if err != nil {
		return err
	}
	i := slices.Index(rec.Attached, policyARN)
	if i < 0 {
		return missing(AnAttachment, policyARN)
	}
	rec.Attached = slices.Delete(rec.Attached, i, i+1)
	if err := c.count(tx, &rec, policyARN, false, -1); err != nil {
		return err
	}
	return c.put(tx, &rec)
}

// SetBoundary limits a user or a role to what a policy allows; "" lifts it.
func (c *Core) SetBoundary(tx *store.Tx, ref Ref, policyARN string) error {
	rec, err := c.editable(tx, ref, false)
	if err != nil {
		return err
	}
	if policyARN != "" {
		if _, err := GetPolicy(tx, ref.Account, policyARN); err != nil {
			return err
		}
	} else if rec.Boundary == "" {
		return missing(ABoundary, rec.Name)
	}
	if rec.Boundary == policyARN {
		return nil
	}
	for _, step := range []struct {
		arn string
		by  int
	}{{rec.Boundary, -1}, {policyARN, 1}} {
		if step.arn == "" {
			continue
		}
		if err := c.count(tx, &rec, step.arn, true, step.by); err != nil {
			return err
		}
	}
	rec.Boundary = policyARN
	return c.put(tx, &rec)
}

// inlineMost is how large an entity's inline policies may be together.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (k Kind) inlineMost() int {
	switch k {
	case Role:
		return policy.MaxInlineRole
	case Group:
		return policy.MaxInlineGroup
	}
	return policy.MaxInlineUser
}

// PutInline gives an entity a policy of its own, or replaces it.
func (c *Core) PutInline(tx *store.Tx, ref Ref, name string, d *policy.Document) error {
	return c.Change(tx, ref, false, func(rec *Record) error {
		sum := d.Size()
		for other, in := range rec.Inline {
			if other != name {
				sum += in.Size
			}
		}
		if most := rec.Kind.inlineMost(); sum > most {
			return &Fault{Err: ErrTooLarge, What: AnInlinePolicy, Kind: rec.Kind, Name: rec.Name, Most: most}
		}
		if rec.Inline == nil {
			rec.Inline = map[string]Inline{}
		}
		rec.Inline[name] = Inline{Text: d.Text(), Size: d.Size()}
		return nil
	})
}

// DropInline removes such a policy.
func (c *Core) DropInline(tx *store.Tx, ref Ref, name string) error {
	return c.Change(tx, ref, false, func(rec *Record) error {
		if _, ok := rec.Inline[name]; !ok {
			return &Fault{Err: ErrNotFound, What: AnInlinePolicy, Kind: rec.Kind, Name: name}
		}
		delete(rec.Inline, name)
		return nil
	})
}
