package destination

import (
	"errors"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
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
	for _, text := range []string{"", "all", "10.0.0.0/33", "0.0.0.0/0", "::/0", "169.254.0.0/16", "169.254.169.254", "fe80::/64", "fe80::1%eth0", "localhost"} {
		if _, err := ParseAllowed([]string{text}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if a := allow(t, "none"); !a.None() {
		t.Error("none allows something")
	}
}

func TestAnEndpointThatCanNeverBeCalledIsRefusedWhenItIsWritten(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.com/*?a=*": "", "https://example.com:8443": "", "http://example.com/": "begin with https://", "ftp://x/": "begin with https://",
		"https:///x": "no host", "https://u:p@example.com/": "user or password", "https://*.example.com/": "not of the host", "https://example.com:*/": "",
		"https://169.254.169.254/latest": "never called", "https://127.0.0.1/": "--http-targets-allow", "https://[::1]/": "--http-targets-allow",
		"https://example.com/#a": "fragment", "example.com": "begin with https://", "https://a b/": "not a URL",
	} {
		err := allow(t).CheckURL(text)
		if text == "https://example.com:*/" { // a port of x is no URL
			want = "not a URL"
		}
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := allow(t, "loopback").CheckURL("http://127.0.0.1:9/"); err != nil {
		t.Error(err)
	}
}

// The name is resolved when it is dialled, so it does not matter what it meant
// when it was written.
func TestANameThatLeadsInsideIsNotCalled(t *testing.T) {
	e := newEndpoint(t)
	f := start(t, e, "10.0.0.0/8")
	url := strings.Replace(e.URL, "127.0.0.1", "localhost", 1)
	if err := f.Allowed.CheckURL(url); err != nil {
		t.Fatal(err)
	}
	a := f.Attempt(t.Context(), f.make(destination.Basic, basic, destination.Settings{Endpoint: url}))
	if !errors.Is(a.Err, delivery.ErrRefused) || !errors.Is(a.Err, ErrForbidden) || !strings.Contains(a.Err.Error(), "--http-targets-allow") {
		t.Errorf("%+v", a)
	}
	token := destination.Credentials{Name: "id", Secret: "s", TokenURL: url + "/token", TokenMethod: "POST"}
	if _, err := f.Fetch(t.Context(), token); !errors.Is(err, ErrForbidden) {
		t.Error(err)
	}
	if e.calls() != 0 || e.tokens != 0 {
		t.Error("somebody was called")
	}
}

func TestARedirectInsideIsNotFollowedAndAProxyNotUsed(t *testing.T) {
	proxy := httptest.NewServer(nil)
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	f := start(t, newEndpoint(t), "none")
	a := f.Attempt(t.Context(), f.make(destination.Basic, basic, destination.Settings{Endpoint: proxy.URL}))
	if !errors.Is(a.Err, ErrForbidden) {
		t.Errorf("%+v", a)
	}
}

func FuzzNoURLMakesTheCheckPanic(f *testing.F) {
	f.Add("https://example.com/*?a=*")
	f.Add("https://*@[::1%25x]:9/")
	f.Fuzz(func(t *testing.T, text string) {
		_ = Allowed{}.CheckURL(text)
		_, _ = fill(text, []string{"a", ".."})
	})
}
