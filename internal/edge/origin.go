package edge

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/carillon-events/carillon/internal/wire"
)

// A browser lets any page send requests to 127.0.0.1, and dev mode asks for no
// key. So a page that was not invited is refused before anything runs, not
// only denied the answer. It is known by its Origin, by Sec-Fetch-Site where a
// browser sends no Origin (images, forms, links), and, where its name was made
// to point at this machine (DNS rebinding), by the Host that it calls us.

// origins is which web pages may call.
type origins struct {
	all     bool
	allowed map[string]bool // "https://console.example.com"
	hosts   map[string]bool // names that we go by besides the obvious
}

func newOrigins(allowed []string, externalURL string) origins {
	o := origins{allowed: map[string]bool{}, hosts: map[string]bool{}}
	for _, a := range slices.Concat(allowed, []string{externalURL}) {
		if a == "*" {
			o.all = true
			continue
		}
		if u, err := url.Parse(a); err == nil && u.Host != "" {
			o.allowed[strings.ToLower(u.Scheme+"://"+u.Host)] = true
		}
	}
	if u, err := url.Parse(externalURL); err == nil && u.Host != "" {
		o.hosts[strings.ToLower(u.Hostname())] = true
	}
	return o
}

// allows tells whether a page of that origin may call us by this host.
func (o *origins) allows(origin, host string) bool {
	origin = strings.ToLower(origin)
	if o.all || o.allowed[origin] {
		return true
	}
	_, own, ok := strings.Cut(origin, "://")
	return ok && (strings.HasPrefix(origin, "http://") || strings.HasPrefix(origin, "https://")) && strings.EqualFold(own, host)
}

// admit refuses uninvited pages and impossible hosts, and answers preflights.
// It reports whether the request goes on.
func (x *exchange) admit() bool {
	if err := x.setBaseURL(); err != nil {
		x.fail(err)
		return false
	}
	header := x.r.Header
	origin := ""
	if o := header["Origin"]; len(o) > 0 {
		origin = o[0]
	}
	if origin == "" {
		if site := header["Sec-Fetch-Site"]; len(site) > 0 && (site[0] == "cross-site" || site[0] == "same-site") && !x.h.origins.all && !x.harmless() {
			x.fail(foreign("another site", x.r.Host))
			return false
		}
		return true
	}
	if !x.h.origins.allows(origin, x.r.Host) {
		x.fail(foreign(fmt.Sprintf("%.128q", origin), x.r.Host))
		return false
	}
	x.allowOrigin(origin)
	if x.r.Method == http.MethodOptions && len(header["Access-Control-Request-Method"]) > 0 {
		x.preflight()
		return false
	}
	return true
}

// harmless requests only look: a link to a page of ours may stand anywhere.
func (x *exchange) harmless() bool {
	return (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead) && x.h.page(x.r) != nil
}

func foreign(who, host string) error {
	return &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: fmt.Sprintf("Web pages of %s may not call Carillon at %.128q. Allow an origin with --cors-origin.", who, host)}
}

// exposed are the answer's headers that AWS's browser SDKs read.
const exposed = "Date, ETag, x-amzn-RequestId, x-amzn-query-error, x-amzn-ErrorType, x-amz-request-id, x-amz-id-2, x-amz-version-id"

func (x *exchange) allowOrigin(origin string) {
	h := x.w.Header()
	h["Access-Control-Allow-Origin"] = []string{origin}
	h["Access-Control-Expose-Headers"] = []string{exposed}
	h["Vary"] = []string{"Origin"}
}

// preflight answers the question that a browser asks before it sends.
func (x *exchange) preflight() {
	h := x.w.Header()
	h["Access-Control-Allow-Methods"] = []string{"GET, POST, PUT, DELETE, HEAD, PATCH"}
	h["Access-Control-Max-Age"] = []string{"600"}
	if wanted := x.r.Header.Get("Access-Control-Request-Headers"); wanted != "" && len(wanted) <= 4096 {
		h["Access-Control-Allow-Headers"] = []string{wanted}
	}
	if x.r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h["Access-Control-Allow-Private-Network"] = []string{"true"}
	}
	x.wrote = true
	x.w.WriteHeader(http.StatusNoContent)
}

// knownHost is a Host that was found to be good.
type knownHost struct {
	host, baseURL string
	secure        bool
}

// setBaseURL finds the URL that the client calls us by.
func (x *exchange) setBaseURL() error {
	host := x.r.Host
	x.source, x.secure = x.h.options.Proxies.client(x.r)
	if k := x.h.lastHost.Load(); k != nil && k.host == host && k.secure == x.secure && x.r.URL.Host == "" {
		x.baseURL = k.baseURL
		return nil
	}
	if !validHost(host) {
		return &wire.Error{Code: "InvalidAddress", Status: http.StatusBadRequest,
			Message: fmt.Sprintf("The Host header %.128q is no host name.", host)}
	}
	// A request in absolute form comes from a client that takes us for its proxy,
	// which no page can make a browser do.
	if x.h.options.CheckHost && x.r.URL.Host == "" && !x.h.origins.ownHost(host) {
		return &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: fmt.Sprintf("Carillon does not go by the name %.128q: a web page may have made it point here. "+
				"Use localhost or an IP address, or start Carillon with --external-url http://%.128s.", host, host)}
	}
	x.baseURL = strings.TrimSuffix(x.h.options.ExternalURL, "/")
	if x.baseURL == "" {
		x.baseURL = "http://" + host
		if x.secure {
			x.baseURL = "https://" + host
		}
	}
	if x.r.URL.Host == "" {
		x.h.lastHost.Store(&knownHost{strings.Clone(host), x.baseURL, x.secure})
	}
	return nil
}

// validHost admits host[:port] with the characters of names and IP literals.
func validHost(s string) bool {
	if len(s) == 0 || len(s) > 260 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

// ownHost tells whether nobody on the internet can make host point at this machine.
func (o *origins) ownHost(host string) bool {
	name := strings.ToLower(host)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") || o.hosts[name] {
		return true
	}
	for _, suffix := range ownSuffixes {
		if strings.HasSuffix("."+name, suffix) {
			return true
		}
	}
	return false
}

// ownSuffixes: loopback by definition, or names of AWS and of LocalStack that
// existing set-ups send to a local port, and whose owners we do not fear.
var ownSuffixes = []string{".localhost", ".localdomain", ".internal", ".amazonaws.com", ".amazonaws.com.cn", ".localhost.localstack.cloud"}
