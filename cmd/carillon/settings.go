package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/carillon-events/carillon/internal/audit"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/edge"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/server"
	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/target/loggroup"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/trail"
)

const (
	envPrefix  = "CARILLON_"
	formatText = "text"
	formatJSON = "json"
)

// serveSettings is every setting of serve. A setting is a flag; the environment
// and the file set the flags that the command line does not.
type serveSettings struct {
	groups []flagGroup
	all    *pflag.FlagSet

	file        string
	listen      string
	externalURL string
	tls         server.TLS
	tlsMode     *choice
	clientAuth  *choice
	proxies     []string
	outboundCA  string
	origins     []string
	httpTargets []string
	issuers     []string
	data        string
	durability  *choice
	syncEvery   time.Duration
	encryption  server.Encryption
	auth        *choice
	credentials string
	insecure    bool
	noRecord    bool
	region      string
	inFlight    queue.Limits
	buses       bus.Limits
	topics      topic.Limits
	outside     server.Outside
	maxBody     byteSize
	maxBodies   byteSize
	connections int
	perAddress  int
	throttle    throttles
	perCaller   throttleRate
	drainFor    time.Duration
	pprof       bool
	series      int
	logBytes    byteSize
	otlp        string
	traceRatio  float64
	logFiles    int
	trailFor    time.Duration
	trailMax    byteSize
	auditFor    time.Duration
	auditMax    byteSize
	heapRoom    byteSize
	logFormat   *choice
	logLevel    *choice

	environ []string // of the process; tests bring their own
	strays  []string // CARILLON_* variables that are no setting
}

// flagGroup is a heading of the help.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

