package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
)

func TestEventsOfAWSServicesArePutByAnOperator(t *testing.T) {
	r, err := server.Start(context.Background(), server.Config{Listen: "127.0.0.1:0", Durability: store.Memory, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	put := func(args ...string) (string, error) {
		return carillon(t.Context(), append([]string{"events", "put", "--endpoint", r.URL}, args...)...)
	}
	one := `{"id": "x", "source": "aws.s3", "detail-type": "Object Created", "resources": ["arn:aws:s3:::b"], "detail": {"bucket": {"name": "b"}}}`
	file := filepath.Join(t.TempDir(), "events.json")
	if err := os.WriteFile(file, []byte(strings.Repeat(one+"\n", 60)+"["+one+","+one+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, n := range map[string]int{one: 1, file: 62} {
		out, err := put(from)
		want(t)(out, err)
		if ids := strings.Fields(out); len(ids) != n {
			t.Errorf("%d ids, want %d", len(ids), n)
		}
	}
	want(t, "aws.s3", "Object Created")(carillon(t.Context(), "events", "find", "--endpoint", r.URL, "--json"))

	refused(t, "source of event 1 is missing")(put(`{"detail-type": "x", "detail": {}}`))
	refused(t, "detail of event 1 is no JSON object")(put(`{"source": "a", "detail-type": "x", "detail": 5}`))
	refused(t, "does not exist")(put("--bus", "nowhere", one))
	refused(t, "event 1:")(put(`{"source": `))
}
