package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func TestHealthSaysWhetherAServerServes(t *testing.T) {
	var asked atomic.Int32
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(w, `{"status": "ok", "version": "1.2.3"}`)
	}))
	defer slow.Close()
	refused(t, "503")(carillon(t.Context(), "health", "--endpoint", slow.URL))
	want(t, "ok: Carillon 1.2.3 at "+slow.URL)(carillon(t.Context(), "health", "--endpoint", slow.URL, "--wait", "1m"))

	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }))
	refused(t, "is not Carillon")(carillon(t.Context(), "health", "--endpoint", other.URL))
	other.Close()
	refused(t, "nothing answers")(carillon(t.Context(), "health", "--endpoint", other.URL))
}

func TestHealthFindsTheServerThatHasTheSameSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "carillon.yaml")
	if err := os.WriteFile(file, []byte("listen: 10.1.2.3:99\ntls: self\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{nil, "http://127.0.0.1:4566"},
		{[]string{"CARILLON_LISTEN=0.0.0.0:1"}, "http://127.0.0.1:1"},
		{[]string{"CARILLON_LISTEN=:1", "CARILLON_TLS=self"}, "https://127.0.0.1:1"},
		{[]string{"CARILLON_LISTEN=[::]:1", "CARILLON_TLS_CERT=c", "CARILLON_TLS_KEY=k"}, "https://[::1]:1"},
		{[]string{"CARILLON_LISTEN=127.0.0.1:0"}, "http://127.0.0.1:4566"},
		{[]string{"CARILLON_CONFIG=" + file}, "https://10.1.2.3:99"},
		{[]string{"CARILLON_CONFIG=" + file, "CARILLON_LISTEN=10.1.2.3:98"}, "https://10.1.2.3:98"},
	} {
		if got, err := ownEndpoint(c.environ); err != nil || got != c.want {
			t.Errorf("%v: %s, %v; want %s", c.environ, got, err, c.want)
		}
	}
	if _, err := ownEndpoint([]string{"CARILLON_TLS=nonsense"}); err == nil {
		t.Error("a setting that no server starts with")
	}
}

func TestHealthAsksTheServerOnThisMachineOverTLSAlsoWhereItDoesNotKnowItsCertificate(t *testing.T) {
	c := server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Data: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	c.TLS.Mode = server.TLSSelf
	r := startServer(t, c)
	t.Setenv("AWS_ENDPOINT_URL", "")
	t.Setenv("CARILLON_LISTEN", r.Addr.String())
	want(t, "ok: Carillon ", "at "+r.URL)(carillon(t.Context(), "health")) // the server was told with a flag
	t.Setenv("CARILLON_TLS", "self")
	want(t, "at "+r.URL)(carillon(t.Context(), "health"))
	refused(t, "--ca")(carillon(t.Context(), "health", "--endpoint", r.URL))
}
