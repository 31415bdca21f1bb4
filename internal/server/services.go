package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/events"
	"github.com/carillon-events/carillon/internal/api/iam"
	"github.com/carillon-events/carillon/internal/api/sns"
	"github.com/carillon-events/carillon/internal/api/sqs"
	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/destination"
	"github.com/carillon-events/carillon/internal/identity"
	"github.com/carillon-events/carillon/internal/meter"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/seal"
	"github.com/carillon-events/carillon/internal/store"
	targetarchive "github.com/carillon-events/carillon/internal/target/archive"
	targetbus "github.com/carillon-events/carillon/internal/target/bus"
	targetdestination "github.com/carillon-events/carillon/internal/target/destination"
	"github.com/carillon-events/carillon/internal/target/loggroup"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	targettopic "github.com/carillon-events/carillon/internal/target/topic"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/trail"
	"github.com/carillon-events/carillon/internal/wire"
)

// services builds every service, and starts the parts that they need. Whoever
// adds a service, a target or a kind of timer adds it here.
func (r *Running) services(ctx context.Context, who *identities, keys *access.Credentials, registry *prometheus.Registry) ([]*wire.Service, error) {
	shard := r.store.Shard(0)
	receipts, err := secret(ctx, shard, "receipts")
	if err != nil {
		return nil, err
	}
	buses := &targetbus.Target{}
	toTopics := &targettopic.Target{Unsubscribe: r.unsubscribeAt()}
	outbox := delivery.New(map[string]delivery.Target{
		targetbus.Service:     buses,
		targetqueue.Service:   targetqueue.Target{},
		targetarchive.Service: targetarchive.Target{},
		targettopic.Service:   toTopics,
	}, delivery.DefaultPolicy)
	if senders, ok := r.decider.Senders(); ok {
		outbox.Ask(witnessed{senders, r})
	}
	groups, err := r.logGroups(ctx)
	if err != nil {
		return nil, err
	}
	outbox.Reach(loggroup.Service, groups)
	meters := meter.NewBook(r.config.MetricsSeries)
	outbox.Measure(meters)
	registry.MustRegister(newMeters(meters))
	if r.tracer != nil {
		outbox.Trace(r.tracer, &follower{r.tracer.Record})
	}
	core := bus.New(outbox, r.config.Buses)
	core.Observe(r.tails)
	trails := trail.New(r.config.Trail)
	core.Record(trails)
	outbox.Tell(trails)
	if err := r.openAudit(ctx, core, registry); err != nil {
		return nil, err
	}
	buses.Core = core // which sends through the outbox
	archives := archive.New(core, archive.DefaultLimits)
	calls, err := r.calls(ctx, shard)
	if err != nil {
		return nil, err
	}
	outbox.Reach(targetdestination.Kind, calls)
	r.replays = newReplays(shard, archives, r.draining.Load)
	if r.ingest, err = r.newIngest(ctx, core); err != nil {
		return nil, err
	}
	registerIngest(registry, r.ingest)
	registerCounts(registry, core, outbox, trails)
	topics, err := r.subscribers(ctx, shard, outbox, registry)
	if err != nil {
		return nil, err
	}
	topics.Through(outbox)
	topics.Record(trails)
	topics.Measure(meters)
	status := newStatusLog(shard, groups, r.log, registry)
	topics.Follow(status.tell)
	outbox.Tell(topics)
	r.start("delivery status", status.Run)
	toTopics.Core = topics // which sends through the outbox
	r.fanOut(shard, topics)
	registerTopics(registry, topics)
	registry.MustRegister(newDepths(shard, r.log))
	tokens, err := r.tokens(ctx, who, keys)
	if err != nil {
		return nil, err
	}

	r.countWaiting(outbox)
	timers := &timer.Loop{
		Shard: shard,
		Handlers: map[timer.Kind]timer.Handler{
			timer.QueueSweep:    queue.Sweep,
			timer.QueueMove:     queue.StepMove,
			timer.QueueClear:    queue.DropLeftovers,
			timer.RuleSchedule:  core.Fire,
			timer.ArchiveSweep:  archive.Sweep,
			timer.ArchiveReplay: archives.StepReplay,
			timer.TrailSweep:    trails.Sweep,
			timer.AuditSweep:    r.audits.Log.Sweep,
			timer.TopicSweep:    topics.Sweep,
		},
		Logger: r.log,
	}
	r.start("timers", timers.Run)
	r.start("outbox", func(ctx context.Context) error { return outbox.Run(ctx, shard, r.log) })

	return []*wire.Service{
		sqs.New(sqs.Options{Shard: shard, Key: receipts, Limits: r.config.InFlight, Policies: r.decider.Policies}),
		events.New(shard, core, outbox, archives, calls, r.decider.Policies),
		sns.New(sns.Options{Shard: shard, Core: topics, CheckURL: calls.Allowed.CheckHost, Unsubscribe: r.unsubscribeAt(), Policies: r.decider.Policies}),
		tokens,
		iam.New(iam.Options{Shard: shard, Core: who.core, Directory: who.directory, Box: who.box}),
	}, nil
}

// calls is the target that calls API destinations, with the key that seals
// connections' secrets.
func (r *Running) calls(ctx context.Context, shard *store.Shard) (*targetdestination.Caller, error) {
	box, err := r.box(ctx, "connections")
	if err != nil {
		return nil, err
	}
	allowed, err := r.config.httpTargets()
	if err != nil {
		return nil, err
	}
	roots, err := r.config.outboundRoots()
	if err != nil {
		return nil, err
	}
	calls := targetdestination.New(targetdestination.Options{
		Shard: shard, Core: destination.New(destination.DefaultLimits), Box: box, Allowed: allowed, Roots: roots, Logger: r.log,
	})
	r.start("calls", func(ctx context.Context) error { // the outbox is started later, and so stopped before
		<-ctx.Done()
		calls.Close()
		return nil
	})
	return calls, nil
}

// box seals secrets of one purpose.
func (r *Running) box(ctx context.Context, purpose string) (*seal.Box, error) {
	master, err := sealingKey(ctx, r.store)
	if err != nil {
		return nil, err
	}
	return seal.New(master, purpose)
}

// Invariants are what the cores promise about a data directory.
func Invariants() []store.Invariant {
	return []store.Invariant{queue.Verify, archive.Verify, topic.Verify, trail.Verify, identity.Verify, verifyAudit}
}

// accountOf tells whose an access key is.
func accountOf(who *identities, keys *access.Credentials) func(string) (string, bool) {
	return func(accessKey string) (string, bool) {
		if keys == nil {
			id, ok := who.known(accessKey)
			if !ok {
				id = access.Dev(accessKey)
			}
			return id.Account, true
		}
		id, ok := keys.Lookup(accessKey)
		return id.Account, ok
	}
}
