package identity

import (
	"errors"
	"fmt"
)

// What can be wrong with a change. Nothing was written then.
var (
	ErrNotFound  = errors.New("is not there")
	ErrExists    = errors.New("exists already")
	ErrInUse     = errors.New("is in use")
	ErrTooMany   = errors.New("there are too many")
	ErrTooLarge  = errors.New("policies are too large")
	ErrProtected = errors.New("role belongs to a service")
	ErrDefault   = errors.New("version is the default")
)

// Thing is what a Fault is about.
type Thing string

// The things that there are; of ErrInUse, what has to go before.
const (
	AUser          Thing = "user"
	ARole          Thing = "role"
	AGroup         Thing = "group"
	APolicy        Thing = "policy"
	AVersion       Thing = "policy version"
	AnInlinePolicy Thing = "inline policy"
	AnAttachment   Thing = "attached policy"
	ABoundary      Thing = "permissions boundary"
	AKey           Thing = "access key"
	ALogin         Thing = "login profile"
	AProfile       Thing = "instance profile"
	AProvider      Thing = "identity provider"
	AnAlias        Thing = "account alias"
	APasswordRule  Thing = "password policy"
	AMember        Thing = "member"
	ATag           Thing = "tag"
	AClientID      Thing = "client id"
	APrincipal     Thing = "principal"
	ATrust         Thing = "trust policy"
)

// Fault is an Err with what it is about.
type Fault struct {
	Err  error
	What Thing
	Name string
	Kind Kind // of the user, role or group that the change was of
	Most int  // of ErrTooMany and ErrTooLarge
}

func (f *Fault) Error() string {
	if f.Most > 0 {
		return fmt.Sprintf("%s %s: %v: at most %d", f.What, f.Name, f.Err, f.Most)
	}
	return fmt.Sprintf("%s %s: %v", f.What, f.Name, f.Err)
}

func (f *Fault) Unwrap() error { return f.Err }

func missing(what Thing, name string) error {
	return &Fault{Err: ErrNotFound, What: what, Name: name}
}

func exists(what Thing, name string) error { return &Fault{Err: ErrExists, What: what, Name: name} }

// thing is what people call an entity of a kind.
func (k Kind) thing() Thing {
	switch k {
	case Role:
		return ARole
	case Group:
		return AGroup
	}
	return AUser
}
