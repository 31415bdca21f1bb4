package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/carillon-events/carillon/internal/certificate"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// authority is Let's Encrypt's server for tests, which finds every name on this
// machine, on the ports that it is told.
type authority struct {
	directory, file string // where it is, and who vouches for it there
	roots           *x509.CertPool
}

func startAuthority(t *testing.T, httpPort, tlsPort int) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	memory := db.NewMemoryStore()
	issuer := ca.New(quiet, memory, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "the only one"}})
	validator := va.New(quiet, httpPort, tlsPort, false, startNames(t), memory)
	front := wfe.New(quiet, memory, validator, issuer, []string{"pebble.example"}, false, false, 1, 1)
	dir := t.TempDir()
	self, err := certificate.NewSelf(dir, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: front.Handler(), ErrorLog: quiet}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(tls.NewListener(l, certificate.Config(self, nil, false)))
	}()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	roots := x509.NewCertPool()
	roots.AddCert(issuer.GetRootCert(0).Cert)
	return &authority{directory: "https://" + l.Addr().String() + wfe.DirectoryPath, file: self.Path(), roots: roots}
}

// startNames is a DNS server by which every name is this machine's.
func startNames(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer)
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown(); <-ended })
	return l.Addr().String()
}

// freePort is a port that nobody listens on, for a moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestACertificateComesFromAnAuthorityByEitherChallengeAndIsKept(t *testing.T) {
	for name, overHTTP := range map[string]bool{"over TLS": false, "over HTTP": true} {
		t.Run(name, func(t *testing.T) {
			tlsPort, httpPort, none := freePort(t), freePort(t), freePort(t)
			c := server.Config{
				Listen: "127.0.0.1:" + strconv.Itoa(tlsPort), Durability: store.Memory, Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
				TLS: server.TLS{Mode: server.TLSACME, Domains: []string{"events.example.com"}, Email: "ops@example.com"},
			}
			if overHTTP { // and what looks for the challenge over TLS finds nobody
				c.TLS.HTTP = "127.0.0.1:" + strconv.Itoa(httpPort)
				tlsPort = none
			}
			a := startAuthority(t, httpPort, tlsPort)
			c.TLS.Directory, c.TLS.ACMECA = a.directory, a.file
			r, err := server.Start(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := r.Stop(); err != nil {
					t.Error(err)
				}
			}()
			if !strings.HasPrefix(r.URL, "https://events.example.com:") {
				t.Error(r.URL)
			}
			believed := &tls.Config{RootCAs: a.roots, ServerName: "events.example.com"}
			if err := shakeUntil(r.Addr.String(), believed, time.Now().Add(60*time.Second)); err != nil {
				t.Fatal(err)
			}
			kept, err := filepath.Glob(filepath.Join(c.Data, "tls", "acme", "certificates", "*", "events.example.com", "*.key"))
			if err != nil || len(kept) != 1 {
				t.Errorf("kept %v, %v", kept, err)
			}
			if overHTTP {
				toHTTPS(t, c.TLS.HTTP, r.URL)
			}
		})
	}
}

// shakeUntil tries to shake hands until it can; the authority takes its time.
func shakeUntil(addr string, config *tls.Config, end time.Time) error {
	again := time.NewTicker(50 * time.Millisecond) // the authority is real, and takes real time
	defer again.Stop()
	for ; ; <-again.C {
		conn, err := tls.Dial("tcp", addr, config)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(end) {
			return err
		}
	}
}

func toHTTPS(t *testing.T, addr, url string) {
	t.Helper()
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(mustRequest(t, "http://"+addr+"/health?x=1"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("Location"); got != url+"/health?x=1" {
		t.Errorf("%d to %s", resp.StatusCode, got)
	}
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
