package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/outbound"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
	"github.com/carillon-events/carillon/internal/telemetry"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/trail"
)

// AuthMode says whose requests are believed.
type AuthMode string

const (
	// AuthDev accepts any credentials, and none.
	AuthDev AuthMode = "dev"
	// AuthStrict accepts requests that a key of the credentials file has signed, or
	// one that IAM knows.
	AuthStrict AuthMode = "strict"
)

// maxInFlight: every message in flight is in memory, with about 150 bytes.
const maxInFlight = 10_000_000

// What the limits of buses may be set to. The rules and targets of a bus that is
// used are in memory, and a rule's targets are written anew with each change.
const (
	maxBuses          = 10_000
	maxRulesPerBus    = 100_000
	maxTargetsPerRule = 1_000

	// Reading a pattern of more complex wildcards may take seconds, and one of more
	// combinations as much memory.
	maxComplexity   = 20
	maxCombinations = 10_000
)

// maxMetricsSeries: a target has two dozen lines of text in every scrape.
const maxMetricsSeries = 10_000

// maxLogGroupFiles: each is renamed when one is full.
const maxLogGroupFiles = 1000

// maxTopicLimit bounds what the limits of topics may be set to.
const maxTopicLimit = 100_000_000

// Defaults of a Config.
const (
	DefaultListen   = "127.0.0.1:4566"
	DefaultData     = "./data"
	DefaultDrainFor = 10 * time.Second

	DefaultMetricsSeries = 500
)

// DefaultTrail is a day of events, as long as a delivery is tried.
var DefaultTrail = trail.Options{For: 24 * time.Hour, MaxBytes: 4 << 30}

// DefaultAudit is as long as CloudTrail keeps its event history.
var DefaultAudit = audit.Options{For: 90 * 24 * time.Hour, MaxBytes: 4 << 30}

// What an audit log may be set to.
const (
	minAuditFor   = time.Minute
	maxAuditFor   = 20 * 366 * 24 * time.Hour
	minAuditBytes = 4 << 20
)

// What a trail may be set to.
const (
	minTrailFor   = time.Second
	maxTrailFor   = 366 * 24 * time.Hour
	minTrailBytes = 1 << 20
)

// Config is everything that can be set. Its zero value listens on
// DefaultListen, syncs every commit, and accepts any credentials.
type Config struct {
	Listen       string
	Data         string
	Durability   store.Durability
	SyncInterval time.Duration // of the interval level
	Encryption   Encryption

	Auth        AuthMode
	Credentials string // file of the strict mode
	Insecure    bool   // dev mode, or plain HTTP, on an address that others can reach

	// NoAccessRecord leaves it unknown what strict mode refuses, or would refuse.
	NoAccessRecord bool

	TLS            TLS
	TrustedProxies []string // CIDRs whose X-Forwarded-For and X-Forwarded-Proto are believed
	OutboundCA     string   // file with authorities that are believed besides the system's where we call others

	// Reload has the files of certificates looked at at once; nil: they are every few
	// seconds.
	Reload <-chan os.Signal

	ExternalURL string
	Region      string
	Origins     []string
	MaxBody     int64
	Limits      Limits
	InFlight    queue.Limits // queue.DefaultLimits where zero
	Buses       bus.Limits   // bus.DefaultLimits where zero
	Topics      topic.Limits // topic.DefaultLimits where zero
	Pprof       bool

	Trail   trail.Options // DefaultTrail where zero
	NoTrail bool

	Audit   audit.Options // DefaultAudit where zero, but for the key
	NoAudit bool

	// HTTPTargets are the networks beside the public internet that API
	// destinations and subscribers over HTTP may have called: CIDRs, private, loopback, or none. If it is empty:
	// loopback while only this machine can reach us and everybody is accepted,
	// else none.
	HTTPTargets []string

	Outside Outside

	// OIDCIssuers are identity providers whose tokens AssumeRoleWithWebIdentity
	// takes in every account: URL or URL=AUDIENCE, where the audience is
	// sts.amazonaws.com if there is none.
	OIDCIssuers []string

	// MetricsSeries is how many buses, rules, targets and topics, each, have time series of
	// their own: DefaultMetricsSeries where zero.
	MetricsSeries int

	Tracing Tracing

	LogGroupBytes int64 // where a file of a log group ends; loggroup.DefaultFileBytes where zero
	LogGroupFiles int   // of a log group; loggroup.DefaultFiles where zero

	HeapRoom int64 // what the heap may grow before it is collected, a setting of the whole process; 0: as Go has it

	DrainFor time.Duration // how long a shutdown waits for requests in flight

	Version string
	Logger  *slog.Logger // slog.Default() where nil
	Banner  io.Writer    // where the start-up lines go; nil: nowhere
}

