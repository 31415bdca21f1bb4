// Package carillontest starts a Carillon inside a test: the real server, with
// its data in memory, on a free port of the loopback interface, in a few
// milliseconds.
//
//	func TestOrdersAreBilled(t *testing.T) {
//		c := carillontest.Start(t)
//		queues := sqs.NewFromConfig(c.Config())
//		...
//	}
//
// Every test has a Carillon of its own, so tests may run in parallel. It stops
// when the test ends, and what it warns of goes to the test's log. Any
// credentials are believed and nothing is enforced, as with `carillon serve`
// on a laptop. Time is real: a visibility timeout of a second takes a second.
package carillontest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/wholebody"
)

// What Config uses.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Carillon is one that serves until it is stopped.
type Carillon struct{ running *server.Running }

// Option changes how a Carillon starts.
type Option func(*server.Config)

// In keeps the data in a directory, synced as in production, instead of in
// memory: for tests that start again on what an earlier Carillon left.
func In(dir string) Option {
	return func(c *server.Config) { c.Data, c.Durability = dir, store.Fsync }
}

// LogTo is where the server's log goes; without it, warnings and errors go to
// the log of the test.
func LogTo(l *slog.Logger) Option {
	return func(c *server.Config) { c.Logger = l }
}

// Start starts a Carillon for a test, and stops it when the test and its
// subtests have ended. If it cannot start, the test fails.
func Start(t testing.TB, options ...Option) *Carillon {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	c, err := New(t.Context(), slices.Concat([]Option{LogTo(log)}, options)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// New starts a Carillon that several tests share, from TestMain: whoever calls
// it stops it. ctx bounds the start only.
func New(ctx context.Context, options ...Option) (*Carillon, error) {
	c := server.Config{
		Listen: "127.0.0.1:0", Durability: store.Memory, Region: Region, Version: "test",
		Logger: slog.New(slog.DiscardHandler), DrainFor: time.Second,
	}
	for _, o := range options {
		o(&c)
	}
	running, err := server.Start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("start Carillon: %w", err)
	}
	return &Carillon{running}, nil
}

// Stop lets the requests finish that are being served, and stops.
func (c *Carillon) Stop() error {
	if err := c.running.Stop(); err != nil {
		return fmt.Errorf("stop Carillon: %w", err)
	}
	return nil
}

// Endpoint is where it serves: "http://127.0.0.1:41234". Programs that the test
// starts find it with AWS_ENDPOINT_URL set to this.
func (c *Carillon) Endpoint() string { return c.running.URL }

// Config is for the New functions of the AWS SDK's services, as Account in
// Region. It reads neither environment nor files.
func (c *Carillon) Config() aws.Config { return c.ConfigFor(Account, Region) }

// ConfigFor is Config for another account, of 12 digits, and region: what they
// have is apart.
func (c *Carillon) ConfigFor(account, region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(c.Endpoint()),
		HTTPClient:   wholebody.Client{Client: http.DefaultClient},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: account, SecretAccessKey: "test", AccountID: account, Source: "carillontest"}, nil
		}),
	}
}
