package conformance

import (
	"os"
	"testing"
)

// endpointOf is the server to speak to: CARILLON_ENDPOINT, or one in this process.
func endpointOf(t *testing.T) string {
	if url := os.Getenv("CARILLON_ENDPOINT"); url != "" {
		return url
	}
	t.Skip("no server in this process yet")
	return ""
}