func newServeSettings() *serveSettings {
	s := &serveSettings{
		durability: newChoice(string(store.Fsync), string(store.Interval), string(store.Memory)),
		tlsMode:    newChoice(string(server.TLSOff), string(server.TLSSelf), string(server.TLSACME)),
		clientAuth: newChoice("require", "request"),
		auth:       newChoice(string(server.AuthDev), string(server.AuthStrict)),
		logFormat:  newChoice(formatText, formatJSON),
		logLevel:   newChoice("info", "debug", "warn", "error"),
		maxBody:    edge.DefaultMaxBody,
		maxBodies:  edge.DefaultMaxBodies,
		logBytes:   loggroup.DefaultFileBytes,
		trailMax:   byteSize(server.DefaultTrail.MaxBytes),
		auditMax:   byteSize(server.DefaultAudit.MaxBytes),
		heapRoom:   server.DefaultHeapRoom,
		all:        pflag.NewFlagSet("serve", pflag.ContinueOnError),
		environ:    os.Environ(),
	}
	f := s.group("Network")
	f.StringVar(&s.listen, "listen", server.DefaultListen, "`address` to listen on; port 0 takes a free one")
	f.StringVar(&s.externalURL, "external-url", "", "`URL` by which clients reach this server, for queue URLs (default: the host that a request was sent to) and in what subscribers are sent (default: the address that we listen on)")
	f.StringSliceVar(&s.origins, "cors-origin", nil, "web `origin` that may call from a browser, repeatable; * is all of them (default: none but our own)")

	f.StringSliceVar(&s.httpTargets, "http-targets-allow", nil, "`networks` that API destinations and HTTP subscribers may have called beside the public internet, repeatable: CIDRs, private, loopback, or none (default: loopback with --auth dev on a loopback address, else none)")

	f.StringSliceVar(&s.proxies, "trusted-proxies", nil, "`networks` of proxies in front of us, repeatable: CIDRs, addresses, or loopback. Their X-Forwarded-For and X-Forwarded-Proto are believed, and beyond loopback plain HTTP is for them only")
	f.StringVar(&s.outboundCA, "outbound-ca", "", "PEM `file` with authorities that are believed, besides the system's, where we call others: API destinations, subscribers, SMTP servers, gateways, collectors, identity providers")

	f = s.group("TLS")
	f.StringVar(&s.tls.Cert, "tls-cert", "", "PEM `file` with the certificate of this server, and those between it and its authority; it is read again when it changes, and at SIGHUP")
	f.StringVar(&s.tls.Key, "tls-key", "", "PEM `file` with its key; may be the same file")
	f.Var(s.tlsMode, "tls", "self: a certificate of our own, for development; acme: one of an authority that speaks ACME, such as Let's Encrypt, to whose terms you agree")
	f.StringVar(&s.tls.ClientCA, "tls-client-ca", "", "PEM `file` with the authorities of client certificates (default: clients are asked for none)")
	f.Var(s.clientAuth, "tls-client-auth", "whether clients must have a certificate of those")
	f.StringSliceVar(&s.tls.Domains, "acme-domain", nil, "`name` that the certificate is for, repeatable")
	f.StringVar(&s.tls.Email, "acme-email", "", "`address` that the authority may write to")
	f.StringVar(&s.tls.Directory, "acme-directory", "", "`URL` of the authority's directory (default: Let's Encrypt)")
	f.StringVar(&s.tls.ACMECA, "acme-ca", "", "PEM `file` with who is believed, besides the system's authorities, to be that authority")
	f.StringVar(&s.tls.HTTP, "acme-http", "", "`address` where challenges over HTTP are answered, which port 80 of the names must lead to (default: none; over TLS they are answered on --listen, which port 443 must lead to)")

	f = s.group("Data")
	f.StringVar(&s.data, "data", server.DefaultData, "`directory` of the data; one process at a time")
	f.Var(s.durability, "durability", "what an acknowledged write survives: fsync: power loss; interval: the process; memory: nothing")
	f.DurationVar(&s.syncEvery, "sync-interval", store.DefaultSyncInterval, "how often --durability interval syncs")

	f.BoolVar(&s.encryption.Files, "encrypt", false, "encrypt all that is written to the data directory; a master key is needed")
	keyFlags(f, &s.encryption.Key)

	f.Var(&s.logBytes, "log-group-bytes", "size at which the file of a log group ends, and is put aside")
	f.IntVar(&s.logFiles, "log-group-files", loggroup.DefaultFiles, "`files` of a log group, the one that is written among them")

	f = s.group("Access")
	f.Var(s.auth, "auth", "dev: any credentials, a 12-digit access key id is the account; strict: signed requests of known keys")
	f.StringVar(&s.credentials, "credentials", "", "YAML `file` with keys of --auth strict, beside those that IAM has")
	f.BoolVar(&s.insecure, "insecure", false, "listen where others can reach us with --auth dev, where everybody may do everything, or over plain HTTP, which others can read")
	f.BoolVar(&s.noRecord, "no-access-record", false, "do not remember what --auth strict refuses, or would refuse, for carillon access check")
	f.StringSliceVar(&s.issuers, "oidc-issuer", nil, "`issuer` whose OpenID Connect tokens AssumeRoleWithWebIdentity takes in every account, repeatable: URL, or URL=AUDIENCE (default audience: sts.amazonaws.com)")
	f.StringVar(&s.region, "region", edge.DefaultRegion, "`region` of requests that name none")

	f = s.group("Subscribers")
	f.StringVar(&s.outside.SMTP, "smtp-url", "", "SMTP `server` for subscriptions of mail addresses: smtp://user:password@host:port, or smtps://… (default: none, and such mail waits)")
	f.StringVar(&s.outside.SMTPPasswordFile, "smtp-password-file", "", "`file` with the password, in place of the URL's")
	f.StringVar(&s.outside.SMTPFrom, "smtp-from", "", "`address` that mail is from, such as Carillon <carillon@example.com>")
	f.StringVar(&s.outside.Sign, "sns-sign", server.SignHTTP, "`which` notifications are signed: http (those to endpoints over HTTP, and email-json) or all (those in queues, too: about a millisecond of processor time a message)")
	f.StringVar(&s.outside.SMS, "sms-gateway", "", "`URL` that text messages are posted to, as JSON (default: none, and they wait)")
	f.StringVar(&s.outside.Push, "push-gateway", "", "`URL` that messages to apps are posted to, as JSON (default: none, and they wait)")

	f = s.group("Limits")
	f.Var(&s.maxBody, "max-body", "largest request body, such as 10MiB")
	f.Var(&s.maxBodies, "max-bodies", "memory of all large request bodies together, such as 256MiB")
	f.IntVar(&s.connections, "max-connections", edge.DefaultMaxConnections, "`connections` of clients at one time")
	f.IntVar(&s.perAddress, "max-connections-per-address", 0, "`connections` of one address at one time (default: all that there may be)")
	f.Var(&s.perCaller, "throttle-principal", "requests a second of each caller, and how many at once after a pause: 100 or 100:200 (default: no limit)")
	f.Var(&s.throttle, "throttle", "requests a second of an operation, or of a service's others, in each account and region, repeatable: sqs:SendMessage=1000:2000, events:*=500 (default: no limit)")
	f.IntVar(&s.inFlight.InFlight, "max-in-flight", queue.DefaultLimits.InFlight, "`messages` in flight in a standard queue")
	f.IntVar(&s.inFlight.InFlightFIFO, "max-in-flight-fifo", queue.DefaultLimits.InFlightFIFO, "`messages` in flight in a FIFO queue")
	f.IntVar(&s.buses.Buses, "max-buses", bus.DefaultLimits.Buses, "event `buses` of an account in a region, the default one included")
	f.IntVar(&s.buses.RulesPerBus, "max-rules-per-bus", bus.DefaultLimits.RulesPerBus, "`rules` of an event bus")
	f.IntVar(&s.buses.TargetsPerRule, "max-targets-per-rule", bus.DefaultLimits.TargetsPerRule, "`targets` of a rule")
	f.IntVar(&s.buses.Patterns.Complexity, "max-pattern-complexity", bus.DefaultLimits.Patterns.Complexity, "beginnings of an event pattern's `wildcards` that one value can keep alive")
	f.IntVar(&s.buses.Patterns.Combinations, "max-pattern-combinations", bus.DefaultLimits.Patterns.Combinations, "`ways` through the $or's of an event pattern")
	f.Var(&s.heapRoom, "heap-room", "memory that garbage may take before it is collected: less of it takes more of the processor; GOGC goes before it")
	f.IntVar(&s.topics.Topics, "max-topics", topic.DefaultLimits.Topics, "standard `topics` of an account in a region")
	f.IntVar(&s.topics.FIFOTopics, "max-fifo-topics", topic.DefaultLimits.FIFOTopics, "FIFO `topics` of an account in a region")
	f.IntVar(&s.topics.Subscriptions, "max-subscriptions-per-topic", topic.DefaultLimits.Subscriptions, "`subscriptions` of a standard topic")
	f.IntVar(&s.topics.FIFOSubscriptions, "max-subscriptions-per-fifo-topic", topic.DefaultLimits.FIFOSubscriptions, "`subscriptions` of a FIFO topic")
	f.IntVar(&s.topics.Pending, "max-pending-subscriptions", topic.DefaultLimits.Pending, "`subscriptions` of an account in a region that are not confirmed")
	f.IntVar(&s.topics.FiltersPerTopic, "max-filter-policies-per-topic", topic.DefaultLimits.FiltersPerTopic, "filter `policies` of a topic's subscriptions")
	f.IntVar(&s.topics.FiltersPerAccount, "max-filter-policies", topic.DefaultLimits.FiltersPerAccount, "filter `policies` of an account's subscriptions in a region")
	f.IntVar(&s.topics.Replays, "max-message-replays", topic.DefaultLimits.Replays, "`replays` of topics' archives to an account's subscriptions in a region, at a time")
	f.DurationVar(&s.drainFor, "drain-timeout", server.DefaultDrainFor, "how long a shutdown waits for requests in flight")

	f = s.group("Observing")
	f.DurationVar(&s.trailFor, "trail-for", server.DefaultTrail.For, "how long it is kept what became of an event (carillon events show); 0: nothing is")
	f.Var(&s.trailMax, "trail-max-bytes", "how much of that is kept, such as 4GiB; the oldest goes first")
	f.DurationVar(&s.auditFor, "audit-for", server.DefaultAudit.For, "how long it is kept who did what and who was denied (carillon audit); 0: nothing is recorded")
	f.Var(&s.auditMax, "audit-max-bytes", "how much of that is kept, such as 4GiB; the oldest goes first")
	f.Var(s.logFormat, "log-format", "format of the log on stderr: text or json")
	f.Var(s.logLevel, "log-level", "debug, info, warn or error")
	f.IntVar(&s.series, "metrics-series", server.DefaultMetricsSeries, "how many `buses`, rules, targets and topics, each, have time series of their own under /metrics")
	f.StringVar(&s.otlp, "otlp-endpoint", "", "base `URL` of an OpenTelemetry collector (OTLP over HTTP) that spans are sent to (default: none, or what OTEL_EXPORTER_OTLP_ENDPOINT says)")
	f.Float64Var(&s.traceRatio, "trace-ratio", 1, "`part` of the traces that begin here which is recorded, 0 to 1; others are recorded if their caller's is")
	f.BoolVar(&s.pprof, "pprof", false, "serve profiles under /debug/pprof/")

	f = s.group("Settings")
	f.StringVar(&s.file, "config", "", "YAML `file` with any of these settings")
	return s
}

