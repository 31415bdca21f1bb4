package edge

import (
	"github.com/carillon-events/carillon/internal/access"
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
		if id, ok := x.ofIAM(key); ok {
			return id, region, nil
		}
		return access.Dev(key), region, nil
	}
	signed, err := sigv4.Parse(x.r)
	if err != nil {
		return access.Identity{}, "", err
	}
	id, ok := x.h.options.Credentials.Lookup(signed.AccessKey)
	switch {
	case !ok:
		return id, "", sigv4.ErrUnknownKey()
	case signed.Service != service:
		return id, "", sigv4.ErrScope(service)
	case !ValidRegion(signed.Region):
		return id, "", sigv4.ErrRegion()
	}
	if err := x.h.verifier.Verify(x.r, &signed, body, id.Secret); err != nil {
		return id, "", err
	}
	if service == AdminService && !x.h.options.Credentials.Operates(id) {
		return id, "", access.Denied(id.Principal, access.AdminPrefix+x.route.operation)
	}
	if x.h.options.Used != nil {
		x.h.options.Used(id.AccessKey, service, signed.Region)
	}
	return id, signed.Region, nil
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
