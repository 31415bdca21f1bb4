package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
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
