package crash

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// build compiles the real binary.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "carillon")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/carillon")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// child is a carillon process that is killed and started again.
type child struct {
	binary, data, address string
	log                   *os.File
	key                   string // file of the master key; empty: the data is plain
	cmd                   *exec.Cmd
}

func newChild(t *testing.T) *child {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	c := &child{binary: build(t), data: filepath.Join(dir, "data"), address: address, log: log}
	t.Cleanup(func() {
		c.kill()
		c.wantCalmLog(t)
		if t.Failed() {
			t.Logf("the child's last words:\n%s", c.lastWords())
		}
		_ = log.Close()
	})
	return c
}

// start starts the child and waits until it answers.
func (c *child) start(t *testing.T) {
	t.Helper()
	flags := []string{"serve", "--listen", c.address, "--data", c.data, "--durability", "fsync"}
	if c.key != "" {
		flags = append(flags, "--encrypt", "--encryption-key-file", c.key)
	}
	c.cmd = exec.Command(c.binary, flags...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for !c.healthy(ctx) {
		if !pause(ctx, 10*time.Millisecond) {
			t.Fatalf("the child does not answer after 30 s:\n%s", c.lastWords())
		}
	}
}

func (c *child) healthy(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url()+"/health", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func (c *child) url() string { return "http://" + c.address }

// kill ends the child as a power cut ends a process.
func (c *child) kill() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
	c.cmd = nil
}

// end asks the child to stop, and wants it to say that it did so in order.
func (c *child) end(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("an orderly end: %v", err)
		}
		c.cmd = nil
	case <-time.After(30 * time.Second):
		_ = c.cmd.Process.Kill()
		<-ended
		c.cmd = nil
		t.Fatal("the child does not end within 30 s of SIGTERM")
	}
}

// verify has Carillon look through its data directory, while none runs on it.
func (c *child) verify(t *testing.T) {
	t.Helper()
	out, err := exec.Command(c.binary, "verify", c.data, "--encryption-key-file", c.key).CombinedOutput()
	if err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// wantCalmLog: being killed is no reason for errors.
func (c *child) wantCalmLog(t *testing.T) {
	b, err := os.ReadFile(c.log.Name())
	if err != nil {
		t.Error(err)
	}
	for line := range bytes.Lines(b) {
		for _, bad := range []string{"level=ERROR", "panic:", "fatal error:", "DATA RACE"} {
			if bytes.Contains(line, []byte(bad)) {
				t.Errorf("the child said: %s", line)
			}
		}
	}
}

func (c *child) lastWords() []byte {
	b, err := os.ReadFile(c.log.Name())
	if err != nil {
		return []byte(err.Error())
	}
	if lines := bytes.Split(b, []byte("\n")); len(lines) > 60 {
		b = bytes.Join(lines[len(lines)-60:], []byte("\n"))
	}
	return b
}

// config has no retries: the ledger must know what each request was answered.
func (c *child) config() aws.Config {
	return aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(c.url()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (c *child) sqs() *sqs.Client            { return sqs.NewFromConfig(c.config()) }
func (c *child) events() *eventbridge.Client { return eventbridge.NewFromConfig(c.config()) }

// pause is false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (c *child) createQueue(t *testing.T, name string, attributes map[string]string) string {
	t.Helper()
	out, err := c.sqs().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(fmt.Errorf("create %s: %w", name, err))
	}
	return *out.QueueUrl
}
