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
	"strconv"
	"strings"
)

// ErrInvalid is wrapped by every error of Parse.
var ErrInvalid = errors.New("invalid ARN")

// parseError is cheap to make: most callers only ask whether a name is an ARN.
type parseError struct{ text, reason string }

func (e *parseError) Error() string {
	return fmt.Sprintf("%v %q: %s", ErrInvalid, clip(e.text), e.reason)
}

func (e *parseError) Unwrap() error { return ErrInvalid }

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
		return ARN{}, &parseError{s, `it does not begin with "arn:"`}
	}
	for i, part := range []*string{&a.Partition, &a.Service, &a.Region, &a.Account} {
		if *part, rest, ok = strings.Cut(rest, ":"); !ok {
			return ARN{}, &parseError{s, "it has " + strconv.Itoa(i+2) + " parts, not the 6 of arn:partition:service:region:account:resource"}
		}
	}
	a.Resource = rest
	switch {
	case a.Partition == "":
		return ARN{}, &parseError{s, "the partition is empty"}
	case a.Service == "":
		return ARN{}, &parseError{s, "the service is empty"}
	case a.Resource == "":
		return ARN{}, &parseError{s, "the resource is empty"}
	case !validAccountPart(a.Account):
		return ARN{}, &parseError{s, "the account must be 12 digits"}
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

// ServiceOf is the service that an ARN in text form names; empty if it is none.
// It looks no further.
func ServiceOf(text string) string {
	rest, ok := strings.CutPrefix(text, "arn:")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ":")
	service, _, ok := strings.Cut(rest, ":")
	if !ok {
		return ""
	}
	return service
}
