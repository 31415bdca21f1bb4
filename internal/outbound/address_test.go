package outbound

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func allow(t *testing.T, list ...string) Allowed {
	t.Helper()
	a, err := ParseAllowed(list)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOnlyPublicAndAllowedAddressesAreCalled(t *testing.T) {
	nothing, private, loopback := allow(t), allow(t, "private"), allow(t, "loopback")
	one := allow(t, "10.1.0.0/16", "192.168.7.9")
	all := []Allowed{nothing, private, loopback, one}
	for address, by := range map[string][4]bool{
		"93.184.215.14": {true, true, true, true}, "2606:4700::1": {true, true, true, true},
		"10.1.2.3": {false, true, false, true}, "10.2.0.1": {false, true, false, false}, "192.168.7.9": {false, true, false, true},
		"172.31.255.255": {false, true, false, false}, "100.64.0.1": {false, true, false, false}, "fd12::1": {false, true, false, false},
		"127.0.0.1": {false, false, true, false}, "127.9.9.9": {false, false, true, false}, "::1": {false, false, true, false},
		"169.254.169.254": {}, "169.254.0.1": {}, "fe80::1": {}, "fe80::1%eth0": {}, "fd00:ec2::254": {}, "0.0.0.0": {}, "::": {},
		"224.0.0.1": {}, "ff02::1": {}, "255.255.255.255": {}, "100.100.100.200": {}, "168.63.129.16": {},
		"::ffff:169.254.169.254": {}, "::ffff:127.0.0.1": {false, false, true, false}, "::ffff:10.1.2.3": {false, true, false, true},
		"64:ff9b::a9fe:a9fe": {}, "64:ff9b::a01:203": {false, true, false, true}, "2002:a9fe:a9fe::1": {}, "::a9fe:a9fe": {},
		"::ffff:0:a9fe:a9fe": {}, "::ffff:0:a01:203": {false, true, false, true}, "2001:20::1": {}, "2001:0:a01:203::1": {}, "3fff::1": {}, "5f00::1": {}, "192.88.99.1": {},
	} {
		for i, a := range all {
			err := a.check(netip.MustParseAddr(address), false)
			if (err == nil) != by[i] || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("%s with list %d: %v", address, i, err)
			}
		}
	}
	for address, want := range map[string]bool{"93.184.215.14": false, "10.1.2.3": true, "169.254.169.254": false} {
		if err := private.check(netip.MustParseAddr(address), true); (err == nil) != want {
			t.Errorf("%s by http: %v", address, err)
		}
	}
}

func TestAListOfNetworksThatMakesNoSenseIsRefused(t *testing.T) {
	for _, text := range []string{"", "all", "10.0.0.0/33", "0.0.0.0/0", "::/0", "169.254.0.0/16", "169.254.169.254", "fe80::/64", "fe80::1%eth0", "localhost", "::ffff:0:0/90", "::ffff:0.0.0.0/96", "::ffff:169.254.0.0/112"} {
		if _, err := ParseAllowed([]string{text}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	mapped := allow(t, "::ffff:10.0.0.0/104", "::ffff:192.168.7.9")
	for address, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "192.168.7.9": true, "192.168.7.8": false} {
		if err := mapped.check(netip.MustParseAddr(address), false); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if a := allow(t, "none"); !a.None() {
		t.Error("none allows something")
	}
}
