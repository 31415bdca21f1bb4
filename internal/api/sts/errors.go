package sts

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/carillon-events/carillon/internal/policy"
	"github.com/carillon-events/carillon/internal/wire"
)

// Codes: shapes of the model, and the two common ones that STS answers with.
const (
	codeValidation = "ValidationError"
	codeDenied     = "AccessDenied"
	codePacked     = "PackedPolicyTooLargeException"
	codeMalformed  = "MalformedPolicyDocumentException"
	codeMessage    = "InvalidAuthorizationMessageException"
	codeToken      = "InvalidIdentityTokenException"
	codeExpired    = "ExpiredTokenException"
	codeRejected   = "IDPRejectedClaimException"
	codeProvider   = "IDPCommunicationErrorException"
)

func say(code, message string) error { return &wire.Error{Code: code, Message: message} }

func invalid(format string, a ...any) error { return say(codeValidation, fmt.Sprintf(format, a...)) }

func denied(message string) error {
	return &wire.Error{Code: codeDenied, Status: http.StatusForbidden, Message: message}
}

func unknownKey(accessKey string) error {
	return invalid("AccessKeyId %s is of no account here.", accessKey)
}

// malformed words what internal/policy says of a document.
func malformed(err error) error {
	if e := new(policy.Error); errors.As(err, &e) {
		return say(codeMalformed, e.Error())
	}
	return err
}

func sayPacked(format string, percent int) error {
	return say(codePacked, fmt.Sprintf(format, percent))
}

// noDevices refuses what there are no devices for.
func noDevices(serial, code wire.Opt[string]) error {
	switch {
	case serial.OK:
		return invalid("SerialNumber: Carillon has no MFA devices. Leave out SerialNumber and TokenCode.")
	case code.OK:
		return invalid("TokenCode: Carillon has no MFA devices. Leave out SerialNumber and TokenCode.")
	}
	return nil
}