// Tracing says where spans go. Its zero value exports none.
type Tracing struct {
	Endpoint        string  // a collector's base URL; empty: none, or what the environment says
	FromEnvironment bool    // the OTEL_EXPORTER_OTLP_* variables say where
	Ratio           float64 // of the traces that begin here which are recorded; 0 to 1
}

func (t *Tracing) check() error {
	if t.Ratio < 0 || t.Ratio > 1 || t.Ratio != t.Ratio {
		return fmt.Errorf("trace-ratio %v: want 0 to 1", t.Ratio)
	}
	if t.Endpoint == "" {
		return nil
	}
	return telemetry.CheckEndpoint(t.Endpoint)
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Data == "" {
		c.Data = DefaultData
	}
	if c.Durability == "" {
		c.Durability = store.Fsync
	}
	if c.SyncInterval == 0 {
		c.SyncInterval = store.DefaultSyncInterval
	}
	if c.Auth == "" {
		c.Auth = AuthDev
	}
	if c.Region == "" {
		c.Region = edge.DefaultRegion
	}
	if c.MaxBody == 0 {
		c.MaxBody = edge.DefaultMaxBody
	}
	c.Limits = c.Limits.withDefaults()
	c.Buses = withDefaultLimits(c.Buses)
	if c.LogGroupBytes == 0 {
		c.LogGroupBytes = loggroup.DefaultFileBytes
	}
	if c.LogGroupFiles == 0 {
		c.LogGroupFiles = loggroup.DefaultFiles
	}
	if c.MetricsSeries == 0 {
		c.MetricsSeries = DefaultMetricsSeries
	}
	if c.Trail.For == 0 {
		c.Trail.For = DefaultTrail.For
	}
	if c.Trail.MaxBytes == 0 {
		c.Trail.MaxBytes = DefaultTrail.MaxBytes
	}
	if c.NoTrail {
		c.Trail = trail.Options{}
	}
	if c.Audit.For == 0 {
		c.Audit.For = DefaultAudit.For
	}
	if c.Audit.MaxBytes == 0 {
		c.Audit.MaxBytes = DefaultAudit.MaxBytes
	}
	if c.NoAudit {
		c.Audit = audit.Options{}
	}
	c.Topics = withDefaultTopics(c.Topics)
	if c.DrainFor == 0 {
		c.DrainFor = DefaultDrainFor
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func withDefaultLimits(l bus.Limits) bus.Limits {
	d := bus.DefaultLimits
	for _, limit := range []struct{ set, standard *int }{
		{&l.Buses, &d.Buses}, {&l.RulesPerBus, &d.RulesPerBus}, {&l.TargetsPerRule, &d.TargetsPerRule}, {&l.Tags, &d.Tags},
		{&l.Sources, &d.Sources}, {&l.Patterns.Complexity, &d.Patterns.Complexity}, {&l.Patterns.Combinations, &d.Patterns.Combinations},
	} {
		if *limit.set == 0 {
			*limit.set = *limit.standard
		}
	}
	return l
}

func withDefaultTopics(l topic.Limits) topic.Limits {
	d := topic.DefaultLimits
	for _, limit := range []struct{ set, standard *int }{
		{&l.Topics, &d.Topics}, {&l.FIFOTopics, &d.FIFOTopics}, {&l.Tags, &d.Tags}, {&l.Subscriptions, &d.Subscriptions},
		{&l.FIFOSubscriptions, &d.FIFOSubscriptions}, {&l.Pending, &d.Pending},
		{&l.FiltersPerTopic, &d.FiltersPerTopic}, {&l.FiltersPerAccount, &d.FiltersPerAccount},
		{&l.Replays, &d.Replays},
	} {
		if *limit.set == 0 {
			*limit.set = *limit.standard
		}
	}
	return l
}

// checkTopics refuses limits of topics that are none.
func checkTopics(l topic.Limits) error {
	for _, limit := range []struct {
		name string
		set  int
	}{
		{"max-topics", l.Topics}, {"max-fifo-topics", l.FIFOTopics}, {"max-subscriptions-per-topic", l.Subscriptions},
		{"max-subscriptions-per-fifo-topic", l.FIFOSubscriptions}, {"max-pending-subscriptions", l.Pending},
		{"max-filter-policies-per-topic", l.FiltersPerTopic}, {"max-filter-policies", l.FiltersPerAccount},
		{"max-message-replays", l.Replays},
	} {
		if limit.set < 1 || limit.set > maxTopicLimit {
			return fmt.Errorf("%s %d: want 1 to %d", limit.name, limit.set, maxTopicLimit)
		}
	}
	return nil
}

// checkBuses refuses limits of buses that are none.
func checkBuses(l bus.Limits) error {
	for _, limit := range []struct {
		name      string
		set, most int
	}{
		{"max-buses", l.Buses, maxBuses}, {"max-rules-per-bus", l.RulesPerBus, maxRulesPerBus}, {"max-targets-per-rule", l.TargetsPerRule, maxTargetsPerRule},
		{"max-pattern-complexity", l.Patterns.Complexity, maxComplexity}, {"max-pattern-combinations", l.Patterns.Combinations, maxCombinations},
	} {
		if limit.set < 1 || limit.set > limit.most {
			return fmt.Errorf("%s %d: want 1 to %d", limit.name, limit.set, limit.most)
		}
	}
	return nil
}

// check refuses what cannot work, in the words of the settings.
func (c *Config) check() error {
	if _, err := store.ParseDurability(string(c.Durability)); err != nil {
		return err
	}
	switch {
	case c.Auth != AuthDev && c.Auth != AuthStrict:
		return fmt.Errorf("auth %q: want dev or strict", c.Auth)
	case c.Auth == AuthDev && c.Credentials != "":
		return errors.New("a credentials file is set, but auth is dev and would accept everybody: set --auth strict")
	case c.SyncInterval < 0:
		return fmt.Errorf("sync-interval %s: want a positive duration", c.SyncInterval)
	case c.DrainFor < 0:
		return fmt.Errorf("drain-timeout %s: want a positive duration", c.DrainFor)
	case c.MetricsSeries < 1 || c.MetricsSeries > maxMetricsSeries:
		return fmt.Errorf("metrics-series %d: want 1 to %d", c.MetricsSeries, maxMetricsSeries)
	case c.LogGroupBytes < 1<<20:
		return fmt.Errorf("log-group-bytes %d: want at least 1 MiB", c.LogGroupBytes)
	case c.LogGroupFiles < 1 || c.LogGroupFiles > maxLogGroupFiles:
		return fmt.Errorf("log-group-files %d: want 1 to %d", c.LogGroupFiles, maxLogGroupFiles)
	case c.MaxBody < 1<<10:
		return fmt.Errorf("max-body %d: want at least 1024 bytes", c.MaxBody)
	case c.InFlight.InFlight < 0 || c.InFlight.InFlight > maxInFlight:
		return fmt.Errorf("max-in-flight %d: want 1 to %d", c.InFlight.InFlight, maxInFlight)
	case c.InFlight.InFlightFIFO < 0 || c.InFlight.InFlightFIFO > maxInFlight:
		return fmt.Errorf("max-in-flight-fifo %d: want 1 to %d", c.InFlight.InFlightFIFO, maxInFlight)
	case c.MaxBody > 1<<30:
		return fmt.Errorf("max-body %d: want at most 1 GiB", c.MaxBody)
	case !c.NoTrail && (c.Trail.For < minTrailFor || c.Trail.For > maxTrailFor):
		return fmt.Errorf("trail-for %s: want %s to %s, or 0 for no trail", c.Trail.For, minTrailFor, maxTrailFor)
	case !c.NoTrail && c.Trail.MaxBytes < minTrailBytes:
		return fmt.Errorf("trail-max-bytes %d: want at least %d", c.Trail.MaxBytes, minTrailBytes)
	case !c.NoAudit && (c.Audit.For < minAuditFor || c.Audit.For > maxAuditFor):
		return fmt.Errorf("audit-for %s: want %s to %s, or 0 for no audit log", c.Audit.For, minAuditFor, maxAuditFor)
	case !c.NoAudit && c.Audit.MaxBytes < minAuditBytes:
		return fmt.Errorf("audit-max-bytes %d: want at least %d", c.Audit.MaxBytes, minAuditBytes)
	case !edge.ValidRegion(c.Region):
		return fmt.Errorf("region %q: want a name such as us-east-1", c.Region)
	}
	if err := c.Limits.check(); err != nil {
		return err
	}
	if err := c.TLS.check(); err != nil {
		return err
	}
	if _, err := edge.ParseProxies(c.TrustedProxies); err != nil {
		return fmt.Errorf("trusted-proxies %w", err)
	}
	if _, err := c.outboundRoots(); err != nil {
		return err
	}
	if err := c.checkEncryption(); err != nil {
		return err
	}
	if err := c.Tracing.check(); err != nil {
		return err
	}
	if _, err := outbound.ParseAllowed(c.HTTPTargets); err != nil {
		return fmt.Errorf("http-targets-allow %w", err)
	}
	if err := c.Outside.check(); err != nil {
		return err
	}
	if _, err := parseIssuers(c.OIDCIssuers); err != nil {
		return err
	}
	if err := checkBuses(c.Buses); err != nil {
		return err
	}
	if err := checkTopics(c.Topics); err != nil {
		return err
	}
	if err := checkURL("external-url", c.ExternalURL); c.ExternalURL != "" && err != nil {
		return err
	}
	if c.TLS.On() && strings.HasPrefix(strings.ToLower(c.ExternalURL), "http:") {
		return fmt.Errorf("external-url %q: the port speaks TLS, so clients need https://", c.ExternalURL)
	}
	for _, o := range c.Origins {
		if err := checkURL("cors-origin", o); o != "*" && err != nil {
			return err
		}
	}
	return nil
}

// httpTargets is what API destinations may call beside the public internet.
func (c *Config) httpTargets() (outbound.Allowed, error) {
	list := c.HTTPTargets
	if len(list) == 0 {
		addr, err := net.ResolveTCPAddr("tcp", c.Listen)
		if err == nil && c.Auth == AuthDev && addr.IP.IsLoopback() {
			list = []string{"loopback"} // a laptop, whose user can call it himself
		}
	}
	return outbound.ParseAllowed(list)
}

// checkURL wants scheme://host[:port] and nothing behind it.
func checkURL(name, text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%s %q: want http://host:port or https://host:port", name, text)
	}
	return nil
}

// listenAddr resolves what to listen on, and refuses to let strangers in.
func (c *Config) listenAddr() (*net.TCPAddr, error) {
	addr, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen %q: want HOST:PORT, such as %s: %w", c.Listen, DefaultListen, err)
	}
	return addr, c.checkReach(addr)
}
