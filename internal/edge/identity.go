package edge

import (
	"errors"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/session"
	"github.com/carillon-events/carillon/internal/sigv4"
)

// authenticate says who is calling and for which region. In dev mode the
// caller is whoever it claims to be, and may claim nothing.
func (x *exchange) authenticate(body []byte, service string) (access.Identity, string, error) {
	if x.link != nil {
		return x.stranger()
	}
	if x.h.options.Credentials == nil {
		key, region := sigv4.Scope(x.r)
		if region == "" {
			region = x.h.options.Region
		}
		if !ValidRegion(region) {
			return access.Identity{}, "", sigv4.ErrRegion()
		}
		id, err := x.anybody(key)
		return id, region, err
	}
	if x.unsigned() {
		return access.Identity{}, x.h.options.Region, nil
	}
	shown, err := x.shown()
	if err != nil {
		return access.Identity{}, "", err
	}
	signed, err := sigv4.Parse(x.r)
	if err != nil {
		if isMissing(err) && shown != nil {
			return x.byCertificate(shown, service)
		}
		return access.Identity{}, "", err
	}
	id, err := x.holder(&signed, service)
	switch {
	case err != nil:
		return id, "", err
	case signed.Service != service:
		return id, "", sigv4.ErrScope(service)
	case !ValidRegion(signed.Region):
		return id, "", sigv4.ErrRegion()
	}
	if err := x.h.verifier.Verify(x.r, &signed, body, id.Secret); err != nil {
		return id, "", err
	}
	if shown != nil && shown.Account != id.Account && !ofRole(id) {
		return id, "", otherAccount(id, shown)
	}
	if err := x.mayOperate(id, service); err != nil {
		return id, "", err
	}
	if x.h.options.Used != nil && id.Session == nil { // sessions' keys are not IAM's
		x.h.options.Used(id.AccessKey, service, signed.Region)
	}
	return id, signed.Region, nil
}

// mayOperate refuses what concerns all accounts to those who may not.
func (x *exchange) mayOperate(id access.Identity, service string) error {
	if service == AdminService && !x.h.options.Credentials.Operates(id) {
		return access.Denied(id.Principal, access.AdminPrefix+x.route.operation)
	}
	return nil
}

// anybody is who has a key in dev mode: whoever it says, or somebody whose
// session we made.
func (x *exchange) anybody(key string) (access.Identity, error) {
	if x.h.options.Sessions != nil && session.IsKey(key) {
		id, err := x.h.options.Sessions.Lookup(key, sigv4.Token(x.r))
		if errors.Is(err, session.ErrExpired) {
			return id, sigv4.ErrExpiredToken()
		}
		if err == nil {
			return id, nil
		}
	}
	if id, ok := x.ofIAM(key); ok {
		return id, nil
	}
	return access.Dev(key), nil
}

// holder is who has the key that signed the request, and the session token that
// goes with it.
func (x *exchange) holder(signed *sigv4.Signed, service string) (access.Identity, error) {
	id, ok := x.h.options.Credentials.Lookup(signed.AccessKey)
	switch {
	case ok && signed.Token == "":
		return id, nil
	case ok, x.h.options.Sessions == nil, !session.IsKey(signed.AccessKey):
		return id, sigv4.ErrUnknownKey() // long-lived keys have no token
	}
	id, err := x.h.options.Sessions.Lookup(signed.AccessKey, signed.Token)
	switch {
	case errors.Is(err, session.ErrExpired):
		return id, sigv4.ErrExpiredToken()
	case err != nil:
		return id, sigv4.ErrUnknownKey()
	case service == "iam" && id.Session.Kind != session.Role:
		// Nobody with such credentials may call IAM, and AWS says it in these words.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
		return id, sigv4.ErrUnknownKey()
	}
	return id, nil
}

// unsigned tells whether the request needs no signature, since it has another
// proof. A signature that is there is not looked at.
func (x *exchange) unsigned() bool {
	return len(x.h.options.Unsigned) > 0 && x.route.service != nil && x.h.options.Unsigned[x.route.service.Name+":"+x.route.operation]
}

// ofIAM is whose a key is in dev mode, if it is anybody's.
func (x *exchange) ofIAM(accessKey string) (access.Identity, bool) {
	if x.h.options.Known == nil {
		return access.Identity{}, false
	}
	return x.h.options.Known(accessKey)
}

// ValidRegion keeps nonsense out of keys and ARNs. It knows no list of regions:
// people name their own.
func ValidRegion(s string) bool {
	if len(s) == 0 || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s[0] != '-'
}
