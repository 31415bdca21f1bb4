// Package arn owns Amazon Resource Names: taking them apart, putting them
// together, and the forms that Carillon's own resources use.
//
// It refuses a name that AWS would refuse on its shape alone (prefix, number
// of parts, empty service or resource, account that is not twelve digits). It
// does not know whether the resource exists, nor which regions there are.
//
// Invariant: for every a that Parse returned, a.String() is the text it read.
package arn

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is wrapped by every error of Parse.
var ErrInvalid = errors.New("invalid ARN")

// ARN is arn:partition:service:region:account:resource. Region and Account are
// empty where the service is global.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string // all that follows the fifth colon: "orders", "rule/bus/name"
}

// Parse reads an ARN. Its error names the part that is wrong.
func Parse(s string) (ARN, error) {
	var a ARN
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ARN{}, fmt.Errorf("%w %q: it does not begin with \"arn:\"", ErrInvalid, clip(s))
	}
	for i, part := range []*string{&a.Partition, &a.Service, &a.Region, &a.Account} {
		if *part, rest, ok = strings.Cut(rest, ":"); !ok {
			return ARN{}, fmt.Errorf("%w %q: it has %d parts, not the 6 of arn:partition:service:region:account:resource", ErrInvalid, clip(s), i+2)
		}
	}
	a.Resource = rest
	switch {
	case a.Partition == "":
		return ARN{}, fmt.Errorf("%w %q: the partition is empty", ErrInvalid, clip(s))
	case a.Service == "":
		return ARN{}, fmt.Errorf("%w %q: the service is empty", ErrInvalid, clip(s))
	case a.Resource == "":
		return ARN{}, fmt.Errorf("%w %q: the resource is empty", ErrInvalid, clip(s))
	case !validAccountPart(a.Account):
		return ARN{}, fmt.Errorf("%w %q: the account must be 12 digits", ErrInvalid, clip(s))
	}
	return a, nil
}

// String is the text of the ARN.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// IsAccount tells whether s is an AWS account id: 12 digits.
func IsAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// validAccountPart admits what may stand between the colons: nothing for a
// resource without an owner, "aws" for what AWS itself owns (managed policies),
// or an account id.
func validAccountPart(s string) bool { return s == "" || s == "aws" || IsAccount(s) }

// clip keeps a hostile megabyte out of an error message.
func clip(s string) string {
	if len(s) > 256 {
		return s[:256] + "..."
	}
	return s
}
