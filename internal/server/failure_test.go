package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/carillon-events/carillon/internal/store"
)

func serving(t *testing.T) *Running {
	t.Helper()
	r, err := Start(t.Context(), Config{Listen: "127.0.0.1:0", Durability: store.Memory, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAPartThatFailsEndsTheServerWithItsError(t *testing.T) {
	r := serving(t)
	broken := errors.New("broken")
	r.start("sweeper", func(context.Context) error { return broken })
	if err := r.wait(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := http.Get(r.URL + "/health"); err == nil {
		t.Error("it still serves")
	}
}

func TestAPartThatEndsByItselfIsAFailure(t *testing.T) {
	r := serving(t)
	r.start("sweeper", func(context.Context) error { return nil })
	if err := r.wait(t.Context()); err == nil || err.Error() != "sweeper ended unexpectedly" {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatIsToldToEndDoesSoWithoutAnError(t *testing.T) {
	r := serving(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.wait(ctx); err != nil {
		t.Error(err)
	}
}
