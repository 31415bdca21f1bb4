package conformance

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

// The one key that the strict server knows, in this process and in ../run.
const (
	strictKey     = "AKIACARILLONTOUR0001"
	strictSecret  = "the secret of the tour"
	strictAccount = "555566667777"

	// Another account, and a user of the first.
	guestKey, guestAccount = "AKIACARILLONGUEST001", "666677778888"
	clerkKey               = "AKIACARILLONCLERK001"
	clerkPolicy            = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sqs:SendMessage","sqs:GetQueueUrl"],"Resource":"arn:aws:sqs:*:*:clerk-*"}}`
)

// endpointOf is the server to speak to: CARILLON_ENDPOINT, or one in this process.
func endpointOf(t *testing.T) string {
	return endpoint(t, "CARILLON_ENDPOINT", server.Config{})
}

// strictEndpointOf is one that knows strictKey and nobody else.
func strictEndpointOf(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "credentials.yaml")
	text := "credentials:\n  - {accessKeyId: " + strictKey + ", secretAccessKey: " + strictSecret + ", account: \"" + strictAccount + "\"}\n" +
		"  - {accessKeyId: " + guestKey + ", secretAccessKey: " + strictSecret + ", account: \"" + guestAccount + "\"}\n" +
		"  - {accessKeyId: " + clerkKey + ", secretAccessKey: " + strictSecret + ", account: \"" + strictAccount + "\", user: clerk, policies: ['" + clerkPolicy + "']}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return endpoint(t, "CARILLON_STRICT_ENDPOINT", server.Config{Auth: server.AuthStrict, Credentials: file})
}

func endpoint(t *testing.T, variable string, c server.Config) string {
	if url := os.Getenv(variable); url != "" {
		return url
	}
	c.Listen, c.Durability, c.Logger = "127.0.0.1:0", store.Memory, slog.New(slog.DiscardHandler)
	s, err := server.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s.URL
}