func (s *serveSettings) group(title string) *pflag.FlagSet {
	f := pflag.NewFlagSet(title, pflag.ContinueOnError)
	f.SortFlags = false
	s.groups = append(s.groups, flagGroup{title, f})
	return f
}

// register adds the flags to c and shows them by group in its help.
func (s *serveSettings) register(c *cobra.Command) {
	for _, g := range s.groups {
		s.all.AddFlagSet(g.flags)
	}
	c.Flags().AddFlagSet(s.all)
	c.SetUsageFunc(func(c *cobra.Command) error {
		out := c.OutOrStderr()
		fmt.Fprintf(out, "Usage:\n  %s\n\nExamples:\n%s\n", c.UseLine(), c.Example)
		for _, g := range s.groups {
			fmt.Fprintf(out, "\n%s:\n%s", g.title, g.flags.FlagUsagesWrapped(100))
		}
		return nil
	})
	for name, choices := range map[string]*choice{"durability": s.durability, "auth": s.auth, "tls": s.tlsMode, "tls-client-auth": s.clientAuth, "log-format": s.logFormat, "log-level": s.logLevel} {
		// The error says that the flag does not exist, and it does.
		_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(choices.allowed, cobra.ShellCompDirectiveNoFileComp))
	}
}

// merge sets what the command line did not from the environment, and what
// neither did from the file.
func (s *serveSettings) merge() error {
	environment := koanf.New(".")
	if err := environment.Load(env.Provider("", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return s.environ },
		TransformFunc: func(k, v string) (string, any) {
			if v == "" { // as a compose file passes on what it does not have
				return "", nil
			}
			return settingOf(k), v
		},
	}), nil); err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	if err := s.apply(environment, func(name string) string { return variableOf(name) }); err != nil {
		return err
	}
	for _, name := range environment.Keys() {
		if s.all.Lookup(name) == nil && !slices.Contains(trustVariables, variableOf(name)) {
			s.strays = append(s.strays, variableOf(name))
		}
	}
	if s.file == "" {
		return nil
	}
	settings := koanf.New("\x00") // a key may hold a dot, and is unknown then
	if err := settings.Load(file.Provider(s.file), yaml.Parser()); err != nil {
		return fmt.Errorf("read settings from %s: %w", s.file, err)
	}
	for _, key := range settings.Keys() {
		if key, _, _ = strings.Cut(key, "\x00"); s.all.Lookup(key) == nil || key == "config" {
			return fmt.Errorf("%s: there is no setting %q; there are %s", s.file, key, strings.Join(s.names(), ", "))
		}
	}
	return s.apply(settings, func(name string) string { return s.file + ": " + name })
}

