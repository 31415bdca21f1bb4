package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carillon-events/carillon/internal/store"
	"github.com/carillon-events/carillon/internal/topic"
)

// fanOuts is how many topics' messages go out at a time. It bounds how long
// those of another topic wait for their turn; the shard has one writer anyway.
const fanOuts = 4

// fanOut has messages go out that topics could not send at once.
func (r *Running) fanOut(shard *store.Shard, topics *topic.Core) {
	for i := range fanOuts {
		r.start(fmt.Sprintf("fan-out %d", i+1), func(ctx context.Context) error { return r.runFanOuts(ctx, shard, topics) })
	}
	r.start("audiences of large topics", func(ctx context.Context) error {
		// Without it, they are read when somebody publishes.
		if err := topics.Ahead(ctx, shard); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
			r.log.Error("subscriptions of large topics could not be read ahead", "error", err)
		}
		<-ctx.Done()
		return nil
	})
}

// runFanOuts works on one topic after another.
func (r *Running) runFanOuts(ctx context.Context, shard *store.Shard, topics *topic.Core) error {
	var job *topic.Job
	for {
		var err error
		if job == nil {
			job, err = topics.Next(ctx, shard)
		} else {
			var over bool
			if over, err = job.Step(ctx); over {
				job = nil
			}
		}
		switch {
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrWaitEnded):
			return nil
		case errors.Is(err, store.ErrFailed):
			return err
		case err != nil:
			r.log.Error("fan-out of a topic: trying again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// unsubscribeAt is the URL at which a subscription is ended, but for its ARN.
func (r *Running) unsubscribeAt() string {
	return r.baseURL() + "/?Action=Unsubscribe&SubscriptionArn="
}

// registerTopics counts what topics do, and how many wait for their fan-out.
func registerTopics(registry *prometheus.Registry, topics *topic.Core) {
	counter := func(name, help string, read func(topic.PublishCounts) uint64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 {
			return float64(read(topics.Counts()))
		}))
	}
	counter("carillon_topic_messages_published_total", "Messages that topics have accepted.", func(c topic.PublishCounts) uint64 { return c.Published })
	counter("carillon_topic_messages_repeated_total", "Messages that FIFO topics have acknowledged as repeats, and not sent again.", func(c topic.PublishCounts) uint64 { return c.Repeated })
	counter("carillon_topic_messages_kept_total", "Messages that were stored to go out in steps, since many get them or others waited.", func(c topic.PublishCounts) uint64 { return c.Kept })
	counter("carillon_topic_messages_gone_out_total", "Messages that were stored, and have gone to all who get them.", func(c topic.PublishCounts) uint64 { return c.GoneOut })
	counter("carillon_topic_messages_replayed_total", "Messages that subscriptions were sent again from an archive.", func(c topic.PublishCounts) uint64 { return c.Replayed })
	counter("carillon_topic_deliveries_total", "Messages times the subscriptions that they were sent to.", func(c topic.PublishCounts) uint64 { return c.Matched })
}
