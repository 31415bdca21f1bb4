package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/access"
	"github.com/carillon-events/carillon/internal/api/events"
	"github.com/carillon-events/carillon/internal/api/sns"
	"github.com/carillon-events/carillon/internal/api/sqs"
	"github.com/carillon-events/carillon/internal/api/sts"
	"github.com/carillon-events/carillon/internal/archive"
	"github.com/carillon-events/carillon/internal/bus"
	"github.com/carillon-events/carillon/internal/delivery"
	"github.com/carillon-events/carillon/internal/queue"
	"github.com/carillon-events/carillon/internal/store"
	targetarchive "github.com/carillon-events/carillon/internal/target/archive"
	targetbus "github.com/carillon-events/carillon/internal/target/bus"
	targetqueue "github.com/carillon-events/carillon/internal/target/queue"
	"github.com/carillon-events/carillon/internal/timer"
	"github.com/carillon-events/carillon/internal/topic"
	"github.com/carillon-events/carillon/internal/wire"
)

// services builds every service, and starts the parts that they need. Whoever
// adds a service, a target or a kind of timer adds it here.
func (r *Running) services(ctx context.Context, keys *access.Credentials, registry *prometheus.Registry) ([]*wire.Service, error) {
	shard := r.store.Shard(0)
	receipts, err := secret(ctx, shard, "receipts")
	if err != nil {
		return nil, err
	}
	buses := &targetbus.Target{}
	outbox := delivery.New(map[string]delivery.Target{
		targetbus.Service:     buses,
		targetqueue.Service:   targetqueue.Target{},
		targetarchive.Service: targetarchive.Target{},
	}, delivery.DefaultPolicy)
	core := bus.New(outbox, r.config.Buses)
	core.Observe(r.tails)
	buses.Core = core // which sends through the outbox
	archives := archive.New(core, archive.DefaultLimits)
	tokens, err := secret(ctx, shard, "topics")
	if err != nil {
		return nil, err
	}
	topics := topic.New(r.config.Topics, tokens, nil) // nobody asks endpoints yet
	registerCounts(registry, core, outbox)
	registry.MustRegister(newDepths(shard, r.log))

	timers := &timer.Loop{
		Shard: shard,
		Handlers: map[timer.Kind]timer.Handler{
			timer.QueueSweep:    queue.Sweep,
			timer.QueueMove:     queue.StepMove,
			timer.RuleSchedule:  core.Fire,
			timer.ArchiveSweep:  archive.Sweep,
			timer.ArchiveReplay: archives.StepReplay,
			timer.TopicSweep:    topics.Sweep,
		},
		Logger: r.log,
	}
	r.start("timers", timers.Run)
	r.start("outbox", func(ctx context.Context) error { return outbox.Run(ctx, shard, r.log) })

	return []*wire.Service{
		sqs.New(sqs.Options{Shard: shard, Key: receipts, Limits: r.config.InFlight}),
		events.New(shard, core, outbox, archives),
		sns.New(sns.Options{Shard: shard, Core: topics}),
		sts.New(accountOf(keys)),
	}, nil
}

// Invariants are what the cores promise about a data directory.
func Invariants() []store.Invariant {
	return []store.Invariant{queue.Verify, archive.Verify, topic.Verify}
}

// accountOf tells whose an access key is.
func accountOf(keys *access.Credentials) func(string) (string, bool) {
	return func(accessKey string) (string, bool) {
		if keys == nil {
			return access.Dev(accessKey).Account, true
		}
		id, ok := keys.Lookup(accessKey)
		return id.Account, ok
	}
}