func settingOf(variable string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, envPrefix)), "_", "-")
}

func variableOf(name string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func (s *serveSettings) names() []string {
	var names []string
	s.all.VisitAll(func(f *pflag.Flag) {
		if f.Name != "config" {
			names = append(names, f.Name)
		}
	})
	slices.Sort(names)
	return names
}

// apply sets every flag that has a value in from and was not set before.
func (s *serveSettings) apply(from *koanf.Koanf, origin func(name string) string) (err error) {
	s.all.VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || !from.Exists(f.Name) {
			return
		}
		if e := set(f, from.Get(f.Name)); e != nil {
			err = fmt.Errorf("%s: %w", origin(f.Name), e)
			return
		}
		f.Changed = true
	})
	return err
}

// set gives f a value from YAML or the environment.
func set(f *pflag.Flag, value any) error {
	switch v := value.(type) {
	case []any:
		list, ok := f.Value.(pflag.SliceValue)
		if !ok {
			return fmt.Errorf("it takes one value, not a list")
		}
		var texts []string
		for _, item := range v {
			texts = append(texts, fmt.Sprint(item))
		}
		return list.Replace(texts)
	case map[string]any:
		if of, ok := f.Value.(mapValue); ok {
			return of.SetMap(v)
		}
		return fmt.Errorf("it needs a value")
	case nil:
		return fmt.Errorf("it needs a value")
	}
	text := fmt.Sprint(value)
	err := f.Value.Set(text)
	if err != nil && f.Value.Type() == "bool" {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return err
}

// checkSaid refuses what was said and would count as not said: the server takes
// a zero for its default.
func (s *serveSettings) checkSaid() (err error) {
	s.all.VisitAll(func(f *pflag.Flag) {
		if !f.Changed || err != nil {
			return
		}
		switch text := f.Value.String(); {
		case text == "" && f.DefValue != "":
			err = fmt.Errorf("%s is empty: it needs a value, such as %s", f.Name, f.DefValue)
		case text == "0" && f.DefValue == "0" && f.Value.Type() == "int":
			err = fmt.Errorf("%s 0: want at least 1, or leave it out", f.Name)
		case text == "0" && f.Value.Type() == "int":
			err = fmt.Errorf("%s 0: want at least 1, such as %s", f.Name, f.DefValue)
		case text == "0s" && f.Name != "trail-for" && f.Name != "audit-for":
			err = fmt.Errorf("%s 0s: want a positive duration, such as %s", f.Name, f.DefValue)
		}
	})
	return err
}

// config is the server's.
func (s *serveSettings) config() server.Config {
	return server.Config{
		Listen:       s.listen,
		Data:         s.data,
		Durability:   store.Durability(s.durability.value),
		SyncInterval: s.syncEvery,
		Encryption:   s.encryption,
		Auth:         server.AuthMode(s.auth.value),
		Credentials:  s.credentials,
		Insecure:     s.insecure,
		ExternalURL:  s.externalURL,

		TLS:            s.tlsConfig(),
		TrustedProxies: s.proxies,
		OutboundCA:     s.outboundCA,

		NoAccessRecord: s.noRecord,

		Region:      s.region,
		Origins:     s.origins,
		HTTPTargets: s.httpTargets,
		OIDCIssuers: s.issuers,
		MaxBody:     int64(s.maxBody),
		Limits:      s.limits(),
		InFlight:    s.inFlight,
		Buses:       s.buses,
		Topics:      s.topics,
		Outside:     s.outside,
		Pprof:       s.pprof,

		Tracing:       server.Tracing{Endpoint: s.otlp, FromEnvironment: otlpFromEnvironment(s.environ), Ratio: s.traceRatio},
		MetricsSeries: s.series,
		LogGroupBytes: int64(s.logBytes), LogGroupFiles: s.logFiles,
		HeapRoom: int64(s.heapRoom),
		Trail:    trail.Options{For: s.trailFor, MaxBytes: int64(s.trailMax)},
		NoTrail:  s.trailFor == 0,
		Audit:    audit.Options{For: s.auditFor, MaxBytes: int64(s.auditMax)},
		NoAudit:  s.auditFor == 0,
		DrainFor: s.drainFor,
	}
}

func (s *serveSettings) tlsConfig() server.TLS {
	t := s.tls
	t.Mode, t.ClientOptional = server.TLSMode(s.tlsMode.value), s.clientAuth.value == "request"
	return t
}

func (s *serveSettings) logger(out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel.value)); err != nil {
		panic("log level that was checked: " + err.Error())
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration { // JSON would have a number without a unit
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}}
	if s.logFormat.value == formatJSON {
		return slog.New(slog.NewJSONHandler(out, o))
	}
	return slog.New(slog.NewTextHandler(out, o))
}

// otlpFromEnvironment tells whether OpenTelemetry's own variables ask for an
// export of traces.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
func otlpFromEnvironment(environ []string) bool {
	set := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		set[name] = value
	}
	if strings.EqualFold(set["OTEL_SDK_DISABLED"], "true") || set["OTEL_TRACES_EXPORTER"] == "none" {
		return false
	}
	return set["OTEL_EXPORTER_OTLP_ENDPOINT"] != "" || set["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] != ""
}
