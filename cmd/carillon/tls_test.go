package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/certificate/certificatetest"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func TestCommandsReachAServerOverTLSIfTheyBelieveIt(t *testing.T) {
	c := server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	c.TLS.Mode = server.TLSSelf
	r := startServer(t, c)
	ca := filepath.Join(c.Data, "tls", "self.pem")
	find := []string{"events", "find", "--endpoint", r.URL}
	refused(t, "--ca", "tls/self.pem")(carillon(t.Context(), find...))
	want(t)(carillon(t.Context(), append(find, "--ca", ca)...))
	want(t)(carillon(t.Context(), append(find, "--ca", ca, "--server-name", "localhost")...))
	refused(t, "events.example.com")(carillon(t.Context(), append(find, "--ca", ca, "--server-name", "events.example.com")...))
	want(t, "ok: ")(carillon(t.Context(), "health", "--endpoint", r.URL, "--ca", ca))
	refused(t, "ca: ", "none.pem")(carillon(t.Context(), append(find, "--ca", "none.pem")...))
	refused(t, "client-cert and client-key")(carillon(t.Context(), append(find, "--ca", ca, "--client-cert", ca)...))
	refused(t, "InvalidSecurity", "Use "+r.URL)(carillon(t.Context(), "events", "find", "--endpoint", "http"+strings.TrimPrefix(r.URL, "https")))
	for _, variable := range []string{"CARILLON_CA", "AWS_CA_BUNDLE"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, ca)
			want(t)(carillon(t.Context(), find...))
		})
	}
}

func TestCommandsShowAClientCertificate(t *testing.T) {
	a, dir := certificatetest.New(t, "ca"), t.TempDir()
	c := server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Auth: server.AuthStrict}
	path := func(name string, text []byte) string {
		certificatetest.Write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	cert, key := a.Issue(t, "server", "127.0.0.1")
	c.TLS.Cert, c.TLS.Key = path("cert.pem", cert), path("key.pem", key)
	c.TLS.ClientCA = a.File(t)
	c.Credentials = path("credentials.yaml", []byte("credentials:\n  - {certificate: CN=operator, account: \"123456789012\", operator: true}\n"))
	r := startServer(t, c)
	cert, key = a.Issue(t, "operator")
	t.Setenv("CARILLON_CA", a.File(t))
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	find := []string{"events", "find", "--endpoint", r.URL}
	want(t)(carillon(t.Context(), append(find, "--client-cert", path("client.pem", cert), "--client-key", path("client.key", key))...))
	refused(t, "certificate required")(carillon(t.Context(), find...))
	cert, key = a.Issue(t, "somebody")
	refused(t, "MissingAuthenticationToken")(carillon(t.Context(), append(find, "--client-cert", path("client.pem", cert), "--client-key", path("client.key", key))...))
}

func TestAVariableOfTheCommandsIsNoStraySettingOfServe(t *testing.T) {
	s, err := settings(t, "", []string{"CARILLON_CA=x", "CARILLON_SERVER_NAME=x", "CARILLON_CLIENT_CERT=x", "CARILLON_CLIENT_KEY=x", "CARILLON_KA=x"})
	if err != nil || len(s.strays) != 1 || s.strays[0] != "CARILLON_KA" {
		t.Errorf("%v, %v", s.strays, err)
	}
}

func startServer(t *testing.T, c server.Config) *server.Running {
	t.Helper()
	r, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}
