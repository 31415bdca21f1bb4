package edge

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strings"

	"github.com/carillon-events/carillon/internal/sigv4"
	"github.com/carillon-events/carillon/internal/wire"
)

// audit tells the audit log of a request that is about to be answered, and returns
// the error to answer with. call is nil where it was not found out who calls.
//
// What is no operation and no denial is nobody's affair: a request that cannot be
// read is not recorded, nor is what a reader of administrative pages looks at, or
// following the log would make it grow.
func (x *exchange) audit(call *wire.Call, err error) error {
	known := x.route.entry != nil || x.route.page
	if x.h.options.Audit == nil || x.audited || x.route.service == nil {
		return err
	}
	denied := isDenial(err)
	if !denied && (!known || call == nil || x.looksOnly()) {
		return err
	}
	x.audited = true
	a := x.answered(call)
	a.Denied = denied
	if err != nil {
		a.Err, _ = x.refusal(err)
		if errors.As(err, new(*sigv4.Error)) { // whose words differ by protocol, and may quote headers
			a.Err.Message, _, _ = strings.Cut(a.Err.Message, "\n")
		} else {
			err = a.Err
		}
	}
	if failed := x.h.options.Audit(x.r.Context(), a); failed != nil {
		return failed
	}
	return err
}

// looksOnly tells whether the request is to an administrative page that only reads.
func (x *exchange) looksOnly() bool { return x.route.page && x.readOnly() }

func (x *exchange) readOnly() bool {
	if x.route.page {
		return x.r.Method != http.MethodPost || strings.HasPrefix(x.route.operation, "List")
	}
	return x.route.service.ReadOnly[x.route.operation]
}

func (x *exchange) answered(call *wire.Call) *wire.Answered {
	if call == nil {
		call = x.nobody()
	}
	a := &wire.Answered{
		Call: call, Service: x.route.service.Name, ReadOnly: x.readOnly(),
		Data:      x.route.data || x.route.entry != nil && x.route.entry.data,
		UserAgent: strings.Clone(first(x.r.Header, "User-Agent")),
	}
	if x.route.entry != nil || x.route.page {
		a.Operation = x.route.operation
	}
	if call.Refused != nil {
		a.Reason = call.Refused.Reason
	}
	if t := x.r.TLS; t != nil {
		a.TLSVersion, a.TLSCipher = strings.ReplaceAll(tls.VersionName(t.Version), "TLS 1", "TLSv1"), tls.CipherSuiteName(t.CipherSuite)
		a.Host = strings.Clone(x.r.Host)
	}
	return a
}

// nobody is the call of somebody whom nobody knows.
func (x *exchange) nobody() *wire.Call {
	key, region := sigv4.Scope(x.r)
	if !ValidRegion(region) {
		region = x.h.options.Region
	}
	return &wire.Call{RequestID: x.id, Service: x.route.service.Name, AccessKey: key, Region: region, SourceIP: x.source}
}

// isDenial tells whether an error says that somebody may not, or that nobody knows
// who it is.
func isDenial(err error) bool {
	if errors.As(err, new(*sigv4.Error)) {
		return true
	}
	e, ok := errors.AsType[*wire.Error](err)
	return ok && deniedCodes[e.Code]
}

// deniedCodes are the services' words for it.
var deniedCodes = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AuthorizationError": true, "AuthorizationErrorException": true,
	"NotAuthorized": true, "UnauthorizedOperation": true,
}
