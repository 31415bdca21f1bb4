package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func believing(t rapid.TB, list ...string) Proxies {
	t.Helper()
	p, err := ParseProxies(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheClientIsTheLastAddressThatIsNoTrustedProxy(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "fd00::/8"}
	for name, c := range map[string]struct {
		remote string
		header http.Header
		ip     string
		secure bool
	}{
		"a stranger's headers count for nothing": {"192.0.2.1:5", http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}}, "192.0.2.1", false},
		"a proxy's do":                           {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}}, "1.1.1.1", true},
		"what a client sent is left of it":       {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"10.9.9.9, 1.1.1.1"}, "X-Forwarded-Proto": {"http"}}, "1.1.1.1", false},
		"two proxies in a row":                   {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"9.9.9.9, 1.1.1.1,10.0.0.2"}}, "1.1.1.1", false},
		"two headers":                            {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"9.9.9.9, 1.1.1.1", "10.0.0.2"}}, "1.1.1.1", false},
		"with a port":                            {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"1.1.1.1:443"}}, "1.1.1.1", false},
		"IPv6":                                   {"[fd00::1]:5", http.Header{"X-Forwarded-For": {"2001:db8::1"}}, "2001:db8::1", false},
		"IPv6 in brackets, with a port":          {"[fd00::1]:5", http.Header{"X-Forwarded-For": {"[2001:db8::1]:443"}}, "2001:db8::1", false},
		"IPv6 in brackets":                       {"[fd00::1]:5", http.Header{"X-Forwarded-For": {"[2001:db8::1]"}}, "2001:db8::1", false},
		"IPv4 in IPv6":                           {"[::ffff:10.0.0.1]:5", http.Header{"X-Forwarded-For": {"::ffff:1.1.1.1"}}, "1.1.1.1", false},
		"the proxy itself":                       {"10.0.0.1:5", http.Header{}, "10.0.0.1", false},
		"a client among the proxies":             {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"10.0.0.7"}}, "10.0.0.7", false},
		"a proxy that will not say":              {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"unknown"}}, "", false},
		"nonsense":                               {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"1.1.1.1, <x>"}}, "", false},
		"nothing":                                {"10.0.0.1:5", http.Header{"X-Forwarded-For": {""}}, "", false},
		"too many":                               {"10.0.0.1:5", http.Header{"X-Forwarded-For": {"1.1.1.1" + strings.Repeat(",10.0.0.1", 40)}}, "", false},
		"one of several says http":               {"10.0.0.1:5", http.Header{"X-Forwarded-Proto": {"https,http"}}, "10.0.0.1", false},
		"all say https":                          {"10.0.0.1:5", http.Header{"X-Forwarded-Proto": {"https", "HTTPS , https"}}, "10.0.0.1", true},
	} {
		p := believing(t, trusted...)
		if ip, secure := p.client(&http.Request{RemoteAddr: c.remote, Header: c.header}); ip != c.ip || secure != c.secure {
			t.Errorf("%s: %q, %v; want %q, %v", name, ip, secure, c.ip, c.secure)
		}
	}
}

func TestNoHeaderOfAClientChangesWhoItIsSaidToBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := believing(t, "10.0.0.0/8")
		client := netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "client")}).String()
		forged := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"10.0.0.1", "1.2.3.4", "unknown", "", ",,", "::1", "[", client}), rapid.StringN(0, 10, -1)), 0, 5).Draw(t, "forged")
		// What the first proxy was sent, and the hops that it and those after it add.
		hops := append(slices.Clone(forged), client)
		for range rapid.IntRange(0, 3).Draw(t, "proxies") {
			hops = append(hops, "10.1.1.1")
		}
		header := http.Header{"X-Forwarded-For": {strings.Join(hops, ", ")}}
		if rapid.Bool().Draw(t, "as headers") {
			header = http.Header{"X-Forwarded-For": hops}
		}
		if ip, _ := p.client(&http.Request{RemoteAddr: "10.2.2.2:1", Header: header}); ip != client {
			t.Fatalf("%q is %q, want %q", header, ip, client)
		}
		if ip, secure := p.client(&http.Request{RemoteAddr: client + ":1", Header: header}); ip != client || secure {
			t.Fatalf("without a proxy: %q", ip)
		}
	})
}

func TestAListOfProxiesThatMakesNoSenseIsRefused(t *testing.T) {
	for _, text := range []string{"", "all", "0.0.0.0/0", "::/0", "10.0.0.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0", "proxy.example.com", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{text}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	p := believing(t, "loopback", "10.1.2.3", "192.168.0.0/24")
	for addr, want := range map[string]bool{"127.0.0.1": true, "::1": true, "10.1.2.3": true, "10.1.2.4": false, "192.168.0.9": true, "192.168.1.9": false} {
		if p.trusts(netip.MustParseAddr(addr)) != want {
			t.Errorf("%s: want %v", addr, want)
		}
	}
}

func FuzzForwardedHeadersGiveAnAddressOrNothing(f *testing.F) {
	f.Add("1.1.1.1, 10.0.0.1", "https")
	f.Add("[::1]:80,unknown", "http,https")
	f.Fuzz(func(t *testing.T, list, proto string) {
		p := believing(t, "10.0.0.0/8")
		ip, _ := p.client(&http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {list}, "X-Forwarded-Proto": {proto}}})
		if ip == "" {
			return
		}
		if addr, err := netip.ParseAddr(ip); err != nil || addr.Zone() != "" || addr.Is4In6() {
			t.Errorf("%q gives %q", list, ip)
		}
	})
}
