package edge

import (
	"errors"
	"net/http"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/sigv4"
	"github.com/carillon-events/carillon/internal/wire"
)

// A client certificate that the credentials file knows is enough where a request
// has no signature. Where it has one, the signature says who is calling; and the
// certificate must be of the same account, so that a key that was stolen from one
// account's machines is of no use on those of another. A role's session is let
// pass, since who took on the role may be of another account than it.

// shown is whose certificate the client has, or nil. TLS has verified it. That of a
// proxy says nothing about whoever stands behind it.
func (x *exchange) shown() (*access.Identity, error) {
	state := x.r.TLS
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil, nil
	}
	if x.h.options.Still != nil && !x.h.options.Still(state.VerifiedChains, x.h.now()) {
		return nil, x.notAnyMore()
	}
	if peer, ok := parseHop(x.r.RemoteAddr); !ok || x.h.options.Proxies.trusts(peer) {
		return nil, nil
	}
	id, ok, err := x.h.options.Credentials.Presented(state.PeerCertificates[0])
	switch {
	case err != nil:
		return nil, &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: "The client certificate has names of several principals, and so is nobody's."}
	case !ok:
		return nil, nil
	}
	return &id, nil
}

// notAnyMore ends a connection whose client certificate has run out, or whose
// authority was taken off the list. A handshake is only the beginning of it, and
// it may last for ever. SDKs try again, and show the certificate that they have by then.
func (x *exchange) notAnyMore() error {
	x.w.Header()["Connection"] = []string{"close"}
	return &wire.Error{Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable,
		Message: "The client certificate of this connection has expired, or its authority is not believed any more. Nothing was changed; connect anew."}
}

func isMissing(err error) bool {
	refusal, ok := errors.AsType[*sigv4.Error](err)
	return ok && refusal.Reason == sigv4.Missing
}

// byCertificate is the answer of authenticate for a request without a signature,
// and so without a region.
func (x *exchange) byCertificate(id *access.Identity, service string) (access.Identity, string, error) {
	return *id, x.h.options.Region, x.mayOperate(*id, service)
}

func ofRole(id access.Identity) bool { return id.Session != nil && id.Session.Kind == session.Role }

func otherAccount(signer access.Identity, shown *access.Identity) error {
	return &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: "The request is signed by " + signer.Principal + ", and the client certificate is that of " + shown.Principal + ": they must be of one account."}
}
