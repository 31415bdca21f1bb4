package edge_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/edge"
)

func TestBehindAProxyTheCallIsThatOfItsClient(t *testing.T) {
	proxies, err := edge.ParseProxies([]string{"192.0.2.0/24"}) // httptest's requests come from there
	if err != nil {
		t.Fatal(err)
	}
	s, h := front(t, edge.Options{Proxies: proxies, ProxiesOnly: true})
	for range 2 { // the second time from memory
		ask(h, post(sendTarget, "{}", "X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https")).want(t, 200)
		if c := s.call; c.SourceIP != "198.51.100.7" || !c.Secure || c.BaseURL != "https://127.0.0.1:4566" {
			t.Errorf("%+v", c)
		}
		ask(h, post(sendTarget, "{}", "X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "http")).want(t, 200)
		if c := s.call; c.Secure || c.BaseURL != "http://127.0.0.1:4566" {
			t.Errorf("%+v", c)
		}
	}
}

func TestWhereProxiesSpeakTLSNobodyElseComesWithoutIt(t *testing.T) {
	proxies, err := edge.ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	s, h := front(t, edge.Options{Proxies: proxies, ProxiesOnly: true})
	ask(h, post(sendTarget, "{}", "X-Forwarded-Proto", "https")).want(t, 403, "--trusted-proxies", "192.0.2.1")
	if s.call != nil {
		t.Error("the operation ran")
	}
	for addr, status := range map[string]int{"10.1.2.3:1": 200, "127.0.0.1:1": 200, "[::1]:1": 200, "11.1.2.3:1": 403} {
		r := post(sendTarget, "{}")
		r.RemoteAddr = addr
		ask(h, r).want(t, status)
	}
	r := post(sendTarget, "{}")
	r.Method, r.URL.Path = "GET", "/health"
	r.Header.Del("X-Amz-Target")
	ask(h, r).want(t, 200)
}

const certified = ordersKey + `  - {certificate: CN=billing, account: "123456789012", user: billing}
  - {certificate: "spiffe://example.com/elsewhere", account: "210987654321", user: elsewhere, operator: true}
`

// showing has a client show a certificate that TLS has verified.
func showing(r *http.Request, cn, uri string) *http.Request {
	c := &x509.Certificate{Raw: []byte(cn + uri), Subject: pkix.Name{CommonName: cn}}
	if u, err := url.Parse(uri); err == nil && uri != "" {
		c.URIs = []*url.URL{u}
	}
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}}}
	return r
}

func TestAClientCertificateStandsInForASignature(t *testing.T) {
	s, h := strictWith(t, certified)
	ask(h, showing(post(sendTarget, "{}"), "billing", "")).want(t, 200)
	if c := s.call; c.Account != "123456789012" || c.Principal != "arn:aws:iam::123456789012:user/billing" || c.AccessKey != "" || !c.Secure {
		t.Errorf("%+v", c)
	}
	ask(h, showing(post(sendTarget, "{}"), "nobody", "")).want(t, 400, "MissingAuthenticationTokenException")
	ask(h, showing(post(sendTarget, "{}"), "billing", "spiffe://example.com/elsewhere")).want(t, 403, "several principals")
	ask(h, showing(form("/_carillon/backup", ""), "billing", "")).want(t, 403, "carillon:Backup")
	ask(h, showing(form("/_carillon/backup", ""), "", "spiffe://example.com/elsewhere")).want(t, 200)
	r := showing(post(sendTarget, "{}"), "billing", "")
	r.TLS.VerifiedChains = nil
	ask(h, r).want(t, 400, "MissingAuthenticationTokenException")
}

func TestOfASignatureAndACertificateTheSignatureCountsIfBothAreOfOneAccount(t *testing.T) {
	s, h := strictWith(t, certified)
	signed := func() *http.Request {
		return sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "hush", "sqs", noon())
	}
	for _, cn := range []string{"billing", "nobody"} {
		ask(h, showing(signed(), cn, "")).want(t, 200)
		if s.call.Principal != "arn:aws:iam::123456789012:user/orders" {
			t.Errorf("%s: %+v", cn, s.call)
		}
	}
	ask(h, showing(signed(), "", "spiffe://example.com/elsewhere")).want(t, 403, "of one account", "user/orders", "user/elsewhere")
	ask(h, showing(sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "guess", "sqs", noon()), "billing", "")).want(t, 400, "InvalidSignatureException")
}

func TestTheCertificateOfAProxySaysNothingOfItsClients(t *testing.T) {
	credentials, err := access.ParseCredentials([]byte(certified))
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := edge.ParseProxies([]string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	_, h := front(t, edge.Options{Credentials: credentials, Proxies: proxies, Now: noon})
	ask(h, showing(post(sendTarget, "{}"), "billing", "")).want(t, 400, "MissingAuthenticationTokenException")
}

func TestAConnectionWhoseCertificateIsNotBelievedAnyMoreEnds(t *testing.T) {
	credentials, err := access.ParseCredentials([]byte(certified))
	if err != nil {
		t.Fatal(err)
	}
	believed := true
	s, h := front(t, edge.Options{Credentials: credentials, Now: noon, Still: func([][]*x509.Certificate, time.Time) bool { return believed }})
	for _, believed = range []bool{true, false} {
		for _, r := range []*http.Request{
			showing(post(sendTarget, "{}"), "billing", ""),
			showing(sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "hush", "sqs", noon()), "nobody", ""),
		} {
			s.call = nil
			got := ask(h, r)
			if believed {
				got.want(t, 200)
				continue
			}
			got.want(t, 503, "connect anew")
			if s.call != nil || got.header.Get("Connection") != "close" {
				t.Errorf("%v, %v", s.call, got.header)
			}
		}
		ask(h, sign(t, post(sendTarget, "{}"), "{}", "AKIAORDERS", "hush", "sqs", noon())).want(t, 200)
	}
}
