// Package outbound is HTTP calls to addresses that users choose: API destinations
// and subscribers.
//
// It owns to which addresses calls go at all (address.go), and a client that
// follows and trusts nothing (client.go): no redirects, no proxy of the
// environment, TLS is verified. docs/adr/0023-connections.md has the reasons.
//
// It refuses to know what is sent and what an answer means.
package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// Allowed is what may be called beside the public internet: private networks,
// or this machine. Its zero value is nothing.
//
// Whoever may make an API destination or a subscription has Carillon call an
// address of his choice from where Carillon stands, which is often a place that
// he cannot reach himself. So every address is checked when it is dialled, after names are
// resolved: what a name meant a moment ago does not count.
type Allowed struct{ prefixes []netip.Prefix }

// ErrForbidden is wrapped by the refusal of an address.
var ErrForbidden = errors.New("address may not be called")

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

var (
	// never are called by nobody: addresses that mean no single other host, and
	// those where clouds answer a machine with its own credentials.
	never = prefixes(
		"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "192.0.0.192/32", "100.100.100.200/32", "168.63.129.16/32",
		"::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "fd20:ce::254/128",
	)
	// inside are addresses that are not the public internet's: they are called
	// where they are allowed.
	inside = prefixes(
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "::1/128", "fc00::/7", "fec0::/10", "100::/63",
		"2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "64:ff9b:1::/48",
	)
	words = map[string][]netip.Prefix{
		"private":  prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
		"loopback": prefixes("127.0.0.0/8", "::1/128"),
		"none":     nil,
	}
	// carriers have an IPv4 address in them, at the byte that is given, which is
	// where a packet ends up: NAT64, 6to4, IPv4-compatible and IPv4-translated
	// addresses.
	carriers = []struct {
		prefix netip.Prefix
		at     int
	}{
		{netip.MustParsePrefix("64:ff9b::/96"), 12}, {netip.MustParsePrefix("2002::/16"), 2}, {netip.MustParsePrefix("::/96"), 12},
		{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	}
)

// ParseAllowed reads a list of CIDRs, addresses and the words private, loopback
// and none.
func ParseAllowed(list []string) (Allowed, error) {
	var a Allowed
	for _, text := range list {
		if more, ok := words[text]; ok {
			a.prefixes = append(a.prefixes, more...)
			continue
		}
		p, err := netip.ParsePrefix(text)
		if addr, bad := netip.ParseAddr(text); err != nil && bad == nil && addr.Zone() == "" {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return Allowed{}, fmt.Errorf("%q: want a CIDR such as 10.0.0.0/8, or private, loopback or none", text)
		}
		if p.Addr().Is4In6() { // addresses are compared as what they lead to
			if p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96); !p.IsValid() {
				return Allowed{}, fmt.Errorf("%q: it is more than the IPv4 addresses in IPv6: write it as IPv4", text)
			}
		}
		if p.Bits() == 0 {
			return Allowed{}, fmt.Errorf("%q: this is every address; say which networks", text)
		}
		for _, no := range never {
			if no.Bits() <= p.Bits() && no.Contains(p.Addr()) {
				return Allowed{}, fmt.Errorf("%q: it lies in %s, which is never called", text, no)
			}
		}
		a.prefixes = append(a.prefixes, p.Masked())
	}
	return a, nil
}

// None tells whether nothing is allowed but the public internet.
func (a Allowed) None() bool { return len(a.prefixes) == 0 }

func contains(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// check refuses an address that may not be called. plain is a call without TLS,
// which goes inside only.
func (a Allowed) check(addr netip.Addr, plain bool) error {
	addr = addr.Unmap().WithZone("")
	real := addr
	for _, c := range carriers {
		if b := addr.As16(); addr.Is6() && addr != netip.IPv6Loopback() && addr != netip.IPv6Unspecified() && c.prefix.Contains(addr) {
			real = netip.AddrFrom4([4]byte(b[c.at : c.at+4]))
		}
	}
	switch {
	case contains(never, addr), contains(never, real):
		return fmt.Errorf("%w: %s is a link-local, metadata, multicast or reserved address, and never called", ErrForbidden, addr)
	case contains(a.prefixes, addr), contains(a.prefixes, real):
		return nil
	case contains(inside, addr), contains(inside, real):
		return fmt.Errorf("%w: %s is not public: allow its network with --http-targets-allow", ErrForbidden, addr)
	case plain:
		return fmt.Errorf("%w: %s would be called by http://, which is for networks of --http-targets-allow only: use https://", ErrForbidden, addr)
	}
	return nil
}

// control is for net.Dialer: it sees the address that is about to be dialled.
func (a Allowed) control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %q is not an address", ErrForbidden, address)
		}
		return a.check(to.Addr(), plain)
	}
}

// CheckHost refuses a URL that could never be called, so that its owner hears of
// it when he writes it. Names are resolved later.
func (a Allowed) CheckHost(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Scheme == "http" && a.None():
		return errors.New("it must begin with https://")
	case u.Hostname() == "":
		return errors.New("it has no host")
	case !isPort(u.Port()):
		return errors.New("its port must be a number from 1 to 65535")
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return a.check(addr, u.Scheme == "http")
	}
	if isNumber(u.Hostname()) {
		return errors.New("its host looks like a number: write an IP address in four decimal parts")
	}
	return nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// isNumber tells whether somebody would read a host as an IPv4 address that is
// not in its usual form, such as 0x7f.1 or 2130706433. What it leads to is
// checked when it is dialled, as of any host; but nobody means a name by it.
//
// https://url.spec.whatwg.org/#ends-in-a-number-checker
func isNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = "0"+hex, "0123456789abcdef"
	}
	return last != "" && strings.Trim(last, digits) == ""
}
