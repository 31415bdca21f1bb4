package iam

import (
	"strings"

	"github.com/carillon-events/carillon/internal/arn"
	"github.com/carillon-events/carillon/internal/wire"
)

// caller is the name of the user who calls; root: it is the account's root. Both
// are missing of a role's session.
func caller(c *wire.Call) (name string, root bool) {
	a, err := arn.Parse(c.Principal)
	switch {
	case err != nil:
		return "", true // in dev mode, or in a test, nobody in particular
	case a.Service == "iam" && a.Resource == "root":
		return "", true
	case a.Service == "iam" && strings.HasPrefix(a.Resource, "user/"):
		return a.Resource[strings.LastIndexByte(a.Resource, '/')+1:], false
	}
	return "", false
}

// whose is the user that a request is about: the one that it names, or the
// caller; empty for the account's root.
func whose(c *wire.Call, named wire.Opt[string]) (string, error) {
	if named.V != "" {
		return named.V, nil
	}
	name, root := caller(c)
	if name == "" && !root {
		return "", say(codeValidation, "Must specify userName when calling with non-User credentials")
	}
	return name, nil
}

// whoseUser is whose where root will not do.
func whoseUser(c *wire.Call, named wire.Opt[string]) (string, error) {
	name, err := whose(c, named)
	if err == nil && name == "" {
		err = say(codeValidation, "Must specify userName when calling with non-User credentials")
	}
	return name, err
}
