package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// From nothing to an event with one command, as the documentation says it.
func TestOneCommandLetsWebhooksIn(t *testing.T) {
	r, err := server.Start(t.Context(), server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("AWS_ENDPOINT_URL", r.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	const source, body = "aws.partner/github.com/octocat", "{}"
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, r.URL+"/ingest/"+source, "pending", "create-event-bus")(carillon(t.Context(), "webhook", "set", source, "--scheme", "github", "--secret-file", secret))
	want(t, "account 000000000000 in us-east-1", "active")(carillon(t.Context(), "webhook", "set", source, "--scheme", "github", "--secret-file", secret, "--bus"))
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(body))
	req, err := http.NewRequest(http.MethodPost, r.URL+"/ingest/"+source, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	want(t, "SOURCE", source, "github", "active")(carillon(t.Context(), "webhook", "list"))
	want(t, "")(carillon(t.Context(), "webhook", "remove", source))
	refused(t, "404", "has no webhook")(carillon(t.Context(), "webhook", "remove", source))

	refused(t, "scheme")(carillon(t.Context(), "webhook", "set", source, "--secret-file", secret))
	refused(t, "--secret-file")(carillon(t.Context(), "webhook", "set", source, "--scheme", "github"))
	refused(t, "no-such-file")(carillon(t.Context(), "webhook", "set", source, "--scheme", "github", "--secret-file", "no-such-file"))
	refused(t, "needs the header")(carillon(t.Context(), "webhook", "set", source, "--scheme", "hmac", "--secret-file", secret))

	want(t, "")(carillon(t.Context(), "bus", "idempotency", "default", "--path", "$.detail.id", "--window", "1h"))
	want(t, "")(carillon(t.Context(), "bus", "idempotency", "default", "--off"))
	refused(t, "25h")(carillon(t.Context(), "bus", "idempotency", "default", "--window", "25h"))
	refused(t, "does not exist")(carillon(t.Context(), "bus", "idempotency", "nowhere"))
	refused(t, "--off goes without")(carillon(t.Context(), "bus", "idempotency", "default", "--off", "--window", "1h"))
}
