package soak

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-events/carillon/internal/bench/child"
)

// serve builds the binary and starts it for the test.
func serve(t *testing.T, flags ...string) *child.Server {
	t.Helper()
	if os.Getenv("CARILLON_SOAK") == "" {
		t.Skip("takes long: set CARILLON_SOAK")
	}
	binary := filepath.Join(t.TempDir(), "carillon")
	build := exec.Command("go", "build", "-o", binary, "./cmd/carillon")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	listen, err := child.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s, err := child.StartServer(t.Context(), child.ServerOptions{
		Executable: binary, Listen: listen, Data: filepath.Join(t.TempDir(), "data"), Durability: "fsync", Flags: flags,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Kill() })
	return s
}

// client is one raw connection.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, s *child.Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.Endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(3 * time.Minute))
	return &client{conn, bufio.NewReaderSize(conn, 512)}
}

func (c *client) ask(operation, body string) error {
	_, err := fmt.Fprintf(c.conn, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.%s\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s",
		operation, len(body), body)
	return err
}

func (c *client) answer() (string, error) {
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, body)
	}
	return string(body), err
}

func (c *client) call(t *testing.T, operation, body string) {
	t.Helper()
	err := c.ask(operation, body)
	if err == nil {
		_, err = c.answer()
	}
	if err != nil {
		t.Fatalf("%s %s: %v", operation, body, err)
	}
}

func queueURL(i int) string { return fmt.Sprintf("http://localhost/000000000000/q%d", i) }

func TestTenThousandIdleConsumersOfFiveThousandQueuesCostLittle(t *testing.T) {
	const queues, consumers, limit = 5_000, 10_000, 400 << 20
	s := serve(t)
	control := dial(t, s)
	for i := range queues {
		control.call(t, "CreateQueue", fmt.Sprintf(`{"QueueName":"q%d"}`, i))
	}
	var polls []*client
	for i := range consumers {
		c := dial(t, s)
		if err := c.ask("ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q,"WaitTimeSeconds":20}`, queueURL(i%queues))); err != nil {
			t.Fatal(err)
		}
		polls = append(polls, c)
	}
	before, _ := child.UsageOf(s.PID())
	time.Sleep(5 * time.Second) // what they cost while nothing happens
	idle, ok := child.UsageOf(s.PID())
	if !ok {
		t.Skip("no /proc here")
	}
	t.Logf("%d queues, %d waiting consumers: %d MB at most, %v of CPU in 5 s", queues, consumers, idle.PeakRSS>>20, idle.CPU-before.CPU)
	if idle.PeakRSS > limit {
		t.Errorf("%d MB, want at most %d", idle.PeakRSS>>20, limit>>20)
	}
	if idle.CPU-before.CPU > 500*time.Millisecond {
		t.Errorf("waiting cost %v of CPU in 5 s", idle.CPU-before.CPU)
	}
	// Two messages for each of a hundred queues wake exactly those who wait there.
	woken := make([]string, consumers)
	var answers sync.WaitGroup
	for i, c := range polls {
		answers.Go(func() {
			text, err := c.answer()
			if err != nil {
				t.Errorf("consumer %d: %v", i, err)
			}
			woken[i] = text
		})
	}
	for i := range 200 {
		control.call(t, "SendMessage", fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":"for %d"}`, queueURL(i%100), i%100))
	}
	answers.Wait()
	for i, text := range woken {
		if got, want := strings.Contains(text, fmt.Sprintf("for %d\"", i%queues)), i%queues < 100; got != want {
			t.Errorf("consumer %d of queue %d got %q", i, i%queues, text)
		}
	}
}
