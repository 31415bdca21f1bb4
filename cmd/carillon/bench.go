package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/carillon-events/carillon/internal/bench"
	"github.com/carillon-events/carillon/internal/bench/child"
)

type benchFlags struct {
	endpoint, region, accessKey, secret string
	connections                         []int
	options                             bench.Options
	procs                               int
	start                               bool
	durability, dir                     string
	serveFlags                          []string
	echo, fdatasync, json               bool
}

func newBenchCommand() *cobra.Command {
	var f benchFlags
	names, about := bench.Scenarios()
	c := &cobra.Command{
		Use:   "bench [scenario ...]",
		Short: "Measure a server: requests and messages a second, latencies, CPU",
		Long:  benchLong(names, about),
		Example: `  # everything, against a server of its own that syncs every commit to disk
  carillon bench --start --echo --fdatasync

  # one scenario against a server that runs already
  carillon bench sqs-send --connections 64 --duration 10s --endpoint http://127.0.0.1:4566

  # latency from a send, or from PutEvents, to the long poll that waits, at 1,000 a second
  carillon bench sqs-end-to-end events-end-to-end --start --rate 1000 --connections 16

  # with ten million messages in the queue, as JSON
  carillon bench sqs-send sqs-receive-delete --start --fill 10000000 --json`,
		ValidArgs:    names,
		SilenceUsage: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = names
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return f.run(ctx, args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.register(c)
	c.AddCommand(newBenchEchoCommand())
	return c
}

func benchLong(names, about []string) string {
	var b strings.Builder
	b.WriteString("Bench puts load on a server that speaks the AWS APIs, over raw keep-alive connections and with real\n" +
		"signatures, and prints what it bore. Every message is numbered: one that is lost or comes twice is reported,\n" +
		"and the exit status is then 1. What bench creates it removes. Without a scenario it runs them all:\n\n")
	for i, name := range names {
		fmt.Fprintf(&b, "  %-20s%s\n", name, about[i])
	}
	return b.String()
}

func (f *benchFlags) register(c *cobra.Command) {
	s, o := c.Flags(), &f.options
	s.StringVar(&f.endpoint, "endpoint", "http://127.0.0.1:4566", "the server to measure")
	s.StringVar(&f.region, "region", "us-east-1", "AWS region to sign for")
	s.StringVar(&f.accessKey, "access-key", "", "access key id to sign with (default: AWS_ACCESS_KEY_ID, or 000000000000)")
	s.StringVar(&f.secret, "secret-key", "", "secret to sign with (default: AWS_SECRET_ACCESS_KEY, or any)")
	s.IntSliceVar(&f.connections, "connections", []int{1, 16, 64, 256}, "numbers of connections, one measurement for each")
	s.DurationVar(&o.Duration, "duration", 5*time.Second, "how long each measurement takes")
	s.IntVar(&o.Size, "size", 1024, "bytes of a message, or of an event's detail")
	s.IntVar(&o.Batch, "batch", 10, "messages in one request, where the scenario has batches")
	s.IntVar(&o.Rate, "rate", 0, "requests a second over all connections (default: as many as are answered; 1000 for the end-to-end ones)")
	s.IntVar(&o.Rules, "rules", 1, "rules on the bus of put-events and events-end-to-end, of which those that are needed match; above 300 the server needs --max-rules-per-bus")
	s.IntVar(&o.Queues, "queues", 1, "queues that every event of put-events, or message of sns-publish, goes to")
	s.BoolVar(&o.Raw, "raw", false, "queues of sns-publish get the message alone, without the document about it")
	s.IntVar(&o.Fill, "fill", 0, "messages in the queue before the measurement (default: none; 100000 for sqs-receive-delete)")
	s.IntVar(&f.procs, "procs", 1, "threads of the loader that may run at once")
	s.BoolVar(&f.start, "start", false, "start a server on a temporary directory, and remove it afterwards")
	s.StringVar(&f.durability, "durability", "fsync", "durability of that server: fsync, interval or memory")
	s.StringVar(&f.dir, "dir", "", "where the temporary directory is made: the disk that is measured (default: the system's)")
	s.StringArrayVar(&f.serveFlags, "serve-flag", nil, "a further flag for that server's serve, repeatable: --serve-flag=--log-level=debug")
	s.BoolVar(&f.echo, "echo", false, "also measure a bare net/http echo server, in turns, and print the ratio")
	s.BoolVar(&f.fdatasync, "fdatasync", false, "measure the disk first and print the median answer as a multiple of its fdatasync")
	s.BoolVar(&f.json, "json", false, "print one JSON document")
	c.MarkFlagsMutuallyExclusive("start", "endpoint")
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// echoRounds is how often the server and the echo take turns: enough that a
// neighbour's burst on a shared machine hits both.
const echoRounds = 4

func (f *benchFlags) run(ctx context.Context, scenarios []string, out, errOut io.Writer) (err error) {
	if f.procs > 0 {
		runtime.GOMAXPROCS(f.procs)
	}
	if f.accessKey == "" {
		f.accessKey = envOr("AWS_ACCESS_KEY_ID", "000000000000")
	}
	if f.secret == "" {
		f.secret = envOr("AWS_SECRET_ACCESS_KEY", "secret")
	}
	setup, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, setup.close()) }()
	report, err := f.measure(ctx, setup, scenarios, errOut)
	if len(report.Results) == 0 {
		return err
	}
	write := report.WriteText
	if f.json {
		write = report.WriteJSON
	}
	return errors.Join(err, write(out), verdict(report))
}

func verdict(r *bench.Report) error {
	for i := range r.Results {
		if !r.Results[i].Sound() {
			return errors.New("not everything that was asked for happened once: see the notes")
		}
	}
	return nil
}

func (f *benchFlags) measure(ctx context.Context, setup *benchSetup, scenarios []string, errOut io.Writer) (*bench.Report, error) {
	report := &bench.Report{
		Endpoint: setup.endpoint, Server: setup.server, Began: time.Now().UTC().Truncate(time.Second),
		Cores: runtime.NumCPU(), LoaderCore: runtime.GOMAXPROCS(0),
	}
	target, err := bench.ParseTarget(setup.endpoint, f.region, f.accessKey, f.secret)
	if err != nil {
		return report, err
	}
	target.Config = trusted(ctx)
	if f.fdatasync {
		l, err := bench.Fdatasync(ctx, setup.disk, time.Second)
		if err != nil {
			return report, err
		}
		report.Fdatasync = &l
	}
	total, n := len(scenarios)*len(f.connections), 0
	for _, scenario := range scenarios {
		for _, connections := range f.connections {
			n++
			o := f.options
			o.Scenario, o.Target, o.Connections, o.Watch = scenario, target, connections, setup.watch
			if setup.echo != "" && bench.CanEcho(scenario) {
				o.Echo, o.Rounds = setup.echo, echoRounds
			}
			line := newProgressLine(errOut, fmt.Sprintf("%d of %d: %s, %d connections", n, total, scenario, connections))
			o.Progress = line.show
			r, err := bench.Run(ctx, o)
			line.clear()
			if r.Requests == 0 && err != nil {
				return report, fmt.Errorf("%s: %w", scenario, err)
			}
			if report.Fdatasync != nil && scenario == "sqs-send" && connections == 1 {
				multiple := r.Latency.P50 / report.Fdatasync.P50
				r.AckPerFdatasync = &multiple
			}
			report.Results = append(report.Results, r)
			if err != nil {
				return report, fmt.Errorf("%s: %w", scenario, err)
			}
		}
	}
	return report, nil
}

// benchSetup is what a run measures, and the processes that it started.
type benchSetup struct {
	endpoint, server string
	echo             string // address
	disk             string // a directory on the disk that is measured
	watch            bench.Watch

	processes []*child.Process
	temporary string
}

func (f *benchFlags) open(ctx context.Context) (s *benchSetup, err error) {
	s = &benchSetup{endpoint: f.endpoint, server: "running before", disk: f.dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.disk == "" {
		s.disk = os.TempDir()
	}
	executable, err := os.Executable()
	if err != nil {
		return s, err
	}
	if f.start {
		if err := s.startServer(ctx, f, executable); err != nil {
			return s, err
		}
	}
	if f.echo {
		return s, s.startEcho(executable)
	}
	return s, nil
}

func (s *benchSetup) startServer(ctx context.Context, f *benchFlags, executable string) (err error) {
	if s.temporary, err = os.MkdirTemp(s.disk, "carillon-bench-"); err != nil {
		return err
	}
	listen, err := child.FreeAddress()
	if err != nil {
		return err
	}
	server, err := child.StartServer(ctx, child.ServerOptions{
		Executable: executable, Listen: listen, Data: filepath.Join(s.temporary, "data"), Durability: f.durability, Flags: f.serveFlags,
	})
	if err != nil {
		return err
	}
	s.processes = append(s.processes, server.Process)
	s.endpoint, s.server, s.watch.Server = server.Endpoint, "started by bench, "+f.durability, server.PID()
	return nil
}

func (s *benchSetup) startEcho(executable string) error {
	address, err := child.FreeAddress()
	if err != nil {
		return err
	}
	p, err := child.Start(executable, "bench", "echo", "--listen", address)
	if err != nil {
		return fmt.Errorf("start the echo server: %w", err)
	}
	s.processes = append(s.processes, p)
	s.echo, s.watch.Echo = address, p.PID()
	if err := p.Await(context.Background(), func(ctx context.Context) error { return bench.EchoReady(ctx, address) }); err != nil {
		return fmt.Errorf("start the echo server: %w", err)
	}
	return nil
}

// stopWithin is how long a server may take to finish what it accepted.
const stopWithin = 30 * time.Second

func (s *benchSetup) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for _, p := range s.processes {
		errs = append(errs, p.Stop(ctx))
	}
	if s.temporary != "" {
		errs = append(errs, os.RemoveAll(s.temporary))
	}
	return errors.Join(errs...)
}

// newBenchEchoCommand is the echo server that bench --echo starts.
func newBenchEchoCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:    "echo",
		Short:  "The bare net/http server that bench --echo compares with",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			return bench.EchoServer(ctx, l)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address")
	return c
}
