package child

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is also the child: its first argument says what it does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		serve(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// serve understands as much of carillon serve as the tests need.
func serve(args []string) {
	listen, flags := args[1], strings.Join(args, " ")
	if strings.Contains(flags, "--broken") || os.Getenv("CARILLON_LISTEN") != "" {
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		os.Exit(3)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	if strings.Contains(flags, "--deaf") {
		signal.Ignore(syscall.SIGTERM)
	}
	begin := time.Now()
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if time.Since(begin) < 50*time.Millisecond {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	<-ended
}

func start(t *testing.T, flags ...string) (*Server, error) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	listen, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return StartServer(t.Context(), ServerOptions{Executable: executable, Listen: listen, Data: t.TempDir(), Durability: "fsync", Flags: flags})
}

func TestAServerIsReadyWhenItIsHealthyAndStopsWhenAsked(t *testing.T) {
	t.Setenv("CARILLON_LISTEN", "for another server")
	s, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ready < 50*time.Millisecond {
		t.Errorf("ready after %s, before it was healthy", s.Ready)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	select {
	case <-s.Exited():
	default:
		t.Error("it stopped and runs on")
	}
}

func TestAServerThatDoesNotComeUpSaysWhy(t *testing.T) {
	_, err := start(t, "--broken")
	if err == nil || !strings.Contains(err.Error(), "the disk is on fire") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the error is %v", err)
	}
}

func TestAServerThatDoesNotStopIsKilled(t *testing.T) {
	s, err := start(t, "--deaf")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	<-s.Exited()
}

func TestAKilledServerCanBeKilledAgain(t *testing.T) {
	s, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyTheLastOfALongLogIsKept(t *testing.T) {
	var l tail
	for i := range 5000 {
		fmt.Fprintf(&l, "line %d\n", i)
	}
	if text := l.String(); len(text) > tailSize || !strings.HasSuffix(text, "line 4999") {
		t.Errorf("%d bytes that end with %q", len(text), text[len(text)-20:])
	}
}

func TestAProcessKnowsWhatItUses(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this system has no /proc")
	}
	for begin := time.Now(); ; { // until a tick of CPU time has passed
		u, ok := UsageOf(os.Getpid())
		if !ok || u.PeakRSS < 1<<20 {
			t.Fatalf("%+v, %v", u, ok)
		}
		if u.CPU > 0 {
			break
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatal("ten seconds of work took no CPU time")
		}
	}
	if _, ok := UsageOf(0); ok {
		t.Error("process 0 has a usage")
	}
}
