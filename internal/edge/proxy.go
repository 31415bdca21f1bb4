package edge

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// A proxy in front of Carillon is the client of every connection, and who the
// real one is stands in headers, which anybody can send. So they count only in
// requests of proxies that the operator named, and of X-Forwarded-For only what
// those added: from the right up to the first address that is not theirs.

// Proxies are the proxies that are believed. The zero value believes nobody.
type Proxies struct{ trusted []netip.Prefix }

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// ParseProxies reads a list of CIDRs, addresses, and the word loopback.
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	for _, text := range list {
		if text == "loopback" {
			p.trusted = append(p.trusted, loopback...)
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if addr, bad := netip.ParseAddr(text); err != nil && bad == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			return Proxies{}, fmt.Errorf("%q: want a CIDR such as 10.0.0.0/8, an address, or loopback", text)
		case prefix.Addr().Is4In6():
			return Proxies{}, fmt.Errorf("%q: write it as IPv4", text)
		case prefix.Bits() == 0:
			return Proxies{}, fmt.Errorf("%q: this is every address, and anybody could say to be any other; say which networks the proxies are in", text)
		}
		p.trusted = append(p.trusted, prefix.Masked())
	}
	return p, nil
}

// None tells whether nobody is believed.
func (p *Proxies) None() bool { return len(p.trusted) == 0 }

func (p *Proxies) trusts(addr netip.Addr) bool {
	for _, t := range p.trusted {
		if t.Contains(addr) {
			return true
		}
	}
	return false
}

// maxHops is more proxies than stand in a row anywhere.
const maxHops = 32

// client is the address that a request comes from, and whether it came over TLS
// as far as that is known. The address is empty where a proxy that is believed
// tells of none, so that no policy about addresses takes the proxy's for it.
func (p *Proxies) client(r *http.Request) (ip string, secure bool) {
	if p.None() {
		return sourceIP(r.RemoteAddr), r.TLS != nil
	}
	peer, ok := parseHop(r.RemoteAddr)
	if !ok || !p.trusts(peer) {
		return sourceIP(r.RemoteAddr), r.TLS != nil
	}
	return p.behind(peer, r.Header["X-Forwarded-For"]), forwardedSecure(r)
}

// behind finds the client behind a proxy. Each proxy appends whom it was called
// by, so the last address is the one that the nearest proxy saw.
func (p *Proxies) behind(peer netip.Addr, headers []string) string {
	client := peer
	hops := 0
	for i := len(headers) - 1; i >= 0; i-- {
		for rest, more := headers[i], true; more; hops++ {
			var hop string
			at := strings.LastIndexByte(rest, ',')
			hop, more = rest[at+1:], at >= 0
			rest = rest[:max(at, 0)]
			addr, ok := parseHop(strings.TrimSpace(hop))
			if !ok || hops == maxHops {
				return ""
			}
			if client = addr; !p.trusts(addr) {
				return client.String()
			}
		}
	}
	return client.String()
}

// parseHop reads an address, which some write with a port.
func parseHop(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = with.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

// forwardedSecure is what a believed proxy says of its client's connection. Where
// several say something, all must say https: a client can add one, and not take
// one away.
func forwardedSecure(r *http.Request) bool {
	said := r.Header["X-Forwarded-Proto"]
	if len(said) == 0 {
		return r.TLS != nil
	}
	for _, line := range said {
		for proto := range strings.SplitSeq(line, ",") {
			if !strings.EqualFold(strings.TrimSpace(proto), "https") {
				return false
			}
		}
	}
	return true
}

// pastProxies refuses a request that came without TLS and past the proxies that
// speak it in our place; true where it did. Probes and scrapers stand beside the proxies, and what
// they ask for holds no secret.
func (x *exchange) pastProxies() bool {
	if !x.h.options.ProxiesOnly || x.r.TLS != nil {
		return false
	}
	if peer, ok := parseHop(x.r.RemoteAddr); ok && (peer.IsLoopback() || x.h.options.Proxies.trusts(peer)) {
		return false
	}
	if path := x.r.URL.Path; (path == "/health" || path == "/metrics") && len(x.r.Header["X-Amz-Target"]) == 0 {
		return false
	}
	x.fail(&wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: "This port takes requests of --trusted-proxies only, and " + sourceIP(x.r.RemoteAddr) + " is none of them."})
	return true
}
