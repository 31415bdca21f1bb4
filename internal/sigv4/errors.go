package sigv4

import "net/http"

// Reason is why a request was refused.
type Reason int

const (
	Missing    Reason = iota // not signed at all
	Incomplete               // signed in a way that cannot be read
	UnknownKey               // the access key id is not known
	Expired                  // signed too long ago, or ahead of time
	Mismatch                 // the signature is another
	Over                     // the temporary credentials are not valid any more
)

// Error is a refusal, with AWS's sentence.
type Error struct {
	Reason  Reason
	Message string
}

func (e *Error) Error() string { return e.Reason.codes().json + ": " + e.Message }

// JSONCode is the error code of the services that speak JSON, with its status.
func (e *Error) JSONCode() (code string, status int) {
	return e.Reason.codes().json, http.StatusBadRequest
}

// QueryCode is the error code of the services that speak the query protocol,
// with its status.
func (e *Error) QueryCode() (code string, status int) {
	c := e.Reason.codes()
	return c.query, c.queryStatus
}

type codes struct {
	json        string
	query       string
	queryStatus int
}

// codes: what AWS calls a refusal depends on the protocol, not on the service.
func (r Reason) codes() codes {
	switch r {
	case Missing:
		return codes{"MissingAuthenticationTokenException", "MissingAuthenticationToken", http.StatusForbidden}
	case Incomplete:
		return codes{"IncompleteSignatureException", "IncompleteSignature", http.StatusBadRequest}
	case UnknownKey:
		return codes{"UnrecognizedClientException", "InvalidClientTokenId", http.StatusForbidden}
	case Over:
		return codes{"ExpiredTokenException", "ExpiredToken", http.StatusForbidden}
	}
	// SDKs correct their clock on these two codes, so an expired signature has no code of its own.
	return codes{"InvalidSignatureException", "SignatureDoesNotMatch", http.StatusForbidden}
}

// ErrUnknownKey is the refusal of an access key id that nobody has.
func ErrUnknownKey() *Error {
	return &Error{UnknownKey, "The security token included in the request is invalid."}
}

// ErrExpiredToken is the refusal of temporary credentials that are over.
func ErrExpiredToken() *Error {
	return &Error{Over, "The security token included in the request is expired"}
}

// ErrScope is the refusal of a signature for another service.
func ErrScope(service string) *Error {
	return &Error{Mismatch, "Credential should be scoped to correct service: '" + service + "'."}
}

// ErrRegion is the refusal of a region that is no region's name.
func ErrRegion() *Error {
	return &Error{Mismatch, "Credential should be scoped to a valid region."}
}

func mismatch() *Error {
	return &Error{Mismatch, "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
}

func missing() *Error {
	return &Error{Missing, "Request is missing Authentication Token"}
}

func incomplete(message string) *Error { return &Error{Incomplete, message} }
